"""Where `python -m lmkit train` writes: asked before training, so that neither an input nor hours of work are lost."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from lmkit import pretrained
from lmkit.experiments import translators
from lmkit.files import WriteError, atomic_write, check_apart, check_name, check_place, name_of
from lmkit.pretrained import ModelFileError

PICTURES = (".png", ".svg")  # what a plot can be written as


def model_file(options: argparse.Namespace) -> Path:
    """Return where the model is to be written.

    Raises
    ------
    ValueError
        If it, or the checkpoint, cannot be written there, or would replace what is not meant to be replaced.
    """
    inputs = {**_numbered("text", options.text), **_numbered("held_out", options.held_out), "pairs": options.pairs}
    for name, path in inputs.items():
        if path:
            check_name(name, path)
    if options.pairs and options.pairs.is_dir():
        raise ValueError(f"pairs must be a file, but {options.pairs} is a folder; name a file in it")
    out = options.out or _usual(options)
    check_apart(inputs, {"out": out, "checkpoint": options.checkpoint, "plot": options.plot})
    check_place("out", out)
    if options.checkpoint:
        check_place("checkpoint", options.checkpoint)
    if options.plot:
        check_place("plot", options.plot)
        if options.plot.suffix.lower() not in PICTURES:
            raise ValueError(f"plot must end in {' or '.join(PICTURES)}, but it is {options.plot}; name another file")
    if not options.recipe:
        _check_may_be_replaced(out, options)
    return out


def _usual(options: argparse.Namespace) -> Path:
    """Return where a model is written that is given no place: a name of its own for every text."""
    if options.recipe:
        folder = pretrained.TRANSLATORS if options.recipe in translators.RECIPES else pretrained.FOLDER
        return folder / f"{options.recipe}.safetensors"
    if options.data:
        return Path(f"{options.data}.safetensors")
    text: Path = options.text[0] if options.text else options.pairs
    if not text.name:
        raise ValueError(f"out must be given where the text has no name of its own, but it is {text}; give --out")
    return text.with_name(f"{text.stem if text.suffix in ('.txt', '.tsv') else text.name}.safetensors")


def _check_may_be_replaced(out: Path, options: argparse.Namespace) -> None:
    """Raise ValueError where a shipped name would hide the file, or there is one that is not to be replaced."""
    if out.name in (*pretrained.names(), *pretrained.translator_names()):
        rule = "must not be called as a shipped model is, which would be loaded in its place"
        raise ValueError(f"out {rule}, but it is {out}; write {out}.safetensors")
    if not out.exists() or not out.stat().st_size:
        return
    try:
        command = str(_card(out).get("command"))
    except ModelFileError as error:
        rule = "out must not replace a file that is no model"
        raise ValueError(f"{rule}, but {error}; move it away, or give another --out") from error
    if not options.out and f" {shlex.join(source(options))} --" not in f"{command} --":
        rule = "must be given where the usual place has a model of another text"
        raise ValueError(f"out {rule}, but it is not, and {out} is one; give --out")


def _card(path: Path) -> dict[str, Any]:
    """Return the card of a model file of either kind."""
    try:
        return pretrained.load_translator(path).card
    except ModelFileError:
        return pretrained.load(path).card


def source(options: argparse.Namespace) -> list[str]:
    """Return the words of the command line that name the text."""
    if options.data:
        return ["--data", options.data]
    if options.pairs:
        return ["--pairs", name_of(options.pairs.name)]
    held_out = ["--held-out", *map(_told, options.held_out)] if options.held_out else []
    return ["--text", *map(_told, options.text), *held_out]


def _told(path: Path) -> str:
    """Return a file's or folder's name."""
    return name_of(path.name or path)


def _numbered(name: str, paths: Sequence[Path] | None) -> dict[str, Path]:
    """Return paths by what errors call them: one alone by the argument's name."""
    numbered = enumerate(paths or [], 1)
    return {name if len(paths or []) == 1 else f"{name} {place}": path for place, path in numbered}


def what_is_kept(checkpoint: Path | None) -> str:
    """Say what is left of a training that was stopped."""
    if checkpoint is None:
        return "nothing is kept; with --checkpoint FILE the run would be"
    if not checkpoint.exists():
        return "nothing is kept, for it had hardly begun"
    return f"{checkpoint} keeps the run as it was lately, and the same command goes on from there"


def write_model(out: Path, data: bytes) -> None:
    """Write a model file; where that fails after all, among temporary files, so that the training was not in vain.

    Raises
    ------
    WriteError
        If it is not at its place.
    """
    try:
        atomic_write(out, data, "out")
    except WriteError as error:
        try:
            spare = Path(mkdtemp(prefix="lmkit-")) / out.name
            atomic_write(spare, data)
        except OSError:
            raise error from None
        raise WriteError(f"{error}; the trained model is in {spare}") from None
