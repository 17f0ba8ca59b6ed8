"""The runner of mutants: its table names what there is, and what it writes anew means the same."""

import pytest

from tests.mutants import ROOT, TABLE, judges, modules, undecorated

DECORATED = """
def twice(f):
    return lambda *a: 2 * f(*a)

def plus(n):
    return lambda f: lambda *a: n + f(*a)

@plus(
    n=1
)
@twice
def outer(x):
    @twice
    def inner(y):
        return y + 3
    return inner(x)

class Kind:
    @property
    def size(self):
        return 7

    @classmethod
    def make(cls):
        return cls()

    @staticmethod
    def three():
        return 3

values = outer(5), Kind.make().size, Kind.three()
"""


@pytest.mark.parametrize("path", TABLE)
def test_table_names_modules_and_tests_that_exist(path):
    for module in modules(path.rstrip("/")):
        assert all((ROOT / test).is_file() for test in judges(module))


def test_other_paths_are_refused():
    with pytest.raises(SystemExit, match="MODULE must be a module or a room"):
        modules("lmkit/nowhere.py")
    with pytest.raises(SystemExit, match="must name the tests that judge lmkit/models.py"):
        judges("lmkit/models.py")


def test_decorators_that_are_written_as_calls_do_the_same():
    plain, called = {}, {}
    exec(DECORATED, plain)
    exec(undecorated(DECORATED), called)
    assert called["values"] == plain["values"] == (33, 7, 3)
    assert not [line for line in undecorated(DECORATED).splitlines() if line.startswith("@")]
