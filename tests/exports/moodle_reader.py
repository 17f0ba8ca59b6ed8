r"""Reads Moodle XML and GIFT as Moodle does.

Written after Moodle's own importers: question/format/xml/format.php, question/format/gift/format.php, and for gaps
qtype_multianswer_extract_question in question/type/multianswer/questiontype.php.
"""

import re
import xml.etree.ElementTree as ET
from base64 import b64decode

from tests.exports.entry import Answer, Entry

TRIMMED = " \t\n\r\0\x0b"  # by PHP's trim

# --- Moodle XML -----------------------------------------------------------------------------------------------------


def read_xml(data: bytes) -> list[Entry]:
    """Return the questions of a file."""
    entries, category = [], ""
    for node in ET.fromstring(data):
        kind = node.get("type")
        if kind == "category":
            category = text_of(node.find("category"))
        else:
            entries.append(xml_entry(node, kind, category))
    return entries


def text_of(node) -> str:
    found = node.findtext("text") if node is not None else None
    return (found or "").strip(TRIMMED)


def xml_entry(node, kind: str, category: str) -> Entry:
    prompt = node.find("questiontext")
    assert prompt.get("format") == node.find("generalfeedback").get("format") == "html"
    files = [file for part in (prompt, node.find("generalfeedback")) for file in part.findall("file")]
    assert all(file.get("encoding") == "base64" and file.get("path") == "/" for file in files)
    entry = Entry(
        category,
        kind,
        node.findtext("idnumber"),
        text_of(node.find("name")),
        tuple(text_of(tag) for tag in node.findall("tags/tag")),
        text_of(prompt),
        text_of(node.find("generalfeedback")),
        several=node.findtext("single") == "false",
        exact=node.findtext("usecase") == "1",
        files=tuple((file.get("name"), b64decode(file.text)) for file in files),
        grade=float(node.findtext("defaultgrade")),
    )
    if kind == "cloze":
        text, gaps, exact = read_cloze(entry.prompt)
        return entry._replace(prompt=text, answers=gaps, exact=exact)
    answers = tuple(xml_answer(answer) for answer in node.findall("answer"))
    return entry._replace(answers=(answers,) if answers else ())


def xml_answer(node) -> Answer:
    tolerance = float(node.findtext("tolerance") or 0)
    return Answer(float(node.get("fraction")), text_of(node), text_of(node.find("feedback")), tolerance)


# --- gaps -----------------------------------------------------------------------------------------------------------

FRACTION = r"=|%(-?[0-9]+(?:[.,][0-9]*)?)%"
ANSWER = r".+?(?<!\\)(?=[~#}]|$)"
FEEDBACK = r".*?(?<!\\)(?=[~}]|$)"
ALTERNATIVE = rf"({FRACTION})?({ANSWER})(#({FEEDBACK}))?"
TYPES = r"(NUMERICAL|NM)|(MULTICHOICE|MC)|(SHORTANSWER|SA|MW)|(SHORTANSWER_C|SAC|MWC)"
GAP = re.compile(rf"\{{([0-9]*):({TYPES}):({ALTERNATIVE}(~{ALTERNATIVE})*)\}}", re.DOTALL)
ONE = re.compile(rf"~?{ALTERNATIVE}", re.DOTALL)
TYPE, EXACT, ALTERNATIVES = 2, 6, 7
ENTITY = re.compile(r"&(?:#(\d+)|(amp|lt|gt|quot|#039));")
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "#039": "'"}


def decoded(text: str) -> str:
    """What PHP's html_entity_decode makes of it, of the entities that an export writes."""
    return ENTITY.sub(lambda found: chr(int(found[1])) if found[1] else NAMED[found[2]], text)


def read_cloze(text: str):
    """Return the text with `{#1}` in place of gaps, the answers of each, and whether case counts."""
    gaps, exact = [], False
    while found := GAP.search(text):
        assert found[1] == "1" and found[TYPE].startswith("SHORTANSWER")
        exact = bool(found[EXACT])
        gaps.append(tuple(alternatives(found[ALTERNATIVES])))
        text = text.replace(found[0], f"{{#{len(gaps)}}}", 1)
    return text, tuple(gaps), exact


def alternatives(rest: str):
    while found := ONE.search(rest):
        sign, percent, answer, feedback = found[1], found[2], found[3], found[5] or ""
        share = 100.0 if sign == "=" else float(percent or 0)
        unquoted = [decoded(part).replace(r"\}", "}").replace(r"\#", "#") for part in (answer, feedback)]
        yield Answer(share, unquoted[0], unquoted[1])
        rest = rest.split(found[0], 1)[1]


