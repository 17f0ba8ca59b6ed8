"""The style of an edition: common rules, its own, and what the built book knows of code and colours."""

from __future__ import annotations

import re
from pathlib import Path

STYLES = Path(__file__).with_name("style")
LIGHT = 'html[data-theme="light"] '


def highlighting(site: Path) -> str:
    """Return the rules for code on white."""
    rules = (site / "_static" / "pygments.css").read_text("utf-8").splitlines()
    return "\n".join(rule.removeprefix(LIGHT) for rule in rules if rule.startswith(LIGHT))


def roles(site: Path) -> str:
    """Return the colours of things in drawings, on white."""
    return re.search(r":root \{.*?\}", (site / "_static" / "lmkit-roles.css").read_text("utf-8"), re.DOTALL)[0]


def style(site: Path, math_font: str, *own: str) -> str:
    """Return the whole style of an edition; `math_font` is the address of the font for formulas."""
    common, *others = ((STYLES / name).read_text("utf-8") for name in ("common.css", *own))
    return "\n".join([roles(site), highlighting(site), common.replace("MATH_FONT", math_font), *others])
