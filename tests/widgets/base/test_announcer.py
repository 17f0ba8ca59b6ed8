"""What a screen reader hears of every lab: few words, and only where a move has changed something."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from lmkit import pretrained
from lmkit.widgets.base import assets, bundle
from lmkit.widgets.base.lab import Lab
from tests.widgets.base.test_arguments import WITH_CONTROLS, made
from tests.widgets.view_harness import ViewPage

LONGEST = 80  # characters
(REST,) = re.findall(r"REST_MS = (\d+)", bundle.modules("base/announcer.js")[-1].code)
# Leaves out the pause after a move, and notes what is about to happen.
HASTEN = f"""() => {{
  const [asItIs, clear] = [setTimeout, clearTimeout];
  globalThis.pending = new Set();
  globalThis.setTimeout = (run, ms, ...more) => {{
    const end = () => {{ pending.delete(timer); run(...more); }};
    const timer = asItIs(end, ms === {REST} ? 0 : ms);
    pending.add(timer);
    return timer;
  }};
  globalThis.clearTimeout = (timer) => {{ pending.delete(timer); clear(timer); }};
}}"""
LISTEN = """() => {
  globalThis.messages = [];
  for (const folded of document.querySelectorAll("details")) folded.open = false; // as the lab comes
  new MutationObserver((changes) => messages.push(...changes.flatMap(({ addedNodes }) =>
    [...addedNodes].map((node) => node.textContent)))).observe(document.querySelector(".lmkit-view > [aria-live]"),
    { childList: true, characterData: true, subtree: true });
}"""
# What was said when nothing more is about to happen: a view may wait for a frame, or longer on a slow machine.
HEARD = """async () => {
  for (let still = 0; still < 3; still = pending.size ? 0 : still + 1) await new Promise(requestAnimationFrame);
  return messages.splice(0);
}"""
# All that is shown, but for the names of its parts.
SHOWN = r"""() => document.querySelector(".lmkit-content").innerHTML
  .replaceAll(/ (?:id|class|tabindex)="[^"]*"| [\w-]+="url\([^"]*"/g, "")"""


def needs(lab: Lab) -> dict[str, Any]:
    """What a lab asks Python for: tables, and the models that its view names."""
    state = json.dumps({name: value for name, value in lab.view.get_state().items() if isinstance(value, list | dict)})
    names = [name for name in pretrained.names() + pretrained.translator_names() if json.dumps(name) in state]
    return {**assets.tables(), **{name: assets.model_bytes(name) for name in names}}


def moves(lab: Lab, view: ViewPage) -> Iterator[dict[str, Any]]:
    """Every control to both ends and back; of texts, another one."""
    for row in lab.view.toolbar["controls"]:
        start, trait = row["start"], row["trait"]
        if row["type"] == "bool":
            values = [not start, start]
        elif row["type"] == "text":
            values = [" ".join(start.split()[:-1]) or start, start]
        else:
            high = view.get(row["high"]) if isinstance(row["high"], str) else row["high"]
            values = [row["low"], high, min(start, high)]
        yield from ({trait: value} for value in values)


@pytest.mark.parametrize("name", WITH_CONTROLS)
def test_what_is_new_is_said_in_few_words_and_nothing_else(view, name):
    lab = made(name)
    view.page.evaluate(HASTEN)
    page = view.put(lab, needs(lab), toolbar=lab.view.toolbar)
    page.evaluate(LISTEN)
    assert page.evaluate(HEARD) == [], "a page that opens has not changed"
    heard = 0
    for move in moves(lab, view):
        before = page.evaluate(SHOWN)
        view.set(**move)
        messages, now = page.evaluate(HEARD), page.evaluate(SHOWN)
        if page.locator(".lmkit-problem").inner_text():
            assert not messages
            continue
        assert bool(messages) == (before != now), f"{move}: {messages}"
        check_short(messages)
        heard += len(messages)
        view.set(**move)
        assert page.evaluate(HEARD) == [], f"{move} once more"
    assert heard


def check_short(messages: list[str]) -> None:
    assert len(messages) <= 1
    for text in messages:
        assert len(text) <= LONGEST and "undefined" not in text, text
