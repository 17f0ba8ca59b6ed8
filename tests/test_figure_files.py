"""The files of a chapter's figures: what a kernel draws, described, and with the decimals that an eye could see."""

import io
import re
import xml.etree.ElementTree as ET

import matplotlib
import pytest
from matplotlib.figure import Figure
from matplotlib_inline.config import InlineBackend
from traitlets.config import Config

from tests.extensions import load

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.fixture(scope="module")
def figure_files():
    return load("figure_files")


@pytest.fixture(scope="module")
def settings(figure_files) -> InlineBackend:
    """What the build tells its kernels."""
    config = Config()
    exec(figure_files.KERNEL, {"c": config})
    return InlineBackend(config=config)


def drawn(settings: InlineBackend) -> str:
    with matplotlib.rc_context(settings.rc):
        figure = Figure(figsize=(4, 3))
        axes = figure.subplots()
        axes.plot([0, 1 / 3, 2 / 3, 1], [0.1, 0.7, 0.123456, 0.9], marker="o")
        axes.set_title("Trial & error")
        file = io.StringIO()
        figure.savefig(file, format="svg")
    return file.getvalue()


def test_kernels_draw_for_the_page_and_for_the_file(settings):
    assert settings.figure_formats == {"png", "svg"}


def test_file_says_what_it_shows_and_not_when_it_was_drawn(figure_files, settings):
    file = figure_files.described(drawn(settings), "Loss < 1 & falling", "A book, ‘A page’, page.html")
    root = ET.fromstring(file)
    assert [node.tag for node in list(root)[:2]] == [f"{SVG}title", f"{SVG}desc"]
    assert root.findtext(f"{SVG}title") == "Loss < 1 & falling"
    assert root.findtext(f"{SVG}desc") == "A book, ‘A page’, page.html"
    assert "metadata" not in file and "http://purl.org" not in file
    assert file == figure_files.described(drawn(settings), "Loss < 1 & falling", "A book, ‘A page’, page.html")


def test_places_are_those_that_were_drawn(figure_files, settings):
    whole = drawn(settings)
    file = figure_files.described(whole, "a", "b")
    assert len(file) < len(whole)
    paths = [[node.get("d", "") for node in ET.fromstring(text).iter(f"{SVG}path")] for text in (whole, file)]
    assert paths[0] and len(paths[0]) == len(paths[1])
    for before, after in zip(*paths, strict=True):
        assert NUMBER.sub("", before) == NUMBER.sub("", after)
        found = [[float(number) for number in NUMBER.findall(path)] for path in (before, after)]
        assert found[1] == pytest.approx(found[0], abs=0.00501)


@pytest.mark.parametrize(
    ("path", "short"),
    [("M 1.23456 -0.001 L 2 3.5", "M 1.23 -0 L 2 3.5"), ("M 10.000 0.999999", "M 10 1"), ("M 1.2 3", "M 1.2 3")],
)
def test_numbers_are_cut_to_what_can_be_seen(figure_files, path, short):
    assert figure_files.rounded(path) == short
