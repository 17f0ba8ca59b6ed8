"""A training lab on an empty page: what its tests press and read."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from lmkit.widgets import TrainLab
from lmkit.widgets.base import assets
from tests.widgets.train.test_lab import SMALL
from tests.widgets.view_harness import ViewPage

ORIGIN = "http://lab.test/"  # of a page that may keep something
LAST = SMALL["steps"]
# Every message of the worker is recorded, as the page gets it.
RECORD = """globalThis.heard = [];
globalThis.Worker = class extends Worker {
  constructor(...address) {
    super(...address);
    this.addEventListener("message", ({ data }) => heard.push(data));
  }
};"""


def shows(view: ViewPage) -> Callable[..., Page]:
    """Return a function that shows a lab, small unless it is told otherwise, on an empty page."""

    def put(text: str = "human_numbers", script: str = RECORD, origin: str = "", **settings) -> Page:
        if origin:
            view.page.route(
                f"{ORIGIN}**", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>")
            )
            view.page.goto(origin)
        view.page.evaluate(f"() => {{ {script} }}")
        lab = TrainLab(text, **(SMALL | {"dropout": 0.0} | settings))
        return view.put(lab, answers=assets.tables())

    return put


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def status(page: Page):
    return page.locator(".lmkit-train-status")


def finish(page: Page, step: int = LAST) -> None:
    """Wait until a run has made its last step."""
    expect(status(page)).to_contain_text(f"Step {step:,} of {step:,}")
    expect(page.locator(".lmkit-train-main")).to_have_text("Train")


def points(page: Page, run: int = 1) -> list[dict]:
    """The points of a run that the page was told."""
    told = page.evaluate("(run) => heard.filter((news) => news.run === run && news.tells === 'progress')", run)
    return [point for news in told for point in news["points"]]
