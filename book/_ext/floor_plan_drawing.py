"""Draw rooms on floors, with arrows from each to those that it stands on: layers, few crossings, short ways."""

from dataclasses import dataclass, field
from html import escape

BOX_WIDTH, BOX_HEIGHT = 98, 38  # of a room, in the drawing's units; a screen shows about one pixel for each
WAY_WIDTH = 14  # of an arrow that passes a floor
GAP, STOREY, MARGIN = 14, 84, 8
SWEEPS = 24


@dataclass(eq=False)
class Place:
    """A room, or where an arrow passes a floor (`room` is empty there)."""

    room: str
    floor: int
    x: float = 0.0
    above: list["Place"] = field(default_factory=list)
    below: list["Place"] = field(default_factory=list)

    @property
    def width(self) -> float:
        return BOX_WIDTH if self.room else WAY_WIDTH

    @property
    def top(self) -> float:
        return MARGIN + self.floor * STOREY

    @property
    def bottom(self) -> float:
        return self.top + BOX_HEIGHT


def svg(floors: list[list[str]], arrows: dict[str, set[str]], title: str, words: str) -> str:
    """Return an SVG document that follows the colour of the text around it.

    Parameters
    ----------
    floors : list of lists of str
        Rooms, the highest floor first.
    arrows : dict of str to set of str
        From each room to rooms on lower floors.
    title, words : str
        What those hear or read who do not see it.
    """
    rows = places(floors, arrows)
    reduce_crossings(rows)
    put_in_columns(rows)
    width = max(place.x + place.width / 2 for row in rows for place in row) + MARGIN
    height = rows[-1][0].bottom + MARGIN
    lines = [way(room, below) for row in rows for room in row if room.room for below in room.below]
    boxes = [box(place) for row in rows for place in row if place.room]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="floor-plan" viewBox="0 0 {width:.0f} {height:.0f}" '
            'role="img" aria-labelledby="floor-plan-title floor-plan-words" font-family="system-ui, sans-serif">',
            f'<title id="floor-plan-title">{escape(title)}</title>',
            f'<desc id="floor-plan-words">{escape(words)}</desc>',
            '<defs><marker id="floor-plan-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0 8 4 0 8Z" fill="currentColor"/></marker></defs>',
            '<g fill="none" stroke="currentColor" stroke-opacity="0.65" marker-end="url(#floor-plan-tip)">',
            *lines,
            "</g>",
            '<g fill="currentColor" text-anchor="middle" font-size="14">',
            *boxes,
            "</g>",
            "</svg>\n",
        ]
    )


def places(floors: list[list[str]], arrows: dict[str, set[str]]) -> list[list[Place]]:
    """Return the places on each floor, joined by the arrows between neighbouring floors."""
    rows = [[Place(room, number) for room in rooms] for number, rooms in enumerate(floors)]
    by_room = {place.room: place for row in rows for place in row}
    for room, place in by_room.items():
        for target in sorted(arrows[room]):
            last = place
            for floor in range(place.floor + 1, by_room[target].floor):
                passing = Place("", floor)
                rows[floor].append(passing)
                last = joined(last, passing)
            joined(last, by_room[target])
    return rows


def joined(upper: Place, lower: Place) -> Place:
    upper.below.append(lower)
    lower.above.append(upper)
    return lower


def reduce_crossings(rows: list[list[Place]]) -> None:
    """Order the places of each floor: near those that they are joined to, then by swapping neighbours."""
    for sweep in range(SWEEPS):
        if sweep % 2:
            for row, fixed in zip(rows[-2::-1], rows[:0:-1], strict=True):
                follow(row, fixed, {place: place.below for place in row})
        else:
            for row, fixed in zip(rows[1:], rows[:-1], strict=True):
                follow(row, fixed, {place: place.above for place in row})
    while any(swapped(rows, row, i) for row in rows for i in range(len(row) - 1)):
        pass


