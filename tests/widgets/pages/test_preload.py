"""A page's head has the weights of its first lab fetched early."""

import json
import re
import tempfile
from pathlib import Path

import pytest
from ipywidgets.embed import dependency_state

from lmkit.widgets import DecodingLab, DropoutLab, PaddingLab, TranslateLab
from lmkit.widgets.base import assets
from lmkit.widgets.base.pages import preload, serving, staging


def state(*labs) -> dict:
    return dependency_state(labs, drop_defaults=False)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("stories", DecodingLab),
        ("shakespeare", lambda: DecodingLab("shakespeare")),
        ("translator", TranslateLab),
        ("padding_masked", PaddingLab),
    ],
)
def test_head_names_the_model_that_the_first_lab_opens(name, make):
    found = preload.first_model(state(DropoutLab(), make(), DecodingLab("human_numbers")))
    assert found["name"] == name
    tags = preload.tags(state(make()), "../")
    assert f'<meta name="first-model" content="{name}"/>' in tags
    assert f"../_static/lmkit/{name}.bin?v={found['key']}" in tags
    tables = re.findall(r'href="../_static/lmkit/([\w-]+)\.js', tags)
    assert tables == {"stories": [assets.GRAMMAR], "shakespeare": []}.get(name, [assets.GRAMMAR, assets.GERMAN])


def test_nothing_is_fetched_early_where_no_lab_has_a_model():
    assert preload.tags(state(DropoutLab()), "../") == ""


def test_the_page_asks_before_its_style_sheets():
    """A script behind a style sheet would wait for it."""
    html = '<head><title>x</title><link rel="stylesheet" href="a.css"/>STATERUNTIME</head>'
    saved = json.dumps({"state": state(DecodingLab())})
    html = html.replace("RUNTIME", '<script src="../_static/vendor/static-widgets.js"></script>')
    html = html.replace("STATE", f'<script type="application/vnd.jupyter.widget-state+json">{saved}</script>')
    with tempfile.TemporaryDirectory() as folder:
        staging.write_code(Path(folder) / "code")
        page = serving.served(html, "../", Path(folder) / "code", {})
    assert page.index("stories.bin") < page.index("a.css")
