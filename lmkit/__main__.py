"""The command line: `python -m lmkit train …`, `… generate …`, `… translate …`, `… cards …` and so on."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from io import TextIOWrapper

COMMANDS = {
    "train": ("training", "train a shipped model again, or one of your own"),
    "generate": ("generating", "continue a prompt with a trained model"),
    "translate": ("translating", "translate texts with a trained encoder-decoder"),
    "words": ("listing", "list the words, or other tokens, that a model knows"),
    "experiment": ("experimenting", "make the runs again that the book compares"),
    "assignment": ("assigning", "write programming assignments for otter-grader or nbgrader"),
    "exam": ("examining", "write an exam on paper with its key, drawn from the cards"),
    "class": ("classing", "tell what a class did, from the files that its students export"),
    "lab": ("saving_labs", "save a lab with its model as one HTML file"),
    "cards": ("cards", "check the cards of quizzes and flashcards, or make a deck for Anki or a learning platform"),
}
DONE, FAILED, REFUSED = 0, 1, 2
INTERRUPTED, NOBODY_READS = 130, 141  # 128 and the number of the signal, as shells have it
TRACEBACK = "LMKIT_TRACEBACK"  # an environment variable: if set, a fault of lmkit is shown with its traceback


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status, see `lmkit.commands.options.EXIT_CODES`."""
    words = sys.argv[1:] if arguments is None else arguments
    name = f"lmkit {words[0]}" if words and words[0] in COMMANDS else "lmkit"
    with _printable():
        try:
            _run(arguments)
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            _close_output()
            return NOBODY_READS
        except KeyboardInterrupt as stopped:
            _tell(name, str(stopped) or "stopped")
            return INTERRUPTED
        except Exception as error:
            bad_input = isinstance(error, ValueError) or (isinstance(error, OSError) and error.filename is not None)
            _tell(name, _in_words(error))
            if isinstance(error, OSError) and not bad_input:
                _close_output()  # which may be what failed
            return REFUSED if bad_input else FAILED
    return DONE


def _run(arguments: list[str] | None) -> None:
    from lmkit.commands.options import complete  # here, for Ctrl-C may come while torch is imported

    options = complete(_parser().parse_args(arguments))
    options.run(options)


def _parser() -> argparse.ArgumentParser:
    from lmkit.commands.options import EXIT_CODES, Help, take_defaults

    purpose = "Train models, decode text, make cards."
    parser = argparse.ArgumentParser(prog="python -m lmkit", description=purpose, epilog=EXIT_CODES)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (module, purpose) in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, formatter_class=Help)
        import_module(f"lmkit.commands.{module}").add_to(command)
        command.epilog = f"{command.epilog} {EXIT_CODES}" if command.epilog else EXIT_CODES
        take_defaults(command)
    return parser


def _in_words(error: Exception) -> str:
    """Return what an error says to a reader."""
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return "memory ran out; choose smaller sizes"
    if isinstance(error, OSError) and error.strerror:
        if error.filename is None:
            return f"the output could not be written: {error.strerror}"
        return f"{error.filename} cannot be read: {error.strerror}; correct its name, or choose another file"
    if isinstance(error, ValueError | OSError):
        return str(error)
    if TRACEBACK in os.environ:
        return traceback.format_exc()
    fault = f"this is a fault of lmkit: {type(error).__name__}: {error}"
    return f"{fault}; with {TRACEBACK}=1 in the environment it is shown in full, which helps whoever mends it"


def _tell(name: str, message: str) -> None:
    """Print a message to the terminal, once where several processes find the same fault."""
    if os.environ.get("RANK", "0") == "0" and sys.stderr is not None:
        with suppress(OSError):
            print(f"{name}: {message}", file=sys.stderr, flush=True)


@contextmanager
def _printable() -> Iterator[None]:
    """Let output show what its encoding lacks as escapes, rather than end in an error."""
    streams = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, TextIOWrapper)]
    before = [stream.errors for stream in streams]
    for stream in streams:
        stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        for stream, errors in zip(streams, before, strict=True):
            with suppress(OSError, ValueError):
                stream.reconfigure(errors=errors)


def _close_output() -> None:
    """Send nowhere what is still to be written, so that the end of the program does not try again."""
    with suppress(OSError, ValueError, AttributeError):
        output = sys.stdout.fileno()
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)


if __name__ == "__main__":
    sys.exit(main())
