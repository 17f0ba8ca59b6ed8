"""Firefox, driven by WebDriver BiDi, which it speaks itself: no driver stands between."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import websocket

from tests.site.engines.window import PATIENCE, end, packed, unpacked
from tests.site.server import Handler

# Nothing leaves this machine: what Firefox or a page asks of other hosts ends at a proxy that is not there.
NO_NETWORK = {"proxyType": "manual", "httpProxy": "127.0.0.1:9", "sslProxy": "127.0.0.1:9"}
PREFERENCES = {
    "ui.prefersReducedMotion": 1,
    "dom.ipc.forkserver.enable": False,  # all processes are Firefox's own children
}
EVENTS = ["log.entryAdded", "network.beforeRequestSent", "network.fetchError", "network.responseCompleted"]
OWN_SCHEMES = ("data", "blob", "about")


class Connection:
    """A connection to a browser: a command waits for its answer, and what is told meanwhile is kept, in order."""

    def __init__(self, address: str):
        self._socket = websocket.create_connection(address, timeout=PATIENCE, suppress_origin=True)
        self._commands = 0
        self.events: list[dict] = []

    def send(self, method: str, **parameters: Any) -> dict:
        self._commands += 1
        self._socket.send(json.dumps({"id": self._commands, "method": method, "params": parameters}))
        while (message := json.loads(self._socket.recv())).get("id") != self._commands:
            self.events.append(message)
        if message["type"] == "error":
            raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
        return message["result"]

    def close(self) -> None:
        self._socket.close()


class Firefox:
    """The window of a Firefox that is connected; see `Window`."""

    handler = Handler

    def __init__(self, connection: Connection):
        self._connection = connection
        connection.send("session.new", capabilities={"alwaysMatch": {"proxy": NO_NETWORK}})
        # In a new tab the focus is in the page; in the first one it is where addresses are written.
        self._context = connection.send("browsingContext.create", type="tab")["context"]
        connection.send("session.subscribe", events=EVENTS)
        self._origin = ""

    def open(self, address: str) -> None:
        self._origin = f"http://{urlsplit(address).netloc}"
        self._navigate("about:blank")
        self._connection.events.clear()
        self._connection.send("storage.deleteCookies")
        self._navigate(address)

    def _navigate(self, address: str) -> None:
        self._connection.send("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height}
        self._connection.send("browsingContext.setViewport", context=self._context, viewport=size)

    def run(self, function: str, *arguments: Any) -> Any:
        answer = self._connection.send(
            "script.callFunction",
            functionDeclaration=packed(function, arguments),
            target={"context": self._context},
            awaitPromise=True,
        )
        return unpacked(answer["result"]["value"])

    def press(self, *keys: str) -> None:
        if not keys:
            return
        presses = [{"type": kind, "value": key} for text in keys for key in text for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": presses}
        self._connection.send("input.performActions", context=self._context, actions=[keyboard])

    def faults(self) -> list[str]:
        self._connection.send("session.status")  # what was told before the answer has arrived by then
        found = (self._fault(event["method"], event["params"]) for event in self._connection.events)
        return [fault for fault in found if fault]

    def _fault(self, method: str, told: dict) -> str | None:
        if method == "log.entryAdded":
            return f"{told['type']} {told['level']}: {told['text']}" if told["level"] in ("error", "warn") else None
        address = told["request"]["url"]
        if method == "network.fetchError":
            return f"failed request: {address}: {told['errorText']}"
        if method == "network.responseCompleted" and told["response"]["status"] >= 400:
            return f"response {told['response']['status']}: {address}"
        own = address.startswith(self._origin) or urlsplit(address).scheme in OWN_SCHEMES
        return None if own or method != "network.beforeRequestSent" else f"request to another host: {address}"


@contextmanager
def firefox(program: str, folder: Path) -> Iterator[Firefox]:
    """Start a Firefox without a screen, with a new profile in a folder, and end it afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as profile:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (Path(profile) / "user.js").write_text("\n".join(lines), encoding="utf-8")
        command = [program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        with (Path(profile) / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        connection = None
        try:
            connection = Connection(_address(process, Path(profile)))
            yield Firefox(connection)
        finally:
            end(process, lambda: connection.send("browser.close") if connection else process.terminate())
            if connection:
                connection.close()


def _address(process: subprocess.Popen, profile: Path) -> str:
    """Wait until Firefox has noted where it listens, and return that."""
    stop = time.monotonic() + PATIENCE
    while time.monotonic() < stop and process.poll() is None:
        try:
            noted = json.loads((profile / "WebDriverBiDiServer.json").read_text(encoding="utf-8"))
            return f"ws://{noted['ws_host']}:{noted['ws_port']}/session"
        except (OSError, ValueError):  # not there, or not all of it
            time.sleep(0.05)
    raise RuntimeError(f"Firefox did not start:\n{(profile / 'log').read_text(encoding='utf-8', errors='replace')}")
