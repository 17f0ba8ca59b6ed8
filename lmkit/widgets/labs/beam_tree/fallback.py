"""The beam tree lab's picture: what was looked at up to a step, one column a step, drawn from Python's own search."""

from __future__ import annotations

from dataclasses import dataclass, field

from lmkit.decoding import Decoded
from lmkit.plots.roles import color
from lmkit.widgets.base.svg import INK, LINE, MUTED, WIDTH, document, text

ROW, TOP, HEIGHT = 40, 64, 32
SIGNS = {"best": "★", "optimum": "◆", "greedy": "●"}
NAMES = {"best": "the beam’s best", "optimum": "the best of all texts", "greedy": "greedy decoding"}


@dataclass(eq=False)
class Node:
    """A text that was looked at: the last token, Σ log p, and what became of it."""

    tokens: tuple[int, ...]
    total: float
    status: str
    children: list[Node] = field(default_factory=list)
    row: float = 0.0


def render(lab) -> tuple[str, str]:
    """Draw the picture as an SVG document, and say in words what it shows."""
    search, step = lab.search(), lab.value("step")
    root = tree(search.steps[:step])
    rows = _place(root, 0)
    over = step >= len(search.steps)
    stars = _stars(lab, search) if over else {}
    pitch = min(150, (WIDTH - 110) / lab.table.max_new_tokens)
    parts = [text(16, 28, f"Beam search, width {lab.value('num_beams')}, after step {step}", MUTED)]
    parts += _drawn(root, lab.table, pitch, _signs(stars))
    foot = TOP + ROW * rows + 12
    for place, (name, found) in enumerate(stars.items()):
        line = f"{SIGNS[name]} {NAMES[name]}: {lab.table.text(found.tokens)} ({_number(found.score)})"
        parts.append(text(16, foot + LINE * place, line, MUTED))
    return document(parts, foot + LINE * len(stars)), describe(lab, search, step, over)


def tree(steps) -> Node:
    """Return everything that was looked at, as a tree."""
    root = Node((), 0.0, "kept")
    running = [root]
    for step in steps:
        nodes = []
        for parent, token, total, status in zip(step.parents, step.tokens, step.totals, step.statuses, strict=True):
            nodes.append(Node((*running[parent].tokens, token), total, status))
            running[parent].children.append(nodes[-1])
        running = [node for node in nodes if node.status == "kept"]
    return root


def describe(lab, search, step: int, over: bool) -> str:
    """Return in words what the picture shows."""
    table, width = lab.table, lab.value("num_beams")
    if not over:
        last = search.steps[step - 1] if step else None
        kept = last.statuses.count("kept") if last else 0
        return f"The tree of a beam search of width {width} after step {step}: {kept} texts go on."
    texts = "; ".join(f"{table.text(found.tokens)} ({found.score:.2f})" for found in search.texts)
    best, greedy = lab.optimum(), table.text(lab.greedy().tokens)
    start = f"The best of all texts is “{table.text(best.tokens)}”" if best else "Nobody knows the best of all texts"
    ending = f"{start}, {'' if best else 'and '}greedy decoding’s {'' if best else 'is '}“{greedy}”"
    return f"The tree of a beam search of width {width}. Finished texts with their scores: {texts}. {ending}."


def _stars(lab, search) -> dict[str, Decoded]:
    """Return the texts that stand out; the best of all only where it is known."""
    optimum = lab.optimum()
    return {"best": search.texts[0], **({"optimum": optimum} if optimum else {}), "greedy": lab.greedy()}


def _signs(stars: dict[str, Decoded]) -> dict[tuple[int, ...], str]:
    """Return the signs behind the texts that stand out, by their tokens."""
    signs: dict[tuple[int, ...], str] = {}
    for name, found in stars.items():
        tokens = tuple(found.tokens)
        signs[tokens] = f"{signs.get(tokens, '')}{SIGNS[name]}"
    return signs


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _place(node: Node, rows: int) -> int:
    """Give each leaf a row, and its parents the middle of theirs; returns the next free row."""
    if not node.children:
        node.row = rows
        return rows + 1
    for child in sorted(node.children, key=lambda child: -child.total):
        rows = _place(child, rows)
    places = [child.row for child in node.children]
    node.row = (min(places) + max(places)) / 2
    return rows


def _drawn(node: Node, table, pitch: float, signs: dict) -> list[str]:
    parts = _chip(node, table, pitch, signs)
    x, y, far = _right(node, pitch), TOP + node.row * ROW, 64 + len(node.tokens) * pitch
    for child in node.children:
        below, middle = TOP + child.row * ROW, (x + far) / 2
        line = f'd="M{x:g} {y:g}C{middle:g} {y:g} {middle:g} {below:g} {far:g} {below:g}"'
        parts += [f"<path {line} {_stroke(child.status)}/>", *_drawn(child, table, pitch, signs)]
    return parts


def _right(node: Node, pitch: float) -> float:
    return 64 + len(node.tokens) * pitch - 22 if node.tokens else 48


def _stroke(status: str) -> str:
    dropped = status == "dropped"
    dash = ' stroke-dasharray="4 3"' if dropped else ""
    return f'fill="none" stroke="{color("dropped" if dropped else "kept")}" stroke-width="1.4"{dash}'


def _chip(node: Node, table, pitch: float, signs: dict) -> list[str]:
    y = TOP + node.row * ROW
    if not node.tokens:
        return [text(8, y + 5, table.start, MUTED)]
    x, ink = 64 + (len(node.tokens) - 1) * pitch, MUTED if node.status == "dropped" else INK
    behind = ("‖ " if node.status == "ended" else "") + signs.get(node.tokens, "")
    frame = f'<rect x="{x:g}" y="{y - HEIGHT / 2:g}" width="{pitch - 22:g}" height="{HEIGHT}" rx="5"'
    return [
        f"{frame} {_stroke(node.status)}/>",
        text(x + 6, y - 2, table.show(node.tokens[-1]), ink, 'font-size="13"'),
        text(x + 6, y + 12, f"Σ {_number(node.total)}", MUTED, 'font-size="11"'),
        *([text(x + pitch - 18, y + 5, behind, INK)] if behind else []),
    ]
