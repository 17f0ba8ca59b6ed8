"""Describe every page to search engines and to sites that show previews of links (Open Graph).

Every page also begins with a script that must run before the theme's: see ``storage.js``.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes

LENGTH = 200  # characters of a description that previews commonly show


def description(doctree: nodes.document) -> str:
    """Return the beginning of the page's first paragraph, cut at a word."""
    paragraph = next(doctree.findall(nodes.paragraph), None)
    text = " ".join(paragraph.astext().split()) if paragraph else ""
    return text if len(text) <= LENGTH else text[:LENGTH].rsplit(" ", 1)[0] + " …"


def first_script() -> str:
    """Return the script for browsers that store nothing, without its comments: within the page it costs no request."""
    source = Path(__file__).with_name("storage.js").read_text(encoding="utf-8")
    return f"<script>{re.sub(r'^(//.*| +)', '', source, flags=re.MULTILINE)}</script>"


def add_first_script(app, pagename, templatename, context, doctree) -> None:
    """Put it before everything else in the head: metatags come first. (Pages that no file stands for have none.)"""
    context["metatags"] = f"{first_script()}\n{context.get('metatags', '')}"


def add_tags(app, pagename, templatename, context, doctree) -> None:
    """Append the page's description and its Open Graph properties to the head."""
    if doctree is None:
        return
    book, text = app.config.html_title, description(doctree)
    properties = {"og:type": "article", "og:site_name": book, "og:title": context.get("title") or book}
    if text:
        properties["og:description"] = text
    if app.config.html_baseurl:
        root = app.config.html_baseurl.rstrip("/")
        properties["og:url"] = f"{root}/{app.builder.get_target_uri(pagename)}"
        properties["og:image"] = f"{root}/_static/preview.png"
    tags = [f'<meta property="{name}" content="{escape(value)}"/>' for name, value in properties.items()]
    if text and 'name="description"' not in context["metatags"]:
        tags.append(f'<meta name="description" content="{escape(text)}"/>')
    context["metatags"] += "\n" + "\n".join(tags)


def setup(app):
    app.connect("html-page-context", add_tags)
    app.connect("html-page-context", add_first_script)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
