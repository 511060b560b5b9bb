"""Preparing records: crosswalk, steps, then shapes; pure, so that it can run anywhere and be cached by digests.

What comes out is an accepted graph as canonical N-Triples, or findings that say why not. Every finding has a
place in the academy's own payload: the value's, or where a missing value would stand; what the format cannot
carry at all is said once per feed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from registry.crosswalk import names
from registry.crosswalk.base import Crosswalk, MapContext, Mapped
from registry.crosswalk.table_row import own_places
from registry.messages import Message
from registry.model import Correction, Finding, Issue, RawRecord, Severity
from registry.prepare.judge import Judge, Result
from registry.prepare.loops import Cited, Origin
from registry.prepare.places import place_of
from registry.prepare.screen import Data, Screen, Shape
from registry.prepare.steps import Annotate, Held, Worked, work
from registry.terms import Iri, Literal, Term, to_ntriples

CANNOT_CARRY = "format-cannot-carry"


@dataclass(frozen=True, slots=True)
class Prepared:
    """One prepared record. ``stated`` is empty when it is held back: by a rule or a loop (``held``), else by its
    faults. ``missing`` are (shape, field) pairs that the format cannot carry; ``origins`` and ``based_on`` as in
    ``Worked``."""

    key: str
    stated: str
    findings: tuple[Finding, ...]
    missing: frozenset[tuple[str, str]] = frozenset()
    inferred: str = ""
    held: Held = ""
    origins: tuple[Origin, ...] = ()
    based_on: tuple[Cited, ...] = ()


@dataclass(frozen=True, slots=True)
class Preparer:
    """Everything that preparing a feed's records needs; built once per worker.

    ``crosswalk`` and ``where`` answer by format name; ``where`` gives {property IRI: place}. ``corrections`` are
    those in force by key, ``annotate`` is what infers (``steps.Annotate``).
    """

    context: MapContext
    crosswalk: Callable[[str], Crosswalk]
    where: Callable[[str], Mapping[str, str]]
    screen: Screen
    judge: Judge
    messages: Mapping[str, Message]
    corrections: Mapping[str, tuple[Correction, ...]] = field(default_factory=dict)
    annotate: Annotate | None = None

    def prepare(self, records: Sequence[RawRecord]) -> list[Prepared]:
        """Prepare a batch; one record's faults never touch another's."""
        worked = [self._work(record) for record in records]
        data = [Data((s, p, o) for s, p, o, _ in (*one.mapped.triples, *one.inferred)) for one in worked]
        doubts = [
            (number, shape, focus)
            for number, described in enumerate(data)
            for shape, focus in self.screen.doubtful(described)
        ]
        verdicts = self.judge.decide([(data[number], shape, focus) for number, shape, focus in doubts])
        results: dict[int, list[tuple[Shape, Iri, Result]]] = {}
        for (number, shape, focus), found in zip(doubts, verdicts, strict=True):
            results.setdefault(number, []).extend((shape, focus, result) for result in found)
        return [self._finish(record, worked[number], results.get(number, [])) for number, record in enumerate(records)]

    def mapped(self, record: RawRecord) -> Mapped:
        """What the source states: the crosswalk alone, with what the harvester said of the record."""
        resource = self.context.iris.resource(self.context.feed.id, record.key)
        if record.broken:
            return Mapped(resource, (), record.issues)
        try:
            crosswalk = self.crosswalk(record.format)
        except LookupError:
            params = (("readable", ", ".join(names())),)
            unknown = Issue("format-unknown", record.source[:300], record.format, params)
            return Mapped(resource, (), (*record.issues, unknown))
        mapped = crosswalk(record, self.context)
        return Mapped(resource, mapped.triples, (*record.issues, *mapped.issues))

    def _work(self, record: RawRecord) -> Worked:
        fixes = self.corrections.get(record.key, ())
        return work(record, self.mapped(record), self.context, fixes, self.annotate)

    def _severity(self, code: str) -> Severity:
        message = self.messages.get(code)
        if message is None:
            raise KeyError(f"the issue code {code!r} has no row in registry/messages")
        return message.severity

    def _finish(self, record: RawRecord, worked: Worked, results: Sequence[tuple[Shape, Iri, Result]]) -> Prepared:
        feed = self.context.feed.id
        places = {(s, p, o): place for s, p, o, place in (*worked.mapped.triples, *worked.inferred)}
        findings: dict[Finding, None] = {}
        missing: set[tuple[str, str]] = set()
        for issue in worked.mapped.issues:
            findings[Finding(feed, record.key, self._severity(issue.code), issue)] = None
        told = len(findings)
        where = self.where(record.format) if places else {}
        if record.format == "table" and results:
            where = own_places(where, record.payload)
        for shape, focus, result in results:
            code = result.shape.rpartition("#")[2]
            if focus == self.context.iris.record(feed, record.key):
                raise RuntimeError(f"{code} fails on our own field of {focus}: a bug, not a finding")
            place = place_of(places, shape, focus, result, where, worked.mapped.resource)
            if place is None and result.severity != "violation":
                assert shape.path is not None
                missing.add((code, shape.path.predicates[0]))
                continue
            # A shape of a node as a whole names the node itself: our own address, which tells the academy nothing.
            value = "" if result.value is None or result.value == focus else _text(result.value)
            findings[Finding(feed, record.key, result.severity, Issue(code, place or "", value[:300]))] = None
        findings = dict.fromkeys(_once(list(findings), told))
        held = not places or any(finding.severity == "violation" for finding in findings)
        stated = "" if held else to_ntriples((s, p, o) for s, p, o, _ in worked.mapped.triples)
        inferred = "" if held else to_ntriples((s, p, o) for s, p, o, _ in worked.inferred)
        return Prepared(
            record.key, stated, tuple(findings), frozenset(missing), inferred, worked.held, worked.origins,
            worked.based_on,
        )  # fmt: skip


_GRAVITY = {"violation": 2, "warning": 1, "info": 0}


def _once(findings: list[Finding], first: int) -> list[Finding]:
    """Each fault once: of what the crosswalk (the first ones) and a shape say of one value at one place, the
    graver stays, of equals the crosswalk's, which knows more. Nothing that holds a record back is dropped."""
    said = findings[:first]
    told = {(one.issue.place, one.issue.value): one for one in said if one.issue.value}
    dropped: set[Finding] = set()
    for finding in findings[first:]:
        other = told.get((finding.issue.place, finding.issue.value))
        if other is not None:
            graver = _GRAVITY[finding.severity] > _GRAVITY[other.severity]
            weaker = other if graver else finding
            dropped |= {weaker} if weaker.severity != "violation" else set()
    return [finding for finding in findings if finding not in dropped]


def _text(term: Term) -> str:
    return term.value if isinstance(term, Literal) else term


def packed(text: str) -> bytes:
    """N-Triples as the ledger keeps them."""
    return zlib.compress(text.encode(), 1) if text else b""


def unpacked(data: bytes) -> str:
    """What ``packed`` packed."""
    return zlib.decompress(data).decode() if data else ""