def matches(pattern: str, response: str, exact: bool) -> bool:
    """Whether a short answer counts: a star stands for any text, unless a backslash stands before it."""
    parts = re.split(r"(?<!\\)\*", pattern)
    expression = ".*".join(re.escape(part.replace(r"\*", "*")) for part in parts)
    return bool(re.fullmatch(expression, response.strip(TRIMMED), re.DOTALL | (0 if exact else re.IGNORECASE)))


# --- GIFT -----------------------------------------------------------------------------------------------------------

ESCAPES = {":": "&&058;", "#": "&&035;", "=": "&&061;", "{": "&&123;", "}": "&&125;", "~": "&&126;", "n": "&&010;"}
BACK = {"&&058;": ":", "&&035;": "#", "&&061;": "=", "&&123;": "{", "&&125;": "}", "&&126;": "~", "&&010;": "\n"}
WEIGHT = re.compile(r"^%-*([0-9]{1,2})\.?([0-9]*)%")


def read_gift(data: bytes) -> list[Entry]:
    """Return the questions of a file."""
    entries, category = [], ""
    for block in re.split(r"\n[ \t]*\n", data.decode()):
        lines = block.split("\n")
        comments = [line.strip(TRIMMED) for line in lines if line.strip(TRIMMED).startswith("//")]
        text = "\n".join(line for line in lines if not line.strip(TRIMMED).startswith("//")).strip(TRIMMED)
        if not text:
            continue
        if text.startswith("$CATEGORY:"):
            category = text[10:].strip(TRIMMED)
        else:
            entries.append(gift_entry(escaped_before(text), "\n".join(comments), category))
    return entries


def escaped_before(text: str) -> str:
    text = text.replace("\\\\", "&&092;")
    for sign, place in ESCAPES.items():
        text = text.replace(f"\\{sign}", place)
    return text.replace("&&092;", "\\")


def plain(text: str, default: str = "") -> tuple[str, str]:
    """Return a text without its format's name, and the format."""
    text = text.strip(TRIMMED)
    named = re.match(r"\[(html|plain|markdown|moodle)\]", text)
    kind = named[1] if named else default
    text = text[named.end() :] if named else text
    for place, sign in BACK.items():
        text = text.replace(place, sign)
    return text.strip(TRIMMED), kind


def gift_entry(text: str, comments: str, category: str) -> Entry:
    title, text = re.match(r"::(.*?)::(.*)", text, re.DOTALL).groups()
    start, end = text.index("{"), text.index("}")
    assert not text[end + 1 :].strip(TRIMMED), "text after the answers would be a missing word"
    answers = text[start + 1 : end].strip(TRIMMED)
    prompt, kind = plain(text[:start])
    assert kind == "html"
    answers, _, general = answers.rpartition("####") if "####" in answers else (answers, "", "")
    number = re.search(r"\[id:((?:\\\]|[^\]])+)\]", comments)
    tags = re.findall(r"\[tag:((?:\\\]|[^\]<>`])+)\]", comments)
    entry = Entry(
        category,
        "essay",
        number[1],
        plain(title)[0],
        tuple(tag.replace(r"\]", "]").strip(TRIMMED) for tag in tags),
        prompt,
        plain(general, "html")[0],
    )
    return with_answers(entry, answers.strip(TRIMMED))


def with_answers(entry: Entry, answers: str) -> Entry:
    if not answers:
        return entry
    if answers.startswith("#"):
        found = [weighed(part) for part in answers[1:].split("=") if part.strip(TRIMMED)]
        numbers = (a._replace(text=a.text.partition(":")[0], tolerance=float(a.text.partition(":")[2])) for a in found)
        return entry._replace(kind="numerical", answers=(tuple(numbers),))
    if "~" in answers:
        parts = [part.strip(TRIMMED) for part in answers.replace("=", "~=").split("~")]
        found = (Answer(100.0, *halves(part[1:])) if part[0] == "=" else weighed(part, 0.0) for part in parts if part)
        return entry._replace(kind="multichoice", several="=" not in answers, answers=(tuple(found),))
    if "=" in answers and "->" in answers:
        pairs = (part.partition("->") for part in answers.split("=") if part.strip(TRIMMED))
        return entry._replace(kind="match", pairs=tuple((plain(a)[0], plain(b)[0]) for a, _, b in pairs))
    found = (weighed(part) for part in answers.split("=") if part.strip(TRIMMED))
    return entry._replace(kind="shortanswer", answers=(tuple(found),))


def weighed(text: str, otherwise: float = 100.0) -> Answer:
    text = text.strip(TRIMMED)
    if not WEIGHT.match(text):
        return Answer(otherwise, *halves(text))
    share, _, rest = text[1:].partition("%")
    return Answer(float(share), *halves(rest))


def halves(text: str) -> tuple[str, str]:
    answer, _, feedback = text.partition("#")
    return plain(answer)[0], plain(feedback, "html")[0]
