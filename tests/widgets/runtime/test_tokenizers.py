"""The page's tokenizers against the library and lmkit.text, on far more texts than the vectors hold."""

from pathlib import Path

import pytest

from tests.vectors import tokenizers
from tests.widgets import node

SCRIPT = Path(__file__).with_name("run_tokenizers.mjs")


def ids_on_the_page(tokenizer, texts):
    return node.run(SCRIPT, data={"config": tokenizer.config(), "texts": texts})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bpe", "words"])
def test_a_hundred_thousand_random_texts_have_the_same_ids(name):
    tokenizer = tokenizers.tokenizers()[name]
    texts = sorted(set(tokenizers.random_texts(2, 130_000)))
    assert len(texts) > 100_000
    found = ids_on_the_page(tokenizer, texts)
    assert [text for text, ids in zip(texts, found, strict=True) if ids != tokenizer.encode(text)] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bpe", "words"])
def test_every_character_is_of_the_same_class(name):
    """Which characters are letters, digits, marks or white space decides where a text is cut."""
    tokenizer = tokenizers.tokenizers()[name]
    texts = [f"a{c}b 1{c}2 {c}{c} a" for c in tokenizers.assigned()]
    found = ids_on_the_page(tokenizer, texts)
    odd = [text for text, ids in zip(texts, found, strict=True) if ids != tokenizer.encode(text)]
    assert [hex(ord(text[1])) for text in odd] == []
