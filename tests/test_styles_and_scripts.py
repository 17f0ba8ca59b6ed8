"""What pages load of the theme: one style sheet, one script, without what no page uses; and a font of their signs."""

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

from tests import extensions

ROOT = Path(__file__).parents[1]
PAGE = """<html><head><script>localStorage.mode</script>
<link href="ROOT_static/styles/theme.css?digest=1" rel="stylesheet" />
<link rel="stylesheet" type="text/css" href="ROOT_static/book.css?v=2" />
EXTRA
<link rel="preload" as="script" href="ROOT_static/scripts/bootstrap.js?v=3" />
<script src="ROOT_static/documentation_options.js?v=4"></script>
<script src="ROOT_static/first.js?v=5"></script>
<script>DOCUMENTATION_OPTIONS.pagename = 'a';</script>
LABS
</head><body class="seen"><p id="here">text</p><script defer src="ROOT_static/scripts/bootstrap.js?v=3"></script>
<script defer src="ROOT_static/scripts/theme.js"></script></body></html>"""
FILES = {
    "basic.css": ".seen { color: red } .unseen { color: blue }",
    "styles/theme.css": '@import "../basic.css"; p { background: url(../images/a.svg) } .set-by-script { top: 0 }',
    "book.css": "#here, #nowhere { --read: 1px; --unread: 2px; margin: var(--read) }",
    "extra.css": ".seen { left: var(--of-extra) }",
    "documentation_options.js": "const DOCUMENTATION_OPTIONS = {\n    VERSION: '',\n};",
    "first.js": '"use strict";\nconst named = "set-by-script";\n//# sourceMappingURL=first.js.map',
    "scripts/bootstrap.js": "nobody()",
    "scripts/theme.js": "undeclared = named",
}


@pytest.fixture
def one_file():
    return extensions.load("one_file")


@pytest.fixture
def site(tmp_path):
    """A site of two pages, one of them in a folder and with a lab."""
    for name, content in FILES.items():
        path = tmp_path / "_static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (tmp_path / "book").mkdir()
    lab = '<script defer="defer" src="../_static/vendor/static-widgets.js?v=6"></script>'
    extra = '<link rel="stylesheet" href="_static/extra.css"/>'
    plain = PAGE.replace("ROOT", "").replace("EXTRA", extra).replace("LABS", "")
    (tmp_path / "search.html").write_text(plain, encoding="utf-8")
    with_lab = PAGE.replace("ROOT", "../").replace("EXTRA", "").replace("LABS", lab)
    (tmp_path / "book" / "lab.html").write_text(with_lab, encoding="utf-8")
    return tmp_path


def joined(one_file, site: Path) -> tuple[str, str]:
    """The pages after the build has joined their files."""
    one_file.join(SimpleNamespace(outdir=site, builder=SimpleNamespace(name="html")), None)
    return tuple((site / name).read_text(encoding="utf-8") for name in ("search.html", "book/lab.html"))


def test_pages_load_one_sheet_and_one_script(one_file, site):
    plain, lab = joined(one_file, site)
    assert re.findall(r'href="([^"?]+)', plain) == ["_static/pages.css", "_static/extra.css"]
    assert re.findall(r'src="([^"?]+)', plain) == ["_static/pages.js"]
    assert re.findall(r'href="([^"?]+)', lab) == ["../_static/pages.css"]
    assert re.findall(r'src="([^"?]+)', lab) == ["../_static/vendor/static-widgets.js", "../_static/pages.js"]
    assert "const DOCUMENTATION_OPTIONS = { VERSION: '', };</script>" in lab
    assert lab.index("const DOCUMENTATION_OPTIONS") < lab.index("DOCUMENTATION_OPTIONS.pagename")
    left = {path.relative_to(site / "_static").as_posix() for path in (site / "_static").rglob("*.*")}
    assert left == {"pages.css", "pages.js", "basic.css", "extra.css"}


def test_the_sheet_keeps_what_pages_and_scripts_name(one_file, site):
    joined(one_file, site)
    sheet = (site / "_static" / "pages.css").read_text(encoding="utf-8")
    assert sheet == (
        ".seen{color: red}"
        'p{background: url("images/a.svg")}.set-by-script{top: 0}'
        "#here{--read: 1px;margin: var(--read)}"
    )


def test_the_script_is_not_strict_because_one_of_its_parts_was(one_file, site):
    joined(one_file, site)
    script = (site / "_static" / "pages.js").read_text(encoding="utf-8")
    assert script.startswith(";")
    assert script.index("named =") < script.index("undeclared = named")
    assert "sourceMappingURL" not in script and "nobody" not in script


