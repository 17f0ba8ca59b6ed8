"""What the tests need of a browser, whichever it is, and how its processes end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any, Protocol

import psutil

from tests.site.server import Handler

PATIENCE = 60  # seconds after which something that should happen counts as not happening


class Window(Protocol):
    """A window of a browser.

    Attributes
    ----------
    handler : type
        How the server must answer this browser.
    """

    handler: type[Handler]

    def open(self, address: str) -> None:
        """Load a page, with nothing stored, and wait until all of it is there."""

    def resize(self, width: int, height: int) -> None:
        """Make the page so large, in CSS pixels."""

    def run(self, function: str, *arguments: Any) -> Any:
        """Call a function of JavaScript, which may be async; arguments and result are what JSON can say."""

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as `selenium.webdriver.Keys` names them, or write a text."""

    def faults(self) -> list[str]:
        """Return what has gone wrong since the page was opened.

        That is errors and warnings in the console, uncaught errors, failed requests and requests to other hosts.
        """


# Whatever a browser's protocol does to values on their way: these travel as text.
def packed(function: str, arguments: tuple[Any, ...]) -> str:
    """Return an async function that calls another with arguments, and returns its result or error as JSON."""
    return f"""async () => {{
      try {{
        return JSON.stringify({{ value: await ({function})(...{json.dumps(arguments)}) }});
      }} catch (error) {{
        return JSON.stringify({{ error: `${{error}}` }});
      }}
    }}"""


def unpacked(text: str) -> Any:
    """Return the result that `packed` has sent, or raise its error."""
    result = json.loads(text)
    if "error" in result:
        raise RuntimeError(f"the page says: {result['error']}")
    return result.get("value")


def end(process: subprocess.Popen, ask: Callable[[], None]) -> None:
    """Ask a process to end, and end what is left of it and of its children."""
    running = process.poll() is None
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)] if running else []
    try:
        if running:
            ask()
    finally:
        _, left = psutil.wait_procs(family, timeout=10)
        for child in left:
            child.kill()
        psutil.wait_procs(left)
        process.wait()
