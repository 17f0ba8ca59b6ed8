"""A student in a browser, without the browser: logs in, starts a server, runs a notebook and saves it."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import closing
from typing import Any

import nbformat
import requests
import websocket

from tests.hub.running import PASSWORD

PATIENCE = 600  # seconds for a server to start, or for a cell: others may be at work


class Student:
    """Someone who knows the class's password; `name` is theirs."""

    def __init__(self, address: str, name: str, password: str = PASSWORD):
        self.address, self.name, self.password = address, name, password
        self.browser = requests.Session()
        self.kernel = ""

    def log_in(self) -> None:
        """Send the login form; raises PermissionError if the hub refuses."""
        page = f"{self.address}/hub/login"
        self.browser.get(page)
        form = {"username": self.name, "password": self.password, "_xsrf": self.browser.cookies["_xsrf"]}
        answer = self.browser.post(page, data=form, params={"next": "/hub/home"})
        if answer.status_code != 200 or "/hub/home" not in answer.url:
            raise PermissionError(f"{answer.status_code} {answer.url}")
        xsrf = {"X-XSRFToken": self.browser.cookies.get("_xsrf", path="/hub/")}
        place = f"{self.address}/hub/api/users/{self.name}/tokens"
        token = self.browser.post(place, json={"note": "class"}, headers=xsrf).json()["token"]
        self.browser = requests.Session()
        self.browser.headers["Authorization"] = f"token {token}"

    def start_server(self, patience: float = PATIENCE) -> None:
        """Ask for a server as the hub's page does, again while too many are starting, and wait until it is up."""
        end, user = time.monotonic() + patience, f"{self.address}/hub/api/users/{self.name}"
        while (answer := self.browser.post(f"{user}/server")).status_code == 429 and time.monotonic() < end:
            time.sleep(min(float(answer.headers.get("Retry-After", 1)), 5))
        answer.raise_for_status()
        while time.monotonic() < end:
            server = self.browser.get(user).json().get("servers", {}).get("", {})
            if server.get("ready"):
                break
            time.sleep(0.5)
        else:
            raise TimeoutError(f"{self.name}'s server is not up after {patience} s")

    def stop_server(self) -> None:
        """End one's server, and wait until the hub says that it has ended."""
        user = f"{self.address}/hub/api/users/{self.name}"
        self.browser.delete(f"{user}/server").raise_for_status()
        end = time.monotonic() + PATIENCE
        while self.browser.get(user).json()["servers"] and time.monotonic() < end:
            time.sleep(0.2)

    def api(self, method: str, place: str, **more: Any) -> Any:
        """Call the API of the student's own server."""
        answer = self.browser.request(method, f"{self.address}/user/{self.name}/api/{place}", **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def open(self, path: str) -> nbformat.NotebookNode:
        """Open a notebook, with a kernel that runs in its folder."""
        asked = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        self.kernel = self.api("POST", "sessions", json=asked)["kernel"]["id"]
        return self.read(path)

    def read(self, path: str) -> nbformat.NotebookNode:
        """Read a notebook from the server."""
        return nbformat.from_dict(self.api("GET", f"contents/{path}")["content"])

    def save(self, path: str, notebook: nbformat.NotebookNode) -> None:
        """Save a notebook as JupyterLab does."""
        self.api("PUT", f"contents/{path}", json={"type": "notebook", "format": "json", "content": notebook})

    def run(self, notebook: nbformat.NotebookNode, cells: int | None = None) -> None:
        """Run the first code cells of a notebook, or all, and put what comes out into it.

        Raises
        ------
        RuntimeError
            If a cell fails: with its traceback.
        """
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        with closing(self.channel()) as channel:
            for cell in code[:cells]:
                cell.outputs = list(execute(channel, cell.source))
                if failed := [output for output in cell.outputs if output.output_type == "error"]:
                    raise RuntimeError(f"{self.name}: " + "\n".join(failed[0].traceback))

    def evaluate(self, source: str) -> str:
        """Run some code and return what it prints, or the name of its error."""
        with closing(self.channel()) as channel:
            outputs = list(execute(channel, source))
        return "".join(output.get("text", output.get("ename", "")) for output in outputs)

    def channel(self) -> websocket.WebSocket:
        """Connect to the kernel."""
        place = f"{self.address}/user/{self.name}/api/kernels/{self.kernel}/channels".replace("http", "ws", 1)
        header = [f"Authorization: {self.browser.headers['Authorization']}"]
        return websocket.create_connection(place, header=header, timeout=PATIENCE)


def execute(channel: websocket.WebSocket, source: str):
    """Have the kernel run some code; yield its outputs, and return when it is idle again."""
    asked = uuid.uuid4().hex
    header = {"msg_id": asked, "msg_type": "execute_request", "session": asked, "username": "", "version": "5.3"}
    content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    channel.send(json.dumps(message))
    while True:
        answer = json.loads(received) if isinstance(received := channel.recv(), str) else {}
        if answer.get("parent_header", {}).get("msg_id") != asked:
            continue
        kind = answer["header"]["msg_type"]
        if kind in ("stream", "display_data", "execute_result", "error"):
            yield nbformat.v4.output_from_msg(answer)
        if kind == "status" and answer["content"]["execution_state"] == "idle":
            return
