"""Reads QTI 2.1 and runs its response processing, written after the specification's information model (section 8).

`onyx2moodle`, another reader, is asked about the same items in test_by_others.py.
"""

import math
import zipfile
from io import BytesIO

from lxml import etree

NS = {
    "q": "http://www.imsglobal.org/xsd/imsqti_v2p1",
    "cp": "http://www.imsglobal.org/xsd/imscp_v1p1",
    "lom": "http://ltsc.ieee.org/xsd/LOM",
}


class Package:
    """A content package: its manifest, items by identifier, tests in their order, and files."""

    def __init__(self, data: bytes):
        with zipfile.ZipFile(BytesIO(data)) as archive:
            assert archive.testzip() is None
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.manifest = etree.fromstring(self.files["imsmanifest.xml"])
        self.resources = {node.get("identifier"): node for node in self.manifest.iterfind(".//cp:resource", NS)}
        self.items = {key: Item(self.document(key)) for key in self.of_type("imsqti_item_xmlv2p1")}
        self.tests = {key: self.document(key) for key in self.of_type("imsqti_test_xmlv2p1")}

    def of_type(self, kind: str) -> list[str]:
        return [key for key, node in self.resources.items() if node.get("type") == kind]

    def document(self, identifier: str):
        return etree.fromstring(self.files[self.resources[identifier].get("href")])

    def keywords(self, identifier: str) -> tuple[str, ...]:
        found = self.resources[identifier].iterfind("cp:metadata/lom:lom/lom:general/lom:keyword/lom:string", NS)
        return tuple(node.text for node in found)


def inner(node) -> str:
    """Markup within an element, without the namespaces that it is declared in."""
    whole = etree.tostring(node, encoding="unicode", with_tail=False)
    for name in ("http://www.imsglobal.org/xsd/imsqti_v2p1", "http://www.w3.org/2001/XMLSchema-instance"):
        whole = whole.replace(f' xmlns="{name}"', "").replace(f' xmlns:xsi="{name}"', "")
    start = whole.index(">")
    return "" if whole[start - 1] == "/" else whole[start + 1 : whole.rindex("</")]


class Item:
    """An assessmentItem."""

    def __init__(self, root):
        self.root = root
        self.title = root.get("title")
        self.body = root.find("q:itemBody", NS)
        self.responses = {node.get("identifier"): node for node in root.iterfind("q:responseDeclaration", NS)}
        self.said = {node.get("identifier"): inner(node[0]) for node in root.iterfind("q:modalFeedback", NS)}
        assert all(
            node.get("outcomeIdentifier") == "FEEDBACK" and node.get("showHide") == "show"
            for node in root.iterfind("q:modalFeedback", NS)
        )

    def correct(self, name: str = "RESPONSE") -> list[str]:
        return [node.text or "" for node in self.responses[name].iterfind("q:correctResponse/q:value", NS)]

    def mapped(self, name: str) -> list[str]:
        return [node.get("mapKey") for node in self.responses[name].iterfind("q:mapping/q:mapEntry", NS)]

    def interactions(self, kind: str) -> list:
        return list(self.body.iter(f"{{{NS['q']}}}{kind}"))

    def choices(self) -> dict[str, str]:
        return {node.get("identifier"): inner(node) for node in self.body.iter(f"{{{NS['q']}}}simpleChoice")}

    def run(self, **responses) -> tuple[float, list[str]]:
        """Return the score and what is said, of responses by their names; lists for more than one choice."""
        values = {"SCORE": float(self.root.find("q:outcomeDeclaration/q:defaultValue/q:value", NS).text)}
        values |= {"FEEDBACK": [], **responses}
        self.process(self.root.find("q:responseProcessing", NS), values)
        return values["SCORE"], [self.said[name] for name in values["FEEDBACK"]]

    def process(self, rules, values: dict) -> None:
        for rule in rules:
            name = etree.QName(rule).localname
            if name == "responseCondition":
                (branch,) = rule
                condition, *outcomes = branch
                if self.value(condition, values):
                    self.process(outcomes, values)
            else:
                assert name == "setOutcomeValue", name
                values[rule.get("identifier")] = self.value(rule[0], values)

    def value(self, node, values: dict):
        name = etree.QName(node).localname
        if name in ("variable", "baseValue", "correct", "mapResponse"):
            return self.leaf(name, node, values)
        parts = [self.value(part, values) for part in node]
        if name == "multiple":
            return [one for part in parts for one in (part if isinstance(part, list) else [part])]
        if name == "and":
            return all(parts)
        if name == "sum":
            return math.fsum(parts)
        if name == "divide":
            return parts[0] / parts[1]
        return None not in parts and self.compared(name, node, *parts)

    def leaf(self, name: str, node, values: dict):
        match name:
            case "variable":
                return values.get(node.get("identifier"))
            case "baseValue":
                return float(node.text) if node.get("baseType") == "float" else node.text or ""
            case "mapResponse":
                return self.map_response(node.get("identifier"), values)
        found = self.correct(node.get("identifier"))
        single = self.responses[node.get("identifier")].get("cardinality") == "single"
        return found[0] if single else found

    def compared(self, name: str, node, a, b) -> bool:
        match name:
            case "match":
                ordered = self.responses["RESPONSE"].get("cardinality") == "ordered"
                return a == b if ordered or not isinstance(a, list) else sorted(a) == sorted(b)
            case "member":
                return a in b
            case "stringMatch":
                same = str.__str__ if node.get("caseSensitive") == "true" else str.casefold
                return same(a) == same(b)
            case "equal":
                assert node.get("toleranceMode") == "exact"
                return a == b
            case "gte" | "lte" | "gt":
                return {"gte": float.__ge__, "lte": float.__le__, "gt": float.__gt__}[name](float(a), float(b))
        raise AssertionError(f"no operator {name}")

    def map_response(self, name: str, values: dict) -> float:
        mapping = self.responses[name].find("q:mapping", NS)
        for entry in mapping:
            same = str.__str__ if entry.get("caseSensitive") == "true" else str.casefold
            if values.get(name) is not None and same(entry.get("mapKey")) == same(values[name]):
                return float(entry.get("mappedValue"))
        return float(mapping.get("defaultValue"))
