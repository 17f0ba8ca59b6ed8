"""What a class's hub is told, and whether this machine can do it."""

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

from lmkit.files import check_folder

MB, GB = 10**6, 10**9
# Measured by `python -m tests.hub_simulation`, in proportional memory (PSS): see book/for_teachers.md.
FOR_ALL = 900 * MB  # what students share (350): the hub, its proxy, the culler, libraries; and the system itself
FOR_A_STUDENT = 470 * MB  # a server, and a kernel that has run *Sampling*
LEAST_MEMORY = 800 * MB  # a kernel that has run *Sampling* has reserved as much, twice what it holds
LEAST_PASSWORD = 8  # letters: the hub itself asks for as many
UNITS = {"M": MB, "G": GB}


@dataclass(frozen=True)
class Settings:
    """What a teacher chooses; `checked` makes one of what was typed."""

    password: str
    port: int
    students: int  # how many servers may run at the same time
    memory: int  # bytes that each process of a student may have for its data
    address: str
    folder: Path

    @property
    def homes(self) -> Path:
        """The folder with a folder for each student."""
        return self.folder / "homes"

    @property
    def state(self) -> Path:
        """The folder with what the hub keeps for itself."""
        return self.folder / "state"


def checked(password: str, port: str, students: str, memory: str, address: str, folder: str) -> Settings:
    """Return settings made of what was typed.

    Raises
    ------
    ValueError
        Where one cannot be, with its rule and what to give instead.
    """
    check_password(password)
    count = whole_number("STUDENTS", students, 1, 1000)
    check_room(count)
    settings = Settings(
        password=password,
        port=whole_number("PORT", port, 1, 65535),
        students=count,
        memory=size("MEMORY", memory),
        address=address,
        folder=check_folder("FOLDER", folder).resolve(),
    )
    check_port(settings.address, settings.port)
    return settings


def check_password(password: str) -> None:
    """Raise ValueError for a password that is too easy to guess or too hard to type."""
    if not password:
        raise ValueError("PASSWORD must be given, because it lets your students in; add PASSWORD=… after `make hub`")
    if len(password) < LEAST_PASSWORD:
        rule = f"PASSWORD must have {LEAST_PASSWORD} characters or more"
        raise ValueError(f"{rule}, but it has {len(password)}; give a longer one, three words for example")
    if not (password.isascii() and password.isprintable() and password == password.strip()):
        rule = "PASSWORD must be of ASCII's letters, digits and marks, without spaces at its ends"
        raise ValueError(f"{rule}, but it is {password!r}; leave out what not every keyboard has")


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """Return a whole number within bounds."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        rule = f"{name} must be a whole number from {least} to {most}"
        raise ValueError(f"{rule}, but it is {text!r}; correct it")
    return int(text)


def size(name: str, text: str) -> int:
    """Return the bytes that a size such as 900M or 1.5G stands for."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([MG])", text.upper())
    if not found:
        raise ValueError(f"{name} must be a size like 900M or 1.5G, but it is {text!r}; correct it")
    count = round(float(found[1]) * UNITS[found[2]])
    if count < LEAST_MEMORY:
        rule = f"{name} must be {LEAST_MEMORY // MB}M or more, which a chapter's kernel needs"
        raise ValueError(f"{rule}, but it is {text!r}; 2G is enough for all of them")
    return count


def needed(students: int) -> int:
    """Return how many bytes of memory a machine must have for so many students who work at the same time."""
    return FOR_ALL + FOR_A_STUDENT * students


def check_room(students: int, there: int | None = None) -> None:
    """Raise ValueError if the machine has too little memory for all students to work at the same time."""
    there = psutil.virtual_memory().total if there is None else there
    if needed(students) > there:
        most = (there - FOR_ALL) // FOR_A_STUDENT
        remedy = f"give STUDENTS={most}" if most > 0 else "take a larger machine"
        rule = f"STUDENTS must be at most {max(most, 0)} on this machine with {there / GB:.1f} GB of memory"
        raise ValueError(
            f"{rule}, because {students} need {needed(students) / GB:.1f} GB, but it is {students}; {remedy}"
        )


def check_port(address: str, port: int) -> None:
    """Raise ValueError unless the hub can listen there."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(place)
    except PermissionError:
        rule = "PORT must be 1024 or more unless the system's administrator starts the hub"
        raise ValueError(f"{rule}, but it is {port}; give PORT=8000") from None
    except socket.gaierror:
        rule = "ADDRESS must be one of this machine, 0.0.0.0 for all of them"
        raise ValueError(f"{rule}, but it is {address!r}; leave it out") from None
    except OSError as error:
        rule = f"PORT must be free at ADDRESS ({address})"
        reason = f"but {port} is not: {error.strerror}"
        raise ValueError(f"{rule}, {reason}; give another PORT, or end what uses it") from None


def default_folder() -> str:
    """Return where students' work is kept unless said otherwise; root's own folder is closed to students."""
    name = "memory-and-chance-hub"
    return f"/srv/{name}" if os.geteuid() == 0 else str(Path.home() / name)
