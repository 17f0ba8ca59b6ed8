"""Diagrams and charts that share one visual language: `plot_x(data, *, ax=None, **kwargs) -> Axes`."""

from lmkit.plots.attention import plot_attention
from lmkit.plots.charts import STYLE, plot_curves, plot_next_token
from lmkit.plots.dropout_places import plot_dropout_places
from lmkit.plots.encoder_decoder import plot_seq2seq
from lmkit.plots.heatmaps import plot_gates
from lmkit.plots.lstm_cell import plot_lstm_cell
from lmkit.plots.measurements import plot_losses, plot_reach
from lmkit.plots.roles import ROLES, color, css
from lmkit.plots.unrolled import plot_rnn

__all__ = [
    "ROLES",
    "STYLE",
    "color",
    "css",
    "plot_attention",
    "plot_curves",
    "plot_dropout_places",
    "plot_gates",
    "plot_losses",
    "plot_lstm_cell",
    "plot_next_token",
    "plot_reach",
    "plot_rnn",
    "plot_seq2seq",
]
