"""What every projection of the graph must do, whatever engine holds it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import relations
from registry.graph import counted, describe, partitions
from registry.graph.layout import BadChange
from registry.graph.store import EmbeddedStore, Marker, MatchDelta, Projection
from registry.graph.vocabulary import load_vocabulary
from registry.graph.works import WorkDelta
from registry.iris import DCAT, DCTERMS, MA, PROV, SSSOM, schema
from registry.model import Academy, Answer, Change, Evidence, Feed, Match, Run, Work
from registry.terms import Iri, Literal
from tests.support.graphs import BASE, IRIS, TIME, record_change, tombstone_change
from tests.support.store_servers import Server
from tests.support.stores import KINDS, Led, led

ROOT = Path(__file__).resolve().parents[2]
ACADEMIES = {"one": "alpha", "two": "beta"}


def opened(path: Path) -> EmbeddedStore:
    return EmbeddedStore(path, IRIS, "recipe-1", ACADEMIES)


@pytest.fixture(params=["embedded", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path, server: Callable[[str], Server]) -> Iterator[EmbeddedStore]:
    """The embedded store alone, or led after by a server: then each look at its content looks there too."""
    path = tmp_path / "graph"
    kind = str(request.param)
    made = opened(path) if kind == "embedded" else led(path, "recipe-1", ACADEMIES, kind, server(kind))
    yield made
    made.close()


def content(store: EmbeddedStore) -> set[str]:
    """All quads but the marker, and the names of all graphs."""
    assert store.counts() == counted.whole(store.store, store.iris)
    standing = partitions.whole(store.store, store.iris) if len(store.store) else None
    assert partitions.kept(store.store, store.iris) == standing
    public = {str(quad) for quad in store.store if "/graph/projection" not in str(quad.graph_name)}
    if isinstance(store, Led) and store.marker() is not None:
        assert store.held() == public
    return public | {f"graph {name}" for name in store.store.named_graphs() if "/graph/projection" not in str(name)}


def in_graph(store: EmbeddedStore, name: str) -> set[str]:
    if isinstance(store, Led):
        content(store)
    return {str(quad.triple) for quad in store.store.quads_for_pattern(None, None, None, ox.NamedNode(name))}


def no_triple_twice(store: EmbeddedStore) -> None:
    seen = Counter(quad.triple for quad in store.store)
    assert [str(triple) for triple, count in seen.items() if count > 1] == []


def match(left: str, right: str, status: str = "accepted", relation: str = "part", source: str = "") -> Match:
    evidence = Evidence("title-similarity", "jaro-winkler", 0.97, "Git", 'git "2"', "name", "name")
    left, right = sorted((left, right))
    return Match(left, right, relation, 0.9, status, "title", "LexicalMatching", (evidence,), source)  # type: ignore[arg-type]


A, B, C = (str(IRIS.resource("one", key)) for key in "abc")


def _inside(address: str) -> bool:
    return "//intranet" in address


def test_the_address_of_an_intranet_is_not_published() -> None:
    feeds = (Feed("one", "alpha", "table", "http://intranet/list.csv"), Feed("two", "alpha", "git", "file:///srv/x"))
    academy = Academy("alpha", {"en": "Alpha"}, "https://alpha.example/", feeds=feeds)
    visits = [Run(str(IRIS.run(feed.id, "1")), feed.id, "alpha", TIME) for feed in feeds]
    written = "".join(describe.provenance(visits, [academy], IRIS, _inside).values())
    assert "intranet" not in written and "file:" not in written
    described = describe.academies([academy], IRIS)[IRIS.graph("catalog/alpha")]
    for name in ("one", "two"):
        node = f"<{IRIS.catalog('alpha')}/feed/{name}>"
        assert f"<http://www.w3.org/ns/prov#used> {node}" in written and f"{node} <" in described


def test_an_empty_projection_has_no_marker_and_a_first_apply_sets_it(store: Projection) -> None:
    assert store.marker() is None
    store.apply([record_change(1, "a")], None, 1)
    assert store.marker() == Marker(1, "recipe-1")
    assert store.counts() == {"records": 1, "tombstones": 0, "matches": 0, "relations": 0, "triples": 12}


def test_a_record_stands_in_its_own_graph_with_links_and_bookkeeping(store: EmbeddedStore) -> None:
    store.apply([record_change(1, "a", inferred=f"{BASE}/id/concept/gsbpm/sp-5.1")], None, 1)
    own = in_graph(store, IRIS.record("one", "a"))
    assert len(own) == 10
    assert any('dc/terms/modified> "2026-03-01T10:00:00Z"^^' in row for row in own)
    assert in_graph(store, f"{BASE}/graph/catalog/alpha") == {
        f"<{BASE}/id/catalog/alpha> <{DCAT}record> <{IRIS.record('one', 'a')}>",
        f"<{BASE}/id/catalog/alpha> <{DCAT}resource> <{A}>",
    }
    assert in_graph(store, f"{BASE}/graph/derived/classification") == {
        f"<{A}> <http://schema.org/about> <{BASE}/id/concept/gsbpm/sp-5.1>"
    }


def test_applying_twice_changes_nothing(store: EmbeddedStore) -> None:
    changes = [record_change(1, "a"), record_change(2, "b", feed="two"), tombstone_change(3, "c")]
    delta = MatchDelta([match(A, B)])
    store.apply(changes, delta, 3)
    before = content(store)
    store.apply(changes, delta, 3)
    assert content(store) == before


def test_a_withdrawn_record_leaves_a_tombstone_only_and_may_come_back(store: EmbeddedStore) -> None:
    first = record_change(1, "a", inferred=f"{BASE}/id/concept/gsbpm/sp-5.1")
    store.apply([first], None, 1)
    before = content(store)
    store.apply([tombstone_change(2, "a")], None, 2)
    rows = content(store)
    assert f"graph <{BASE}/graph/tombstones>" in rows
    assert {row for row in rows if row.startswith("graph")} == {f"graph <{BASE}/graph/tombstones>"}
    assert any("record-status/deleted" in row for row in rows)
    store.apply([first], None, 3)
    assert content(store) == before


def test_a_fault_in_one_change_leaves_all_as_it_was(store: EmbeddedStore) -> None:
    store.apply([record_change(1, "a")], None, 1)
    before = content(store)
    bad = record_change(3, "c")
    foreign = f'<{A}> <http://schema.org/name> "stolen"@en .\n'
    for stated in (bad.stated + foreign, bad.stated.replace("LearningResource>", "Learning Resource>")):
        wrong = Change(3, TIME, "record", bad.subject, "source", "one", "c", "", TIME, stated)
        with pytest.raises(BadChange):
            store.apply([record_change(2, "b"), wrong], None, 3)
    with pytest.raises(BadChange, match="no academy"):
        store.apply([record_change(2, "b", feed="unknown")], None, 3)
    assert content(store) == before
    assert store.marker() == Marker(1, "recipe-1")


def test_hostile_text_stays_text(store: EmbeddedStore) -> None:
    nasty = 'a" } } ; DROP ALL ; # \\ \n \t \x07 é 𝒳'
    store.apply([record_change(1, "a", name=nasty)], None, 1)
    (value,) = store.store.quads_for_pattern(ox.NamedNode(A), ox.NamedNode(schema("name")), None, None)
    assert value.object.value == nasty  # type: ignore[union-attr]
    store.apply([record_change(2, "a", name="plain")], None, 2)
    (value,) = store.store.quads_for_pattern(ox.NamedNode(A), ox.NamedNode(schema("name")), None, None)
    assert value.object.value == "plain"  # type: ignore[union-attr]


def test_matches_are_described_and_accepted_ones_stand_directly(store: EmbeddedStore) -> None:
    store.apply([record_change(i, key) for i, key in enumerate("abc", 1)], None, 3)
    store.apply([], MatchDelta([match(A, B, source=A), match(A, C, "candidate"), match(B, C, "rejected")]), 3)
    part = "http://schema.org/isPartOf"
    assert in_graph(store, f"{BASE}/graph/derived/relations") == {f"<{B}> <{part}> <{A}>"}
    rows = in_graph(store, f"{BASE}/graph/matches")
    node = IRIS.match(B, C)
    assert f"<{node}> <{SSSOM}predicate_modifier> <{SSSOM}NegatedPredicate>" in rows
    unknown = [row for row in rows if "#directionUnknown>" in row]
    assert len(unknown) == 2 and not any(row.startswith(f"<{IRIS.match(A, B)}>") for row in unknown)
    data = rdflib.Graph().parse(data="".join(f"{row} .\n" for row in rows), format="nt")
    shapes = rdflib.Graph().parse(ROOT / "shapes/match.ttl", publicID=f"{BASE}/")
    conforms, _, report = pyshacl.validate(data, shacl_graph=shapes)
    assert conforms, report
    assert store.counts()["matches"] == 3
    store.apply([], MatchDelta([match(A, B, "rejected")]), 3)
    assert in_graph(store, f"{BASE}/graph/derived/relations") == set()
    store.apply([], MatchDelta(removed=[IRIS.match(A, B)]), 3)
    assert store.counts()["matches"] == 2
    store.apply([], MatchDelta([match(A, C)], complete=True), 3)
    assert store.counts() | {"triples": 0} == {
        "records": 3, "tombstones": 0, "matches": 1, "relations": 1, "triples": 0,
    }  # fmt: skip


def conforms(rows: set[str]) -> None:
    """Whether lines of N-Triples keep the shapes of matches and works."""
    data = rdflib.Graph().parse(data="".join(f"{row} .\n" for row in rows), format="nt")
    shapes = rdflib.Graph().parse(ROOT / "shapes/match.ttl", publicID=f"{BASE}/")
    sound, _, report = pyshacl.validate(data, shacl_graph=shapes)
    assert sound, report


def test_weights_finders_and_answers_stand_with_the_match_and_go_with_it(store: EmbeddedStore) -> None:
    plain = match(A, B, "discussed")
    evidence = tuple(replace(plain.evidence[0], weight=weight) for weight in (6.5, -1.5, 0.0))
    answers = (Answer("alpha", "translation", "feed"), Answer("beta", "different", "publisher"))
    told = replace(
        plain,
        evidence=evidence,
        weight=5.5,
        probability=0.9,
        generators=("title", "text"),
        answers=answers,
        model="m1",
    )
    store.apply([], MatchDelta([told]), 1)
    rows = in_graph(store, f"{BASE}/graph/matches")
    node = IRIS.match(A, B)
    double = "^^<http://www.w3.org/2001/XMLSchema#double>"
    weights = {row.split("> ", 1)[0][1:]: row.rsplit(" ", 1)[1] for row in rows if f"<{MA}weight>" in row}
    assert weights == {
        str(node): f'"5.5"{double}',
        f"{node}/evidence/1": f'"6.5"{double}',
        f"{node}/evidence/2": f'"-1.5"{double}',
    }
    assert {row.rsplit(" ", 1)[1] for row in rows if f"<{MA}generator>" in row} == {'"title"', '"text"'}
    assert f"<{node}/answer/2> <{PROV}wasAttributedTo> <{IRIS.academy('beta')}>" in rows
    assert f"<{node}/answer/2> <{MA}answeredRelation> <{MA}differentFrom>" in rows
    assert f'<{node}> <{MA}calibrated> "true"^^<http://www.w3.org/2001/XMLSchema#boolean>' in rows
    assert in_graph(store, f"{BASE}/graph/derived/relations") == set()
    conforms(rows)
    store.apply([], MatchDelta([replace(plain, status="candidate")]), 1)
    left = in_graph(store, f"{BASE}/graph/matches")
    assert not any("/answer/" in row or f"<{MA}weight>" in row for row in left)
    assert f'<{node}> <{MA}calibrated> "false"^^<http://www.w3.org/2001/XMLSchema#boolean>' in left
    store.apply([], MatchDelta(removed=[node]), 1)
    assert in_graph(store, f"{BASE}/graph/matches") == set()


WORKS = f"{BASE}/graph/derived/works"


def test_works_lead_from_resources_and_former_ids_lead_on(store: EmbeddedStore) -> None:
    work, twice = Work("w1", "work", (A, B, C)), Work("c1", "cluster", (A, B))
    store.apply([], None, 1, WorkDelta([work, twice]))
    rows = in_graph(store, WORKS)
    assert f"<{A}> <{schema('exampleOfWork')}> <{BASE}/id/work/w1>" in rows
    assert f"<{BASE}/id/work/c1> <{PROV}hadMember> <{B}>" in rows
    assert f"<{BASE}/id/work/c1> <{DCTERMS}isPartOf> <{BASE}/id/work/w1>" in rows
    conforms(rows)
    assert store.works() == {"w1", "c1"}
    # Another work takes it in: what is listed twice stays what it is, and belongs to the other now.
    store.apply([], None, 2, WorkDelta([Work("w0", "work", (A, B, C))], redirects={"w1": "w0"}))
    rows = in_graph(store, WORKS)
    assert f"<{BASE}/id/work/w1> <{DCTERMS}isReplacedBy> <{BASE}/id/work/w0>" in rows
    assert [row for row in rows if "isPartOf" in row] == [
        f"<{BASE}/id/work/c1> <{DCTERMS}isPartOf> <{BASE}/id/work/w0>"
    ]
    assert len([row for row in rows if "exampleOfWork" in row]) == 3
    conforms(rows)
    store.apply([], None, 3, WorkDelta([Work("w0", "work", (A, C))], retired=["c1"]))
    rows = in_graph(store, WORKS)
    assert not any("hadMember" in row or "isPartOf" in row for row in rows)
    assert [row for row in rows if "/work/c1>" in row] == [
        f"<{BASE}/id/work/c1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{MA}FormerWork>"
    ]
    conforms(rows)
    store.apply([], None, 4, WorkDelta(gone=["w0", "c1"], redirects={}))
    assert store.works() == {"w1"}
    store.apply([], None, 5, WorkDelta([work], complete=True))
    assert store.works() == {"w1"} and not any("isReplacedBy" in row for row in in_graph(store, WORKS))


def partition(labels: list[tuple[int, int]]) -> dict[str, Work]:
    """Works by id from (work, cluster) of each resource; a cluster lies within one work, and has two members."""
    members: dict[str, list[str]] = {}
    for key, (work, cluster) in zip("abcdef", labels, strict=True):
        resource = str(IRIS.resource("one", key))
        members.setdefault(f"w{work}", []).append(resource)
        members.setdefault(f"c{work}{cluster}", []).append(resource)
    levels = {"w": "work", "c": "cluster"}
    return {
        name: Work(name, levels[name[0]], tuple(sorted(some)))  # type: ignore[arg-type]
        for name, some in members.items()
        if len(some) > 1
    }


LABELS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=6, max_size=6)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(LABELS, min_size=1, max_size=5))
def test_works_step_by_step_equal_a_rebuild(
    tmp_path_factory: pytest.TempPathFactory, steps: list[list[tuple[int, int]]]
) -> None:
    folder = tmp_path_factory.mktemp("works")
    store = opened(folder / "step-by-step")
    standing: dict[str, Work] = {}
    ever: set[str] = set()
    redirects: dict[str, str] = {}
    retired: set[str] = set()
    for sequence, labels in enumerate(steps, 1):
        now = partition(labels)
        changed = [work for name, work in now.items() if standing.get(name) != work]
        ever |= set(now)
        heirs = sorted(name for name in now if name.startswith("w"))
        former = ever - set(now)
        redirects = {name: heirs[0] for name in former if name.startswith("w") and heirs}
        retired = former - set(redirects)
        store.apply([], None, sequence, WorkDelta(changed, redirects=redirects, retired=retired))
        standing = now
    built = opened(folder / "built")
    built.bulk([], [], WorkDelta(list(standing.values()), redirects=redirects, retired=retired))
    built.apply([], None, len(steps))
    assert content(store) == content(built)
    assert store.works() == ever


def test_a_direct_triple_yields_to_a_record_that_states_it_and_comes_back(store: EmbeddedStore) -> None:
    plain = record_change(1, "b")
    stating = record_change(3, "b", extra=(("isPartOf", Iri(A)),))
    store.apply([record_change(2, "a"), plain], MatchDelta([match(A, B, source=A)]), 2)
    direct = f"{BASE}/graph/derived/relations"
    assert len(in_graph(store, direct)) == 1
    store.apply([stating], None, 3)
    assert in_graph(store, direct) == set()
    no_triple_twice(store)
    store.apply([plain], None, 4)
    assert len(in_graph(store, direct)) == 1


def test_descriptions_are_replaced_and_catalogue_links_stay(store: EmbeddedStore) -> None:
    feed = Feed("one", "alpha", "table", "http://alpha.test/list.csv", language="fr")
    academy = Academy(
        "alpha", {"en": "Alpha", "fr": "Alpha"}, "http://alpha.test/", "FR", "AL", "https://ror.org/1", feeds=(feed,)
    )
    run = Run(f"{BASE}/id/run/one/1", "one", "alpha", TIME, TIME, "done", counts={"records": 3, "violations": 1})
    store.apply([record_change(1, "a")], None, 1)
    store.replace(describe.academies([academy], IRIS))
    store.merge(describe.provenance([run], [academy], IRIS, _inside))
    before = content(store)
    store.replace(describe.academies([academy], IRIS))
    store.merge(describe.provenance([run], [academy], IRIS, _inside))
    assert content(store) == before
    no_triple_twice(store)
    data = rdflib.Graph().parse(data="".join(f"{quad.triple} .\n" for quad in store.store), format="nt")
    shapes = rdflib.Graph().parse(ROOT / "shapes/catalog.ttl", publicID=f"{BASE}/")
    conforms, _, report = pyshacl.validate(data, shacl_graph=shapes)
    assert conforms, report
    rows = in_graph(store, f"{BASE}/graph/catalog/alpha")
    assert f"<{BASE}/id/catalog/alpha> <{DCAT}record> <{IRIS.record('one', 'a')}>" in rows
    assert len(in_graph(store, f"{BASE}/graph/provenance/one")) == 14
    later = Run(f"{BASE}/id/run/one/2", "one", "alpha", TIME, TIME, "done")
    store.merge(describe.provenance([later], [academy], IRIS, _inside))
    assert len(in_graph(store, f"{BASE}/graph/provenance/one")) == 20


def test_a_snapshot_is_readable_and_hides_the_marker(store: EmbeddedStore, tmp_path: Path) -> None:
    store.apply([record_change(1, "a"), record_change(2, "b")], None, 2)
    store.snapshot(tmp_path / "release")
    store.apply([tombstone_change(3, "a")], None, 3)
    copy = ox.Store.read_only(str(tmp_path / "release"))
    union = copy.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", use_default_graph_as_union=True)
    distinct = copy.query(
        "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } }", use_default_graph_as_union=True
    )
    assert [int(row[0].value) for row in union] == [int(row[0].value) for row in distinct] == [24]  # type: ignore[union-attr, index]
    assert not [name for name in copy.named_graphs() if "projection" in str(name)]
    assert store.marker() == Marker(3, "recipe-1")


KEYS = st.sampled_from("abcd")
EVENTS = st.one_of(
    st.tuples(st.just("record"), KEYS, st.sampled_from(["Git", "R"]), st.sampled_from(["", "abcd"]), st.booleans()),
    st.tuples(st.just("tombstone"), KEYS),
    st.tuples(st.just("match"), KEYS, KEYS, st.sampled_from(["candidate", "accepted", "rejected"])),
)


@settings(max_examples=15, deadline=None)
@given(batches=st.lists(st.lists(EVENTS, max_size=5), max_size=5))
def test_the_projection_equals_a_rebuild(tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple]]) -> None:  # type: ignore[type-arg]
    folder = tmp_path_factory.mktemp("rebuild")
    store = opened(folder / "step-by-step")
    newest: dict[str, Change] = {}
    matches: dict[str, Match] = {}
    sequence = 0
    for batch in batches:
        changes: list[Change] = []
        delta: list[Match] = []
        for event in batch:
            sequence += 1
            if event[0] == "record":
                _, key, name, parts, inferred = event
                extra = tuple(("isPartOf", Iri(IRIS.resource("one", part))) for part in parts if part != key)
                concept = f"{BASE}/id/concept/gsbpm/sp-5.1" if inferred else ""
                changes.append(record_change(sequence, key, name=name, extra=extra, inferred=concept))
            elif event[0] == "tombstone":
                changes.append(tombstone_change(sequence, event[1]))
            elif event[1] != event[2]:
                made = match(*(str(IRIS.resource("one", key)) for key in event[1:3]), event[3])
                matches[IRIS.match(made.left, made.right)] = made
                delta = [m for m in delta if (m.left, m.right) != (made.left, made.right)] + [made]
        newest |= {change.subject: change for change in changes}
        store.apply(changes, MatchDelta(delta) if delta else None, sequence)
    no_triple_twice(store)
    built = opened(folder / "built")
    assert built.bulk(newest.values(), matches.values()) == len(newest)
    assert built.marker() is None
    built.apply([], None, sequence)
    assert content(store) == content(built)
    assert store.counts() == built.counts()


WRITER = """
import sys
from pathlib import Path
from registry.graph.store import EmbeddedStore
from tests.support.graphs import IRIS, record_change
store = EmbeddedStore(Path(sys.argv[1]), IRIS, "recipe-1", {"one": "alpha"})
start = store.marker().sequence if store.marker() else 0
for sequence in range(start + 1, start + 400):
    store.apply([record_change(sequence, str(key), name=str(sequence)) for key in range(20)], None, sequence)
    print(sequence, flush=True)
