"""Show what a cell printed as it was printed, and leave the executed notebook as it is.

What is printed comes from the kernel in pieces. Where two of them meet, myst-nb drops the spaces and begins a new line,
and it writes the outcome into the notebook that it has executed, beside the pieces.
"""

from myst_nb.core import render
from nbformat import NotebookNode


def merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join the pieces of each stream where its first one stands; other outputs stay in their places."""
    joined, streams = [], {}
    for output in outputs:
        if output["output_type"] == "stream" and output["name"] in streams:
            streams[output["name"]]["text"] += output["text"]
            continue
        joined.append(output)
        if output["output_type"] == "stream":
            joined[-1] = streams[output["name"]] = output.copy()
    return joined


def setup(app) -> dict:
    render.coalesce_streams = merged
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
