"""Cards to study with: questions, answers and explanations, from one source, `book/cards/*.yml`.

The quizzes and flashcards of the chapters, the Review page and the Anki deck are made of the same cards::

    from lmkit import study

    deck = study.load("lstm")
    deck.cards[0].question, deck.quiz(), deck.flashcards("What each gate does")
"""

from lmkit.study import drawings, markup
from lmkit.study.cards import (
    Card,
    Choice,
    Draw,
    Fill,
    Flashcard,
    Gap,
    Item,
    Multiple,
    Number,
    Order,
    Single,
)
from lmkit.study.decks import Deck, anchor, chapters, load, load_all, read_deck
from lmkit.study.page import page_data
from lmkit.study.source import CardError

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
    "Multiple",
    "Number",
    "Order",
    "Single",
    "anchor",
    "chapters",
    "drawings",
    "load",
    "load_all",
    "markup",
    "page_data",
    "read_deck",
]
