"""Give every page the theme's styles in one file and its scripts in another, instead of some twenty.

Each request costs a poor line a moment, and a browser reads on only when the scripts of a page's head are there. What
all pages load is joined: the sheets without the rules that no page uses (`used_styles`), the scripts deferred, behind
those of the page's labs. Bootstrap's scripts give way to `menus.js`, which does what the theme uses them for.
"""

import hashlib
import posixpath
import re
from pathlib import Path

import used_styles
from sphinx.errors import ExtensionError

STATIC = r'(?:\.\./)*_static/([^"?]+)(?:\?[^"]*)?'
SHEET = re.compile(rf'\s*<link\b(?=[^>]*rel="stylesheet")[^>]*href="{STATIC}"[^>]*>')
SCRIPT = re.compile(rf'\s*<script\b[^>]*src="{STATIC}"[^>]*></script>')
PRELOAD = re.compile(rf'\s*<link rel="preload" as="script" href="{STATIC}"\s*/>')
OF_SEARCH = re.compile(r'<script(?= src="(?:_static/(?:searchtools|language_data)|searchindex)\.js")')
OPTIONS = re.compile(r'<script[^>]*src="[^"]*documentation_options\.js[^"]*"[^>]*></script>')
WIDGETS = re.compile(r"<script\b[^>]*static-widgets\.js[^>]*></script>")
LAST = re.compile(r"\s*</head>")
URL = re.compile(r"""url\(\s*(["']?)(?!data:|#|/|\w+:)([^"')]+)\1\s*\)""")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?([^"')?;]+)[^;]*;""")
OF_LABS = ("lmkit/", "vendor/")  # loaded by pages that need them
REPLACED = {"scripts/bootstrap.js"}
FIRST = "policy.js"  # it says why, where the others find nothing of what stands in the page
OF_EDITIONS = {"pygments.css", "lmkit-roles.css"}  # the PDF and the EPUB take from them what is for paper


def common(pages: list[str], tag: re.Pattern) -> list[str]:
    """Return the files, below ``_static``, that a tag of this form loads on every page, in the order of the first."""
    named = [[name for name in tag.findall(page) if not name.startswith(OF_LABS)] for page in pages]
    return [name for name in dict.fromkeys(named[0]) if all(name in others for others in named)]


def rebased(sheet: str, name: str) -> str:
    """Return a sheet whose addresses are those from ``_static`` itself; `name` is its own address from there."""
    folder = posixpath.dirname(name)
    return URL.sub(lambda url: f'url("{posixpath.normpath(posixpath.join(folder, url[2]))}")', sheet)


def whole(static: Path, name: str) -> str:
    """Return a sheet with those that it imports, which come first."""
    sheet = (static / name).read_text("utf-8")
    folder = posixpath.dirname(name)
    imported = [whole(static, posixpath.normpath(posixpath.join(folder, found[1]))) for found in IMPORT.finditer(sheet)]
    return "".join([*imported, rebased(IMPORT.sub("", sheet), name)])


def joined_sheets(static: Path, names: list[str], pages: list[str], scripts: list[str]) -> str:
    """Return what the pages use of these sheets."""
    in_use = used_styles.names_in_use(pages, scripts)
    parts = [used_styles.used(whole(static, name), in_use) for name in names]
    others = [path.read_text("utf-8") for path in static.rglob("*.css") if str(path.relative_to(static)) not in names]
    return used_styles.without_unread("".join(parts), [*pages, *scripts, *others])


def joined_scripts(static: Path, names: list[str]) -> str:
    """Return these scripts as one. What each of them names at its top, the others see, as they did apart.

    It begins with an empty statement, or one script that begins with "use strict" would make all of them strict.
    """
    sources = ((static / name).read_text("utf-8") for name in names)
    return ";\n" + "".join(f"{re.sub(r'//# sourceMappingURL=.*', '', source).rstrip()}\n;\n" for source in sources)


def rewritten(page: str, sheets: list[str], scripts: list[str], addresses: dict[str, str], options: str) -> str:
    """Return a page that loads the two files, at these addresses; `options` is what Sphinx tells its scripts."""
    link = f'<link rel="stylesheet" href="{addresses["css"]}"/>'
    first = SHEET.search(page)
    assert first
    page = SHEET.sub(
        lambda tag: "" if tag[1] in sheets else tag[0], page[: first.start()] + "\0" + page[first.start() :]
    )
    page = page.replace("\0", f"\n    {link}", 1)
    page = OPTIONS.sub(lambda _: f"<script>{options}</script>", page)
    page = SCRIPT.sub(lambda tag: "" if tag[1] in scripts else tag[0], page)
    page = OF_SEARCH.sub('<script defer="defer"', page)
    page = PRELOAD.sub(lambda tag: "" if tag[1] in scripts else tag[0], page)
    script = f'<script defer="defer" src="{addresses["js"]}"></script>'
    if WIDGETS.search(page):  # labs come first
        return LAST.sub(lambda end: f"\n    {script}{end[0]}", page, count=1)
    return page.replace(link, f"{link}\n    {script}", 1)


def join(app, exception) -> None:
    """Join them after everything else has been written."""
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    paths = [path for path in sorted(site.rglob("*.html")) if SHEET.search(path.read_text("utf-8"))]
    pages = [path.read_text("utf-8") for path in paths]
    sheets = common(pages, SHEET)
    loaded = common(pages, SCRIPT)
    if missing := REPLACED - set(loaded):
        raise ExtensionError(f"pages no longer load {', '.join(missing)}: does menus.js still replace what is needed?")
    names = [name for name in loaded if name not in {*REPLACED, "documentation_options.js"}]
    names.sort(key=lambda name: name != FIRST)
    others = [p.read_text("utf-8") for p in static.rglob("*.js") if str(p.relative_to(static)) not in REPLACED]
    contents = {"css": joined_sheets(static, sheets, pages, others), "js": joined_scripts(static, names)}
    options = " ".join((static / "documentation_options.js").read_text("utf-8").split())
    for suffix, content in contents.items():
        (static / f"pages.{suffix}").write_text(content, "utf-8")
    versions = {suffix: hashlib.sha256(content.encode()).hexdigest()[:8] for suffix, content in contents.items()}
    for path, page in zip(paths, pages, strict=True):
        root = "../" * (len(path.relative_to(site).parts) - 1)
        addresses = {suffix: f"{root}_static/pages.{suffix}?v={version}" for suffix, version in versions.items()}
        path.write_text(rewritten(page, sheets, loaded, addresses, options), "utf-8")
    for name in {*sheets, *loaded} - OF_EDITIONS:
        (static / name).unlink()


def setup(app):
    app.connect("build-finished", join, priority=700)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
