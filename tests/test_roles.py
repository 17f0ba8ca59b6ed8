"""The colours of roles: told from the page, from each other, and in both themes."""

import re

import pytest

from lmkit.plots import roles
from tests.colour import contrast


@pytest.mark.parametrize("role", roles.ROLES)
@pytest.mark.parametrize(
    ("dark", "paper"),
    [
        (False, "#ffffff"),
        (False, "#f3f4f5"),
        (True, "#14181e"),
        (True, "#222832"),
        (True, "#111111"),
        (True, "#212121"),
    ],
)
def test_colours_stand_out_from_the_page(role, dark, paper):
    assert contrast(roles.color(role, dark), paper) >= 3
    assert contrast(roles.color(role, dark, text=True), paper) >= 4.5


@pytest.mark.parametrize(
    "group",
    [
        "i f g o hidden cell",
        "input hidden weight decoder output",
        "model truth dropped chosen",
        "kept dropped",
        "rnn lstm",
        "model one_vector",
    ],
)
def test_roles_that_meet_have_different_colours(group):
    for dark in (False, True):
        assert len({roles.color(role, dark) for role in group.split()}) == len(group.split())


def test_the_forget_gate_is_vermilion():
    assert roles.color("f") == "#d55e00"


def test_css_has_every_role_in_both_themes_and_in_forced_colours():
    css = roles.css()
    for role in roles.ROLES:
        assert len(re.findall(rf"--lm-{role}:", css)) == len(re.findall(rf"--lm-{role}-text:", css)) == 3


def test_an_unknown_role_is_named():
    with pytest.raises(ValueError, match="role must be one of .* but it is 'gate'"):
        roles.color("gate")
