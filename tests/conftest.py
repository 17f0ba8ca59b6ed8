"""What all tests share: one thread for each worker, and the same examples in every run.

Tests that use a browser carry the mark `browser`, those that also use the built book `site`; `make check` runs neither.
"""

import importlib.util
from collections.abc import Callable, Iterator

import hypothesis
import pytest
import torch

from tests.widgets.node import Scripts

# What needs a browser is brought by fixtures: the package's own tests run where there is none.
pytest_plugins = ["tests.site.fixtures"] if importlib.util.find_spec("playwright") else []

torch.set_num_threads(1)

hypothesis.settings.register_profile("lmkit", deadline=None, derandomize=True, database=None, max_examples=50)
hypothesis.settings.load_profile("lmkit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they use."""
    for item in items:
        for mark in ("browser", "site"):
            if mark in getattr(item, "fixturenames", ()):
                item.add_marker(mark)


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
