"""Widgets that compute in the reader's browser: in a notebook, and on a published page without a kernel."""

from lmkit.widgets.counting import CountingLab
from lmkit.widgets.decoding_lab import DecodingLab

__all__ = ["CountingLab", "DecodingLab"]
