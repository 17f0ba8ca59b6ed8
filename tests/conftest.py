"""What all tests share: one thread for each worker, and the same examples in every run."""

import hypothesis
import pytest
import torch
from playwright.sync_api import expect, sync_playwright

from tests.site import browser as chromium
from tests.widgets.view_harness import PATIENCE, ViewPage

torch.set_num_threads(1)
expect.set_options(timeout=PATIENCE)

hypothesis.settings.register_profile("lmkit", deadline=None, derandomize=True, database=None, max_examples=50)
hypothesis.settings.load_profile("lmkit")


@pytest.fixture(autouse=True)
def same_random_numbers():
    """Begin every test with the same state of torch's generator."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, one for each worker."""
    path = chromium.executable()  # looks with a Playwright of its own, so before ours starts
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def view_page(browser):
    """The page on which views are shown, one for each worker: a new one costs more than most tests on it."""
    on = ViewPage(browser)
    yield on
    on.page.close()


@pytest.fixture
def view(view_page):
    """An empty page for a lab's view alone; no error may reach its console."""
    view_page.clear()
    yield view_page
    assert not view_page.problems
