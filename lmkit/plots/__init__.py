"""Diagrams and charts that share one visual language: `plot_x(data, *, ax=None, **kwargs) -> Axes`."""

from lmkit.plots.charts import STYLE, plot_curves, plot_next_token
from lmkit.plots.roles import ROLES, color, css

__all__ = ["ROLES", "STYLE", "color", "css", "plot_curves", "plot_next_token"]
