"""The windows of other browsers than Chromium, started when a test first asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from tests.site import book
from tests.site import browser as browsers
from tests.site.engines.firefox import firefox
from tests.site.engines.webkit import webkit
from tests.site.engines.window import Window
from tests.site.server import serve

START = {"firefox": lambda program: firefox(program, book.ROOT / "_build"), "webkit": webkit}
ENGINES = [name for name in START if name in browsers.wanted()]


@pytest.fixture(scope="session")
def started() -> Iterator[Callable[[str], Window]]:
    """A function that returns the window of a browser, by its name; one for each worker."""
    windows: dict[str, Window] = {}
    with ExitStack() as stack:

        def of(name: str) -> Window:
            if name not in windows:
                program = browsers.executable(name)
                assert program, browsers.advice(name)
                windows[name] = stack.enter_context(nothing_left(START[name](program)))
            return windows[name]

        yield of


@contextmanager
def nothing_left(window) -> Iterator[Window]:
    """Enter a context, and check behind it that it has ended all processes that it has started."""
    own = psutil.Process()
    before = set(own.children(recursive=True))
    with window as running:
        family = set(own.children(recursive=True)) - before
        assert family
        yield running
    _, left = psutil.wait_procs(family, timeout=10)
    for process in left:
        process.kill()
    assert not left


@pytest.fixture
def window(started, engine: str) -> Window:
    """The window of the browser that the test's parameter `engine` names."""
    if not (engine in browsers.required() or browsers.executable(engine)):
        pytest.skip(browsers.advice(engine))
    return started(engine)


@pytest.fixture(scope="session")
def sites(site: str) -> Iterator[Callable[[Window], str]]:
    """A function that returns the address at which a window finds the built book."""
    addresses: dict[type, str] = {}
    with ExitStack() as stack:

        def of(window: Window) -> str:
            if window.handler not in addresses:
                addresses[window.handler] = stack.enter_context(serve(book.SITE, handler=window.handler))
            return addresses[window.handler]

        yield of


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud what no test has tried, where tests of the built book have run."""
    ran = [*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())]
    if not any("tests/site/engines/" in report.nodeid for report in [*ran, *terminalreporter.stats.get("skipped", ())]):
        return
    for name in START:
        if name not in browsers.wanted():
            terminalreporter.section(f"NOT TESTED in {browsers.TITLES[name]}: BROWSERS leaves it out", "!", yellow=True)
        elif not browsers.executable(name):
            terminalreporter.section(f"NOT TESTED in {browsers.TITLES[name]}", "!", red=True)
            terminalreporter.line(browsers.advice(name))
