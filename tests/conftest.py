"""What all tests share: one thread for each worker, and the same examples in every run.

Tests that use a browser carry the mark `browser`, those that also use the built book `site`; `make check` runs neither.
"""

import importlib.util
import signal
import zlib
from collections.abc import Callable, Iterator

import hypothesis
import pytest
import torch

from tests.widgets.node import Scripts

# What needs a browser is brought by fixtures: the package's own tests run where there is none.
pytest_plugins = (
    ["tests.site.fixtures", "tests.site.engines.fixtures"] if importlib.util.find_spec("playwright") else []
)

torch.set_num_threads(1)

# A shell lets programs in its background ignore Ctrl-C, and whatever these start ignores it, too: tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("lmkit", deadline=None, derandomize=True, database=None, max_examples=50)
hypothesis.settings.load_profile("lmkit")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shard", metavar="I/N", default="1/1", help="run one of N parts of the tests, of about one size")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by what they use, and keep those of the shard."""
    for item in items:
        for mark in ("browser", "site"):
            if mark in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
    part, parts = map(int, config.getoption("shard").split("/"))
    kept = [item for item in items if zlib.crc32(item.nodeid.encode()) % parts == part - 1]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept] if parts > 1 else [])
    items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Let fixtures know whether their test has failed: `request.node.failed`."""
    report = yield
    item.failed = getattr(item, "failed", False) or report.failed
    return report


@pytest.fixture(autouse=True)
def same_random_numbers():
    """Begin every test with the same state of torch's generator."""
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def scripts() -> Iterator[Callable[..., Scripts]]:
    """A function that imports scripts of the page in Node, by their paths, and returns the process."""
    running = []

    def start(*paths: str) -> Scripts:
        running.append(Scripts(*paths))
        return running[-1]

    yield start
    for process in running:
        process.close()
