"""The steps of prepare: their order, what is inferred apart from what is stated, the licence of descriptions."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import Graph, URIRef

from registry.crosswalk.base import Mapped, Placed
from registry.graph import describe, export
from registry.graph.store import EmbeddedStore
from registry.iris import DCTERMS, MA, SCHEMA, SPDX, Iris
from registry.ledger.log import graph_digest
from registry.ledger.records import Waiting
from registry.model import Academy, Change, Feed, RawRecord
from registry.prepare import workers
from registry.prepare.record import Prepared, Preparer
from registry.prepare.setup import make_preparer, recipe_digest
from registry.prepare.steps import Annotate
from registry.prepare.workers import Job
from registry.terms import Iri, Literal

ROOT = Path(__file__).resolve().parents[2]
IRIS = Iris("https://registry.example")
FEED = Feed("list", "office", "table", "https://office.example/list.csv", language="en", metadata_licence="CC0-1.0")
OFFICE = Academy("office", {"en": "Office"}, "https://office.example/", feeds=(FEED,))
RESOURCE = IRIS.resource("list", "1")
SUBJECT = IRIS.concept("gsbpm", "sp-5.3")


def row(**more: str) -> RawRecord:
    fields = {"title": "Reviewing data", "description": "How to review and validate.", **more}
    payload = json.dumps({"header": {name: name for name in fields}, "row": fields, "unknown": {}}, sort_keys=True)
    return RawRecord("1", payload.encode(), "application/json", "table", "https://office.example/1")


@pytest.fixture(scope="module")
def preparer(tmp_path_factory: pytest.TempPathFactory) -> Preparer:
    return make_preparer(Job(OFFICE, FEED, IRIS, ROOT, tmp_path_factory.mktemp("cache")))


def infer(mapped: Mapped) -> Sequence[Placed]:
    return [
        (s, Iri(SCHEMA + "about"), SUBJECT, place)
        for s, p, o, place in mapped.triples
        if p == SCHEMA + "description" and isinstance(o, Literal) and "validate" in o.value
    ]


def once(preparer: Preparer, annotate: Annotate | None = None, **more: str) -> Prepared:
    (prepared,) = replace(preparer, annotate=annotate).prepare([row(**more)])
    return prepared


def test_what_is_inferred_stands_apart_and_silences_the_warning(preparer: Preparer) -> None:
    plain, annotated = once(preparer), once(preparer, infer)
    codes = [{f.issue.code for f in one.findings} for one in (plain, annotated)]
    assert "LR-about" in codes[0] and codes[0] - codes[1] == {"LR-about"}
    assert plain.stated == annotated.stated and plain.inferred == ""
    assert annotated.inferred == f"<{RESOURCE}> <{SCHEMA}about> <{SUBJECT}> .\n"


def test_what_is_stated_is_not_inferred_again(preparer: Preparer) -> None:
    prepared = once(preparer, infer, gsbpm="5.3")
    assert str(SUBJECT) in prepared.stated and prepared.inferred == ""


def test_inference_sees_only_what_is_published_and_speaks_for_nobody_else(preparer: Preparer) -> None:
    feed = replace(FEED, publish={"columns": ("description",)})
    context = replace(preparer.context, feed=feed)
    (prepared,) = replace(preparer, context=context, annotate=infer).prepare([row()])
    assert (prepared.inferred, "validate" in prepared.stated) == ("", False)
    elsewhere: Placed = (Iri("https://x.example/"), Iri(SCHEMA + "about"), SUBJECT, "")
    with pytest.raises(RuntimeError, match="does not describe"):
        replace(preparer, annotate=lambda mapped: [elsewhere]).prepare([row()])


def test_the_digest_covers_stated_and_inferred(preparer: Preparer) -> None:
    waiting = [Waiting(1, row(), "sha256:1", False)]
    digests = []
    for annotate in (None, infer):
        (outcome,) = workers.outcomes(replace(preparer, annotate=annotate), waiting)
        digests.append(outcome.digest)
    prepared = once(preparer, infer)
    assert digests[0] != digests[1] == graph_digest(prepared.stated, prepared.inferred)


def test_the_licence_of_the_descriptions_stands_on_the_entry(preparer: Preparer) -> None:
    node = IRIS.record("list", "1")
    assert f"<{node}> <{DCTERMS}license> <{SPDX}CC0-1.0> ." in once(preparer).stated
    for said, found in (("https://office.example/terms", True), ("ask us", False)):
        context = replace(preparer.context, feed=replace(FEED, metadata_licence=said))
        (prepared,) = replace(preparer, context=context).prepare([row()])
        assert (f"<{node}> <{DCTERMS}license> <{said}> ." in prepared.stated) == found


def test_the_feeds_entry_is_part_of_the_recipe() -> None:
    usual = recipe_digest(ROOT, OFFICE, FEED, "https://registry.example")
    for other in (replace(FEED, publish={"columns": ("cost",)}), replace(FEED, metadata_licence=None)):
        assert recipe_digest(ROOT, OFFICE, other, "https://registry.example") != usual
    assert recipe_digest(ROOT, OFFICE, replace(FEED, allow_hosts=("x",)), "https://registry.example") == usual


@pytest.mark.parametrize("ending", [".nq", ".trig", ".nt", ".ttl.gz"])
def test_texts_are_exported_only_with_permission(preparer: Preparer, tmp_path: Path, ending: str) -> None:
    feeds = {"list": "none", "shared": "agreed"}
    office = replace(OFFICE, feeds=tuple(replace(FEED, id=name, permission=how) for name, how in feeds.items()))  # type: ignore[arg-type]
    store = EmbeddedStore(tmp_path / "graph", IRIS, "r", dict.fromkeys(feeds, "office"))
    changes = []
    for number, name in enumerate(feeds, 1):
        context = replace(preparer.context, feed=replace(FEED, id=name))
        (prepared,) = replace(preparer, context=context).prepare([row()])
        subject = IRIS.record(name, "1")
        changes.append(
            Change(number, "2026-01-01T00:00:00Z", "record", subject, "source", name, "1", stated=prepared.stated)
        )
    store.apply(changes, None, 2)
    store.replace(describe.academies([office], IRIS))
    store.snapshot(tmp_path / "release")
    store.close()
    target = tmp_path / f"out{ending}"
    count = export.export(tmp_path / "release", target, {})
    data = gzip.decompress(target.read_bytes()) if ending.endswith("gz") else target.read_bytes()
    written = data.decode()
    assert written.count("How to review and validate.") == 1
    assert written.startswith("#") and "not agreed" in written and ": list." in written
    assert written.count("Reviewing data") == 2, "titles are facts"
    if ending in (".nt", ".ttl.gz"):
        graph = Graph().parse(data=written, format="nt" if ending == ".nt" else "turtle")
        assert len(graph) == count
        assert {str(o) for o in graph.objects(None, URIRef(MA + "permission"))} == {"none", "agreed"}
