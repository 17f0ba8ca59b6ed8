"""Fail the build when a chapter takes more memory than a reader gets on Binder: one or two gigabytes."""

import resource
import sys

from sphinx.errors import ExtensionError
from sphinx.util import logging

LOG = logging.getLogger(__name__)
MOST = 1e9  # bytes


def largest_child() -> int:
    """Return the most memory, in bytes, that any finished child of this process ever held; kernels are children."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def require_little(app, doctree) -> None:
    """Compare after every chapter, so that the first one that takes too much is named."""
    taken = largest_child()
    LOG.info("%s: its kernel or an earlier one held %.2f GB", app.env.docname, taken / 1e9)
    if taken > MOST:
        raise ExtensionError(f"{app.env.docname} took {taken / 1e9:.2f} GB to run; keep it below {MOST / 1e9:.0f} GB")


def setup(app):
    app.connect("doctree-read", require_little)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
