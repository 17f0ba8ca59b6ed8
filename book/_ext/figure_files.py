"""Give every figure of a chapter a link to itself as SVG: drawn anew at any size, loaded by none who does not ask.

While a book is built, kernels draw figures twice, as PNG for the page and as SVG for the file; what chapters are stored
with is not touched. A file says which figure of which page it is.
"""

import os
import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

KERNEL = """c.InlineBackend.figure_formats = {"png", "svg"}
c.InlineBackend.rc = {"svg.hashsalt": "figure"}  # the same figure gives the same file
"""
PNG, SVG = "image/png", "image/svg+xml"
METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
ROOT = re.compile(r"<svg\b[^>]*>")
PATH = re.compile(r'(?<= d=")[^"]*')
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
FOLDER = "figures"


def configure_kernels(app) -> None:
    """Have every kernel that the build starts draw figures in both forms."""
    folder = Path(app.doctreedir).parent / "ipython"
    profile = folder / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL, encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(folder)


def rounded(path: str) -> str:
    """Return the corners of a path with two decimals: an eye sees no more."""
    return LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), path)


def described(svg: str, title: str, source: str) -> str:
    """Return a figure that says what it shows and where it is from, and not when it was drawn."""
    about = f"<title>{escape(title, quote=False)}</title><desc>{escape(source, quote=False)}</desc>"
    text = PATH.sub(lambda path: rounded(path[0]), METADATA.sub("", svg))
    return ROOT.sub(lambda tag: f"{tag[0]}\n {about}", text, count=1)


def link(number: int, file: str) -> nodes.paragraph:
    """Return what stands below a figure."""
    hidden = nodes.inline("", f" of figure {number} on this page", classes=["visually-hidden"])
    target = addnodes.download_reference("", "", nodes.inline("", "SVG"), hidden, reftarget=file, filename=file)
    return nodes.paragraph("", "", target, classes=["figure-file"])


def add_links(app, doctree) -> None:
    """Take the second form of every figure out of a page, and put a link to it below the first."""
    if app.builder.format != "html":
        return
    env, number = app.env, 0
    name = env.docname.rpartition("/")[2]
    title = next((node.astext() for node in doctree.findall(nodes.title)), name)
    source = f"{app.config.html_title}, ‘{title}’, {address(app, env.docname)}"
    for bundle in list(doctree.findall(nodes.container)):
        forms = {child.get("mime_type"): child for child in bundle if isinstance(child, nodes.Element)}
        if PNG not in forms or SVG not in forms:
            continue
        number += 1
        image = next(forms[SVG].findall(nodes.image))
        svg = (Path(env.srcdir) / image["uri"]).read_text(encoding="utf-8")
        bundle.remove(forms[SVG])
        path = Path(app.doctreedir).parent / FOLDER / f"{name}-figure-{number}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(described(svg, image.get("alt", title), source), encoding="utf-8")
        relative = os.path.relpath(path, env.srcdir)
        file = env.dlfiles.add_file(env.docname, relative)
        bundle.parent.insert(bundle.parent.index(bundle) + 1, link(number, file))


def address(app, document: str) -> str:
    """Return a page's published address, or its place in the book where that is not known."""
    page = app.builder.get_target_uri(document)
    return f"{app.config.html_baseurl.rstrip('/')}/{page}" if app.config.html_baseurl else page


def setup(app):
    app.connect("builder-inited", configure_kernels)
    app.connect("doctree-read", add_links, priority=600)  # when Sphinx knows all images
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
