"""What labs over shipped runs share: the style of their charts (`static/run_charts.js` has their code)."""

from __future__ import annotations

from lmkit.widgets import bundle
from lmkit.widgets.view import View


def style(name: str) -> str:
    """The style of a view that draws runs: what all labs share, that of the charts, and `static/<name>.css`."""
    return View.style("run_charts") + (bundle.FOLDER / f"{name}.css").read_text(encoding="utf-8")
