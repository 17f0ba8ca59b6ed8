"""A JupyterLab server on this machine only, for as long as a test needs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

TOKEN = "for-tests-only"
PATIENCE = 120  # seconds after which a server that does not start, or end, has failed


FOLDERS = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
)
NEWS = "@jupyterlab/apputils-extension:announcements"
TRACKER = "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"


@contextmanager
def jupyterlab(notebooks: Path, own: Path) -> Iterator[str]:
    """Start JupyterLab in a folder of notebooks and yield its address; end it and its kernels afterwards.

    Its settings and its own files are kept in the folder `own`.
    """
    server = _start(notebooks, own)
    try:
        yield _address(server, own / "jupyter_runtime_dir")
    finally:
        _end(server, own / "jupyter_runtime_dir")


def _start(notebooks: Path, own: Path) -> subprocess.Popen:
    own.mkdir(parents=True, exist_ok=True)
    places = {name: str(own / name.lower()) for name in FOLDERS}
    # No question whether news may be fetched; and all cells are on the page, those out of sight too.
    _write(own / "jupyter_config_dir/labconfig/page_config.json", {"disabledExtensions": {NEWS: True}})
    _write(own / "jupyterlab_settings_dir" / TRACKER, {"windowingMode": "none"})
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--ServerApp.root_dir={notebooks}",
        f"--IdentityProvider.token={TOKEN}",
    ]
    with (own / "log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | places, cwd=notebooks)


def _write(file: Path, content: dict) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(content), encoding="utf-8")


def _address(server: subprocess.Popen, runtime: Path) -> str:
    """Wait until the server answers, and return its address."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                address = f"http://127.0.0.1:{json.loads(file.read_text())['port']}"
                urllib.request.urlopen(_request(f"{address}/api/status"), timeout=5).close()
                return address
            except (OSError, ValueError):
                pass
        time.sleep(0.1)
    log = (runtime.parent / "log").read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"JupyterLab did not start:\n{log}")


def _end(server: subprocess.Popen, runtime: Path) -> None:
    """Ask the server to end, which ends its kernels; then end what is left of it."""
    family = psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []
    for file in runtime.glob("jpserver-*.json"):
        try:
            address = f"http://127.0.0.1:{json.loads(file.read_text())['port']}"
            urllib.request.urlopen(_request(f"{address}/api/shutdown", method="POST"), timeout=10).close()
        except (OSError, ValueError):
            server.terminate()
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    _, left = psutil.wait_procs(family, timeout=10)
    for process in left:
        process.kill()
    psutil.wait_procs(left)


def _request(address: str, method: str = "GET") -> urllib.request.Request:
    return urllib.request.Request(address, headers={"Authorization": f"token {TOKEN}"}, method=method)
