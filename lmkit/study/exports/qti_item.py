"""A question as an item of QTI 2.1: what is declared, what is shown, how it is marked, what is said.

Elements and attributes are those of the schema `imsqti_v2p1.xsd`. Formulas are MathML, which QTI has of its own. How
answers, feedback and texts are laid out also follows what Canvas's importer looks for (its folder
`gems/plugins/qti_exporter/lib/qti`): texts in `<div>`, feedback in `<modalFeedback>` that a condition of its own shows,
and `general_feedback` for what is said to everybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple
from xml.etree import ElementTree

from lmkit.plots.escaping import escape
from lmkit.study import drawings
from lmkit.study.card_sides import media_name
from lmkit.study.cards import GAP
from lmkit.study.exports.markup_text import number_text, tag, to_xhtml
from lmkit.study.exports.questions import Choose, Complete, Compute, Form, Question, Recall, Sort, Task

NAMESPACE = "http://www.imsglobal.org/xsd/imsqti_v2p1"
MATHML = "http://www.w3.org/1998/Math/MathML"
SCHEMA = "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
GENERAL = "general_feedback"
RESPONSE, SCORE, FEEDBACK = "RESPONSE", "SCORE", "FEEDBACK"


_FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
_SIZES = ("displaystyle", "scriptlevel")


def _html(text: str) -> str:
    return _FORMULA.sub(lambda found: _mathml_2(found[0]), to_xhtml(text))


def _mathml_2(formula: str) -> str:
    """Return a formula as QTI's MathML 2 has it, where `mstyle` alone says how large its content is set."""
    if any(f"{name}=" in formula for name in _SIZES):
        root = ElementTree.fromstring(formula)
        for parent in list(root.iter()):
            parent[:] = [_styled(child) for child in parent]
        formula = ElementTree.tostring(root, encoding="unicode")
    return formula.replace("<math", f'<math xmlns="{MATHML}"', 1)


def _styled(node: ElementTree.Element) -> ElementTree.Element:
    sizes = {name: node.attrib.pop(name) for name in _SIZES if name in node.attrib}
    if not sizes:
        return node
    around = ElementTree.Element("mstyle", sizes)
    around.append(node)
    return around


def _image(name: str, step: int) -> str:
    return tag("img", src=f"../media/{media_name(name, step)}", alt=drawings.alt(name, step))


FORM = Form(_html, _image)


class Parts(NamedTuple):
    """Parts that differ by the task: declarations, what is shown, rules, and feedback by its name."""

    declared: tuple[str, ...]
    shown: str
    rules: tuple[str, ...]
    said: dict[str, str]


def identifier(question: Question) -> str:
    """Return the item's identifier: it must begin with a letter, and a card's id may begin with a digit."""
    return f"card-{question.id}"


def item(question: Question) -> str:
    """Return the item as an XML document."""
    task = question.task
    parts = _PARTS[type(task)](task)
    said = {**parts.said, GENERAL: question.feedback}
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tag(
        "assessmentItem",
        *parts.declared,
        _outcome(SCORE, "single", "float", default="0", normalMaximum="0" if isinstance(task, Recall) else "1"),
        _outcome(FEEDBACK, "multiple", "identifier"),
        tag("itemBody", question.prompt, parts.shown),
        tag("responseProcessing", *parts.rules, _say(GENERAL)),
        *(_modal(name, html) for name, html in said.items()),
        xmlns=NAMESPACE,
        xmlns__xsi=INSTANCE,
        xsi__schemaLocation=f"{NAMESPACE} {SCHEMA}",
        identifier=identifier(question),
        title=question.title,
        adaptive="false",
        timeDependent="false",
    )


# --- declarations, rules and feedback -------------------------------------------------------------------------------


def _response(name: str, cardinality: str, base: str, correct: Iterable[str], *mapping: str) -> str:
    values = [tag("value", escape(value)) for value in correct]
    right = [tag("correctResponse", *values)] if values else []
    return tag("responseDeclaration", *right, *mapping, identifier=name, cardinality=cardinality, baseType=base)


def _outcome(name: str, cardinality: str, base: str, default: str | None = None, **attributes: str) -> str:
    value = [] if default is None else [tag("defaultValue", tag("value", default))]
    return tag("outcomeDeclaration", *value, identifier=name, cardinality=cardinality, baseType=base, **attributes)


def _variable(name: str) -> str:
    return tag("variable", identifier=name)


def _value(base: str, value: str) -> str:
    return tag("baseValue", escape(value), baseType=base)


def _say(name: str) -> str:
    """Return a rule that adds a feedback to those that are shown."""
    shown = tag("multiple", _variable(FEEDBACK), _value("identifier", name))
    return tag("setOutcomeValue", shown, identifier=FEEDBACK)


def _score(value: str) -> str:
    return tag("setOutcomeValue", value, identifier=SCORE)


_FULL_MARK = _score(_value("float", "1"))


def _when(condition: str, *outcomes: str) -> str:
    return tag("responseCondition", tag("responseIf", condition, *outcomes))


def _modal(name: str, html: str) -> str:
    return tag("modalFeedback", tag("div", html), outcomeIdentifier=FEEDBACK, identifier=name, showHide="show")


