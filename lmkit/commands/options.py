"""What the commands' options have in common: checked numbers, defaults, and what was given and what was not."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches

from lmkit import study

EXIT_CODES = (
    "Exit status: 0 where all is done; 2 where nothing was begun, because options or files are not as they must be; "
    "1 where something failed later, as on a full disk; 130 after Ctrl-C, 141 where nobody reads the output any more."
)


class Help(argparse.HelpFormatter):
    """Name an option's default where there is one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        usual = getattr(action, "usual", None)
        return action.help if usual is None or usual is False else f"{action.help} (default: %(usual)s)"


def whole(text: str) -> int:
    """Return the whole number that an option was given; torch counts no further than 63 bits."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"it must be a whole number, but it is {text!r}") from None
    if abs(number) >= 2**63:
        raise argparse.ArgumentTypeError(f"it must be below 2**63, but it is {text}; choose a smaller one")
    return number


def number(text: str) -> float:
    """Return the number that an option was given."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"it must be a number, but it is {text!r}") from None


def names(words: Sequence[str]) -> list[str]:
    """Return what words name: with commas between, with spaces, or both."""
    return [name for word in words for name in map(str.strip, word.split(",")) if name]


def check_chapters(words: Sequence[str] | None) -> list[str] | None:
    """Return the names of chapters that an option was given, each once; None where it was not given.

    Raises
    ------
    ValueError
        If there is no such chapter: with those that are called alike.
    """
    if not words:
        return None
    known = study.chapters()
    chapters = list(dict.fromkeys(names(words)))
    if not chapters:
        raise ValueError("chapters must name at least one, but there is none; leave --chapters out for all")
    for name in chapters:
        if name not in known:
            near = get_close_matches(name.lower().replace("-", "_").replace(" ", "_"), known, n=3, cutoff=0.5)
            cure = f"did you mean {' or '.join(near)}?" if near else "correct it"
            raise ValueError(f"chapters must be among {', '.join(known)}, but one is {name!r}; {cure}")
    return chapters


def take_defaults(parser: argparse.ArgumentParser) -> None:
    """Take the defaults out of a parser, so that `complete` can tell what was given; the help still names them."""
    defaults = {}
    for action in parser._actions:
        if action.default is not argparse.SUPPRESS:  # as that of --help
            action.usual = defaults[action.dest] = action.default  # pyright: ignore[reportAttributeAccessIssue]
            action.default = None
    parser.set_defaults(defaults=defaults)


def complete(options: argparse.Namespace) -> argparse.Namespace:
    """Put the defaults in: `given` are the names of the options that stand on the command line."""
    options.given = {name for name in options.defaults if getattr(options, name) not in (None, [])}
    for name, value in options.defaults.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def given_in_vain(options: argparse.Namespace, names: Sequence[str], where: str, remedy: str) -> None:
    """Raise ValueError if one of these options was given, where it would change nothing."""
    for name in names:
        if name in options.given:
            rule = f"must be left out {where}, where it changes nothing"
            raise ValueError(f"{name} {rule}, but it is {getattr(options, name)}; {remedy}")
