"""What a built page carries besides code is what the package ships."""

import base64
import json
import re

from lmkit import pretrained
from lmkit.datasets import stories, translation
from lmkit.widgets.base import assets


def test_page_scripts_carry_the_assets_unchanged():
    scripts = assets.page_scripts()
    models = pretrained.names() + pretrained.translator_names()
    assert set(scripts) == {"stories-grammar.js", "german-grammar.js", *(f"{name}.js" for name in models)}
    tables = {assets.GRAMMAR: stories.PATH, assets.GERMAN: translation.PATH}
    for file, script in scripts.items():
        name, content = re.fullmatch(r'globalThis\.__lmkit\.assets\["(.+?)"\]=(.*);\n', script).groups()
        assert f"{name}.js" == file
        if name in tables:
            assert json.loads(content) == json.loads(tables[name].read_text(encoding="utf-8"))
        else:
            assert base64.b64decode(json.loads(content)) == pretrained.path_of(name).read_bytes()
