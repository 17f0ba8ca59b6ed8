"""The command line: `python -m lmkit train …`, `… generate …`, `… experiment …` and `… cards …`."""

from __future__ import annotations

import argparse
import sys

from lmkit.commands import cards, experimenting, generating, training
from lmkit.training.parallel import is_main_process

COMMANDS = {
    "train": (training, "train a shipped model again, or one of your own"),
    "generate": (generating, "continue a prompt with a trained model"),
    "experiment": (experimenting, "make the runs again that the book compares"),
    "cards": (cards, "check the cards of quizzes and flashcards, or make a deck for Anki"),
}


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Name an option's default where there is one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default is None or action.default is False else super()._get_help_string(action)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0, or 2 when the input was bad."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError) as error:
        if is_main_process():  # all processes find the same fault; one tells
            print(f"lmkit {options.command}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lmkit", description="Train models, decode text, make cards.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (command, purpose) in COMMANDS.items():
        command.add_to(commands.add_parser(name, help=purpose, formatter_class=_Help))
    return parser


if __name__ == "__main__":
    sys.exit(main())
