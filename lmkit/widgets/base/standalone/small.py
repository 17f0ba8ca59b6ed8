"""Scripts and styles in fewer bytes, where tdewolff's minifier is installed; as they are where it is not.

Our own wheel asks for it on all systems that it has wheels for. Files are a fifth larger without it and work alike.
"""

from __future__ import annotations

from functools import cache
from typing import Any

try:
    import minify  # pyright: ignore[reportMissingImports]
except ImportError:
    minify: Any = None

SCRIPT, STYLE = "application/javascript", "text/css"


@cache
def small(text: str, kind: str = SCRIPT) -> str:
    """Return a script or a style sheet that does the same and is shorter, names of local variables included."""
    return minify.string(kind, text) if minify else text
