"""What the documents for maintainers and users say: their blocks of code, their commands, the names that they drop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README, CONTRIBUTING, EXTENDING = "README.md", "CONTRIBUTING.md", "book/extending.md"
TEACHERS = "book/for_teachers.md"
RUN = (README, CONTRIBUTING, EXTENDING, TEACHERS)  # all code in them is run
NAMES = (*RUN, "CHANGELOG.md", "book/architecture.md", ".github/pull_request_template.md")

FENCE = re.compile(r"(?:^`(?P<file>[^`\n]+)`:\n\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code; `file` is where the text above it says that it goes, `section` the heading over it."""

    language: str
    code: str
    section: str
    file: str | None = None

    @property
    def commands(self) -> list[str]:
        """Its lines as a shell reads them: continued ones joined, comments left out."""
        lines = re.sub(r"\\\n\s*", "", self.code).splitlines()
        return [command for line in lines if (command := re.sub(r"\s+# .*", "", line).strip())]


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str) -> list[Block]:
    """Return the blocks of code of a document, in order."""
    source = text(document)
    found = []
    for match in FENCE.finditer(source):
        section = (HEADING.findall(FENCE.sub("", source[: match.start()])) or [""])[-1]
        found.append(Block(match["language"], match["code"], section, match["file"]))
    return found


def spans(document: str) -> list[str]:
    """Return what stands in backticks within the prose of a document."""
    return re.findall(
        r"`([^`\n]+)`", FENCE.sub(lambda match: f"`{match['file']}`" if match["file"] else "", text(document))
    )


def links(document: str) -> list[str]:
    """Return the files to which a document links, from its own folder."""
    found = re.findall(r"\]\(([^)#]+)[^)]*\)", FENCE.sub("", text(document)))
    return [link for link in found if "://" not in link]
