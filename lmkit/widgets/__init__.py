"""Widgets that compute in the reader's browser: in a notebook, and on a published page without a kernel.

`LABS` has all of them by name; each is found by its folder in `labs/` or `cards/`.
"""

from __future__ import annotations

from pathlib import Path

from lmkit.widgets.base.discovery import find_labs
from lmkit.widgets.base.lab import Lab

LABS: dict[str, type[Lab]] = {
    name: lab
    for room in ("labs", "cards")
    for name, lab in find_labs(Path(__file__).with_name(room), f"{__name__}.{room}").items()
}
__all__ = ["LABS", *LABS]  # pyright: ignore[reportUnsupportedDunderAll]  # found at import


def __getattr__(name: str) -> type[Lab]:
    if name in LABS:
        return LABS[name]
    raise AttributeError(f"lmkit.widgets has no {name!r}; it has {', '.join(sorted(LABS))}")


def __dir__() -> list[str]:
    return [*globals(), *LABS]
