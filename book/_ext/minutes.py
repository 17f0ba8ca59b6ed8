"""Keep the minutes on the page for teachers those of the chapters: the table of chapters, and the sums of the plans.

python book/_ext/minutes.py            write them anew
python book/_ext/minutes.py --check    compare; exit 1 where they differ
"""

import argparse
import ast
import json
import math
import re
import sys
from pathlib import Path

from lmkit.files import write_changed
from lmkit.study import decks, read_deck
from lmkit.widgets import LABS

ROOT = Path(__file__).resolve().parents[2]
PAGE = "book/for_teachers.md"
NO_LABS = {"Quiz", "Flashcards", "FillIn"}  # which the questions count, or the words around them
WORDS, FOR_A_LAB = 200, 5  # words a minute; minutes for a lab
COLUMNS = "| Chapter | Reading | Labs | Minutes for labs | Questions in the quiz | Minutes |"
HEAD = f"{COLUMNS}\n{'| --- ' * 6}|\n"
TABLE = re.compile(re.escape(HEAD) + r"(?:\|.*\n)*")
PLAN = re.compile(r"^(\| \d+ \| )(\{doc\}[^|]+)( \| )\d+( \| .*)$", re.MULTILINE)  # a week of a plan
NAME = re.compile(r"\{doc\}`(\w+)`")


def labs(notebook: dict) -> list[str]:
    """Return the labs that a notebook shows, each once, in order; cards and exercises are counted elsewhere."""
    shown = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            source = re.sub(r"^\s*[%!].*", "pass", "".join(cell["source"]), flags=re.MULTILINE)
            match ast.parse(source).body[-1:]:
                case [ast.Expr(ast.Call(ast.Name(name)))] if name in LABS and name not in NO_LABS:
                    shown.append(name)
    return list(dict.fromkeys(shown))


def row(chapter: str, root: Path = ROOT) -> list[str]:
    """Return a chapter's cells in the table: its name, and the minutes that it takes."""
    notebook = json.loads((root / "book" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    texts = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    reading = math.ceil(sum(len(text.split()) for text in texts) / WORDS)
    shown = labs(notebook)
    questions = len(read_deck(root / "lmkit" / "study" / "decks" / f"{chapter}.yml").quiz())
    named = ", ".join(f"`{name}`" for name in shown) or "–"
    for_labs = FOR_A_LAB * len(shown)
    minutes = reading + for_labs + questions
    return [f"{{doc}}`{chapter}`", str(reading), named, str(for_labs), str(questions), str(minutes)]


def rewritten(page: str, root: Path = ROOT) -> str:
    """Return the page with the minutes of the chapters as they are now."""
    folder = root / "lmkit" / "study" / "decks"
    rows = {chapter: row(chapter, root) for chapter in decks.chapters(folder)}
    table = HEAD + "".join(f"| {' | '.join(cells)} |\n" for cells in rows.values())

    def week(found: re.Match) -> str:
        minutes = sum(int(rows[chapter][-1]) for chapter in NAME.findall(found[2]))
        return f"{found[1]}{found[2]}{found[3]}{minutes}{found[4]}"

    if not TABLE.search(page):
        raise SystemExit(f"{PAGE} must have the table that begins with {COLUMNS!r}, but it has none")
    return PLAN.sub(week, TABLE.sub(lambda _: table, page))


def write(root: Path = ROOT) -> None:
    """Write the minutes, where they have changed."""
    page = (root / PAGE).read_text(encoding="utf-8")
    write_changed(root / PAGE, rewritten(page, root).encode(), "the page")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the page would change")
    if parser.parse_args().check:
        page = (ROOT / PAGE).read_text(encoding="utf-8")
        if rewritten(page) != page:
            sys.exit(f"{PAGE} gives other minutes than its chapters have now; run book/_ext/minutes.py")
    else:
        write()


if __name__ == "__main__":
    main()
