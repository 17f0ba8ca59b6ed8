"""A hub that runs on this machine for as long as it is needed, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from tests.documents import ROOT
from tests.hub.python import variables

PASSWORD = "three green kites"
TO_START, TO_STOP = 90, 90  # seconds, at most


@dataclass(frozen=True)
class Hub:
    """A running hub: where it is, the folder of its class, and its process."""

    address: str
    folder: Path
    process: psutil.Process
    said: Path

    def processes(self) -> list[psutil.Process]:
        """The hub's process and all that it has started."""
        return [self.process, *self.process.children(recursive=True)]


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@contextmanager
def running(python: Path, folder: Path, *options: str) -> Iterator[Hub]:
    """Start the hub by its command, and stop it by Ctrl-C; what then still runs is ended, and an AssertionError."""
    port = free_port()
    place = ["--address", "127.0.0.1", "--port", str(port), "--folder", str(folder / "class")]
    command = [str(python), str(ROOT / ".hub" / "hub.py"), "--password", PASSWORD, *place, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables(python)}
    said = folder / "said.txt"
    with said.open("wb") as output:
        started = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder
        )
    hub = Hub(f"http://127.0.0.1:{port}", folder / "class", psutil.Process(started.pid), said)
    try:
        wait_until_up(hub, started)
        yield hub
    finally:
        stop(hub, started)


def wait_until_up(hub: Hub, started: subprocess.Popen) -> None:
    """Wait until the hub answers through its proxy."""
    end = time.monotonic() + TO_START
    while time.monotonic() < end and started.poll() is None:
        try:
            if requests.get(f"{hub.address}/hub/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"the hub does not answer:\n{hub.said.read_text()}")


def stop(hub: Hub, started: subprocess.Popen) -> None:
    """Press Ctrl-C and see all processes end."""
    if started.poll() is not None:
        return
    begun = hub.processes()
    started.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(begun, timeout=TO_STOP)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert not alive, f"the hub was to stop, but these went on: {alive}\n{hub.said.read_text()}"