def _when_all_is_right() -> str:
    return _when(tag("match", _variable(RESPONSE), tag("correct", identifier=RESPONSE)), _FULL_MARK)


# --- by the task ----------------------------------------------------------------------------------------------------


def _choose(task: Task) -> Parts:
    assert isinstance(task, Choose)
    options = {f"choice_{n}": option for n, option in enumerate(task.options, 1)}
    choices = (tag("simpleChoice", option.text, identifier=name, fixed="false") for name, option in options.items())
    return Parts(
        declared=(
            _response(
                RESPONSE,
                "multiple" if task.several else "single",
                "identifier",
                (name for name, option in options.items() if option.right),
            ),
        ),
        shown=tag(
            "choiceInteraction",
            *choices,
            responseIdentifier=RESPONSE,
            shuffle="true",
            maxChoices="0" if task.several else "1",
        ),
        rules=tuple(_choice_rules(options, task.several)),
        said={f"why_{n}": option.why for n, option in enumerate(task.options, 1)},
    )


def _choice_rules(options: dict, several: bool) -> Iterable[str]:
    for n, (name, option) in enumerate(options.items(), 1):
        chosen = _value("identifier", name)
        if several:
            yield _when(tag("member", chosen, _variable(RESPONSE)), _say(f"why_{n}"))
        else:
            mark = [_FULL_MARK] if option.right else []
            yield _when(tag("match", _variable(RESPONSE), chosen), *mark, _say(f"why_{n}"))
    if several:
        yield _when_all_is_right()


def _complete(task: Task) -> Parts:
    assert isinstance(task, Complete)
    names = {
        blank.name: RESPONSE if len(task.blanks) == 1 else f"{RESPONSE}_{n}" for n, blank in enumerate(task.blanks, 1)
    }
    case = "true" if task.exact else "false"
    declared, rules, said = [], [], {}
    for n, blank in enumerate(task.blanks, 1):
        name = names[blank.name]
        entries = (tag("mapEntry", mapKey=text, mappedValue="1", caseSensitive=case) for text in blank.accepted)
        declared.append(
            _response(name, "single", "string", blank.accepted[:1], tag("mapping", *entries, defaultValue="0"))
        )
        right = tag("gt", tag("mapResponse", identifier=name), _value("float", "0"))
        rules.append(_when(right, _say(f"why_{n}")))
        said[f"why_{n}"] = blank.why
        for k, (text, hint) in enumerate(blank.hints.items(), 1):
            wrong = tag("stringMatch", _variable(name), _value("string", text), caseSensitive=case)
            rules.append(_when(wrong, _say(f"hint_{n}_{k}")))
            said[f"hint_{n}_{k}"] = hint
    reached = tag("sum", *(tag("mapResponse", identifier=name) for name in names.values()))
    whole = tag("divide", reached, _value("float", str(len(names))))
    shown = GAP.sub(lambda gap: _entry(names[gap[1]], 20), task.text)
    return Parts(tuple(declared), tag("div", shown), (_score(whole), *rules), said)


def _entry(name: str, length: int) -> str:
    return tag("textEntryInteraction", responseIdentifier=name, expectedLength=str(length))


def _compute(task: Task) -> Parts:
    assert isinstance(task, Compute)
    said, rules = {"why": task.why}, [_when(_near(task), _FULL_MARK, _say("why"))]
    for n, (wrong, hint) in enumerate(task.hints.items(), 1):
        said[f"hint_{n}"] = hint
        rules.append(_when(_equal(wrong), _say(f"hint_{n}")))
    return Parts(
        declared=(_response(RESPONSE, "single", "float", [number_text(task.answer)]),),
        shown=tag("div", _entry(RESPONSE, 12)),
        rules=tuple(rules),
        said=said,
    )


def _near(task: Compute) -> str:
    """Return the condition that a number is right: between two, or the very one."""
    if not task.tolerance:
        return _equal(task.answer)
    low, high = (_value("float", number_text(task.answer + off)) for off in (-task.tolerance, task.tolerance))
    return tag("and", tag("gte", _variable(RESPONSE), low), tag("lte", _variable(RESPONSE), high))


def _equal(value: float) -> str:
    return tag("equal", _variable(RESPONSE), _value("float", number_text(value)), toleranceMode="exact")


def _sort(task: Task) -> Parts:
    assert isinstance(task, Sort)
    names = {f"item_{n}": text for n, text in enumerate(task.items, 1)}
    choices = (tag("simpleChoice", text, identifier=name, fixed="false") for name, text in names.items())
    return Parts(
        declared=(_response(RESPONSE, "ordered", "identifier", names),),
        shown=tag("orderInteraction", *choices, responseIdentifier=RESPONSE, shuffle="true"),
        rules=(_when_all_is_right(),),
        said={},
    )


def _recall(_: Task) -> Parts:
    shown = tag("extendedTextInteraction", responseIdentifier=RESPONSE, expectedLines="5")
    return Parts((_response(RESPONSE, "single", "string", ()),), shown, (), {})


_PARTS: dict[type, Callable[[Task], Parts]] = {
    Choose: _choose,
    Complete: _complete,
    Compute: _compute,
    Sort: _sort,
    Recall: _recall,
}
