"""What a built page carries besides code is what the package ships."""

import base64
import gzip
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


def test_weights_travel_compressed_and_unchanged():
    models = pretrained.names() + pretrained.translator_names()
    weights = assets.page_weights()
    assert weights == assets.page_weights(), "the same sources must give the same book"
    assert set(weights) == {f"{name}.bin" for name in models}
    for name in models:
        file, script = weights[f"{name}.bin"], assets.page_scripts()[f"{name}.js"]
        assert gzip.decompress(file) == pretrained.path_of(name).read_bytes()
        assert len(file) < 0.96 * len(gzip.compress(script.encode(), 9)), "then the script could do alone"
