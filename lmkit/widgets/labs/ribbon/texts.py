"""The texts that the ribbon lab has on offer, by the model that reads them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from lmkit import decoding
from lmkit.datasets import stories
from lmkit.widgets.base.model_options import ModelOption

OWN_TEXT = "a text of your own"
MOST_WRITTEN = 24  # tokens of the text that a model writes where nobody gives it one
# Of Shakespeare, lines of the plays that are held out (tests compare them); ⏎ stands for the end of a line.
TEXTS = {
    "human_numbers": [
        "four thousand three hundred ninety eight . four thousand three hundred ninety nine .",
        "one thousand nine hundred ninety nine . two thousand . two thousand one .",
    ],
    "shakespeare": [
        "Duke Orsino:⏎If music be the food of love, play on;⏎Give me excess of it, that, surfeiting,⏎"
        "The appetite may sicken, and so die.⏎",
        "First Witch:⏎When shall we three meet again⏎In thunder, lightning, or in rain?⏎⏎Second Witch:⏎"
        "When the hurlyburly's done,⏎When the battle's lost and won.⏎",
        "Macbeth:⏎Is this a dagger which I see before me,⏎The handle toward my hand? Come, let me clutch thee.⏎"
        "I have thee not, and yet I see thee still.⏎",
        "Prospero:⏎We are such stuff⏎As dreams are made on, and our little life⏎Is rounded with a sleep.",
    ],
}


def examples() -> list[str]:
    """Return some stories that the grammar has written, end token included."""
    supply = list(islice(stories.stories(seed=11), 24))
    return [" ".join(supply[place]) for place in (0, 5, 23, 12)]


def texts_for(option: ModelOption) -> list[str]:
    """Return texts that suit a model: none for a reader's own, unless it speaks Stories."""
    return examples() if option.has_truth() else TEXTS.get(option.shipped_name, [])


def written_by(option: ModelOption) -> str:
    """Return a text that a model writes by itself, most probable tokens first, after the prompt that suits it."""
    trained, ids = option.trained, option.ids("prompt", option.prompts[0])
    written = decoding.greedy(
        option.step, ids, MOST_WRITTEN, trained.eos_token_id, suppress_tokens=trained.suppress_tokens
    )
    begun = ids[ids[0] == trained.eos_token_id :]
    return option.one_line(trained.vocab.decode([*begun, *written.tokens]))


def titles(option: ModelOption, texts: Sequence[str]) -> list[str]:
    """Return what the choice of a text shows for each, and for a text of the reader's own."""
    return [*(f"{_beginning(option, text)} … ({_length(option, text)} tokens)" for text in texts), OWN_TEXT]


def _beginning(option: ModelOption, text: str) -> str:
    return " ".join(text.split()[:8]) if option.trained.vocab.kind == "split" else text[:44].rsplit(" ", 1)[0]


def _length(option: ModelOption, text: str) -> int:
    """Return the number of a text's tokens, without the end token that a model may begin with."""
    ids = option.trained.prompt_ids(text)
    return len(ids) - (ids[0] == option.trained.eos_token_id)
