"""A hub for a class: what it takes and refuses, what it gives each student, and a small class at work on a real one."""

import json
import os
import re
import socket
import stat

import numpy as np
import pytest
from scipy import stats

from tests import extensions
from tests.documents import ROOT, TEACHERS, text
from tests.hub import memory, python, running, work
from tests.hub.memory import Measured
from tests.hub.student import Student

GB, MB = 10**9, 10**6


def load(name):
    return extensions.load(name, extensions.HUB)


@pytest.fixture(scope="module")
def settings():
    return load("settings")


@pytest.fixture
def typed(tmp_path):
    """What a teacher could type."""
    place = {"address": "127.0.0.1", "port": str(running.free_port()), "folder": str(tmp_path / "class")}
    return {"password": running.PASSWORD, "students": "1", "memory": "1G", **place}


def test_what_was_typed_becomes_settings(settings, typed, tmp_path):
    found = settings.checked(**typed)
    assert (found.students, found.memory, found.address) == (1, GB, "127.0.0.1")
    assert found.homes.parent == found.state.parent == (tmp_path / "class").resolve()
    assert not found.folder.exists()


@pytest.mark.parametrize(
    "name, value, complaint",
    [
        ("password", "", "PASSWORD must be given, .*; add PASSWORD=…"),
        ("password", "kites", "PASSWORD must have 8 characters or more, but it has 5; give a longer one"),
        (
            "password",
            "green kites ",
            "PASSWORD must be of ASCII's .*, without spaces at its ends, .*'green kites '",
        ),
        ("password", "green\x07kites", r"PASSWORD must be of ASCII's .*'green\\x07kites'"),
        ("password", "grüne Drachen", "PASSWORD must be of ASCII's .*'grüne Drachen'"),
        ("port", "0", "PORT must be a whole number from 1 to 65535, but it is '0'; correct it"),
        ("port", "65536", "PORT must be a whole number"),
        ("port", "80a", "PORT must be a whole number"),
        ("port", "٣٣", "PORT must be a whole number"),
        ("students", "0", "STUDENTS must be a whole number from 1 to 1000, but it is '0'"),
        ("students", "-3", "STUDENTS must be a whole number"),
        ("students", "1e2", "STUDENTS must be a whole number"),
        ("students", "1.5", "STUDENTS must be a whole number"),
        ("memory", "1", "MEMORY must be a size like 900M or 1.5G, but it is '1'"),
        ("memory", "1T", "MEMORY must be a size"),
        ("memory", "-1G", "MEMORY must be a size"),
        ("memory", "100M", "MEMORY must be .*M or more, which a chapter's kernel needs, but it is '100M'; 2G is"),
        ("address", "nowhere.invalid", "ADDRESS must be one of this machine, .*'nowhere.invalid'; leave it out"),
        ("folder", __file__, "FOLDER must be a folder, but .*test_hub.py is a file; choose another name"),
        ("folder", "/nowhere/at/all", "FOLDER must name a file in a folder that exists"),
        ("folder", "a\0b", "FOLDER must have a name without NUL"),
    ],
)
def test_what_cannot_be_is_told(settings, typed, name, value, complaint):
    with pytest.raises(ValueError, match=complaint):
        settings.checked(**{**typed, name: value})


@pytest.mark.parametrize("text, count", [("900M", 900 * MB), ("1.5G", 1.5 * GB), ("2g", 2 * GB), ("0.85G", 850 * MB)])
def test_size_is_read(settings, text, count):
    assert settings.size("MEMORY", text) == count


def test_more_students_than_memory_are_refused_with_how_many_fit(settings):
    """The number that is named fits, and the next one doesn't."""
    there = 8 * GB
    with pytest.raises(ValueError, match=r"STUDENTS must be at most (\d+) on this machine with 8\.0 GB") as told:
        settings.check_room(30, there)
    most = int(str(told.value).split("at most ")[1].split()[0])
    assert f"; give STUDENTS={most}" in str(told.value)
    settings.check_room(most, there)
    with pytest.raises(ValueError):
        settings.check_room(most + 1, there)
    with pytest.raises(ValueError, match="at most 0 .*; take a larger machine"):
        settings.check_room(1, 500 * MB)


def test_taken_port_is_told(settings, typed):
    with socket.socket() as server:
        server.bind(("127.0.0.1", int(typed["port"])))
        server.listen()
        with pytest.raises(ValueError, match=f"PORT must be free at ADDRESS .*, but {typed['port']} is not: .*another"):
            settings.checked(**typed)
    settings.checked(**typed)


def test_command_ends_with_the_rule_and_makes_nothing(typed, tmp_path, capsys):
    words = [word for name, value in typed.items() for word in (f"--{name}", value)]
    with pytest.raises(SystemExit, match="^hub: STUDENTS must be a whole number from 1 to 1000, but it is 'all'"):
        load("hub").main([*words, "--students", "all"])
    assert list(tmp_path.iterdir()) == []


