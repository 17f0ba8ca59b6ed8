"""The models on offer suit the prompts that are suggested for them."""

import pytest

from lmkit import pretrained
from lmkit.datasets import stories
from lmkit.widgets.base import model_options


@pytest.mark.parametrize("name", pretrained.names())
def test_suggested_prompts_suit_their_model(name):
    offer = model_options.model_options(name, None)[0]
    for prompt in offer.prompts:
        offer.trained.prompt_ids(prompt)
        if offer.has_truth():
            assert prompt == pretrained.END or stories.is_grammatical(prompt)
    assert offer.has_truth() == (name == "stories")
