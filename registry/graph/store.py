"""The graph as a projection of the change log: a small interface, and the embedded store behind it.

A remote SPARQL 1.1 server can stand behind ``Projection`` too. State is (sequence, recipe), the *marker*,
written in the same update as the data; another recipe means ``clear`` and ``bulk`` again. What changes is
the difference between what stands and what should stand, so that applying twice changes nothing.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

import pyoxigraph as ox

from registry import relations
from registry.graph import counted, journal, partitions
from registry.graph.describe import match_triples
from registry.graph.layout import (
    CLASSIFICATION,
    DCAT_RECORD,
    DCAT_RESOURCE,
    MATCHES,
    PRIMARY_TOPIC,
    RELATIONS,
    STATUS,
    TOMBSTONES,
    BadChange,
    quads,
    record_quads,
    tombstone_quads,
)
from registry.graph.plan import Plan, parsed
from registry.graph.streamed import as_file
from registry.graph.works import WORKS, WorkDelta, plan_works, work_lines
from registry.iris import MA, RDF, RDF_TYPE, Iris
from registry.model import Change, Match, Relation
from registry.terms import Iri, to_ntriples

BULK_CHUNK = 2000
READ = 1 << 20
SUBJECT, PREDICATE, OBJECT = RDF + "subject", RDF + "predicate", RDF + "object"
MATCH_ASSERTION = Iri(MA + "MatchAssertion")
UNDER_A_MATCH = (MA + "evidence", MA + "answer")


@dataclass(frozen=True, slots=True)
class Marker:
    """How far the projection has come: the last change in it, and the recipe it was made by."""

    sequence: int
    recipe: str


@dataclass(frozen=True, slots=True)
class MatchDelta:
    """What became of matches. ``removed`` are match IRIs; ``complete``: those not named here are gone."""

    matches: Sequence[Match] = ()
    removed: Sequence[str] = ()
    complete: bool = False


class Projection(Protocol):
    """The public graph, whatever engine holds it."""

    def marker(self) -> Marker | None:
        """How far it has come; None when it is empty or was never finished."""

    def apply(
        self, changes: Sequence[Change], matches: MatchDelta | None, sequence: int, works: WorkDelta | None = None
    ) -> None:
        """Changes, matches and works, all or nothing, with the marker."""

    def bulk(self, changes: Iterable[Change], matches: Iterable[Match] = (), works: WorkDelta | None = None) -> int:
        """Start again from nothing: fast, not atomic, without a marker until the next ``apply``."""

    def replace(self, graphs: Mapping[Iri, str]) -> bool:
        """Each graph named holds exactly these N-Triples (a catalogue keeps its links to records).

        Whether the text is another than the last one for these graphs.
        """

    def merge(self, graphs: Mapping[Iri, str]) -> None:
        """Each subject named holds exactly this in that graph; other subjects stay."""

    def counts(self) -> dict[str, int]:
        """Records, tombstones, matches, relations and triples."""

    def matches(self) -> set[str]:
        """The IRIs of the matches that stand."""

    def works(self) -> set[str]:
        """The ids of the works that stand, of both levels, and of former ones."""

    def snapshot(self, target: Path) -> None:
        """A read-only copy for a release, without the marker."""

    def close(self) -> None:
        """Let go of the store."""


@dataclass(slots=True)
class EmbeddedStore:
    """The projection in a pyoxigraph store on disk; one process at a time may hold it.

    ``academies`` maps a feed to its academy (all feeds that ever gave a record), ``recipe`` is the digest
    of what else decides the graph (layout version, base address). ``noted`` is the journal that a mirror is led
    by, None without a mirror.
    """

    path: Path
    iris: Iris
    recipe: str
    academies: Mapping[str, str]
    noted: journal.Journal | None = None
    _store: ox.Store | None = None
    _kinds: Mapping[Relation, relations.Kind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._store = ox.Store(str(self.path))
        self._kinds = relations.load()

    @property
    def store(self) -> ox.Store:
        """The open store."""
        if self._store is None:
            raise ValueError(f"{self.path}: the store is closed")
        return self._store

    def marker(self) -> Marker | None:
        """How far it has come; None when it is empty or was never finished."""
        graph = self._graph("projection")
        found = {str(q.predicate.value): q.object for q in self._plan().standing(None, None, None, graph)}
        if not found:
            return None
        sequence, recipe = found[f"{graph}/sequence"], found[f"{graph}/recipe"]
        assert isinstance(sequence, ox.Literal) and isinstance(recipe, ox.Literal)
        return Marker(int(sequence.value), recipe.value)

    def apply(
        self, changes: Sequence[Change], matches: MatchDelta | None, sequence: int, works: WorkDelta | None = None
    ) -> None:
        """Changes, matches and works, all or nothing, with the marker. Raises BadChange and changes nothing."""
        plan = self._plan()
        newest = {change.subject: change for change in changes if change.kind in ("record", "tombstone")}
        for record in newest:
            self._look_at_record(plan, record)
        plan.new |= parsed("".join(self._quads(change) for change in newest.values()))
        records = {ox.NamedNode(record) for record in newest}
        # What is inferred hangs on subjects of the record, before or after.
        for subject in {quad.subject for quad in chain(plan.old, plan.new) if quad.graph_name in records}:
            plan.look(subject, None, None, self._graph(CLASSIFICATION))
        if matches is not None:
            self._plan_matches(plan, matches)
        self._plan_relations(plan, records)
        if works is not None:
            plan_works(plan, works, self.iris)
        graph = self._graph("projection")
        plan.look(None, None, None, graph)
        for name, value in (("sequence", str(sequence)), ("recipe", self.recipe)):
            plan.new.add(
                ox.Quad(ox.NamedNode(graph), ox.NamedNode(f"{graph}/{name}"), ox.Literal(value), ox.NamedNode(graph))
            )
        self._update(plan)

    def bulk(self, changes: Iterable[Change], matches: Iterable[Match] = (), works: WorkDelta | None = None) -> int:
        """Start again from nothing: fast, not atomic, without a marker until the next ``apply``.

        Empties the store first, descriptions too. Returns how many changes were read.
        """
        self.clear()
        found, direct = Counter[str](), list[str]()

        def told() -> Iterator[str]:
            for change in changes:
                found["changes"] += 1
                if change.kind in ("record", "tombstone"):
                    found[f"{change.kind}s"] += 1
                    yield self._quads(change)
            pairs = iter(matches)
            while some := list(islice(pairs, BULK_CHUNK)):
                found["matches"] += len(some)
                direct.append(self._direct_quads(some))
                yield self._match_quads(some)
            lines = iter(work_lines(works, self.iris) if works else ())
            while rows := list(islice(lines, BULK_CHUNK)):
                yield quads(self._graph(WORKS), rows)

        self._load(told())
        self._load(self._not_stated(direct, found))
        numbers = {name: found[name] for name in counted.NAMES}
        self._update(self._plan(), numbers | {"triples": len(self.store)})
        return found["changes"]

    def _not_stated(self, direct: Iterable[str], found: Counter[str]) -> Iterator[str]:
        """Of the direct triples of matches those that no record states itself; counts them."""
        for text in direct:
            for quad in parsed(text):
                if not any(self._plan().standing(quad.subject, quad.predicate, quad.object, None)):
                    found["relations"] += 1
                    yield f"{quad} .\n"

    def replace(self, graphs: Mapping[Iri, str]) -> bool:
        """Each graph named holds exactly these N-Triples (a catalogue keeps its links to records).

        Whether the text is another than the last one for these graphs: with the same nothing is looked at.
        """
        plan = self._plan()
        if not self._is_new(plan, graphs):
            return False
        query = files("registry.graph").joinpath("queries/described.rq").read_text("utf-8")
        for graph in graphs:
            # A catalogue has two links for each record: they are passed over in the store, not here.
            rows = self.store.query(query, default_graph=[ox.NamedNode(graph)])
            plan.old |= {ox.Quad(row["s"], row["p"], row["o"], ox.NamedNode(graph)) for row in rows}  # type: ignore[union-attr]
        plan.new |= parsed("".join(quads(graph, data.splitlines()) for graph, data in graphs.items()))
        self._update(plan)
        return True

    def merge(self, graphs: Mapping[Iri, str]) -> None:
        """Each subject named holds exactly this in that graph; other subjects stay."""
        plan = self._plan()
        plan.new = parsed("".join(quads(graph, data.splitlines()) for graph, data in graphs.items()))
        for subject, graph in {(quad.subject, quad.graph_name) for quad in plan.new}:
            plan.look(subject, None, None, graph)
        self._update(plan)

    def describes(self, subject: str) -> bool:
        """Whether anything is said of a subject."""
        return next(self._plan().standing(subject, None, None, None), None) is not None

    def clear(self) -> None:
        """Empty, without a marker."""
        self.close()
        shutil.rmtree(self.path)
        self._store = ox.Store(str(self.path))

    def counts(self) -> dict[str, int]:
        """Records, tombstones, matches, relations and triples."""
        return counted.kept(self.store, self.iris) or counted.whole(self.store, self.iris)

    def described(self) -> dict[str, Any]:
        """What a release says of its graph: its triples, things, classes, properties, graphs and lists."""
        return partitions.told(self.store, self.iris, self.counts()["triples"])

    def journalled(self) -> tuple[str, int] | None:
        """Epoch and number of the last row of the journal that is in the store; None without a journal."""
        return journal.told(self.store, self.iris)

    def matches(self) -> set[str]:
        """The IRIs of the matches that stand."""
        found = self._plan().standing(None, RDF_TYPE, MATCH_ASSERTION, self._graph(MATCHES))
        return {quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode)}

    def works(self) -> set[str]:
        """The ids of the works that stand, of both levels, and of former ones."""
        found = self._plan().standing(None, RDF_TYPE, None, self._graph(WORKS))
        return {q.subject.value.rpartition("/")[2] for q in found if isinstance(q.subject, ox.NamedNode)}

    def snapshot(self, target: Path) -> None:
        """A read-only copy for a release, without the marker; hard links on the same file system."""
        self.store.backup(str(target))
        copy = ox.Store(str(target))
        for name in ("projection", *(f"projection/{own}" for own in ("counts", "described", "partitions", "journal"))):
            copy.remove_graph(ox.NamedNode(self._graph(name)))
        copy.flush()

    def close(self) -> None:
        """Let go of the store, so that another process may open it."""
        self._store = None

    @property
    def _accepted(self) -> ox.NamedNode:
        return ox.NamedNode(self.iris.concept("match-status", "accepted"))

    def _graph(self, name: str) -> Iri:
        return self.iris.graph(name)

    def _plan(self) -> Plan:
        return Plan(self.store)

    def _update(self, plan: Plan, standing: Mapping[str, int] | None = None) -> None:
        counted.carry(plan, standing or self.counts(), self.iris)
        partitions.carry(plan, self.iris)
        journal.carry(plan, self.noted, self.iris)
        if operations := plan.operations():
            self.store.update(" ;\n".join(operations))

    def _is_new(self, plan: Plan, graphs: Mapping[Iri, str]) -> bool:
        """Plan a note of what some graphs hold now; whether it is another than the last one."""
        graph = self._graph("projection/described")
        told = sorted(graphs.items())
        names, texts = (sha256("\n".join(column).encode()).hexdigest() for column in zip(*told, strict=True))
        node = ox.NamedNode(f"{graph}/{names}")
        note = ox.Quad(node, ox.NamedNode(graph), ox.Literal(texts), ox.NamedNode(graph))
        if plan.look(node, None, None, graph) == {note}:
            return False
        plan.new.add(note)
        return True

    def _load(self, nquads: Iterable[str]) -> None:
        """One load of everything: each leaves files of its own, which the engine has to merge later."""
        try:
            self.store.bulk_load(as_file((text.encode() for text in nquads), READ), ox.RdfFormat.N_QUADS)
        except SyntaxError as error:
            raise BadChange(f"not N-Triples: {error}") from error

    def _quads(self, change: Change) -> str:
        academy = self.academies.get(change.feed)
        if change.kind == "tombstone":
            return tombstone_quads(change, academy, self.iris)
        if academy is None:
            raise BadChange(f"{change.subject}: no academy is known for the feed {change.feed!r}")
        return record_quads(change, academy, self.iris)

    def _match_quads(self, matches: Iterable[Match]) -> str:
        graph = self._graph(MATCHES)
        triples = (triple for match in matches for triple in match_triples(match, self.iris, self._kinds))
        return quads(graph, to_ntriples(triples).splitlines())

    def _direct_quads(self, matches: Iterable[Match]) -> str:
        direct = (relations.statement(match, dict(self._kinds)) for match in matches if match.status == "accepted")
        return quads(self._graph(RELATIONS), to_ntriples(direct).splitlines())

    def _look_at_record(self, plan: Plan, record: str) -> None:
        """All that stands about a record, but what is inferred."""
        found = plan.look(None, None, None, record)
        plan.look(record, None, None, self._graph(TOMBSTONES))
        node = ox.NamedNode(record)
        topics = [q.object for q in found if q.subject == node and q.predicate.value == PRIMARY_TOPIC]
        catalogs = f"{self._graph('catalog')}/"
        for predicate, target in [(DCAT_RECORD, node), *((DCAT_RESOURCE, topic) for topic in topics)]:
            for quad in plan.standing(None, predicate, target, None):
                if isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value.startswith(catalogs):
                    plan.old.add(quad)

    def _plan_matches(self, plan: Plan, delta: MatchDelta) -> None:
        graph = self._graph(MATCHES)
        if delta.complete:
            plan.look(None, None, None, graph)
        for match in {*delta.removed, *(self.iris.match(m.left, m.right) for m in delta.matches)}:
            for quad in plan.look(match, None, None, graph):
                if quad.predicate.value in UNDER_A_MATCH:
                    plan.look(quad.object, None, None, graph)
        plan.new |= parsed(self._match_quads(delta.matches))

    def _plan_relations(self, plan: Plan, records: set[ox.NamedNode]) -> None:
        """The direct triples of accepted matches, wherever a record or a match of a subject changes.

        A triple that a record states itself is not repeated.
        """
        matches, direct = ox.NamedNode(self._graph(MATCHES)), ox.NamedNode(self._graph(RELATIONS))
        # Matches are on what records are about. One may change its status alone, so all that are looked at count.
        subject_of, topic_of = ox.NamedNode(SUBJECT), ox.NamedNode(PRIMARY_TOPIC)
        subjects: set[object] = {
            q.object
            for q in chain(plan.old, plan.new)
            if (q.predicate == subject_of and q.graph_name == matches)
            or (q.predicate == topic_of and q.graph_name in records)
        }
        come: dict[object, list[ox.Quad]] = {}
        asserting: dict[object, set[object]] = {}
        for quad in plan.new:
            come.setdefault(quad.subject, []).append(quad)
            if quad.graph_name == matches and quad.predicate.value == SUBJECT:
                asserting.setdefault(quad.object, set()).add(quad.subject)
        for subject in subjects:
            plan.look(subject, None, None, direct)
            nodes = {q.subject for q in plan.standing(None, SUBJECT, subject, matches) if q not in plan.old}
            for node in nodes | asserting.get(subject, set()):
                kept = [q for q in plan.standing(node, None, None, matches) if q not in plan.old]
                said = {q.predicate.value: q.object for q in [*kept, *come.get(node, ())]}
                if said[STATUS] != self._accepted:
                    continue
                predicate, target = said[PREDICATE], said[OBJECT]
                standing = (q for q in plan.standing(subject, predicate, target, None) if q not in plan.old)
                coming = (q for q in come.get(subject, ()) if (q.predicate, q.object) == (predicate, target))
                if not any(q.graph_name != direct for q in chain(standing, coming)):
                    plan.new.add(ox.Quad(subject, predicate, target, direct))  # type: ignore[arg-type]
