"""Start a JupyterHub for a class on this machine: ``make hub PASSWORD=…``.

Whoever knows the class's password enters under any name, and finds a server of that name with the book's notebooks.
"""

import argparse
import os
import socket
import sys

from configuration import PASSWORD_FILE, PROXY, TEACHER, configuration
from settings import GB, Settings, checked, default_folder, needed
from spawner import own_accounts, reach_error

EVERYWHERE = ("0.0.0.0", "::", "")


def prepare(settings: Settings) -> None:
    """Make the hub's folders, and see that students can work in them.

    Raises
    ------
    ValueError
        If their accounts cannot reach Python, lmkit or their own folders.
    """
    for folder, mode in {settings.folder: 0o755, settings.homes: 0o711, settings.state: 0o700}.items():
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
    if fault := reach_error(settings.homes):
        rule = f"students' accounts must be able to read {sys.prefix}, the book and {settings.homes}"
        remedy = "move the repository to a folder that is open to all, such as /srv, and use the system's own Python"
        raise ValueError(f"{rule}, but they cannot: {fault}; {remedy}")


def said(settings: Settings) -> str:
    """Return what a teacher should know when the hub starts."""
    name = socket.gethostname() if settings.address in EVERYWHERE else settings.address
    need, each = needed(settings.students) / GB, settings.memory / GB
    apart = "Each student has a user id of their own, and sees nobody else's files."
    together = "All students' code runs as you, on your files too: only for people you trust. Root keeps them apart."
    return f"""\
The hub is here: http://{name}:{settings.port} (stop it with Ctrl-C)
Students type a name and the class's password, and work in {settings.homes}.
You are {TEACHER!r}, with the password in {settings.state / PASSWORD_FILE}; what servers say is in servers.log there.
Up to {settings.students} at the same time, who need {need:.1f} GB of memory; each process of theirs gets {each:.1f} GB.
{apart if own_accounts() else together}
There is no encryption: stay within a network that you trust, or put a reverse proxy with HTTPS before the hub."""


def launch(settings: Settings) -> None:
    """Run the hub until it is stopped."""
    from jupyterhub.app import JupyterHub  # its log would say where it was imported, not where it runs

    os.chdir(settings.state)
    JupyterHub.instance(config=configuration(settings))
    print(said(settings), flush=True)
    JupyterHub.launch_instance([])


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line; `make hub` names the same options in capitals."""
    parser = argparse.ArgumentParser(prog="python .hub/hub.py", description=__doc__.splitlines()[0])
    parser.add_argument("--password", default="", help="lets students in; eight characters or more")
    parser.add_argument("--port", default="8000", help="where the hub listens (8000)")
    parser.add_argument("--students", default="30", help="how many may work at the same time (30)")
    parser.add_argument("--memory", default="2G", help="for each of a student's processes (2G)")
    parser.add_argument("--address", default="0.0.0.0", help="127.0.0.1 behind a reverse proxy (0.0.0.0, all)")
    parser.add_argument("--folder", default=default_folder(), help=f"for students' work ({default_folder()})")
    return parser


def main(arguments: list[str] | None = None) -> None:
    given = options().parse_args(arguments)
    try:
        settings = checked(**vars(given))
        if not PROXY.is_file():
            raise ValueError(f"the proxy must be installed, but {PROXY} is not there; start the hub with `make hub`")
        prepare(settings)
    except (ValueError, OSError) as error:
        sys.exit(f"hub: {error}")
    launch(settings)


if __name__ == "__main__":
    main()
