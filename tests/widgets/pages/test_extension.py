"""The extension in a project: what it needs, what it leaves to the project, and what it tells."""

import io

import pytest
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from lmkit.widgets.base.pages import elsewhere, mathml, staging
from tests import extensions

PICTURE = '<img src="https://elsewhere.example/badge.png" alt="">'
PAGE = f"# Mine\n\n{PICTURE}\n\n$\\nosuchcommand$ and $x$\n"


@pytest.fixture
def project(tmp_path):
    """A function that makes a project's application with settings; it has one page, and keeps its warnings."""

    def make(*needed: str, builder: str = "html", **settings) -> Sphinx:
        source = tmp_path / "docs"
        source.mkdir()
        (source / "index.md").write_text(PAGE, encoding="utf-8")
        settings = {"extensions": [*needed, "lmkit.sphinx"], "myst_enable_extensions": ["dollarmath"], **settings}
        out = tmp_path / "site"
        return Sphinx(source, None, out, out / ".doctrees", builder, settings, None, io.StringIO())

    with patch_docutils(), docutils_namespace():
        yield make


def test_project_without_notebooks_is_told_what_to_add(project):
    with pytest.raises(
        ExtensionError, match=r'needs the extension myst_nb.*extensions = \["myst_nb", "lmkit.sphinx"\]'
    ):
        project()


def test_pages_ask_nobody_and_what_they_would_ask_is_told_with_a_remedy(project, tmp_path):
    app = project("myst_nb")
    app.build()
    told = app._warning.getvalue()
    assert "index.html would load https://elsewhere.example/badge.png: keep files in _static, or set" in told
    assert "cannot convert '\\\\nosuchcommand' to MathML" in told and "html_math_renderer = 'mathjax'" in told
    assert len(told.strip().splitlines()) == 2
    html = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert elsewhere.foreign_addresses(html) == ["https://elsewhere.example/badge.png"]
    assert "<math" in html and "lmkit-roles.css" in html and "lmkit-pages.css" in html


def test_a_project_keeps_its_own_renderer_and_may_silence_a_warning(project):
    app = project("myst_nb", html_math_renderer="mathjax", suppress_warnings=["lmkit.elsewhere"])
    assert app.builder.math_renderer_name == "mathjax"
    app.build()
    assert app._warning.getvalue() == ""


def test_other_formats_are_left_alone(project, tmp_path):
    project("myst_nb", builder="text").build()
    assert not list((tmp_path / "site").rglob("*.bin"))


def test_a_file_that_did_not_arrive_fails_the_build(project):
    app = project("myst_nb", exclude_patterns=["**/base-lab.css"])
    with pytest.raises(
        ExtensionError, match=r"_static/lmkit/code/base-lab\.css was not copied: take what fits it out of"
    ):
        app.build()


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<script src="https://a.example/x.js"></script>', ["https://a.example/x.js"]),
        ("<iframe title='x' src='//b.example/'></iframe>", ["//b.example/"]),
        ('<link rel="stylesheet" href="http://c.example/x.css">', ["http://c.example/x.css"]),
        ('<link rel="canonical" href="https://d.example/"><a href="https://e.example/">x</a>', []),
        ('<script src="_static/x.js"></script><img src="data:image/png;base64,AA==">', []),
    ],
)
def test_addresses_of_other_hosts_are_seen_where_a_browser_would_ask(html, found):
    assert elsewhere.foreign_addresses(html) == found


def test_formulas_of_several_lines_become_one():
    assert mathml.render(nodes.math_block("", "a \\\\ b"), displaystyle=True).count("<mtr>") == 2


def test_version_follows_code_and_models(monkeypatch):
    before = staging.code_version()
    assert before == staging.code_version()
    monkeypatch.setattr(staging.assets, "model_bytes", lambda name: name.encode())
    assert staging.code_version() != before


def test_the_book_fails_where_a_kernel_does_not_match_its_source(monkeypatch):
    self_hosted = extensions.load("self_hosted")
    self_hosted.require_kernel(None, None)
    monkeypatch.setattr(self_hosted.kernel, "belongs", lambda text, targets: False)
    with pytest.raises(ExtensionError, match=r"wasm\.js: not compiled from the C sources in .*; run `make kernel`"):
        self_hosted.require_kernel(None, None)
