"""`python -m lmkit exam`: an exam on paper in several versions, with its key, drawn from the cards."""

from __future__ import annotations

import argparse
from pathlib import Path

from lmkit import study
from lmkit.commands.options import check_chapters, names, whole
from lmkit.files import check_apart, name_of
from lmkit.study import Deck, exam
from lmkit.study.cards import KINDS
from lmkit.study.exam import pdf


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = (
        "Write an exam in versions that ask the same questions in other orders, with its key and a table of answers. "
        "The questions are drawn from the cards, balanced over chapters and kinds; the same seed gives the same files."
    )
    parser.add_argument("--questions", type=whole, default=20, metavar="N", help="how many questions a paper has")
    parser.add_argument(
        "--chapters", nargs="+", metavar="NAME", help="the chapters to ask, as lstm,training; all unless given"
    )
    parser.add_argument(
        "--bank",
        nargs="+",
        metavar="FILE.yml",
        help="card files of your own, which the book does not show; without --chapters nothing else is asked",
    )
    parser.add_argument(
        "--kinds",
        nargs="+",
        metavar="KIND",
        default=list(exam.ASKED),
        help=f"the kinds of cards to ask, among {', '.join(KINDS)}; those that a key decides unless given",
    )
    parser.add_argument("--lab", action="store_true", help="also ask what the book's own runs measured")
    parser.add_argument("--versions", type=whole, default=1, metavar="N", help="how many versions to write, up to 26")
    parser.add_argument("--seed", type=whole, default=0, help="what decides which cards are asked, and in what order")
    parser.add_argument("--title", default="Exam", help="what stands on top")
    parser.add_argument(
        "--format", nargs="+", choices=exam.FORMATS, default=list(exam.FORMATS), help="what to write the sheets as"
    )
    parser.add_argument("--page", choices=pdf.PAPERS, default=pdf.PAPERS[0], help="the size of the PDF's pages")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Do what the options ask for."""
    if not options.title.strip():
        raise ValueError(f"title must have words, but it is {options.title!r}; leave it out for 'Exam'")
    formats = list(dict.fromkeys(options.format))
    if "pdf" in formats:
        pdf.check_typst()
    kinds = exam.check_kinds(names(options.kinds))
    decks = _decks(options)
    versions = exam.make(
        decks,
        questions=options.questions,
        seed=options.seed,
        versions=options.versions,
        kinds=kinds,
        lab=options.lab,
    )
    folder = exam.check_folder(options.out, len(versions), formats)
    banks = {f"bank {place}": file for place, file in enumerate(options.bank or [], 1)}
    check_apart(banks, {name: folder / name for name in exam.file_names(len(versions), formats)})
    written = exam.write_exam(versions, folder, title=options.title.strip(), formats=formats, page=options.page)
    papers = f"{len(versions)} {'version' if len(versions) == 1 else 'versions'} of {options.questions} questions"
    print(f"{name_of(folder)}: {papers}, seed {options.seed}: {', '.join(path.name for path in written)}")


def _decks(options: argparse.Namespace) -> list[Deck]:
    """Return the decks to draw from: the chapters named, or all where no bank is given, and the banks."""
    chapters = check_chapters(options.chapters)
    decks = study.load_all(chapters) if chapters or not options.bank else []
    return study.read_decks(dict.fromkeys(options.bank or []), decks)