# --- a student's folder -----------------------------------------------------------------------------------------------


def test_book_is_brought_and_nothing_of_the_students_is_replaced(tmp_path):
    student, home = load("student"), tmp_path / "book"
    chapters = sorted(path.name for path in (ROOT / "book").glob("*.ipynb"))
    assert student.bring(home) == chapters and len(chapters) > 16
    assert (home / "lstm.ipynb").read_bytes() == (ROOT / "book" / "lstm.ipynb").read_bytes()
    (home / "lstm.ipynb").write_text("mine")
    (home / "notes.ipynb").write_text("mine, too")
    (home / "tokens.ipynb").unlink()
    (home / "training.ipynb").unlink()
    (home / "training.ipynb").symlink_to(tmp_path / "elsewhere")
    assert student.bring(home) == ["tokens.ipynb"]
    assert (home / "lstm.ipynb").read_text() == "mine" and (home / "notes.ipynb").read_text() == "mine, too"
    assert (home / "training.ipynb").is_symlink() and not (tmp_path / "elsewhere").exists()


def test_each_student_has_a_closed_folder(tmp_path):
    spawner = load("spawner")
    folders = [spawner.home(tmp_path, name) for name in ("anna", "ben")]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700]
    owners = [folder.stat().st_uid for folder in folders]
    first = spawner.FIRST_ACCOUNT
    assert owners == ([first, first + 1] if spawner.own_accounts() else [os.geteuid()] * 2)
    assert spawner.home(tmp_path, "anna").stat().st_uid == owners[0]


def test_no_account_is_given_twice_or_without_end(tmp_path, monkeypatch):
    spawner = load("spawner")
    taken = spawner.pwd.struct_passwd(("someone", "x", 50, 50, "", "", ""))
    monkeypatch.setattr(spawner.pwd, "getpwall", lambda: [taken])
    monkeypatch.setattr(spawner, "FIRST_ACCOUNT", 50)
    assert spawner.free_account(tmp_path) == 51
    monkeypatch.setattr(spawner, "LAST_ACCOUNT", 50)
    with pytest.raises(OSError, match="no user id from 50 to 50 is free; remove folders"):
        spawner.free_account(tmp_path)


def test_configuration_says_what_was_chosen(settings, typed, tmp_path):
    folder = tmp_path / "class"
    (folder / "state").mkdir(parents=True)
    made = load("configuration")
    chosen = settings.checked(**{**typed, "memory": "1.5G"})
    found = made.configuration(chosen)
    assert found.JupyterHub.bind_url == f"http://127.0.0.1:{typed['port']}"
    assert (found.JupyterHub.active_server_limit, found.StudentSpawner.mem_limit) == (1, 1.5 * GB)
    login = found.ClassPassword
    assert login.user_password == running.PASSWORD != login.admin_password
    file = folder / "state" / "teacher-password"
    assert file.read_text() == login.admin_password and len(login.admin_password) > 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.configuration(chosen).ClassPassword.admin_password == login.admin_password


# --- what a class costs -----------------------------------------------------------------------------------------------


def classes(totals: dict[int, float]) -> list[Measured]:
    return [Measured(dict.fromkeys(map(str, range(size)), 0), {}, total) for size, total in totals.items()]


def test_larger_class_is_told_by_a_line_with_its_interval():
    """The same by linear algebra: the variance of a new observation at x is s² (1 + xᵀ (XᵀX)⁻¹ x)."""
    totals = {1: 700.0, 2: 1010.0, 4: 1790.0, 6: 2500.0}
    design = np.array([[1.0, size] for size in totals])
    values = np.array(list(totals.values()))
    inverse = np.linalg.inv(design.T @ design)
    line = inverse @ design.T @ values
    variance = ((values - design @ line) ** 2).sum() / 2
    at = np.array([1.0, 30.0])
    half = stats.t.ppf(0.975, 2) * np.sqrt(variance * (1 + at @ inverse @ at))
    assert memory.expected(classes(totals), 30) == pytest.approx((at @ line, at @ line - half, at @ line + half))


def test_two_sizes_make_no_interval():
    with pytest.raises(ValueError, match=r"three sizes or more, but are \[1, 2\]"):
        memory.expected(classes({1: 1, 2: 2}), 30)


def test_page_for_teachers_has_the_line_and_the_formula(settings):
    """The line is that of the table's totals, and the formula is the one by which the hub refuses a class."""
    page = text(TEACHERS)
    table = re.findall(r"^\| (\d+) \| ([\d,]+) MB \| (\d+) MB \| (\d+) MB \| (\d+) MB \|$", page, re.M)
    rows = [[int(cell.replace(",", "")) for cell in row] for row in table]
    assert len(rows) > 3
    assert all(
        total == pytest.approx(size * (kernel + server) + hub, abs=size + 2)
        for size, total, kernel, server, hub in rows
    )
    larger = re.search(r"^\| (\d+) \| ([\d,]+) MB by a line through the others, ([\d,]+) to ([\d,]+) \|", page, re.M)
    students, *said = (int(cell.replace(",", "")) for cell in larger.groups())
    line = memory.expected(classes({size: total for size, total, *_ in rows}), students)
    assert line == pytest.approx(said, abs=5)
    all_of_them, each = re.search(r"How much memory\.\*\* ([\d.]+) GB, and ([\d.]+) GB for each student", page).groups()
    assert (settings.FOR_ALL, settings.FOR_A_STUDENT) == (float(all_of_them) * GB, float(each) * GB)
    assert line[0] * MB < settings.needed(students) < 1.1 * line[0] * MB


