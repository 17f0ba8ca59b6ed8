"""WebKit, as WebKitGTK has it, driven by WebDriver on a screen that only exists in memory."""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from selenium.webdriver import ActionChains, WebKitGTK
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

from tests.site.engines.window import PATIENCE, end, packed, unpacked
from tests.site.server import Handler

SCREEN = "1400x1000x24"
RECORDER = Path(__file__).with_name("recorder.js").read_bytes()
FRAME = "/_frame.html"
LOAD = """const [address, done] = arguments;
const frame = document.querySelector("iframe");
frame.addEventListener("load", () => done(), { once: true });
frame.src = address;"""
SIZE = """const [width, height] = arguments;
Object.assign(document.querySelector("iframe").style, { width: `${width}px`, height: `${height}px` });"""


class RecordingHandler(Handler):
    """Puts a script that keeps what goes wrong before all others of a page, notes what it refuses, and has a frame."""

    refused: ClassVar[list[str]] = []

    def translate_path(self, path: str) -> str:
        return str(Path(__file__).with_name("frame.html")) if path == FRAME else super().translate_path(path)

    def body(self, path: Path) -> bytes:
        if path.suffix != ".html":
            return super().body(path)
        start, head, rest = path.read_bytes().partition(b"<head>")
        return gzip.compress(b"%s%s<script>%s</script>%s" % (start, head, RECORDER, rest), 1)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if int(code) >= 400:
            self.refused.append(f"response {int(code)}: {self.path}")


class WebKit:
    """The window of a WebKit that is driven; see `Window`.

    No window of WebKitGTK's browser is as narrow as a phone, for its own buttons need 447 pixels. So the page is in a
    frame, which can have any size.
    """

    handler = RecordingHandler

    def __init__(self, driver: WebKitGTK):
        self._driver = driver
        driver.set_script_timeout(2 * PATIENCE)
        driver.set_window_rect(width=1400, height=1000)
        self._size = (1280, 900)
        self._has_page = False

    def open(self, address: str) -> None:
        target = urlsplit(address)
        self._driver.get(f"{target.scheme}://{target.netloc}{FRAME}")
        self._driver.execute_script("localStorage.clear(); sessionStorage.clear()")
        self._driver.execute_script(SIZE, *self._size)
        self.handler.refused.clear()
        self._driver.execute_async_script(LOAD, address)
        self._driver.switch_to.frame(0)
        self._has_page = True

    def resize(self, width: int, height: int) -> None:
        self._size = (width, height)
        if not self._has_page:
            return
        self._driver.switch_to.default_content()
        self._driver.execute_script(SIZE, width, height)
        self._driver.switch_to.frame(0)

    def run(self, function: str, *arguments: Any) -> Any:
        script = f"({packed(function, arguments)})().then(arguments[0])"
        return unpacked(self._driver.execute_async_script(script))

    def press(self, *keys: str) -> None:
        ActionChains(self._driver, duration=0).send_keys(*keys).perform()

    def faults(self) -> list[str]:
        return [*self.run("() => faultsOfThisPage()"), *self.handler.refused]


@contextmanager
def webkit(program: str) -> Iterator[WebKit]:
    """Start a WebKit on a screen of its own, and end it and the screen afterwards."""
    with ExitStack() as stack:
        display = stack.enter_context(screen())
        service = Service(program, env=os.environ | {"DISPLAY": display, "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1"})
        driver = WebKitGTK(Options(), service)
        stack.callback(end, service.process, driver.quit)
        yield WebKit(driver)


@contextmanager
def screen() -> Iterator[str]:
    """Start a screen in memory and yield its name."""
    mine, its = os.pipe()
    command = ["Xvfb", "-displayfd", str(its), "-screen", "0", SCREEN, "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[its], stderr=subprocess.DEVNULL)
    os.close(its)
    try:
        with os.fdopen(mine) as told:
            number = told.readline().strip()  # empty where it has ended
        if not number:
            raise RuntimeError("Xvfb did not start; is there room in /tmp, and can it be written to?")
        yield f":{number}"
    finally:
        end(process, process.terminate)
