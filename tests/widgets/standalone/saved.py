"""Saved labs as tests read them: their parts, and pages on which they are opened."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.site.lab import Plan, plans
from tests.site.page_faults import PageFaults

SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL)
READY = ".lmkit-content:not([hidden]), .lmkit-problem:not([hidden])"


def texts(html: str, kind: str) -> list[str]:
    """The contents of script elements of a kind, such as "state"."""
    return [content for attributes, content in SCRIPT.findall(html) if f'data-lmkit="{kind}"' in attributes]


def plan_of(html: str) -> Plan:
    """The lab that a page was saved with."""
    state = {key: model for text in texts(html, "state") for key, model in json.loads(text)["state"].items()}
    (plan,) = plans(state, [json.loads(text)["model_id"] for text in texts(html, "view")])
    return plan


def packed(html: str) -> int:
    """Bytes after gzip."""
    return len(gzip.compress(html.encode(), 9))


@contextmanager
def opened(browser: Browser, path: Path, wait: bool = True, **options) -> Iterator[Page]:
    """A page opened from a disk, without a network; nothing may be asked for but itself, and no error told."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", **options)
    context.set_offline(True)
    address = path.resolve().as_uri()
    seen = PageFaults(context, address)
    page = context.new_page()
    try:
        page.goto(address)
        if wait:
            page.locator(READY).first.wait_for()
        yield page
        assert not seen.faults and seen.requests == [address]
    finally:
        context.close()