"""


def test_a_killed_writer_leaves_marker_and_data_in_step(tmp_path: Path) -> None:
    path, reached = tmp_path / "graph", 0
    for round_ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        said = int(writer.stdout.readline())
        time.sleep(0.02 * round_)
        os.kill(writer.pid, signal.SIGKILL)
        said = max([said, *(int(line) for line in writer.stdout.read().split())])
        writer.wait()
        store = opened(path)
        marker = store.marker()
        assert marker is not None and marker.sequence >= said > reached
        names = {
            quad.object.value for quad in store.store.quads_for_pattern(None, ox.NamedNode(schema("name")), None, None)
        }  # type: ignore[union-attr]
        assert names == {str(marker.sequence)}
        reached = marker.sequence
        store.close()


def test_vocabularies_are_split_by_subject_without_blank_nodes(tmp_path: Path) -> None:
    ontology, shapes = tmp_path / "ontology", tmp_path / "shapes"
    ontology.mkdir()
    shapes.mkdir()
    (ontology / "level.ttl").write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . <id/scheme/level> a skos:ConceptScheme ."
        " <id/concept/level/basic> skos:inScheme <id/scheme/level> ; skos:note [ skos:x 'a' ] ."
        " <http://x.test/def#T> a skos:T ."
    )
    (shapes / "s.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . <http://x.test/s#A>"
        " sh:property [ sh:in (1 2 3) ], [ sh:in (1 2 3) ; sh:minCount 1 ] ."
    )
    graphs = load_vocabulary(ontology, shapes, IRIS)
    assert set(graphs) == {IRIS.graph("vocab/level"), IRIS.graph("ontology"), IRIS.graph("shapes")}
    assert graphs[IRIS.graph("shapes")].count("rdf-syntax-ns#first") == 6
    assert "_:" not in "".join(graphs.values())
    assert graphs == load_vocabulary(ontology, shapes, IRIS)
    (shapes / "s.ttl").write_text("@prefix : <x#> . [] :p 1 .")
    with pytest.raises(ValueError, match="belong to nothing"):
        load_vocabulary(ontology, shapes, IRIS)


def test_the_value_of_evidence_follows_its_side() -> None:
    made = describe.match_triples(match(A, B, source=A), IRIS, relations.load())
    assert (
        Iri(f"{IRIS.match(A, B)}/evidence/1"),
        Iri("https://w3id.org/meta-academy/def#subjectValue"),
        Literal('git "2"'),
    ) in made
