"""A saved lab as HTML: scripts, styles, weights and the picture for readers without scripts in one text.

Whatever is not code stands in script elements that nothing runs; base/carried.js and `lmkit/vendor/lab-widgets.js`
find them by `data-lmkit`. A page forbids itself every request by its policy, and
names an empty icon, which browsers would ask a server for.
"""

from __future__ import annotations

from importlib import metadata

from lmkit.plots import roles
from lmkit.plots.escaping import escape, json_text, script_text
from lmkit.widgets.base import assets, bundle, runtime_files, svg
from lmkit.widgets.base.standalone.contents import Contents
from lmkit.widgets.base.standalone.small import STYLE, small

_FOLDER = "base/standalone"
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
)
_PAGE = """<!doctype html>
<html lang="en" data-lmkit-pages="">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
<script>{code}</script>
</head>
<body>
<main class="lmkit-saved">
<h1>{title}</h1>
{lab}
</main>
</body>
</html>
"""
_FRAGMENT = """<div class="lmkit-saved">
<style>{style}</style>
<script>{code}</script>
{lab}
</div>
"""


def page(contents: Contents, picture: str, title: str) -> str:
    """Return a whole page with a lab; `picture` is HTML that stands for it where no script runs."""
    start = f'globalThis.__lmkit.require("{bundle.modules(f"{_FOLDER}/page.js")[-1].name}").default.start();\n'
    return _PAGE.format(
        policy=POLICY,
        title=escape(title),
        style=_style(contents, f"{_FOLDER}/page.css"),
        code=_code(contents, f"{_FOLDER}/page.js", start=start),
        lab=_lab(contents, picture),
    )


def fragment(contents: Contents, picture: str) -> str:
    """Return the same as markup for a page of somebody else."""
    style = _style(contents, f"{_FOLDER}/fragment.css")
    return _FRAGMENT.format(style=style, code=_code(contents), lab=_lab(contents, picture))


def _style(contents: Contents, sheet: str) -> str:
    sheets: dict[str, str] = bundle.styles(sheet)
    for entry in contents.entries:
        sheets |= bundle.styles(f"{entry}/style.css")
    return small(roles.css() + "".join(sheets.values()), STYLE)


def _code(contents: Contents, *more: str, start: str = "") -> str:
    """Return the script that defines all modules of the views, and of `more`; `start` is run behind them."""
    paths = [*more, *(f"{entry}/view.js" for entry in contents.entries)]
    modules = dict.fromkeys(module for path in paths for module in bundle.modules(path))
    return script_text(small(bundle.script(list(modules)) + start))


def _lab(contents: Contents, picture: str) -> str:
    parts = [
        f"<noscript>{svg.as_text(picture)}</noscript>",
        *(_asset(name, version, content) for (name, version), content in contents.assets.items()),
        f'<script type="application/json" data-lmkit="state">{contents.state}</script>',
        f'<script type="application/json" data-lmkit="view">{json_text({"model_id": contents.view})}</script>',
        f'<script type="text/plain" data-lmkit="anywidget">{_inline(runtime_files.ANYWIDGET)}</script>',
        f"<script>{_inline(runtime_files.LAB)}</script>",
        f'<script type="text/plain" data-lmkit="licences">{script_text(_licences())}</script>',
    ]
    return "\n".join(parts)


def _asset(name: str, version: str, content: object) -> str:
    if name == assets.SAVING:
        content = small(str(content))
    where = f'data-lmkit="asset" data-name="{escape(name)}" data-version="{escape(version)}"'
    return f'<script type="application/json" {where}>{json_text(content)}</script>'


def _inline(name: str) -> str:
    return script_text(small(runtime_files.content(name).decode("utf-8")))


def _licences() -> str:
    """Return the notices of all that others wrote in the page."""
    anywidget = metadata.distribution("anywidget").read_text("licenses/LICENSE") or "MIT License"
    notices = runtime_files.content(runtime_files.NOTICES).decode("utf-8")
    return f"Labs: lmkit, MIT License, the Memory and Chance authors.\n\nanywidget\n\n{anywidget.strip()}\n\n{notices}"
