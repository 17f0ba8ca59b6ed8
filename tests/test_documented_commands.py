"""Every command and every block of code that the documents show is run, long ones in a short mode."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from lmkit import __main__ as program
from lmkit import pretrained, study
from tests import extensions, simulated_class
from tests.documents import EXTENDING, README, ROOT, RUN, Block, blocks, spans
from tests.hub import __main__ as hub_command

LAB = "Add a lab"  # whose commands are run together, below
SHORT = {"epochs=10": "epochs=1"}
TRAIN = ["--embedding-size", "8", "--hidden-size", "8", "--quiet"]


def commands() -> list:
    """All commands but those of the example lab; two processes take more than some seconds."""
    found = {
        command: pytest.param(
            command, marks=[pytest.mark.slow] if command.startswith("torchrun") else [], id=command[:60]
        )
        for document in RUN
        for block in blocks(document)
        if block.language == "sh" and block.section != LAB
        for command in block.commands
    }
    return list(found.values())


def inline_commands() -> list[str]:
    """All commands within the prose and the tables of documents, but those of make."""
    words = [span for document in RUN for span in spans(document)]
    return sorted({span for span in words if re.match(r"(\.venv/bin/|python -m )\S+ \S|python -m \S+$", span)})


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A reader's folder, with files that the documents call `mine`."""
    (tmp_path / "mine.txt").write_text("the kite flew over the river . the river was wide .\n" * 40)
    (tmp_path / "pairs.tsv").write_text("the kite flew .\tder Drachen flog .\n" * 20, encoding="utf-8")
    trained, card = pretrained.load("stories"), {"command": "python -m lmkit train --text mine.txt"}
    pretrained.save(tmp_path / "mine.safetensors", trained.model, trained.vocab, card)
    translator = pretrained.load_translator("translator")
    translator.card = {"command": "python -m lmkit train --pairs pairs.tsv"}
    pretrained.save_translator(tmp_path / "pairs.safetensors", translator)
    cards = (ROOT / "tests" / "example_cards.yml").read_text(encoding="utf-8")
    (tmp_path / "mine.yml").write_text(cards.replace("chapter: example_cards", "chapter: mine"), encoding="utf-8")
    own = (ROOT / "lmkit" / "study" / "assignments" / "recurrent_networks.yml").read_text(encoding="utf-8")
    (tmp_path / "doubling.yml").write_text(own, encoding="utf-8")
    (tmp_path / "folder").mkdir()
    simulated_class.write(tmp_path / "folder", 3, ["lstm"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*command: str | Path, cwd: Path | None = None, **variables: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    result = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def tool(name: str) -> Path:
    """A program of the virtual environment."""
    return Path(sys.executable).with_name(name)


def address():
    return extensions.load("address")


# --- how each kind of command is run ----------------------------------------------------------------------------------


def shortened(arguments: list[str]) -> list[str]:
    """Arguments of `python -m lmkit` for a moment's work: what comes last counts."""
    if arguments[0] == "generate":
        return [*arguments, "--max-new-tokens", "4"]
    if arguments[0] == "train":
        fresh = "stories" in arguments
        return [*arguments, *TRAIN, *(["--steps", "2"] if fresh else ["--epochs", "1"])]
    return arguments


def run_lmkit(words, folder, monkeypatch):
    assert program.main(shortened(words[3:])) == 0


def run_several_processes(words, folder, monkeypatch):
    place = words.index("lmkit")
    run(tool("torchrun"), *words[1 : place + 1], *shortened(words[place + 1 :]), cwd=folder, OMP_NUM_THREADS="1")


def run_code(words, folder, monkeypatch):
    assert run(sys.executable, *words[1:], cwd=folder).strip()


def make(words, folder, monkeypatch):
    """What it would do: it must know the target and find all that this needs."""
    assert run("make", "--dry-run", "--silent", "--always-make", *words[1:], cwd=ROOT).strip()


def clone(words, folder, monkeypatch):
    assert words[2] == address().current()


def enter(words, folder, monkeypatch):
    assert words[1] == address().current().rsplit("/", 1)[1]


def install(words, folder, monkeypatch):
    """Nothing is installed; the requirement must be one, from this repository, with the torch of Binder's image."""
    lmkit, torch = (Requirement(word) for word in words[2:] if not word.startswith(("-", "https://")))
    assert (lmkit.name, lmkit.url) == ("lmkit", f"git+{address().current()}")
    binder = (ROOT / ".binder" / "requirements.txt").read_text()
    assert f"\n{torch}\n" in binder
    assert f"--extra-index-url {words[words.index('--extra-index-url') + 1]}\n" in binder


def install_beside(words, folder, monkeypatch):
    """Nothing is installed; it must be what the book's own environment has."""
    assert all(version(package) for package in words[2:])


def register_kernel(words, folder, monkeypatch):
    """Among the kernels of a reader who has none yet."""
    run(sys.executable, *words[1:], cwd=folder, JUPYTER_DATA_DIR=str(folder / "data"))
    spec = json.loads((folder / "data" / "kernels" / words[words.index("--name") + 1] / "kernel.json").read_text())
    assert Path(spec["argv"][0]) == Path(sys.executable) and spec["display_name"] == words[-1]


def ask_for_help(words, folder, monkeypatch):
    with pytest.raises(SystemExit) as ended:
        program.main(words[3:])
    assert ended.value.code == 0


def serve_files(words, folder, monkeypatch):
    assert run(sys.executable, *words[1:], "--help")


def choose_tests(words, folder, monkeypatch):
    """All tests are run anyway: there must be such ones."""
    place, *chosen = words[3:]
    names = re.findall(r"^def (test_\w+)", (ROOT / place).read_text(encoding="utf-8"), re.MULTILINE)
    assert (
        names
        and chosen in ([], ["-k", *chosen[1:]])
        and all(any(word in name for name in names) for word in chosen[1:])
    )


def mend_python(words, folder, monkeypatch):
    (folder / "a.py").write_text("x=1\n")
    run(tool("ruff"), *words[1:], cwd=folder)
    assert (folder / "a.py").read_text() == "x = 1\n"


def mend_scripts(words, folder, monkeypatch):
    """What `make lint` runs, with one option more: what npm installs for it is not asked for here."""
    command = " ".join(word for word in words if word not in ("--write", "."))
    assert command.replace(".venv/bin", "$(BIN)") in (ROOT / "Makefile").read_text(encoding="utf-8")


def open_notebook(words, folder, monkeypatch):
    assert (ROOT / words[2]).is_file()
    assert "jupyterlab" in (ROOT / "requirements.txt").read_text()


def install_hooks(words, folder, monkeypatch):
    run("git", "init", "-q", cwd=folder)
    shutil.copy(ROOT / ".pre-commit-config.yaml", folder)
    run(tool("pre-commit"), *words[1:], cwd=folder)
    assert (folder / ".git" / "hooks" / "pre-commit").is_file()


def publish_tag(words, folder, monkeypatch):
    """In a repository of its own, which is its own origin."""
    author = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    run("git", "init", "-q", cwd=folder)
    run("git", "commit", "-q", "--allow-empty", "-m", "x", cwd=folder, **author)
    run("git", "init", "-q", "--bare", "origin.git", cwd=folder)
    run("git", "remote", "add", "origin", "origin.git", cwd=folder)
    if words[1] == "push":
        run("git", "tag", words[-1], cwd=folder)
    run(*words, cwd=folder, **author)
    assert run("git", "tag", cwd=folder if words[1] == "tag" else folder / "origin.git").startswith("v")


def move_address(words, folder, monkeypatch):
    """On a copy of the files that it writes."""
    script = address()
    for name in ("_config.yml", *script.followers()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    new = words[2].replace("<owner>", "someone").replace("<name>", "a-fork")
    script.change(new, folder)
    assert script.current(folder) == new and not script.differing(folder)
    assert f"git clone {new}\ncd a-fork\n" in (folder / README).read_text()


def measure_class(words, folder, monkeypatch):
    """Its parts are run by tests/test_hub.py, for two students; all options must be ones."""
    assert hub_command.options().parse_args(words[3:]).students


def run_script(words, folder, monkeypatch):
    run(sys.executable, ROOT / words[1], *words[2:], cwd=folder)


RUNNERS = {
    r"python -m lmkit \S+ --help$": ask_for_help,
    r"python -m http\.server$": serve_files,
    r"python -m lmkit ": run_lmkit,
    r"\.venv/bin/python -m pytest ": choose_tests,
    r"\.venv/bin/ruff format \.$": mend_python,
    r"\.venv/bin/npx biome ": mend_scripts,
    r"torchrun ": run_several_processes,
    r"python -c ": run_code,
    r"\.venv/bin/python -m tests\.hub ": measure_class,
    r"make ": make,
    r"git clone ": clone,
    r"cd ": enter,
    r"pip install \"lmkit ": install,
    r"pip install ": install_beside,
    r"python -m ipykernel install ": register_kernel,
    r"\.venv/bin/jupyter lab ": open_notebook,
    r"\.venv/bin/pre-commit install$": install_hooks,
    r"git (tag|push) ": publish_tag,
    r"python book/_ext/address\.py h": move_address,
    r"python \S+\.py": run_script,
}


@pytest.mark.parametrize("command", [*commands(), *inline_commands()])
def test_command_works(command, folder, monkeypatch, capsys):
    runner = next((found for pattern, found in RUNNERS.items() if re.match(pattern, command)), None)
    assert runner, f"no test runs {command!r}; say in RUNNERS how it can be run"
    runner(shlex.split(command), folder, monkeypatch)


def test_targets_of_make_find_all_that_they_need():
    """Those that stand in the prose and the tables of documents."""
    goals = {
        word for document in RUN for span in spans(document) if span.startswith("make ") for word in span.split()[1:]
    }
    assert len(goals) > 15
    assert run("make", "--dry-run", "--silent", "--always-make", *sorted(goals), cwd=ROOT).strip()


@pytest.mark.parametrize("document", [name for name in RUN if any(b.language == "python" for b in blocks(name))])
def test_python_works(document, folder, capsys):
    """One after the other, as a reader pastes them; `model` and `vocab` are the reader's own."""
    trained = pretrained.load("stories")
    names = {"model": trained.model, "vocab": trained.vocab}
    for block in blocks(document):
        if block.language == "python" and not block.file:
            code = block.code
            for long, short in SHORT.items():
                code = code.replace(long, short)
            exec(compile(code, document, "exec"), names)
    assert capsys.readouterr().out.strip()


def test_card_is_one(tmp_path):
    (block,) = [block for block in blocks(EXTENDING) if block.language == "yaml"]
    file = tmp_path / "sampling.yml"
    file.write_text(f"chapter: sampling\ncards:\n{block.code}", encoding="utf-8")
    (card,) = study.read_deck(file).cards
    assert card.section in (ROOT / "book" / "sampling.ipynb").read_text(encoding="utf-8")


# --- the example lab ------------------------------------------------------------------------------------------------


def lab_blocks() -> list[Block]:
    return [block for block in blocks(EXTENDING) if block.section == LAB]


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy of the package and of what its labs' tests need."""
    leave = shutil.ignore_patterns("__pycache__", "test_*.py", "*.pdf")
    for name in ("lmkit", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=leave)
    for name in ("pyproject.toml", "biome.json", "tsconfig.json", "package.json"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.browser
def test_example_lab_is_built_by_its_text(checkout):
    """In a copy of the repository: its folders made, its files written, its own tests run."""
    make_folders, *files, run_tests = list(lab_blocks())
    for command in make_folders.commands:
        run(*shlex.split(command), cwd=checkout)
    for block in files:
        (checkout / block.file).write_text(block.code, encoding="utf-8")
    found = "from lmkit.widgets import LABS; print(LABS['TemperatureLab'].__module__)"
    place = {"PYTHONPATH": str(checkout)}
    assert run(sys.executable, "-c", found, cwd=checkout, **place) == "lmkit.widgets.labs.temperature.lab\n"
    for command in run_tests.commands:
        words = shlex.split(command.replace(".venv/bin/python", shlex.quote(sys.executable)))
        assert "passed" in run(*words, "-p", "no:cacheprovider", cwd=checkout, **place)
    for check in (["check"], ["format", "--check"]):
        run(tool("ruff"), *check, "lmkit/widgets/labs/temperature", "tests/widgets/temperature", cwd=checkout)


def test_example_lab_has_all_that_a_lab_needs():
    from lmkit.widgets.base.discovery import PARTS

    files = [Path(block.file).name for block in lab_blocks() if block.file]
    assert set(PARTS) <= set(files)
