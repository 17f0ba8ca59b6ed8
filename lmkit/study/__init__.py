"""Cards to study with: questions, answers and explanations, from one source, the YAML files in `lmkit/study/decks`.

Quizzes, flashcards, the Review page and the Anki deck are made of the same cards::

    from lmkit import study

    deck = study.load("lstm")
    deck.cards[0].question, deck.quiz(), deck.flashcards("What each gate does")
    study.read_deck("mine.yml")  # cards of your own
"""

from lmkit.study import drawings, markup
from lmkit.study.card_json import card_to_json
from lmkit.study.cards import (
    Card,
    Choice,
    Draw,
    Fill,
    Flashcard,
    Gap,
    Item,
    MultipleChoice,
    Number,
    Order,
    SingleChoice,
)
from lmkit.study.deck_file import Deck, check_ids, read_deck, read_decks
from lmkit.study.decks import chapters, load, load_all
from lmkit.study.markup import anchor
from lmkit.study.yaml_source import CardError

__all__ = [
    "Card",
    "CardError",
    "Choice",
    "Deck",
    "Draw",
    "Fill",
    "Flashcard",
    "Gap",
    "Item",
    "MultipleChoice",
    "Number",
    "Order",
    "SingleChoice",
    "anchor",
    "card_to_json",
    "chapters",
    "check_ids",
    "drawings",
    "load",
    "load_all",
    "markup",
    "read_deck",
    "read_decks",
]