def follow(row: list[Place], fixed: list[Place], joins: dict[Place, list[Place]]) -> None:
    """Order a floor by the mean place, on the one that is fixed, of what each of its places is joined to."""
    order = {place: number for number, place in enumerate(fixed)}
    own = {place: number for number, place in enumerate(row)}
    row.sort(key=lambda place: mean([order[other] for other in joins[place]], own[place]))


def swapped(rows: list[list[Place]], row: list[Place], i: int) -> bool:
    """Swap a place with its right neighbour, unless this brings no fewer crossings; tell whether it was done."""
    before = crossings(rows)
    row[i], row[i + 1] = row[i + 1], row[i]
    if crossings(rows) < before:
        return True
    row[i], row[i + 1] = row[i + 1], row[i]
    return False


def crossings(rows: list[list[Place]]) -> int:
    """Return how many pairs of arrows cross."""
    count = 0
    for upper, lower in zip(rows, rows[1:], strict=False):
        order = {place: number for number, place in enumerate(lower)}
        ends = [(i, order[target]) for i, place in enumerate(upper) for target in place.below]
        count += sum(a < c and b > d or a > c and b < d for k, (a, b) in enumerate(ends) for c, d in ends[:k])
    return count


def put_in_columns(rows: list[list[Place]]) -> None:
    """Set where each place stands: in the middle of those that it is joined to, as far as its neighbours let it."""
    for row in rows:
        spread(row, [0.0] * len(row))
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 else rows[::-1]:
            spread(row, [mean([other.x for other in (*place.above, *place.below)], place.x) for place in row])
    left = min(place.x - place.width / 2 for row in rows for place in row)
    for place in (place for row in rows for place in row):
        place.x = round(place.x - left + MARGIN, 1)


def spread(row: list[Place], wanted: list[float]) -> None:
    """Put places as near as can be to where they are wanted, in their order and without touching.

    Least squares under an order is isotonic regression: neighbours that would overlap form blocks, and each block
    stands where its members want it on average.
    """
    offsets, offset = [], 0.0
    for place in row:
        offsets.append(offset + place.width / 2)
        offset += place.width + GAP
    blocks: list[list[float]] = []
    for value in (want - shift for want, shift in zip(wanted, offsets, strict=True)):
        blocks.append([value])
        while len(blocks) > 1 and mean(blocks[-2]) > mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    starts = [mean(block) for block in blocks for _ in block]
    for place, start, shift in zip(row, starts, offsets, strict=True):
        place.x = start + shift


def mean(values: list[float], otherwise: float = 0.0) -> float:
    return sum(values) / len(values) if values else otherwise


def way(start: Place, below: Place) -> str:
    """Return the path of one arrow, past all floors that it passes."""
    path, last = [f"M{start.x:g} {start.bottom:g}"], start
    while True:
        middle = (last.bottom + below.top) / 2
        path.append(f"C{last.x:g} {middle:g} {below.x:g} {middle:g} {below.x:g} {below.top:g}")
        if below.room:
            return f'<path d="{"".join(path)}"/>'
        path.append(f"V{below.bottom:g}")
        last, below = below, below.below[0]


def box(place: Place) -> str:
    """Return a room: its name, and the hall to which it belongs in small letters above."""
    hall, _, name = place.room.rpartition("/")
    left, middle = place.x - BOX_WIDTH / 2, place.top + BOX_HEIGHT / 2
    small = f'<text x="{place.x:g}" y="{middle - 6:g}" font-size="10">{escape(hall)}/</text>' if hall else ""
    return (
        f'<rect x="{left:g}" y="{place.top:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="5" '
        f'fill-opacity="{0.14 if hall else 0.05}" stroke="currentColor" stroke-opacity="0.65"/>{small}'
        f'<text x="{place.x:g}" y="{middle + (10 if hall else 5):g}">{escape(name)}</text>'
    )
