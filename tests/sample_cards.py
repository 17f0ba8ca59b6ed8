"""Cards of every kind, with answers that are right and wrong."""

from lmkit import study

SECTION = "Two states"
COMMON = {"section": SECTION, "covers": ("A3",)}
CHOICES = [
    {"text": "the *hidden* state", "right": True, "why": "It is what the next layer is given."},
    {"text": "the cell state", "why": "It stays inside."},
    {"text": "$x_t$", "why": "That is the input."},
]
CARDS = {
    "single": study.SingleChoice(id="one", question="Which state is seen?", choices=CHOICES, **COMMON),
    "multiple": study.MultipleChoice(
        id="many",
        question="Which are states?",
        **COMMON,
        choices=[*CHOICES[:1], {"text": "the cell", "right": True, "why": "Kept."}, *CHOICES[2:]],
    ),
    "fill": study.Fill(
        id="text",
        question="Fill the gaps.",
        text="The {{gate}} gate keeps, the {{other}} gate *shows*.",
        **COMMON,
        gaps={
            "gate": {"answers": ["forget", "forgets"], "why": "It multiplies $c$.", "hints": {"input": "It writes."}},
            "other": {"answers": ["output"], "why": "It shows."},
        },
    ),
    "code": study.Fill(
        id="code",
        question="Fill in the layer.",
        code=True,
        **COMMON,
        text="```python\nnet = {{layer}}({{rows}}, 64)\n```",
        gaps={
            "layer": {"answers": ["nn.Embedding"], "why": "A table."},
            "rows": {"answers": ["37", "vocab_size"], "why": "One row each.", "hints": {"64": "That is the width."}},
        },
    ),
    "number": study.Number(
        id="number",
        question="How many?",
        answer=8933,
        unit="parameters",
        why="Count.",
        check="8933",
        hints={9037: "That counts a bias too many."},
        explanation="Numbers add up.",
        **COMMON,
    ),
    "order": study.Order(
        id="order",
        question="In which order?",
        **COMMON,
        items=[{"text": text, "why": f"{text} stands here."} for text in ("forget", "write", "squash", "show")],
    ),
    "draw": study.Draw(
        id="draw",
        question="Draw it.",
        drawing="lstm-cell",
        **COMMON,
        steps=[f"Step {n}" for n in range(study.drawings.steps("lstm-cell"))],
    ),
}
FLASH = [
    study.Flashcard(id=f"flash-{n}", question=f"What is {n}?", answer=f"**{n}** it is.", **COMMON) for n in range(3)
]
WRONG = {"single": 1, "multiple": [0, 2], "fill": ["input", "x"], "code": ["nn.Linear", "64"], "number": "9,037"}
RIGHT = {
    "single": 0,
    "multiple": [0, 1],
    "fill": [" Forget.", "OUTPUT"],
    "code": ["Embedding", "37"],
    "number": "8 933",
}


def deck(*cards: study.Card) -> study.Deck:
    return study.Deck("lstm", "The LSTM", cards)
