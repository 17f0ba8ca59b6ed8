"""What maintainers rely on fits the code: names in documents, the API page, versions, workflows, forms, hooks."""

import json
import re
import subprocess
import tomllib
from functools import cache

import pytest
import yaml
from packaging.requirements import Requirement

from tests.documents import NAMES, ROOT, links, spans, text
from tests.test_floor_plan import plans  # noqa: F401  a fixture

FILE = re.compile(
    r"[\w.-]*(?:/[\w.-]+)*\.(?:py|md|yml|json|toml|ipynb|js|css|c|cff|txt|safetensors|svg|pdf|cfg)|[\w.-]+(?:/[\w.-]+)*/"
)
READERS = re.compile(
    r"mine\.|conf\.py|deck\.apkg|index\.html|human_numbers\.|stories\.safe|.*temperature/|.*test_page\.py|_static/|.*_build/"
)
ITEM = re.compile(r"^\| `([\w/]+)` \|", re.MULTILINE)

every_document = pytest.mark.parametrize("document", NAMES)


@cache
def repository() -> set[str]:
    """All files under version control or about to be, and their folders."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = [name for name in listed.split("\0") if name]
    return {*files, *(f"{name[:place]}/" for name in files for place, sign in enumerate(name) if sign == "/")}


def is_there(name: str) -> bool:
    """Tell whether a file or folder is in the repository; a name without a folder may be anywhere in it."""
    inside = "/" in name.rstrip("/")
    return name in repository() or not inside and any(path.endswith(f"/{name}") for path in repository())


def targets() -> set[str]:
    """What `make` can be asked for."""
    makefile = text("Makefile").replace("\\\n", "")
    return set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split())


def missing(span: str) -> list[str]:
    """Return the files and targets that a span of code names, and that are not there."""
    words = [word for word in span.split() if not re.search(r"[<>*…=]|://", word)]
    found = [word for word in words if FILE.fullmatch(word) and not READERS.match(word) and not is_there(word)]
    if words and words[0] == "make":
        found += [f"make {word}" for word in words[1:] if word not in targets()]
    return found


@every_document
def test_named_files_and_targets_are_there(document):
    lost = [name for span in spans(document) for name in missing(span)]
    assert not lost, f"{document} names {lost}, which are not there (any more)"


@every_document
def test_links_lead_to_files(document):
    folder = (ROOT / document).parent
    lost = [link for link in links(document) if not (folder / link).exists()]
    assert not lost, f"{document} links to {lost}, which are not there (any more)"


def test_a_missing_name_is_noticed():
    assert missing("make nothing") == ["make nothing"]
    assert missing("lmkit/nothing.py") == ["lmkit/nothing.py"]
    assert missing("nothing.py") == ["nothing.py"]
    assert missing(".venv/bin/python -m pytest tests/test_nothing.py -k x") == ["tests/test_nothing.py"]
    assert missing("make chapters CHAPTER=lstm") == missing("view.js") == missing("book/<topic>.ipynb") == []


def test_every_target_says_what_it_does():
    said = set(re.findall(r"^([a-z-]+):.*## \S", text("Makefile"), re.MULTILINE))
    unknown = said - targets()
    assert not unknown, f"name {unknown} in .PHONY, too"


# --- the appendix says what there is ----------------------------------------------------------------------------------


def test_architecture_has_every_room(plans):  # noqa: F811
    table = ITEM.findall(text("book/architecture.md").split("## From a slider")[0])
    rooms = set(plans.floor_plan())
    assert len(table) == len(set(table))
    assert set(table) == rooms, f"the table of rooms in book/architecture.md differs in {sorted(set(table) ^ rooms)}"


def test_api_page_has_every_public_room(plans):  # noqa: F811
    """Commands are called by their names in a shell, files are written by what others call; widgets are one room."""
    described = re.findall(r"^\.\. automodule:: (lmkit\.\S+)$", text("book/api.md"), re.MULTILINE)
    assert described == re.findall(r"^### (\S+)$", text("book/api.md"), re.MULTILINE)
    rooms = {f"lmkit.{room.split('/')[0]}" for room in plans.floor_plan()} - {"lmkit.commands", "lmkit.files"}
    found = {".".join(name.split(".")[:2]) for name in described}
    assert found == rooms, f"book/api.md differs from the rooms of lmkit in {sorted(found ^ rooms)}"


# --- releases -------------------------------------------------------------------------------------------------------


def test_versions_agree():
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert yaml.safe_load(text("CITATION.cff"))["version"] == version
    change_log = text("CHANGELOG.md")
    released = re.findall(r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", change_log, re.MULTILINE)
    assert re.search(rf"^## Unreleased\n\nThis will be {re.escape(version)}\b", change_log, re.MULTILINE) or (
        released[:1] == [version]
    ), f"CHANGELOG.md must begin with {version}, or say under Unreleased that this will be {version}"


def workflow(name: str) -> dict:
    return yaml.safe_load(text(f".github/workflows/{name}.yml"))


def test_release_uses_the_actions_that_the_book_pins():
    uses = {
        name: set(re.findall(r"uses: (\S+)", text(f".github/workflows/{name}.yml"))) for name in ("book", "release")
    }
    assert uses["release"] and uses["release"] <= uses["book"]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in uses["book"])


def test_only_the_job_that_attaches_may_write():
    release = workflow("release")
    assert release["permissions"] == {"contents": "read"}
    assert {name: job.get("permissions") for name, job in release["jobs"].items()} == {
        "build": None,
        "attach": {"contents": "write"},
    }


@pytest.mark.parametrize("name", ["book", "release"])
def test_workflows_make_what_there_is(name):
    scripts = "\n".join(
        step["run"] for job in workflow(name)["jobs"].values() for step in job["steps"] if "run" in step
    )
    made = [
        word for line in re.findall(r"^make (.+)$", scripts, re.MULTILINE) for word in re.findall(r"^[a-z -]+", line)
    ]
    assert made and set(" ".join(made).split()) <= targets()


def test_release_takes_its_notes_from_the_change_log(tmp_path):
    """The program in the workflow, given a change log with two versions."""
    step = next(step["run"] for step in workflow("release")["jobs"]["build"]["steps"] if "awk" in step.get("run", ""))
    heads = {
        "Unreleased": "soon",
        "0.1.10 - 2027-01-02": "ten",
        "0.1.1 - 2027-01-01": "one",
        "0.1.0 - 2026-12-01": "old",
    }
    log = "# Log\n\n" + "".join(f"## {head}\n\n{said}\n\n" for head, said in heads.items())
    (tmp_path / "CHANGELOG.md").write_text(log, encoding="utf-8")
    (line,) = [line for line in step.splitlines() if line.startswith("awk")]
    subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, check=True, env={"GITHUB_REF_NAME": "v0.1.1", "PATH": "/usr/bin:/bin"}
    )
    assert (tmp_path / "notes.md").read_text(encoding="utf-8").strip() == "one"


# --- forms, hooks, container ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", sorted(path.stem for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml")) + ["chapter"]
)
def test_issue_forms_have_what_github_asks_for(form):
    asked = yaml.safe_load(text(f".github/ISSUE_TEMPLATE/{form}.yml"))
    assert asked["name"] and asked["description"]
    assert any(part.get("validations", {}).get("required") for part in asked["body"])
    named = [part["id"] for part in asked["body"]]
    assert len(set(named)) == len(named)
    for part in asked["body"]:
        assert part["type"] in {"input", "textarea", "dropdown"} and part["attributes"]["label"]


def test_hooks_are_local_and_run_what_there_is():
    repos = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    for hook in repos[0]["hooks"]:
        assert hook["language"] == "system"
        assert missing(hook["entry"]) == []
        assert hook["entry"].startswith(".venv/bin/")


def test_hooks_are_what_lint_does():
    """A commit that passes the hooks passes `make lint`: each of its scripts has a hook."""
    lint = re.search(r"^lint:.*\n((?:\t.+\n)+)", text("Makefile"), re.MULTILINE)[1].replace(
        "$(KERNEL)", "kernel/build.py"
    )
    hooks = text(".pre-commit-config.yaml")
    assert all(script.rsplit("/", 1)[-1] in hooks for script in re.findall(r"\S+\.py", lint))
    assert all(tool in hooks for tool in ("ruff check", "ruff format", "biome check"))


def test_container_has_the_books_python():
    container = json.loads(text(".devcontainer/devcontainer.json"))
    python = re.search(r"command -v python([\d.]+)", text("Makefile"))[1]
    assert f"python:{python}-" in container["image"]
    asked = subprocess.run(
        ["bash", "-c", f"set -- {container['postCreateCommand']}; printf '%s\n' \"$@\""],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert asked[:2] == ["make", "book"] and "book" in targets()
    assert asked[2:] == [f"TORCH_INDEX={workflow('book')['env']['TORCH_INDEX']}"]


def test_tools_are_pinned():
    lines = text("tests/requirements.txt").splitlines() + text("requirements.txt").splitlines()
    pins = {Requirement(line).name: str(Requirement(line).specifier) for line in lines if re.match(r"\w", line)}
    assert all(pins[name].startswith("==") for name in ("pre-commit", "numpydoc", "sphinx-codeautolink", "ruff"))