# --- a class at work --------------------------------------------------------------------------------------------------

TASK = work.Task(cells=6)  # so that it takes seconds
ASK = """
def refused(act):
    try:
        act()
    except (OSError, MemoryError, RuntimeError) as error:
        return type(error).__name__
    return "let through"
"""


@pytest.mark.slow
def test_a_small_class_works_on_a_real_hub_and_saves():
    with (
        python.open_folder() as folder,
        running.running(python.open_python(folder), folder, "--students", "2", "--memory", "900M") as hub,
    ):
        students = [Student(hub.address, name) for name in ("anna", "ben")]
        work.at_once(students, TASK)
        assert [fault for student in students for fault in work.faults(hub, student, TASK)] == []
        measured = memory.measure(hub)
        assert set(measured.servers) == set(measured.kernels) == {"anna", "ben"}
        assert all(50 * MB < held < 900 * MB for kind in (measured.servers, measured.kernels) for held in kind.values())
        assert any("jupyterhub_idle_culler" in process.cmdline() for process in hub.processes())
        lab_draws_widgets_and_asks_for_no_news(hub, students[0])
        who_may_enter(hub)
        what_a_student_may_do(hub, *students)
        work_outlives_the_server(hub, students[0])


def lab_draws_widgets_and_asks_for_no_news(hub, student):
    page = student.browser.get(f"{hub.address}/user/{student.name}/lab").text
    found = re.search(r"<script id=\"jupyter-config-data\"[^>]*>(.*?)</script>", page, re.S)
    config = json.loads(found[1])
    drawn = {each["name"] for each in config["federated_extensions"]}
    assert {"@jupyter-widgets/jupyterlab-manager", "anywidget"} <= drawn
    assert config["buildCheck"] is False
    assert "@jupyterlab/apputils-extension:announcements" in config["disabledExtensions"]
    assert "ServerApp" in (hub.folder / "state" / "servers.log").read_text()
    assert "ServerApp" not in hub.said.read_text()  # thirty of them would bury what a teacher must read


def who_may_enter(hub):
    wrong = {
        "clara": "three green kiter",
        "dora": "drei grüne Drachen",
        "Teacher": running.PASSWORD,
        "../ben": running.PASSWORD,
    }
    for name, password in wrong.items():
        with pytest.raises(PermissionError, match="^403 "):
            Student(hub.address, name, password).log_in()
    secret = (hub.folder / "state" / "teacher-password").read_text()
    with pytest.raises(PermissionError):
        Student(hub.address, "clara", secret).log_in()
    clara, teacher = Student(hub.address, "clara"), Student(hub.address, "teacher", secret)
    clara.log_in()
    with pytest.raises(OSError, match="429"):  # two are at work, and no more may be
        clara.start_server(patience=0)
    teacher.log_in()
    place = f"{hub.address}/user/ben/api/contents/{TASK.place}"
    assert teacher.browser.get(place).json()["content"]["metadata"]["student"] == "ben"
    assert clara.browser.get(place).status_code == 403


def what_a_student_may_do(hub, anna, ben):
    """Too much memory is refused to all; others' files where root runs the hub, which says so at its start."""
    assert anna.evaluate(f"{ASK}\nimport torch; print(refused(lambda: torch.ones(10**9)))") == "RuntimeError\n"
    assert anna.evaluate("import os; print(os.getcwd())") == f"{hub.folder}/homes/anna/book\n"
    places = [hub.folder / "homes" / "ben" / TASK.place, hub.folder / "state" / "teacher-password"]
    outcomes = {anna.evaluate(f"{ASK}\nprint(refused(lambda: open({str(place)!r}).read()))") for place in places}
    accounts = {student.evaluate("import os; print(os.getuid())") for student in (anna, ben)}
    if os.geteuid() == 0:
        assert outcomes == {"PermissionError\n"} and len(accounts) == 2
        assert "Each student has a user id of their own" in hub.said.read_text()
    else:
        assert outcomes == {"let through\n"} and accounts == {f"{os.getuid()}\n"}
        assert "All students' code runs as you" in hub.said.read_text()


def work_outlives_the_server(hub, student):
    student.stop_server()
    again = Student(hub.address, student.name)
    again.log_in()
    again.start_server()
    assert work.faults(hub, again, TASK) == []
