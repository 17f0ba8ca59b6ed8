"""Labs in projects of somebody else: with one line all work and no other host is asked; without it, as upstream can."""

import re

import pytest
from ipywidgets.embed import embed_minimal_html
from nbconvert import HTMLExporter, SlidesExporter
from playwright.sync_api import expect

from lmkit.widgets import DecodingLab, DropoutLab
from tests.site.page_faults import PageFaults
from tests.site.rendering import accessibility_faults
from tests.site.server import serve
from tests.widgets.pages import projects

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OF_THEMES = re.compile(r"invalid theme mode|favicon")  # Jupyter Book's own page says the first


@pytest.fixture(scope="module")
def executed():
    return projects.executed()


def check_site(browser, site, *others: str) -> None:
    """Its labs work, nothing is asked of another host, there or on `others`, and labs are accessible."""
    with serve(site) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        seen = PageFaults(context, address, OF_THEMES)
        page = context.new_page()
        for name in others:
            page.goto(f"{address}/{name}", wait_until="networkidle")
        page.goto(f"{address}/labs.html")
        projects.check_labs(page, (site / "labs.html").read_text("utf-8"))
        page.goto(f"{address}/labs.html", wait_until="networkidle")
        asked = [name.removeprefix(f"{address}/_static/") for name in seen.requests]
        assert sum(name.startswith("lmkit/stories.bin") for name in asked) == 2, (
            "once each time that the page is opened"
        )
        for place in range(2):
            assert not accessibility_faults(page, page.locator(".lmkit-lab").nth(place))
        assert page.locator("math").count() == 2
        context.close()
    assert not seen.faults


def test_one_line_in_a_jupyter_book(browser, tmp_path):
    """Its notebooks are run in the build, which has no warning."""
    folder = projects.write(tmp_path / "book", projects.BOOK, projects.notebook())
    projects.run(projects.JUPYTER_BOOK, "build", folder, "-n", "-W", "--keep-going")
    check_site(browser, folder / "_build" / "html", "intro.html")


def test_one_line_in_a_sphinx_project(browser, tmp_path, executed):
    """Its notebook brings the widgets' state along, and is not run; another build leaves its page as it is."""
    folder, site = projects.write(tmp_path / "docs", projects.SPHINX, executed), tmp_path / "site"
    projects.run("-m", "sphinx", "-b", "html", "-n", "-W", "--keep-going", folder, site)
    page = (site / "labs.html").read_bytes()
    assert len(page) < 100_000 and len(executed.metadata.widgets["application/vnd.jupyter.widget-state+json"]) > 0
    with (folder / "index.md").open("a") as file:
        file.write("\nOne more line.\n")
    said = projects.run("-m", "sphinx", "-b", "html", "-n", "-W", "--keep-going", folder, site)
    assert "updating environment: 0 added, 1 changed" in said
    assert "One more line." in (site / "index.html").read_text("utf-8")
    assert (site / "labs.html").read_bytes() == page
    check_site(browser, site, "index.html")


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter])
def test_nbconvert_keeps_labs_alive(browser, tmp_path, executed, exporter):
    html, _ = exporter().from_notebook_node(executed)
    (tmp_path / "labs.html").write_text(html, "utf-8")
    with projects.upstream(browser, tmp_path / "labs.html") as page:
        projects.check_labs(page, html)


def test_embedding_keeps_labs_alive(browser, tmp_path):
    """Also as ipywidgets does it unasked, without what is a default."""
    path = tmp_path / "labs.html"
    embed_minimal_html(path, views=[DecodingLab("stories", temperature=0.7, seed=3), DropoutLab(p=0.25)], title="Labs")
    with projects.upstream(browser, path) as page:
        page.locator(".lmkit-content:not([hidden])").nth(1).wait_for()
        slider = page.get_by_role("slider", name="Temperature")
        words = page.locator(".lmkit-lab").first.locator(".lmkit-tokens, .lmkit-text").first
        before = words.inner_text()
        slider.press("End")
        expect(words).not_to_have_text(before)
        expect(page.locator(".lmkit-problem:not([hidden])")).to_have_count(0)
