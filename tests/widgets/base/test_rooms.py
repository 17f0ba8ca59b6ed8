"""Rooms of scripts know only those below: base nothing else, the engine no lab, cards no lab, a lab no other lab."""

import posixpath
import re

import pytest

from lmkit.widgets.base import bundle

# What a room may import besides itself.
BELOW = {"base": (), "runtime": ("base",), "cards": ("base",), "labs": ("base", "runtime")}
IMPORTED = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")  # types' imports in comments too
SCRIPTS = sorted(path.relative_to(bundle.WIDGETS).as_posix() for path in bundle.WIDGETS.rglob("*.js"))


def room_of(path: str) -> tuple[str, ...]:
    """Return ("base",), …, or ("labs", its name): each lab is a room of its own."""
    first, second, *_ = path.split("/")
    return (first, second) if first == "labs" else (first,)


def faults_of(path: str, source: str) -> list[str]:
    """Return what a script imports from rooms that it must not know."""
    own = room_of(path)
    found = [posixpath.normpath(posixpath.join(posixpath.dirname(path), to)) for to in IMPORTED.findall(source)]
    return [to for to in found if room_of(to) != own and to.split("/")[0] not in BELOW[own[0]]]


@pytest.mark.parametrize("path", SCRIPTS)
def test_a_script_knows_only_the_rooms_below(path):
    assert not faults_of(path, (bundle.WIDGETS / path).read_text(encoding="utf-8"))


def test_there_is_no_other_room():
    assert {path.split("/")[0] for path in SCRIPTS} == set(BELOW)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("base/view.js", "../runtime/session.js"),
        ("base/charts/x.js", "../../labs/reach/model.js"),
        ("runtime/session.js", "../labs/decoding/entropy.js"),
        ("runtime/session.js", "../cards/judge.js"),
        ("cards/review/view.js", "../../labs/exercise/view.js"),
        ("cards/judge.js", "../runtime/filters.js"),
        ("labs/reach/view.js", "../dropout/model.js"),
        ("labs/reach/view.js", "../../cards/judge.js"),
    ],
)
def test_the_check_notices(path, to):
    assert (
        faults_of(path, f'import {{ x }} from "{to}";\n') == faults_of(path, f'/** @type {{import("{to}").X}} */') != []
    )


@pytest.mark.parametrize(
    ("path", "to"),
    [("labs/reach/view.js", "./model.js"), ("cards/quiz/view.js", "../card_base.js"), ("base/a/b.js", "../c.js")],
)
def test_own_rooms_are_no_fault(path, to):
    assert not faults_of(path, f'import {{ x }} from "{to}";\n')
