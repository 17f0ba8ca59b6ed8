"""The models on offer suit the prompts that are suggested for them."""

import pytest

from lmkit import pretrained
from lmkit.datasets import stories
from lmkit.widgets.base import model_options


@pytest.mark.parametrize("text", ["two\nlines\n", "two⏎lines⏎", "two⏎\nlines⏎\n"])
def test_ends_of_lines_are_signs_in_a_field_of_one_line(text):
    assert model_options.model_options("shakespeare", None)[0].one_line(text) == "two⏎lines⏎"
    assert model_options.model_options("stories", None)[0].one_line(text) == text


@pytest.mark.parametrize("name", pretrained.names())
def test_suggested_prompts_suit_their_model(name):
    offer = model_options.model_options(name, None)[0]
    for prompt in offer.prompts:
        offer.trained.prompt_ids(prompt)
        if offer.has_truth():
            assert prompt == pretrained.END or stories.is_grammatical(prompt)
    assert offer.has_truth() == (name == "stories")
