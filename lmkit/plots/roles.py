"""Visual roles and their colours: the one table behind matplotlib, CSS and JavaScript.

A reader who learned that the forget gate is vermilion finds it vermilion everywhere. Colour never speaks
alone: a label, a pattern or a position says the same.
"""

from __future__ import annotations

import json
from pathlib import Path

ROLES: dict[str, dict[str, str]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))["roles"]

# The book's theme names its dark mode on the root element, JupyterLab on the body.
_DARK = 'html[data-theme="dark"], [data-jp-theme-light="false"]'
# Where a system forces its own few colours on all pages, roles are told apart by form; these also by a second colour.
_SECOND = {"truth", "chosen", "lstm", "hidden", "output"}


def color(role: str, dark: bool = False, text: bool = False) -> str:
    """Return the colour of a role as matplotlib and CSS take it.

    Parameters
    ----------
    role : str
        One of the names in `ROLES`.
    dark : bool
        For a dark background.
    text : bool
        For text, which needs more contrast than a shape.
    """
    if role not in ROLES:
        raise ValueError(f"role must be one of {sorted(ROLES)}, but it is {role!r}")
    return ROLES[role]["dark" if dark else "light_text" if text else "light"]


def css() -> str:
    """Return custom properties `--lm-<role>` and, for text, `--lm-<role>-text`, in light, dark and forced colours."""
    return _rule(":root", dark=False) + _rule(_DARK, dark=True) + _forced()


def _forced() -> str:
    """Return the same properties with the system's colours, which it leaves as they are."""
    lines = [
        f"  --lm-{role}: {'Highlight' if role in _SECOND else 'CanvasText'}; --lm-{role}-text: CanvasText;\n"
        for role in ROLES
    ]
    return f"@media (forced-colors: active) {{\n:root, {_DARK} {{\n{''.join(lines)}}}\n}}\n"


def _rule(selector: str, dark: bool) -> str:
    lines = [
        f"  --lm-{role}: {color(role, dark)}; --lm-{role}-text: {color(role, dark, text=True)};\n" for role in ROLES
    ]
    return f"{selector} {{\n{''.join(lines)}}}\n"
