"""Packages against the schemas of their formats: QTI 2.1, its profile of Content Packaging, and SCORM 1.2's rules."""

import re
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from lxml import etree

from lmkit import study
from lmkit.study import exports
from lmkit.widgets.cards._sco.scorm import FORMAT as SCORM
from tests.sample_cards import deck

SCHEMAS = Path(__file__).with_name("schemas") / "qti21.zip"
QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1.xsd"
PACKAGING = "http://www.imsglobal.org/xsd/qti/qtiv2p1/qtiv2p1_imscpv1p2_v1p0.xsd"
RENAMED = {"imsqti_metadata_v2p1p1.xsd": "imsqti_metadata_v2p1.xsd"}

# What our packages use of IEEE LOM: the loose binding of IMS has these in this order, and much more.
LOM = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="http://ltsc.ieee.org/xsd/LOM"
  targetNamespace="http://ltsc.ieee.org/xsd/LOM" elementFormDefault="qualified">
  <xs:complexType name="LangString"><xs:sequence><xs:element name="string" maxOccurs="unbounded"><xs:complexType>
    <xs:simpleContent><xs:extension base="xs:string"><xs:attribute name="language" type="xs:string"/></xs:extension>
    </xs:simpleContent></xs:complexType></xs:element></xs:sequence></xs:complexType>
  <xs:element name="lom"><xs:complexType><xs:sequence><xs:element name="general"><xs:complexType><xs:sequence>
    <xs:element name="title" type="LangString" minOccurs="0"/>
    <xs:element name="keyword" type="LangString" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


class FromZip(etree.Resolver):
    """Finds schemas by their addresses in the zip: nothing is fetched."""

    def resolve(self, url, public_id, context):
        if url.endswith("imsmd_loose_v1p3p2.xsd"):
            return self.resolve_string(LOM, context)
        return self.resolve_string(content(url), context, base_url=url)


@cache
def content(url: str) -> bytes:
    path = url.split("://", 1)[1]
    folder, _, name = path.rpartition("/")
    with zipfile.ZipFile(SCHEMAS) as archive:
        return archive.read(f"{folder}/{RENAMED.get(name, name)}")


@cache
def schema(url: str) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(FromZip())
    return etree.XMLSchema(etree.fromstring(content(url), parser, base_url=url))


@cache
def files(kind) -> dict[str, bytes]:
    data, _ = exports.render(study.load_all(), kind, address="https://example.org/book")
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check(url: str, document: bytes) -> None:
    found = schema(url)
    assert found.validate(etree.fromstring(document)), str(found.error_log.last_error)


@pytest.mark.parametrize("chapter", study.chapters())
def test_items_and_tests_are_valid_qti(chapter):
    check(QTI, files("qti")[f"tests/{chapter}.xml"])
    for card in study.load(chapter).cards:
        check(QTI, files("qti")[f"items/{card.id}.xml"])


@pytest.mark.parametrize(
    "formula",
    [
        r"\tfrac{1}{2} + \dfrac{a}{b}",
        r"\tbinom{n}{k}",
        r"x + \displaystyle\sum_i x_i",
        r"\frac{\tfrac12}{\textstyle\sum_i i}",
    ],
)
def test_formulas_that_say_their_size_are_valid_qti(formula):
    """In the book's pages any element may say it; in MathML 2, which QTI has, only `mstyle`."""
    card = study.Flashcard(id="sized", section="Two states", question=f"What is ${formula}$?", answer="A number.")
    data, _ = exports.render([deck(card)], "qti")
    with zipfile.ZipFile(BytesIO(data)) as archive:
        item = archive.read("items/sized.xml")
    check(QTI, item)
    assert item.count(b"<mstyle ") == len(re.findall(r"\\[td]frac|tbinom|\\displaystyle|\\textstyle", formula))


def test_the_manifest_is_a_valid_content_package():
    check(PACKAGING, files("qti")["imsmanifest.xml"])


@pytest.mark.parametrize(
    ("url", "file", "old", "new"),
    [
        (QTI, "items/lstm-which-state-lasts.xml", b"<simpleChoice", b"<simpleChoise"),
        (QTI, "items/lstm-which-state-lasts.xml", b' maxChoices="1"', b' maxChoices="one"'),
        (QTI, "items/next-which-loss.xml", b"<math", b"<m"),
        (QTI, "tests/lstm.xml", b' navigationMode="nonlinear"', b""),
        (PACKAGING, "imsmanifest.xml", b"QTIv2.1 Package", b"A package"),
        (PACKAGING, "imsmanifest.xml", b"<keyword>", b"<tag>"),
    ],
)
def test_the_schemas_find_faults(url, file, old, new):
    document = files("qti")[file]
    broken = document.replace(old, new).replace(old.replace(b"<", b"</"), new.replace(b"<", b"</"))
    assert broken != document
    with pytest.raises(AssertionError):
        check(url, broken)


# --- SCORM 1.2 ------------------------------------------------------------------------------------------------------

NS = {"cp": "http://www.imsproject.org/xsd/imscp_rootv1p1p2", "adlcp": "http://www.adlnet.org/xsd/adlcp_rootv1p2"}
# The order of elements and the attributes that must be there, as imscp_rootv1p1p2.xsd has them.
CHILDREN = {
    "manifest": ["metadata", "organizations", "resources"],
    "metadata": ["schema", "schemaversion"],
    "organization": ["title", "item"],
    "organizations": ["organization"],
    "item": ["title"],
    "resources": ["resource"],
    "resource": ["file"],
}
REQUIRED = {"manifest": "identifier", "organization": "identifier", "item": "identifier", "resource": "identifier"}


def test_the_manifest_of_quizzes_keeps_scorm_s_rules():
    root = etree.fromstring(files(SCORM)["imsmanifest.xml"])
    for node in root.iter():
        name = etree.QName(node).localname
        assert etree.QName(node).namespace == NS["cp"]
        assert list(dict.fromkeys(etree.QName(child).localname for child in node)) == CHILDREN.get(name, [])
        assert name not in REQUIRED or node.get(REQUIRED[name])
    assert root.findtext("cp:metadata/cp:schema", namespaces=NS) == "ADL SCORM"
    assert root.findtext("cp:metadata/cp:schemaversion", namespaces=NS) == "1.2"
    identifiers = [node.get("identifier") for node in root.iter() if node.get("identifier")]
    assert len(set(identifiers)) == len(identifiers)
    assert root.find("cp:organizations", NS).get("default") in identifiers
    assert all(len(title.text) <= 200 for title in root.iter(f"{{{NS['cp']}}}title"))


def test_each_chapter_is_an_item_with_a_page_that_runs():
    root = etree.fromstring(files(SCORM)["imsmanifest.xml"])
    resources = {node.get("identifier"): node for node in root.iterfind(".//cp:resource", NS)}
    items = [resources[node.get("identifierref")] for node in root.iterfind(".//cp:item", NS)]
    assert [item.get("href") for item in items] == [f"{chapter}.html" for chapter in study.chapters()]
    for item in items:
        assert item.get("type") == "webcontent" and item.get(f"{{{NS['adlcp']}}}scormtype") == "sco"
        assert [file.get("href") for file in item.iterfind("cp:file", NS)] == [item.get("href")]
        page = files(SCORM)[item.get("href")].decode()
        assert "http://" not in page.replace("http://www.w3.org/", "")  # nothing is asked of the network
        assert "<script src" not in page and "<link" not in page and "@import" not in page
    assert set(files(SCORM)) == {"imsmanifest.xml", *(item.get("href") for item in items)}
