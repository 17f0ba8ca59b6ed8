"""What a built page carries besides code is what the package ships."""

import base64
import json
import re

from lmkit import pretrained
from lmkit.datasets import shakespeare, stories, translation
from lmkit.text import tokenizer_from_config
from lmkit.widgets.base import assets


def test_page_scripts_carry_the_assets_unchanged():
    scripts = assets.page_scripts()
    models = pretrained.names() + pretrained.translator_names()
    assert set(scripts) == {f"{name}.js" for name in [*assets.tables(), *models]}
    tables = {assets.GRAMMAR: stories.PATH, assets.GERMAN: translation.PATH, assets.PLAYS: shakespeare.FOUR_PLAYS}
    for file, script in scripts.items():
        name, content = re.fullmatch(r'globalThis\.__lmkit\.assets\["(.+?)"\]=(.*);\n', script).groups()
        assert f"{name}.js" == file
        if name in tables:
            assert json.loads(content) == json.loads(tables[name].read_text(encoding="utf-8"))
        elif name == assets.PIECES:
            assert tokenizer_from_config(json.loads(content)).words == pretrained.load("shakespeare").vocab.words
        elif name == assets.SCALAR:
            assert base64.b64decode(json.loads(content)["wasm"])[:4] == b"\0asm"
        else:
            assert base64.b64decode(json.loads(content)) == pretrained.path_of(name).read_bytes()
