"""Runs modules of the page in Node: what needs no page needs no browser."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

NODE = shutil.which("node", path=Path(sys.executable).parent) or shutil.which("node")


def run(script: Path, *arguments: str, data=None):
    """Return what a script that reads JSON from its standard input writes to its output, also JSON.

    Raises
    ------
    RuntimeError
        If Node is not installed, or the script fails; with what Node says.
    """
    if NODE is None:
        raise RuntimeError("the tests need Node, but there is no `node` beside Python or on the PATH")
    command = [NODE, str(script), *arguments]
    done = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"{script.name} failed in Node:\n{done.stderr}")
    return json.loads(done.stdout)
