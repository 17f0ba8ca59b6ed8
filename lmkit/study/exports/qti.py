"""Cards as a content package of QTI 2.1: items, a test for each chapter with a part for each section, and pictures.

The manifest follows the profile of IMS Content Packaging that QTI 2.1 brings, `qtiv2p1_imscpv1p2_v1p0.xsd`; tags are
keywords of IEEE LOM in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from lmkit.plots.escaping import escape
from lmkit.study.exports.markup_text import tag
from lmkit.study.exports.package_file import package
from lmkit.study.exports.qti_item import INSTANCE, NAMESPACE, SCHEMA, identifier, item
from lmkit.study.exports.questions import Question, Recall
from lmkit.study.exports.report import Change, Report

PACKAGING = "http://www.imsglobal.org/xsd/imscp_v1p1"
PROFILE = "http://www.imsglobal.org/xsd/qti/qtiv2p1/qtiv2p1_imscpv1p2_v1p0.xsd"
LOM = "http://ltsc.ieee.org/xsd/LOM"
LOOSE = "http://www.imsglobal.org/xsd/imsmd_loose_v1p3p2.xsd"

RECALLED = "became an open question that is worth no marks; the answer is said afterwards"


def qti(questions: Iterable[Question], title: str) -> tuple[bytes, Report]:
    """Return questions as a QTI 2.1 package, and what was changed."""
    asked = list(questions)
    chapters = [list(group) for _, group in groupby(asked, lambda question: question.chapter)]
    files = {"imsmanifest.xml": _manifest(chapters, title)}
    files |= {_test_file(chapter): _test(chapter) for chapter in chapters}
    files |= {_item_file(question): item(question) for question in asked}
    files |= {_media_file(name): svg for question in asked for name, svg in question.pictures.items()}
    changes = (Change(q.id, q.kind, RECALLED) for q in asked if isinstance(q.task, Recall))
    return package(files), Report(len(asked), len(asked), tuple(changes))


def _item_file(question: Question) -> str:
    return f"items/{question.id}.xml"


def _test_file(chapter: list[Question]) -> str:
    return f"tests/{chapter[0].chapter}.xml"


def _media_file(name: str) -> str:
    return f"media/{name}"


# --- the tests ------------------------------------------------------------------------------------------------------


def _test(chapter: list[Question]) -> str:
    """Return a test that asks a chapter's questions, with feedback after each attempt."""
    sections = (
        _section(number, list(group))
        for number, (_, group) in enumerate(groupby(chapter, lambda question: question.tags[1]), 1)
    )
    control = tag("itemSessionControl", maxAttempts="0", showFeedback="true", allowSkipping="true")
    part = tag(
        "testPart", control, *sections, identifier="part", navigationMode="nonlinear", submissionMode="individual"
    )
    total = tag("setOutcomeValue", tag("sum", tag("testVariables", variableIdentifier="SCORE")), identifier="SCORE")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tag(
        "assessmentTest",
        tag("outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float"),
        part,
        tag("outcomeProcessing", total),
        xmlns=NAMESPACE,
        xmlns__xsi=INSTANCE,
        xsi__schemaLocation=f"{NAMESPACE} {SCHEMA}",
        identifier=_test_identifier(chapter),
        title=chapter[0].chapter_title,
    )


def _test_identifier(chapter: list[Question]) -> str:
    return f"test-{chapter[0].chapter}"


def _section(number: int, questions: list[Question]) -> str:
    references = (tag("assessmentItemRef", identifier=identifier(q), href=f"../{_item_file(q)}") for q in questions)
    title = questions[0].tags[1].removeprefix("section:")
    return tag("assessmentSection", *references, identifier=f"section-{number}", title=title, visible="true")


# --- the manifest ---------------------------------------------------------------------------------------------------


def _manifest(chapters: list[list[Question]], title: str) -> str:
    asked = [question for chapter in chapters for question in chapter]
    pictures = {name for question in asked for name in question.pictures}
    resources = [*map(_test_resource, chapters), *map(_item_resource, asked), *map(_media_resource, sorted(pictures))]
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tag(
        "manifest",
        tag("metadata", tag("schema", "QTIv2.1 Package"), tag("schemaversion", "1.0.0"), _lom(title, ())),
        tag("organizations"),
        tag("resources", *resources),
        xmlns=PACKAGING,
        xmlns__xsi=INSTANCE,
        xsi__schemaLocation=f"{PACKAGING} {PROFILE} {LOM} {LOOSE}",
        identifier="manifest",
    )


def _lom(title: str, tags: Iterable[str]) -> str:
    def said(name: str, text: str) -> str:
        return tag(name, tag("string", escape(text), language="en"))

    general = tag("general", said("title", title), *(said("keyword", name) for name in tags))
    return tag("lom", general, xmlns=LOM)


def _test_resource(chapter: list[Question]) -> str:
    parts = (tag("dependency", identifierref=identifier(question)) for question in chapter)
    return _resource(_test_identifier(chapter), "test", _test_file(chapter), _lom(chapter[0].chapter_title, ()), *parts)


def _item_resource(question: Question) -> str:
    pictures = (tag("dependency", identifierref=_media_identifier(name)) for name in question.pictures)
    lom = _lom(question.title, question.tags)
    return _resource(identifier(question), "item", _item_file(question), lom, *pictures)


def _resource(name: str, kind: str, file: str, lom: str, *dependencies: str) -> str:
    return tag(
        "resource",
        tag("metadata", lom),
        tag("file", href=file),
        *dependencies,
        identifier=name,
        type=f"imsqti_{kind}_xmlv2p1",
        href=file,
    )


def _media_identifier(name: str) -> str:
    return f"media-{name.removesuffix('.svg')}"


def _media_resource(name: str) -> str:
    file = _media_file(name)
    return tag("resource", tag("file", href=file), identifier=_media_identifier(name), type="webcontent", href=file)
