"""Students' servers: each in its own folder, with a limit of memory, and under its own account if root runs the hub."""

import os
import pwd
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner

FIRST_ACCOUNT, LAST_ACCOUNT = 70001, 99999  # user ids that distributions give to nobody
CLOSED = 0o700


def own_accounts() -> bool:
    """Tell whether each student's processes have a user id of their own: only root can give them one."""
    return os.geteuid() == 0


def home(homes: Path, name: str) -> Path:
    """Return a student's folder, which is made at the first time and closed to the others.

    Where root runs the hub, the folder's owner is the student: an id that no account and no other student has.
    """
    folder = homes / name
    if not folder.exists():
        account = free_account(homes)
        folder.mkdir(CLOSED)
        if own_accounts():
            os.chown(folder, account, account)
    return folder


def free_account(homes: Path) -> int:
    """Return the lowest user id that neither a student nor an account of the system has."""
    taken = {path.stat().st_uid for path in homes.iterdir()} | {entry.pw_uid for entry in pwd.getpwall()}
    free = next((number for number in range(FIRST_ACCOUNT, LAST_ACCOUNT + 1) if number not in taken), None)
    if free is None:
        raise OSError(f"no user id from {FIRST_ACCOUNT} to {LAST_ACCOUNT} is free; remove folders in {homes}")
    return free


def become(account: int | None, memory: int | None, folder: Path) -> None:
    """Turn this process, just forked, into a student's: an account, a limit, a folder.

    The limit is one of private memory (`RLIMIT_DATA`) for each process, which Linux enforces and macOS does not.
    """
    if account is not None:
        os.setgroups([])
        os.setgid(account)
        os.setuid(account)
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    os.umask(0o077)
    os.chdir(folder)


def reach_error(homes: Path) -> str | None:
    """Return why students could not work with this Python from these folders; None if they can."""
    account = free_account(homes) if own_accounts() else None
    check = "import jupyterhub, lmkit"
    try:
        done = subprocess.run(
            [sys.executable, "-c", check],
            preexec_fn=lambda: become(account, None, homes),
            stderr=subprocess.PIPE,
            text=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return done.stderr.strip().rpartition("\n")[2] if done.returncode else None


class StudentSpawner(SimpleLocalProcessSpawner):
    """Starts a student's server. Its `home_dir_template` and `mem_limit` are set by the hub's configuration."""

    async def start(self):
        """Make the student's folder if need be, and start the server in it; what it says goes to a file."""
        homes = Path(self.home_dir).parent
        home(homes, self.user.name)
        with (homes.parent / "state" / "servers.log").open("ab") as log:
            self.popen_kwargs = {"stdout": log, "stderr": subprocess.STDOUT}
            return await super().start()

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """Return what the new process does before it becomes the student's server."""
        folder, memory = Path(self.home_dir), self.mem_limit
        account = folder.stat().st_uid if own_accounts() else None
        if account is not None and not FIRST_ACCOUNT <= account <= LAST_ACCOUNT:
            rule = f"{folder} must belong to a user id from {FIRST_ACCOUNT} to {LAST_ACCOUNT}"
            raise PermissionError(f"{rule}, but its owner is {account}; give it one that no other folder has")
        return lambda: become(account, memory, folder)
