"""`python -m lmkit lab`: a lab with its model as one HTML file, for a disk, a frame or a page of one's own."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from lmkit import pretrained
from lmkit.files import check_apart, check_place, name_of

Kind = type[Any]  # of a lab
ENDINGS = (".html", ".htm")
MODEL_ARGUMENTS = ("vocab", "translator", "clean")  # what tells which argument of a lab `--model` is
TEXT, LISTS = ("str", "StrPath"), ("Sequence[str]", "Iterable[str]")
KINDS = (*TEXT, *LISTS, "int", "float", "bool", "Sequence[int]")  # what an option can say


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = (
        "Save a lab with its model as one HTML file, which opens from a disk and needs no network. In a frame of "
        "another page it tells that page how high it is."
    )
    parser.add_argument("lab", metavar="LAB", help="such as decoding, beam_tree, train or quiz")
    parser.add_argument(
        "--model", metavar="MODEL", help="a shipped model or translator, several with commas between, or a model file"
    )
    parser.add_argument(
        "--set",
        action="extend",
        nargs="+",
        metavar="NAME=VALUE",
        help="arguments of the lab, as temperature=.7 top_k=none controls=temperature,seed; quote what has spaces",
    )
    parser.add_argument("--title", help="what stands above the lab; its kind unless given")
    parser.add_argument(
        "--fragment", action="store_true", help="write markup to put into a page of your own instead of a whole page"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.html", help="where to write")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Do what the options ask for."""
    kind = _kind(options.lab)
    given = _settings(kind, options.set or []) | _model(kind, options.model)
    _check_place(options)
    if options.title is not None and (options.fragment or not options.title.strip()):
        raise ValueError(
            f"title must have words and come without --fragment, but it is {options.title!r}; leave it out"
        )
    lab = _made(kind, given)
    lab.save_html(options.out, title=options.title, fragment=options.fragment)
    size = options.out.stat().st_size
    use = "put it into a page of your own" if options.fragment else "open it in a browser; it needs no network"
    print(f"{name_of(options.out)}: {kind.__name__}, {size / 1000:,.0f} KB; {use}")


def command_names() -> dict[str, Kind]:
    """Return all labs by what the command calls them: `DecodingLab` is decoding, `BeamTreeLab` beam_tree."""
    labs = import_module("lmkit.widgets").LABS  # here, for no other command needs them
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.removesuffix("Lab")).lower(): lab for name, lab in labs.items()}


def _kind(name: str) -> Kind:
    labs = command_names()
    if name not in labs:
        raise ValueError(f"LAB must be one of {', '.join(labs)}, but it is {name!r}; correct it")
    return labs[name]


def _check_place(options: argparse.Namespace) -> None:
    if options.out.suffix.lower() not in ENDINGS:
        raise ValueError(f"out must end in {' or '.join(ENDINGS)}, but it is {name_of(options.out)}; name another file")
    is_file = options.model and options.model not in (*pretrained.names(), *pretrained.translator_names())
    check_apart({"the model": options.model if is_file else None}, {"out": options.out})
    check_place("out", options.out)


def _made(kind: Kind, given: dict[str, Any]) -> Any:
    """Return the lab; raise ValueError where it needs what no option can say."""
    needed = [name for name, parameter in _arguments(kind).items() if parameter.default is inspect.Parameter.empty]
    if not (missing := [name for name in needed if name not in given]):
        return kind(**given)
    if all(name in _settable(kind) for name in missing):
        rule = f"{', '.join(missing)} must be given for this lab, but it is not"
        raise ValueError(f"{rule}; add --set {' '.join(f'{name}=…' for name in missing)}")
    if _model_argument(kind) in missing:
        raise ValueError("model must be given for this lab, but it is not; add --model FILE")
    rule = f"LAB must be one whose arguments can be written, but {kind.__name__} needs {', '.join(missing)}"
    raise ValueError(f"{rule}; make it in Python and call its save_html")


def _arguments(kind: Kind) -> dict[str, inspect.Parameter]:
    found = dict(inspect.signature(kind.__init__).parameters)
    del found["self"]
    return found


def _kinds(parameter: inspect.Parameter) -> list[str]:
    """Return the kinds of values that an argument takes, as its annotation names them."""

    def parts(node: ast.expr) -> list[str]:
        if isinstance(node, ast.BinOp):  # a | b
            return [*parts(node.left), *parts(node.right)]
        return [ast.unparse(node)]

    return parts(ast.parse(str(parameter.annotation), mode="eval").body)


def _model_argument(kind: Kind) -> str | None:
    """Return the argument of a lab that its model is, if it takes one."""
    found = next((name for name in MODEL_ARGUMENTS if name in _arguments(kind)), None)
    return "model" if found == "vocab" else found


def _settable(kind: Kind) -> dict[str, inspect.Parameter]:
    """Return the arguments of a lab that `--set` can give."""
    other = {"vocab", _model_argument(kind)}
    return {
        name: parameter
        for name, parameter in _arguments(kind).items()
        if name not in other and set(KINDS) & set(_kinds(parameter))
    }


def _settings(kind: Kind, words: Sequence[str]) -> dict[str, Any]:
    """Return the arguments that words such as ``temperature=.7`` give; the lab itself checks the values."""
    known, given = _settable(kind), {}
    for word in words:
        name, sign, text = word.partition("=")
        name = name.strip().replace("-", "_")
        if not sign:
            raise ValueError(f"set must be NAME=VALUE, but it is {word!r}; write {name}=VALUE")
        if name == _model_argument(kind):
            raise ValueError(f"set must leave {name} out, but it is {word!r}; write --model {text}")
        if name not in known:
            alike = get_close_matches(name, known)
            remedy = f"perhaps {' or '.join(alike)}" if alike else f"choose among {', '.join(known) or 'none'}"
            raise ValueError(f"set must name an argument of {kind.__name__}, but it is {word!r}; {remedy}")
        if name in given:
            raise ValueError(f"set must give each name once, but {name} comes twice; leave one out")
        given[name] = parsed(text, _kinds(known[name]))
    return given


def parsed(text: str, kinds: Sequence[str]) -> Any:
    """Return what a text says where a value is of one of these kinds; the text itself where it is of none.

    ``none``, ``true`` and ``false`` are words for Python's, and a list has commas between its parts.
    """
    words = {"none": None} if "None" in kinds else {}
    if "bool" in kinds:
        words |= {"true": True, "false": False}
    if text.strip().lower() in words:
        return words[text.strip().lower()]
    for name, read in {"int": int, "float": float}.items():
        if name in kinds:
            try:
                return read(text)
            except ValueError:
                continue
    if any(name in kinds for name in LISTS) and not any(name in kinds for name in TEXT):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _model(kind: Kind, text: str | None) -> dict[str, Any]:
    """Return the arguments for a lab's model: shipped ones by name, others with their vocabulary from a file."""
    if text is None:
        return {}
    argument = _model_argument(kind)
    if argument is None:
        raise ValueError(f"model must be left out for {kind.__name__}, which runs none, but it is {text!r}")
    if argument != "model":
        return {argument: text if text in pretrained.translator_names() else pretrained.load_translator(text)}
    if kind.__name__ != "UnrollLab":
        several = [name.strip() for name in text.split(",")]
        if all(name in pretrained.names() for name in several):
            return {"model": several if len(several) > 1 else several[0]}
    trained = pretrained.load(text)
    return {"model": trained.model, "vocab": trained.vocab}
