"""What a built page carries besides code is what the package ships."""

import base64
import json
import re

from lmkit import pretrained
from lmkit.datasets import stories
from lmkit.widgets.base import assets


def test_page_scripts_carry_the_assets_unchanged():
    scripts = assets.page_scripts()
    assert set(scripts) == {"stories-grammar.js", *(f"{name}.js" for name in pretrained.names())}
    for file, script in scripts.items():
        name, content = re.fullmatch(r'globalThis\.__lmkit\.assets\["(.+?)"\]=(.*);\n', script).groups()
        assert f"{name}.js" == file
        if name == assets.GRAMMAR:
            assert json.loads(content) == json.loads(stories.PATH.read_text(encoding="utf-8"))
        else:
            assert base64.b64decode(json.loads(content)) == pretrained.path_of(name).read_bytes()
