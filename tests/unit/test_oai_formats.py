"""Which metadata format of a repository is read, what happens when it cannot be had, and second tries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harvesters import oai_formats
from harvesters.oai_formats import Offered
from registry.model import Document, RawRecord, Unchanged
from tests.support.oai_server import OPEN, Item, Repository, repository
from tests.unit.test_oai_harvest import codes, failed, items, keys, of, visit

LOM = "http://ltsc.ieee.org/xsd/LOM"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SPACES = {
    "rdf": RDF, "lom": LOM, "oai_datacite": "http://schema.datacite.org/oai/oai-1.1/",
    "mods": "http://www.loc.gov/mods/v3", "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
}  # fmt: skip
LOM_XML = f'<lom xmlns="{LOM}"><general><title><string language="en">T</string></title></general></lom>'
RDF_XML = f'<r:RDF xmlns:r="{RDF}"><Course xmlns="{{}}"><name>T</name></Course></r:RDF>'
BIBLIOGRAPHY = RDF_XML.replace("{}", "http://purl.org/ontology/bibo/")
COURSES = RDF_XML.replace("{}", "https://schema.org/")


def rich(count, **forms):
    return [replace(item, forms=forms) for item in items(count)]


def asked(content, verb="ListRecords"):
    return [one["metadataPrefix"] for one in content.log if one["verb"] == verb and "metadataPrefix" in one]


def forms(events):
    return [record.format for record in of(events, RawRecord)]


@pytest.mark.parametrize(
    ("prefix", "namespace", "form"),
    [
        ("rdf", RDF, "rdf"),
        ("oai_lom", LOM, "lom"),
        ("x", "http://www.imsglobal.org/xsd/imsmd_v1p2", "lom"),
        ("x", "http://www.imsglobal.org/xsd/imsmd_rootv1p2p1", "lom"),
        ("lomfr", "http://www.lom-fr.fr/xsd/LOMFR", "lom"),
        ("hs_oer_lom", "https://www.oerbw.de/hsoerlom", "lom"),
        ("oai_datacite", "http://schema.datacite.org/oai/oai-1.0/", "datacite"),
        ("datacite4", "http://datacite.org/schema/kernel-4", "datacite"),
        ("mods", "http://www.loc.gov/mods/v3", "mods"),
        ("oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc/", "oai_dc"),
        ("suplomfr", "", "lom"),
        ("oai_datacite4", "", "datacite"),
        ("lom", "http://www.loc.gov/MARC21/slim", ""),
        ("marc21", "", ""),
        ("dcat", "https://www.w3.org/ns/dcat", ""),
        ("qdc", "http://purl.org/dc/terms/", ""),
        ("xoai", "http://www.lyncode.com/xoai", ""),
    ],
)
def test_a_format_is_known_by_its_namespace_first(prefix, namespace, form):
    assert Offered(prefix, namespace).form == form


def test_the_richest_comes_first_whatever_the_order_of_the_list():
    offered = [Offered(prefix, namespace) for prefix, namespace in reversed(SPACES.items())]
    found = [one.prefix for one in oai_formats.candidates(offered, None)]
    assert found == ["rdf", "lom", "oai_datacite", "mods", "oai_dc"]
    assert [one.prefix for one in oai_formats.candidates(offered, "datacite")] == ["oai_datacite"]
    assert [one.prefix for one in oai_formats.candidates(offered, "oai_datacite")] == ["oai_datacite"]
    assert not oai_formats.candidates(offered, "moodle")


def test_a_rich_format_is_chosen_and_each_record_says_what_it_is():
    mixed = [*rich(2, lom=LOM_XML), Item("oai:t:gone", "2026-02-01T00:00:00Z", None)]
    content = Repository(mixed, prefixes=("oai_dc", "lom"), namespaces=SPACES)
    with repository(content) as base:
        events = visit(base)
        assert asked(content) == ["lom"] and forms(events) == ["lom", "lom", "lom"] and not codes(events)
        assert "metadataPrefix=lom" in of(events, RawRecord)[0].source
        # What a repository really sends counts, not what it was asked for.
        assert forms(visit(base, options={"prefix": "oai_dc"})) == ["oai_dc"] * 3
    disguised = Repository(rich(1, lom=""), prefixes=("lom",), namespaces={})
    with repository(disguised) as base:
        assert forms(visit(base)) == ["oai_dc"]


def test_a_namespace_tells_what_an_odd_prefix_stands_for():
    content = Repository(rich(1, unusual=LOM_XML), prefixes=("oai_dc", "unusual"), namespaces={"unusual": LOM})
    with repository(content) as base:
        assert forms(visit(base)) == ["lom"] and asked(content) == ["unusual"]


def test_the_feed_wins():
    content = Repository(rich(2, lom=LOM_XML), prefixes=("oai_dc", "lom"), namespaces=SPACES)
    with repository(content) as base:
        assert forms(visit(base, format="oai_dc")) == ["oai_dc"] * 2
        assert forms(visit(base, options={"prefix": "lom"})) == ["lom"] * 2
        # A crosswalk of another package reads whatever the feed says.
        assert forms(visit(base, format="theirs", options={"prefix": "lom"})) == ["theirs"] * 2
        assert failed(base, format="mods").code == "oai-no-format"
        assert failed(base, options={"prefix": "none"}).code == "oai-error"


def refusing(content, *prefixes):
    def fault(arguments, number):
        if arguments["verb"] == "ListRecords" and arguments.get("metadataPrefix") in prefixes:
            return 200, {}, (OPEN + '<error code="cannotDisseminateFormat">no</error></OAI-PMH>').encode()
        return None

    content.fault = fault
    return content


def test_a_refused_format_falls_back_and_stays_incremental():
    content = refusing(Repository(items(3), prefixes=("lom", "oai_dc"), namespaces=SPACES), "lom")
    with repository(content) as base:
        first = visit(base)
        assert keys(first) == ["oai:t:0", "oai:t:1", "oai:t:2"] and codes(first) == ["oai-format-refused"]
        mark = first[-1].bookmark
        assert first[-1].complete and mark["prefix"] == "oai_dc"
        content.log.clear()
        again = visit(base, bookmark=mark)
        asked_for = [(one["metadataPrefix"], one.get("from")) for one in content.log if one["verb"] == "ListRecords"]
        assert asked_for == [("lom", None), ("oai_dc", "2026-03-01T11:00:00Z")]
        assert not again[-1].complete and again[-1].deletions == "signalled"
        # Once it is delivered everything is read anew: another format is another description of every record.
        content.fault, content.items = None, rich(3, lom=LOM_XML)
        full = visit(base, bookmark=mark)
        assert forms(full) == ["lom"] * 3 and full[-1].complete and full[-1].bookmark["prefix"] == "lom"


def test_a_format_refused_by_everything_is_a_failure():
    content = refusing(Repository(items(1), prefixes=("lom", "oai_dc"), namespaces=SPACES), "lom", "oai_dc")
    with repository(content) as base:
        assert failed(base).code == "oai-error"
        # Asked for by name nothing else is read in its place.
        assert failed(base, format="lom").code == "oai-error"


def test_a_format_that_is_offered_and_never_filled():
    content = Repository(items(3), prefixes=("lom", "oai_dc"), namespaces=SPACES)
    with repository(content) as base:
        events = visit(base)
        assert forms(events) == ["oai_dc"] * 3 and codes(events) == ["oai-format-empty"] and events[-1].complete
        # A format that was read before and is empty now is an empty list, not another format.
        mark = {**events[-1].bookmark, "prefix": "lom"}
        content.items = []
        assert "oai-format-empty" not in codes(visit(base, bookmark=mark))


def test_a_format_that_holds_a_part_of_the_records_is_told():
    some = [*rich(2, lom=LOM_XML), *items(3, start=2)]
    content = Repository(some, prefixes=("lom", "oai_dc"), namespaces=SPACES)
    with repository(content) as base:
        events = visit(base)
        assert len(keys(events)) == 2 and codes(events) == ["oai-format-lists-fewer"]
        content.sizes = False
        assert codes(visit(base)) == ["oai-format-lists-fewer"], "a list on one page can be counted"
        assert not codes(visit(base, options={"prefix": "lom"})) and not codes(visit(base, format="lom"))


@pytest.mark.parametrize(("xml", "form"), [(COURSES, "rdf"), (BIBLIOGRAPHY, "oai_dc")])
def test_rdf_is_read_where_it_speaks_of_learning(xml, form):
    content = Repository(rich(2, rdf=xml), prefixes=("rdf", "oai_dc"), namespaces=SPACES)
    with repository(content) as base:
        events = visit(base)
    assert forms(events) == [form] * 2
    assert codes(events) == ([] if form == "rdf" else ["oai-format-foreign"])
    assert (b"<r:RDF" in of(events, RawRecord)[0].payload) == (form == "rdf")


BROKEN = "<dc:title>Title 1</dc:title>"


def breaking(content, alone=None):
    """A listing in which one record is not well-formed; ``alone`` is the answer to GetRecord."""

    def fault(arguments, number):
        if arguments["verb"] == "ListRecords":
            return 200, {}, content.answer(arguments, "/oai").replace(BROKEN.encode(), b"<dc:title>Title 1</dc:oops>")
        return alone if arguments["verb"] == "GetRecord" else None

    content.fault = fault
    return content


def test_a_record_that_is_broken_in_its_page_is_asked_for_alone():
    content = breaking(Repository(items(3)))
    with repository(content) as base:
        events = visit(base)
        assert keys(events) == ["oai:t:0", "oai:t:1", "oai:t:2"] and not any(r.broken for r in of(events, RawRecord))
        assert [one["identifier"] for one in content.log if one["verb"] == "GetRecord"] == ["oai:t:1"]
        second = of(events, RawRecord)[1]
        assert b"Title 1" in second.payload and second.locator == "page 1, record 2" and not second.issues
        again = visit(base, seen={document.digest for document in of(events, Document)})
    assert not keys(again) and len(of(again, Unchanged)) == 1


@pytest.mark.parametrize(
    ("alone", "partly"),
    [
        ((200, {}, b"<nonsense"), False),
        ((200, {}, (OPEN + '<error code="idDoesNotExist"/></OAI-PMH>').encode()), False),
        ((200, {}, Repository(items(5)).answer({"verb": "GetRecord", "identifier": "oai:t:4"}, "/oai")), False),
        ((500, {}, b"oops"), True),
    ],
)
def test_a_second_try_that_fails_leaves_the_record_broken(alone, partly):
    content = breaking(Repository(items(3)), alone)
    with repository(content) as base:
        events = visit(base)
    assert [record.key for record in of(events, RawRecord) if record.broken] == ["oai:t:1"]
    assert of(events, RawRecord)[1].issues[0].code == "oai-broken-record"
    # Nobody answered: the page is read again next time.
    assert of(events, Document)[0].digest.endswith("-partly") == partly
