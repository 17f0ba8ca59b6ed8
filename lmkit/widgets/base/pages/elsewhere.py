"""Keep pages from asking other hosts: take out what loads from there unasked, and tell what is left."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from lmkit.widgets.base.pages import serving

LOG = logging.getLogger(__name__)
NOT_PAGES = {"_static", "_sources", "_downloads"}

# What makes a browser fetch something: any src, and the href of a link element unless it is only a statement.
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\ssrc=["'](?P<src>[^"']*)"""
    r"""|<link\b(?![^>]*rel=["'](?:canonical|next|prev)["'])[^>]*?\shref=["'](?P<href>[^"']*)"""
)

THEBE_SETTINGS = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>|<script>kernelName = [^<]*</script>', re.DOTALL
)


def wants_thebe(app: Sphinx) -> bool:
    """Tell whether somebody chose Thebe: every Jupyter Book has it, and few have its button."""
    launch = app.config.html_theme_options.get("launch_buttons", {})
    return "jupyter_book" not in app.extensions or bool(launch.get("thebe"))


def drop_thebe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Take out what sphinx-thebe adds to every page even when it is off: a loader with a foreign address."""

    def is_thebe(asset: Any) -> bool:
        return "thebe" in str(asset.filename).lower() or "THEBE" in asset.attributes.get("body", "")

    if wants_thebe(app):
        return
    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context[kind] if not is_thebe(asset)]
    if "body" in context:
        context["body"] = THEBE_SETTINGS.sub("", context["body"])


def delete_thebe(app: Sphinx, exception: Exception | None) -> None:
    """Delete its files."""
    if not exception and app.builder.format == "html" and not wants_thebe(app):
        for file in (Path(app.outdir) / "_static").glob("*thebe*"):
            file.unlink()


def foreign_addresses(html: str) -> list[str]:
    """Return the addresses on other hosts from which a page would load something."""
    addresses = (match["src"] or match["href"] or "" for match in LOADED.finditer(html))
    return [address for address in addresses if re.match(r"(https?:)?//", address)]


def tell_foreign_addresses(app: Sphinx, exception: Exception | None) -> None:
    """Warn of every page that would load something from another host."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for page in sorted(site.rglob("*.html")):
        name = page.relative_to(site)
        if name.parts[0] in NOT_PAGES:
            continue
        html = page.read_text(encoding="utf-8")
        if found := foreign_addresses(html):
            LOG.warning(
                "%s would load %s: %s, or set suppress_warnings = ['lmkit.elsewhere']",
                *(name.as_posix(), ", ".join(found), remedy(html)),
                type="lmkit",
                subtype="elsewhere",
            )


def remedy(page: str) -> str:
    """Return what can be done about what a page loads."""
    if others := serving.not_ours(serving.state_of(page)):
        return f"only ipywidgets' own scripts draw its {', '.join(others)}; take them off the page"
    return "keep files in _static"


def connect(app: Sphinx) -> None:
    """Take part in a build."""
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("build-finished", delete_thebe)
    app.connect("build-finished", tell_foreign_addresses, priority=900)
