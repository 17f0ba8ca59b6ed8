"""Serve everything a page loads from the book's own ``_static``, and nothing that it does not need.

Before the build the assets that live elsewhere are staged: the math font of ``third_party``, and lmkit's widget
runtime, models, scripts and colours. After the build, a page that would still load something from another host fails
it.
"""

import re
import shutil
from pathlib import Path

import lab_scripts
from sphinx.errors import ExtensionError

from lmkit.plots import roles
from lmkit.widgets.base import assets, runtime_files

THIRD_PARTY = Path(__file__).resolve().parents[2] / "third_party"

# What makes a browser fetch something: any src, and the href of a link element unless it is only a statement.
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\ssrc=["'](?P<src>[^"']*)"""
    r"""|<link\b(?![^>]*rel=["'](?:canonical|next|prev)["'])[^>]*?\shref=["'](?P<href>[^"']*)"""
)

THEBE_SETTINGS = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>|<script>kernelName = [^<]*</script>', re.DOTALL
)


def staging(app) -> Path:
    """Return the folder in which the build collects the assets."""
    return Path(app.outdir).parent / "staged_static"


def stage_assets(app, config) -> None:
    """Collect the assets in a folder of the build and have Sphinx copy it to ``_static``."""
    stage = staging(app)
    shutil.rmtree(stage, ignore_errors=True)
    for folder in ("vendor", "lmkit"):
        (stage / folder).mkdir(parents=True)
    for name in ("stix-two-math.woff2", "OFL.txt"):
        shutil.copy2(THIRD_PARTY / "math-font" / name, stage / "vendor")
    for name, content in runtime_files.page_files().items():
        (stage / "vendor" / name).write_bytes(content)
    for name, script in assets.page_scripts().items():  # loaded on demand by the widget that needs it
        (stage / "lmkit" / name).write_text(script, encoding="utf-8")
    for name, weights in assets.page_weights().items():
        (stage / "lmkit" / name).write_bytes(weights)
    lab_scripts.write_code(stage / "lmkit" / "code")
    (stage / "lmkit-roles.css").write_text(roles.css(), encoding="utf-8")
    config.html_static_path.append(str(stage))


def drop_thebe(app, pagename, templatename, context, doctree) -> None:
    """Take out what sphinx-thebe adds to every page even when it is off: a loader with a foreign address."""

    def is_thebe(asset) -> bool:
        return "thebe" in str(asset.filename).lower() or "THEBE" in asset.attributes.get("body", "")

    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context[kind] if not is_thebe(asset)]
    if "body" in context:
        context["body"] = THEBE_SETTINGS.sub("", context["body"])


def delete_thebe(app, exception) -> None:
    """Delete its files."""
    if not exception and app.builder.format == "html":
        for file in (Path(app.outdir) / "_static").glob("*thebe*"):
            file.unlink()


def require_staged(app, exception) -> None:
    """Fail the build when an asset did not arrive: ``exclude_patterns`` holds for static files as well."""
    if exception or app.builder.format != "html":
        return
    for asset in filter(Path.is_file, staging(app).rglob("*")):
        name = asset.relative_to(staging(app))
        if not (Path(app.outdir) / "_static" / name).is_file():
            raise ExtensionError(f"_static/{name} was not copied: is it in exclude_patterns?")


def foreign_addresses(html: str) -> list[str]:
    """Return the addresses on other hosts from which a page would load something."""
    addresses = (match["src"] or match["href"] or "" for match in LOADED.finditer(html))
    return [address for address in addresses if re.match(r"(https?:)?//", address)]


def refuse_foreign_addresses(app, exception) -> None:
    """Fail the build when a page would load something from another host."""
    if exception or app.builder.format != "html":
        return
    for page in sorted(Path(app.outdir).rglob("*.html")):
        found = foreign_addresses(page.read_text(encoding="utf-8"))
        if found:
            name = page.relative_to(app.outdir)
            raise ExtensionError(f"{name} would load {', '.join(found)}: keep assets in _static")


def setup(app):
    app.connect("config-inited", stage_assets)
    app.add_css_file("lmkit-roles.css")
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("build-finished", delete_thebe)
    app.connect("build-finished", require_staged)
    app.connect("build-finished", refuse_foreign_addresses, priority=900)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
