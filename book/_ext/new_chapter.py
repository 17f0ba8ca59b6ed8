"""Begin a chapter: a small one that stands as it is and passes all tests, with pencils where your own belongs.

    python book/_ext/new_chapter.py my_topic                                    after the last chapter
    python book/_ext/new_chapter.py my_topic --title "On x" --after sampling    elsewhere
    python book/_ext/new_chapter.py my_topic                                    again: say what is left to fill in

It writes the notebook and its card file, names them where they must be named, and runs the chapter and the review page.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import minutes
import run_chapters
import yaml

from lmkit.files import atomic_write
from lmkit.study import decks, read_deck

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path(__file__).resolve().parent / "chapter_template"
NAME, TITLE, ITEM = "a_new_chapter", "A new chapter", "E1"  # of the template
PENCIL = "✎"
DECKS = "lmkit/study/decks"


def notebook_of(name: str, root: Path) -> Path:
    """Return where a chapter's notebook is."""
    return root / "book" / f"{name}.ipynb"


def cards_of(name: str, root: Path) -> Path:
    """Return where a chapter's cards are."""
    return root / DECKS / f"{name}.yml"


def check_name(name: str, root: Path = ROOT) -> None:
    """Raise ValueError for a name that no chapter can have, or that something has already."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        rule = "NAME must be small letters and digits, with _ between words"
        raise ValueError(f"{rule}, but it is {name!r}; write it like my_topic")
    taken = [path for path in (notebook_of(name, root).with_suffix(".md"), cards_of(name, root)) if path.exists()]
    if taken:
        raise ValueError(f"NAME must be new, but there is {taken[0].relative_to(root)} already; choose another")


def check_title(title: str, others: list[str]) -> None:
    """Raise ValueError for a title that is no plain line, or that of another chapter."""
    if not title.strip() or not title.isprintable() or re.search(r"[*_`$<>\[\]{}\\|]", title) or title != title.strip():
        rule = "TITLE must be words on one line, without marks of Markdown or TeX"
        raise ValueError(f"{rule}, but it is {title!r}; leave out what is no word")
    if title in others:
        raise ValueError(f"TITLE must be new, but a chapter is called {title!r} already; choose another")


def check_after(after: str, chapters: list[str]) -> None:
    """Raise ValueError unless there is such a chapter."""
    if after not in chapters:
        raise ValueError(f"AFTER must be a chapter, one of {', '.join(chapters)}, but it is {after!r}; correct it")


def new_item(root: Path = ROOT) -> str:
    """Return an item of the syllabus that no chapter has: those of new chapters are E1, E2 and so on."""
    found = re.findall(
        rf'"{ITEM[0]}(\d+)"', "".join(path.read_text("utf-8") for path in root.glob("book/*.ipynb")), re.MULTILINE
    )
    return f"{ITEM[0]}{max(map(int, found), default=0) + 1}"


def chapter(name: str, title: str, item: str) -> str:
    """Return the notebook of a new chapter, not run yet: the outputs of the template are for its test."""
    text = (TEMPLATE / f"{NAME}.ipynb").read_text("utf-8").replace(NAME, name)
    notebook = json.loads(text)
    notebook["metadata"]["syllabus"] = [item]
    notebook["cells"][0]["source"][0] = f"# {title}\n"
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def cards(name: str, item: str) -> str:
    """Return the card file of a new chapter."""
    text = (TEMPLATE / f"{NAME}.yml").read_text("utf-8").replace(NAME, name)
    return text.replace(NAME.replace("_", "-"), name.replace("_", "-")).replace(f"[{ITEM}]", f"[{item}]")


def put_after(text: str, line: str, new: str) -> str:
    """Return a text with a new line below another, as far from the margin as that; `line` is a pattern of it."""
    changed, count = re.subn(rf"^( *){line}\n", lambda found: f"{found[0]}{found[1]}{new}\n", text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"one line must be like {line!r}, but {count} are; restore it")
    return changed


def files(name: str, title: str, after: str, root: Path = ROOT) -> dict[Path, str]:
    """Return all files that a new chapter writes or changes, as they shall be."""
    item, toc, index = new_item(root), root / "_toc.yml", root / DECKS / f"{decks.INDEX}.yml"
    named = yaml.safe_dump({name: title}, allow_unicode=True, width=1000).strip()
    return {
        notebook_of(name, root): chapter(name, title, item),
        cards_of(name, root): cards(name, item),
        toc: put_after(toc.read_text("utf-8"), f"- file: book/{after}", f"- file: book/{name}"),
        index: put_after(index.read_text("utf-8"), f"{after}: .*", named),
    }


def begin(name: str, title: str | None, after: str | None, root: Path = ROOT) -> None:
    """Write a new chapter, and name it where it must be named.

    Raises
    ------
    ValueError
        If its name, its title or its place cannot be: nothing is written then.
    """
    titles = decks.titles(root / DECKS)
    check_name(name, root)
    title = name.replace("_", " ").capitalize() if title is None else title
    check_title(title, list(titles.values()))
    after = list(titles)[-1] if after is None else after
    check_after(after, list(titles))
    for path, text in files(name, title, after, root).items():
        atomic_write(path, text.encode(), path.name)
    decks.index.cache_clear()
    minutes.write(root)


def left(name: str, root: Path = ROOT) -> Iterator[str]:
    """Yield a line for each thing that is still the template's: pencils in the notebook, and cards."""
    path = notebook_of(name, root)
    for number, cell in enumerate(json.loads(path.read_text("utf-8"))["cells"], 1):
        said = cell["metadata"].get("mystnb", {})
        texts = ["".join(cell["source"]), *(text for part in said.values() for text in part.values())]
        for text in (text for whole in texts for text in re.findall(rf"{PENCIL} \*?([^\n]*)", whole)):
            yield f"{path.relative_to(root)}, cell {number}: {text}"
    deck, place = read_deck(cards_of(name, root)), cards_of(name, root).relative_to(root)
    known = {card.question for card in read_deck(TEMPLATE / f"{NAME}.yml").cards}
    for card in (card for card in deck.cards if card.question in known):
        yield f"{place}:{deck.line(card)}: card {card.id!r} is the template's; write your own"


def tell(name: str, root: Path = ROOT) -> None:
    """Say what is left to fill in, and what to do next."""
    found = list(left(name, root))
    print("\n".join([f"To fill in ({len(found)}):", *found] if found else ["Nothing is left to fill in."]))
    print(f"Look at the page:          make page CHAPTER={name}")
    print(f'Store it after a change:   make chapters CHAPTER="{name} review"')
    print(f"See what is left:          make chapter NAME={name}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="of the notebook, without suffix: small letters, digits and _, like my_topic")
    parser.add_argument("--title", help="what stands above the chapter; its name in words unless given")
    parser.add_argument("--after", metavar="CHAPTER", help="the chapter before it; the last one unless given")
    options = parser.parse_args(arguments)
    try:
        if notebook_of(options.name, ROOT).is_file():
            if options.title or options.after:
                rule = f"NAME must be new, but there is book/{options.name}.ipynb already"
                raise ValueError(f"{rule}; choose another, or leave TITLE and AFTER out to see what is left to fill in")
            tell(options.name)
            return
        begin(options.name, options.title, options.after)
    except ValueError as error:
        sys.exit(f"new_chapter.py: {error}")
    run_chapters.main([options.name, "review"])
    tell(options.name)


if __name__ == "__main__":
    main()
