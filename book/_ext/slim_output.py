"""Drop from the built site what its pages never use or repeat: 1.9 MB of a page's 3 MB when this was written.

The theme ships Font Awesome twice, as JavaScript and as web fonts with some two thousand icons; a page
shows about twenty. The JavaScript goes, and the fonts and their style rules are cut down to the icons that
occur in the site. The theme has every page wait for the search index, which only the search page uses; the styles and
tabs of sphinx-design go where a page has none of its elements. Figures are kept in 256 colours, a third of their bytes,
and come as the reader comes near them.
"""

import re
import shutil
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from PIL import Image

ICON_SCRIPT = "scripts/fontawesome.js"
ICON_SCRIPT_TAG = re.compile(r"<script[^>]*fontawesome\.js[^>]*></script>")
SEARCH_TAG = re.compile(r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>')
DESIGN_TAG = re.compile(r"\s*<(?:link|script)\b[^>]*sphinx-design[^>]*>(?:</script>)?")
DESIGN_ELEMENT = re.compile(r'class="(?:[^"]* )?sd-')
ICON_RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"([^"]*)"\}')
ICON_NAME = re.compile(r'\bfa-([a-z0-9-]+)|"icon": ?"([a-z0-9-]+)"')  # as a class; in a widget's state
PICTURE = re.compile(r'<img (?=[^>]*src="(?P<source>[^":]+/_images/[^"]+\.png|[^":]+/_static/images/[^"]+)")')
PRIVATE_USE = re.compile(r"[\ue000-\uf8ff]|\\([ef][0-9a-f]{3})\b")  # as themselves or as a CSS escape


def icons_in_use(site: Path) -> set[str]:
    """Return the names of all icons that a page or a script of the site mentions."""
    sources = [*site.rglob("*.html"), *site.rglob("*.js")]
    matches = (match for source in sources for match in ICON_NAME.finditer(source.read_text("utf-8")))
    return {match[1] or match[2] for match in matches}


def keep_rules(css: str, names: set[str]) -> str:
    """Return the style sheet without the rules of icons that are not in ``names``."""

    def keep(rule: re.Match) -> str:
        return rule[0] if names.intersection(re.findall(r"\.fa-([\w-]+):", rule[1])) else ""

    return ICON_RULE.sub(keep, css)


def icon_characters(css: str) -> set[int]:
    """Return the code points of the icons that a style sheet shows."""
    return {int(match[1], 16) if match[1] else ord(match[0]) for match in PRIVATE_USE.finditer(css)}


def cut_font(path: Path, characters: set[int]) -> None:
    """Keep only these characters, under another name: the licence reserves the font's own for the whole."""
    font = TTFont(path)
    options = subset.Options(layout_features=[], hinting=False, name_IDs=[0, 1, 4, 6, 13, 14])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 4, 6):
            record.string = "BookIcons"
    font.flavor = "woff2"
    font.save(path)


def shrink_picture(path: Path) -> None:
    """Keep the 256 colours that suit a figure best, unless it is transparent somewhere."""
    with Image.open(path) as picture:
        opaque = picture.convert("RGBA").getextrema()[3][0] == 255
        small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    if opaque:
        small.save(path, optimize=True)


def when_near(page: Path, html: str) -> str:
    """Return a page whose pictures are loaded as the reader comes near; the size of a figure keeps its place."""

    def tag(found: re.Match) -> str:
        path = page.parent / found["source"]
        if "/_images/" not in found["source"]:
            return '<img loading="lazy" '
        with Image.open(path) as picture:
            return f'<img loading="lazy" width="{picture.width}" height="{picture.height}" '

    return PICTURE.sub(tag, html)


def drop_unused_tags(name: str, page: str) -> str:
    """Return the page without the tags that load what it does not use; `name` is its address in the site."""
    unused = [ICON_SCRIPT_TAG]
    if name != "search.html":
        unused.append(SEARCH_TAG)
    if not DESIGN_ELEMENT.search(page):
        unused.append(DESIGN_TAG)
    for tag in unused:
        page = tag.sub("", page)
    return page


def slim(app, exception) -> None:
    """Slim the site after the last page is written."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    for unused in [static / ICON_SCRIPT, *static.rglob("*.map"), *static.rglob("fontawesome/webfonts/*.ttf")]:
        unused.unlink(missing_ok=True)
    shutil.rmtree(static / "locales", ignore_errors=True)  # translations that are applied by now
    for picture in (site / "_images").glob("*.png"):
        shrink_picture(picture)
    for page in site.rglob("*.html"):
        name = page.relative_to(site).as_posix()
        page.write_text(when_near(page, drop_unused_tags(name, page.read_text("utf-8"))), "utf-8")

    theme_css = static / "styles" / "pydata-sphinx-theme.css"
    theme_css.write_text(keep_rules(theme_css.read_text("utf-8"), icons_in_use(site)), "utf-8")
    characters = set().union(*(icon_characters(sheet.read_text("utf-8")) for sheet in static.rglob("*.css")))
    for font in static.rglob("fontawesome/webfonts/*.woff2"):
        cut_font(font, characters)


def setup(app):
    app.connect("build-finished", slim)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
