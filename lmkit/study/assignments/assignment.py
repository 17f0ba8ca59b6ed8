"""An assignment, its rules, and the file that it is read from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Annotated, Self

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from lmkit.files import StrPath
from lmkit.study.cards import StrictModel, Text
from lmkit.study.deck_file import explain
from lmkit.study.yaml_source import CardError, YamlSource

FOLDER = Path(__file__).parent

Code = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Test(StrictModel):
    """Python that raises AssertionError where an answer is wrong; hidden tests run only when a teacher grades."""

    code: Code
    hidden: bool = False

    @field_validator("code")
    @classmethod
    def _every_assert_has_a_message(cls, code: str) -> str:
        for node in ast.walk(_parsed(code)):
            if isinstance(node, ast.Assert) and node.msg is None:
                rule = "must give every assert a message, the hint that a student reads"
                raise ValueError(f"{rule}, but {ast.unparse(node)!r} has none")
        return code


class Wrong(StrictModel):
    """A typical wrong solution: one piece of the right one changed, and a part of the message that it is to get."""

    change: Code
    to: str
    hint: Text


class Question(StrictModel):
    """A function that a student writes.

    Attributes
    ----------
    id : str
        The function's name.
    points : int
        For passing all tests, else none: both graders can do that.
    text : str
        What is asked, in Markdown with formulas between dollars.
    head : str
        The function's first lines, which the student is given.
    solution : str
        The rest of the function, without indentation.
    tests : tuple of Test
        At least one that students see.
    wrong : tuple of Wrong
    """

    id: Name
    points: Annotated[int, Field(ge=1)]
    text: Text
    head: Code
    solution: Code
    tests: Annotated[tuple[Test, ...], Field(min_length=1)]
    wrong: tuple[Wrong, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        defined = [node.name for node in _parsed(self.code()).body if isinstance(node, ast.FunctionDef)]
        if defined != [self.id]:
            raise ValueError(f"head must define the function {self.id!r} and nothing else, but it defines {defined}")
        if all(test.hidden for test in self.tests):
            raise ValueError("tests must have one that students see, but all are hidden; take `hidden` from one")
        for wrong in self.wrong:
            if (count := self.solution.count(wrong.change)) != 1:
                rule = "must change a text that stands once in the solution"
                raise ValueError(f"wrong {rule}, but {wrong.change!r} stands there {count} times")
            _parsed(self.code(wrong))
        return self

    def code(self, wrong: Wrong | None = None) -> str:
        """Return the whole function, right or with one wrong change."""
        solution = self.solution if wrong is None else self.solution.replace(wrong.change, wrong.to)
        return f"{self.head.rstrip()}\n{indent(solution.rstrip(), '    ')}\n"

    def tested(self, hidden: bool) -> str:
        """Return the code of the tests that are hidden, or of those that are not."""
        return "\n".join(test.code.rstrip() for test in self.tests if test.hidden == hidden)


class Assignment(StrictModel):
    """An assignment: questions in order, and what comes before them.

    Attributes
    ----------
    title : str
    chapter : str
        The chapter of the book that it goes with.
    minutes : int
        How long it takes, about.
    text : str
        What it is about, in Markdown.
    setup : str
        Python that runs before the first question.
    questions : tuple of Question
    """

    title: Text
    chapter: Name
    minutes: Annotated[int, Field(ge=1)]
    text: Text
    setup: Code
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]

    @field_validator("questions")
    @classmethod
    def _ids_are_unique(cls, questions: tuple[Question, ...]) -> tuple[Question, ...]:
        ids = [question.id for question in questions]
        if repeated := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"must have an id each, but {repeated} stand twice")
        return questions

    @field_validator("setup")
    @classmethod
    def _is_python(cls, code: str) -> str:
        _parsed(code)
        return code

    @property
    def points(self) -> int:
        """The points of all questions."""
        return sum(question.points for question in self.questions)


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except SyntaxError as error:
        raise ValueError(f"must be Python, but line {error.lineno} is not: {error.msg}") from None


def names() -> list[str]:
    """Return the names of the assignments that come with lmkit."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def load(name: str) -> Assignment:
    """Return an assignment that comes with lmkit; raise ValueError if there is none of this name."""
    if name not in names():
        raise ValueError(f"name must be one of the assignments {names()}, but it is {name!r}; or give a file, NAME.yml")
    return read_assignment(FOLDER / f"{name}.yml")


def read_assignment(path: StrPath) -> Assignment:
    """Read an assignment from a YAML file; the fields are those of `Assignment`, `Question`, `Test` and `Wrong`.

    Raises
    ------
    CardError
        With all faults of the file, each with its line.
    """
    source = YamlSource.read(Path(path))
    if not isinstance(source.content, dict):
        raise source.error((), f"the file must have {', '.join(Assignment.model_fields)}, but it has none of them")
    try:
        return Assignment.model_validate(source.content)
    except ValidationError as error:
        raise CardError(*_faults(source, error)) from None


def _faults(source: YamlSource, error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        yield source.fault(fault["loc"], explain(fault, list(Assignment.model_fields), "an assignment"))