def test_a_theme_without_bootstrap_is_an_error_with_its_remedy(one_file, site):
    for path in site.rglob("*.html"):
        path.write_text(re.sub(r"<[^>]*bootstrap[^>]*>", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(ExtensionError, match="no longer load scripts/bootstrap.js: does menus.js"):
        joined(one_file, site)


RULES = {  # a sheet, what is left of it on a page that has the class "a", the id "b" and the word "c" in a script
    ".a{x:1} .z{x:1}": ".a{x:1}",
    ".a .z, .a > p, .z.a{x:1}": ".a > p{x:1}",
    "#b{x:1} #z{x:1} .c{x:1}": "#b{x:1}.c{x:1}",
    "p:not(.z){x:1} p:has(.z){x:1}": "p:not(.z){x:1}p:has(.z){x:1}",
    ":is(.z, .a) p{x:1} :is(.z, .y) p{x:1} :where(.z).a{x:1}": ":is(.z, .a) p{x:1}",
    "@media (width < 9px){.z{x:1}} @media print{.a{x:1}.z{x:1}}": "@media print{.a{x:1}}",
    '@font-face{src:"f"}@charset "utf-8";@keyframes k{to{x:0}}': '@font-face{src:"f"}@keyframes k{to{x:0}}',
    "/* .z */ .a { /* x */ content: '.z;}' ;\n  x: 1; }": '.a{content: ".z;}";x: 1}',
    '[data-z].a{x:url("data:image/svg+xml;,%3csvg")}': '[data-z].a{x:url("data:image/svg+xml;,%3csvg")}',
    ".a{}": "",
}


@pytest.mark.parametrize("sheet", RULES)
def test_rules_stay_that_a_page_can_use(sheet):
    styles = extensions.load("used_styles")
    names = styles.names_in_use(['<p class="a" id="b">z</p>'], ["c()"])
    assert styles.used(sheet, names) == RULES[sheet]


def test_variables_go_that_only_unread_ones_read():
    styles = extensions.load("used_styles")
    sheet = ":root{--a:1;--b:var(--a);--c:var(--b);--d:2;--e:3}p{x:var(--d,var(--c))}"
    assert styles.without_unread(sheet, []) == ":root{--a:1;--b:var(--a);--c:var(--b);--d:2}p{x:var(--d,var(--c))}"
    assert styles.without_unread(":root{--a:1;--b:var(--a)}", []) == ""
    assert styles.without_unread(":root{--a:1}", ["style.setProperty('--a', 2)"]) == ":root{--a:1}"
    assert styles.without_unread(":root{--a-b:1;--b:2}", ["`var(--a-${name})`"]) == ":root{--a-b:1}"


def test_a_sheet_that_cannot_be_read_is_an_error():
    with pytest.raises(ValueError, match="cannot be read"):
        extensions.load("used_styles").used(".a{x:1} }", {"a"})


def test_math_font_keeps_the_signs_of_equations(tmp_path):
    """Those that stand in a page, as references, and escaped in the state of a widget; letters in italics too."""
    font = extensions.load("math_font")
    pages = [
        "<p>∮</p><math><mi>x</mi><mo>&#x2211;</mo></math>",
        r'"<math><mi>\u03b8</mi><mi>\ud835\udc31</mi><\/math>"',
    ]
    codes = font.signs(pages)
    assert {ord(sign) for sign in "x𝑥∑θ𝜃𝐱ℎ"} <= codes and not {ord(sign) for sign in "∮𝐲∏"} & codes
    path = tmp_path / "font.woff2"
    shutil.copy(ROOT / "third_party" / "math-font" / "stix-two-math.woff2", path)
    whole = TTFont(path)
    font.cut(path, codes)
    small = TTFont(path)
    assert set(small.getBestCmap()) == codes & set(whole.getBestCmap())
    assert small["MATH"].table.MathVariants.VertGlyphCoverage.glyphs, "signs must still stretch"


LETTERS = {"a": "𝑎", "z": "𝑧", "h": "ℎ", "A": "𝐴", "Z": "𝑍", "α": "𝛼", "ω": "𝜔", "Α": "𝛢", "Ω": "𝛺", "1": "1", "é": "é"}


@pytest.mark.parametrize("letter", LETTERS)
def test_letters_are_drawn_in_italics(letter):
    assert chr(extensions.load("math_font").italic(ord(letter))) == LETTERS[letter]


@pytest.mark.parametrize(
    "form", ["<math><msqrt><mi>x</mi></msqrt></math>", "<math><mroot><mi>x</mi><mn>3</mn></mroot></math>"]
)
def test_math_font_keeps_the_sign_of_a_root_which_no_text_has(form):
    signs = extensions.load("math_font").signs
    assert ord("√") in signs([form]) and ord("√") not in signs(["<math><mi>x</mi></math>"])
