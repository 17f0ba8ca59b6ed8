"""Widgets that compute in the reader's browser: in a notebook, and on a published page without a kernel."""

from lmkit.widgets.lab import DecodingLab
from lmkit.widgets.view import DecodingView

__all__ = ["DecodingLab", "DecodingView"]
