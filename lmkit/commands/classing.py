"""`python -m lmkit class`: what a class did, from the files that its students export on the Review page."""

from __future__ import annotations

import argparse
from pathlib import Path

from lmkit import study
from lmkit.commands.options import check_chapters
from lmkit.files import atomic_write, check_folder, name_of
from lmkit.study import classroom
from lmkit.study.classroom import drawing


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = (
        "Show who did what, how difficult items are and how well they discriminate, Cronbach's alpha, and which wrong "
        "answers were given: from the files (.json) that students export on the Review page, in a folder and in those "
        "within it. Nothing is sent anywhere."
    )
    parser.add_argument("folder", type=Path, help="where the students' files are")
    parser.add_argument(
        "--chapters", nargs="+", metavar="NAME", help="the chapters to look at, as lstm,training; all unless given"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write all tables as CSV there, and plots of items and students"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Do what the options ask for."""
    decks = study.load_all(check_chapters(options.chapters))
    if options.out:
        check_folder("out", options.out)
    results = classroom.Results(classroom.read_class(options.folder), decks)
    print(classroom.printed(results))
    if options.out:
        options.out.mkdir(exist_ok=True)
        files = {**classroom.write_tables(results), **drawing.pictures(results)}
        for name, data in files.items():
            atomic_write(options.out / name, data, name)
        print(f"\n{name_of(options.out)}: {', '.join(files)}")
