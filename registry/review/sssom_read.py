"""Decisions from SSSOM/TSV: our own file read back exactly, or another registry's. The file is hostile.

Sizes are bounded, the metadata may hold no anchors, aliases or tags, and each row that cannot be taken is told with
its line and slot. Rows that a machine justified are no decisions. Source: SSSOM 1.1 (see ``sssom``).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

import yaml

from registry.model import Decision, Relation, Verdict, Voice
from registry.review.answers import DIRECTED, MAX_NOTE
from registry.review.reviewers import MAX_NAME
from registry.review.sssom import EXTENSIONS, JUSTIFICATION, NOT, Row
from registry.terms import is_iri

MAX_BYTES = 20 << 20
MAX_HEAD = 200_000
MAX_ROWS = 50_000
MAX_ERRORS = 1_000
MAX_IRI = 2_000
MAX_SHORT = 200
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_BATCH = re.compile(r"[A-Za-z0-9._-]{1,40}")
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
# What other registries say with the words of SKOS and OWL.
FOREIGN: Mapping[str, Relation] = {
    "http://www.w3.org/2002/07/owl#sameAs": "copy",
    "http://www.w3.org/2004/02/skos/core#exactMatch": "copy",
    "http://www.w3.org/2004/02/skos/core#closeMatch": "near-copy",
    "http://www.w3.org/2004/02/skos/core#relatedMatch": "overlap",
}
BUILT_IN: Mapping[str, str] = {
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sssom": "https://w3id.org/sssom/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "linkml": "https://w3id.org/linkml/",
}


class BadFile(Exception):
    """The file as a whole cannot be read; the message says why."""


class _BadRow(Exception):
    def __init__(self, slot: str, message: str) -> None:
        self.slot, self.message = slot, message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class RowError:
    """What cannot be taken: the line of the file, the slot, why."""

    line: int
    slot: str
    message: str


@dataclass(frozen=True, slots=True)
class Found:
    """A decision as the file has it, and on which line it begins."""

    line: int
    row: Row


@dataclass(frozen=True, slots=True)
class Told:
    """What a file says: decisions in its order, rows that cannot be taken, contradictions that are told only."""

    found: tuple[Found, ...]
    errors: tuple[RowError, ...]
    remarks: tuple[RowError, ...]


def read(body: bytes, *, predicates: Mapping[Relation, str], now: str) -> Told:
    """The decisions of a file. ``now`` (UTC, "…Z"): nothing later is taken. Raises BadFile."""
    if len(body) > MAX_BYTES:
        raise BadFile(f"the file is larger than {MAX_BYTES >> 20} MB")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile("the file is not UTF-8") from error
    head, table, first = _parts(text)
    prefixes, extensions, date = _metadata(head)
    relations = {**FOREIGN, **{iri: relation for relation, iri in predicates.items()}}
    found: list[Found] = []
    errors: list[RowError] = []
    for line, cells in _rows(table, first, extensions):
        cells.setdefault("mapping_date", date)  # propagation
        try:
            found.append(Found(line, _decision(cells, prefixes, relations, now)))
        except _BadRow as error:
            errors.append(RowError(line, error.slot, error.message))
            if len(errors) >= MAX_ERRORS:
                raise BadFile(f"more than {MAX_ERRORS} rows cannot be read; the first is line {errors[0].line},"
                              f" {errors[0].slot}: {errors[0].message}") from None  # fmt: skip
    return _contradictions(found, errors)


def _parts(text: str) -> tuple[str, str, int]:
    """(metadata without its marks, table, the table's first line)."""
    at, lines = 0, 0
    while text.startswith("#", at):
        end = text.find("\n", at)
        at, lines = (len(text), lines + 1) if end < 0 else (end + 1, lines + 1)
        if at > MAX_HEAD:
            raise BadFile("the metadata are too long")
    head = "\n".join(line[1:].rstrip("\r") for line in text[:at].split("\n") if line)
    return head, text[at:], lines + 1


def _metadata(head: str) -> tuple[dict[str, str], dict[str, str], str]:
    """({prefix: namespace}, {slot: property} of the extensions, the date of all rows or "")."""
    try:
        for token in yaml.scan(head):
            if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken | yaml.DirectiveToken):
                raise BadFile("the metadata hold an anchor, alias, tag or directive, which SSSOM/TSV forbids")
        data: Any = yaml.load(head, Loader=yaml.BaseLoader) if head.strip() else {}
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadFile("the metadata (lines that begin with #) are not YAML") from error
    if not isinstance(data, dict):
        raise BadFile("the metadata (lines that begin with #) are no list of slots")
    version = data.get("sssom_version", "1.0")
    if version not in ("1.0", "1.1"):
        raise BadFile(f"SSSOM {str(version)[:20]!r} is not known here; 1.0 and 1.1 are")
    curies = data.get("curie_map", {}) or {}
    if not isinstance(curies, dict) or not all(isinstance(one, str) for pair in curies.items() for one in pair):
        raise BadFile("curie_map is no list of prefixes")
    for prefix, namespace in curies.items():
        if not _PREFIX.fullmatch(prefix) or not is_iri(namespace) or len(namespace) > MAX_IRI:
            raise BadFile(f"curie_map: {prefix[:100]!r} is no prefix of an address")
        if BUILT_IN.get(prefix, namespace) != namespace:
            raise BadFile(f"curie_map: {prefix} is built in, and stands for another address")
    prefixes = {**BUILT_IN, **curies}
    extensions: dict[str, str] = {}
    stated = data.get("extension_definitions", []) or []
    for one in stated if isinstance(stated, list) else []:
        if isinstance(one, dict) and isinstance(one.get("slot_name"), str) and isinstance(one.get("property"), str):
            extensions[one["slot_name"]] = _expanded(one["property"], prefixes) or ""
    date = data.get("mapping_date", "")
    return prefixes, extensions, date if isinstance(date, str) else ""


def _rows(table: str, first: int, extensions: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(table, newline=""), delimiter="\t", quotechar='"', doublequote=True, strict=True)
    ours = {name: _expanded(property_, {"ma": "https://w3id.org/meta-academy/def#"})
            for name, (property_, _) in EXTENSIONS.items()}  # fmt: skip
    columns: list[str] = []
    count, start = 0, first
    try:
        for cells in reader:
            line, start = start, first + reader.line_num
            if not columns:
                columns = _header(cells)
                continue
            if not any(cells):
                continue
            count += 1
            if count > MAX_ROWS:
                raise BadFile(f"the file has more than {MAX_ROWS} rows")
            found = dict(zip(columns, cells, strict=False))
            # A slot that is not defined, or means something else there, is none of ours.
            yield line, {
                name: value for name, value in found.items()
                if name not in ours or extensions.get(name) == ours[name]
            } | ({"": "more"} if len(cells) > len(columns) else {})  # fmt: skip
    except csv.Error as error:
        raise BadFile(f"line {first + reader.line_num}: {error}") from error
    if not columns:
        raise BadFile("the file has no line of slot names")


def _header(cells: list[str]) -> list[str]:
    lacking = [one for one in ("subject_id", "predicate_id", "object_id", "mapping_justification") if one not in cells]
    if lacking:
        raise BadFile(f"the slots {', '.join(lacking)} are missing: this is no SSSOM/TSV")
    if len(set(cells)) != len(cells) or len(cells) > 200:
        raise BadFile("a slot stands twice")
    return cells


def _expanded(curie: str, prefixes: Mapping[str, str]) -> str | None:
    prefix, colon, local = curie.partition(":")
    return prefixes[prefix] + local if colon and prefix in prefixes else None


def _decision(
    cells: Mapping[str, str], prefixes: Mapping[str, str], relations: Mapping[str, Relation], now: str
) -> Row:
    if "" in cells:
        raise _BadRow("", "the row has more cells than there are slots")

    def iri(slot: str) -> str:
        value = cells.get(slot, "").strip()
        whole = _expanded(value, prefixes) if len(value) <= MAX_IRI else None
        if whole is None or not is_iri(whole):
            raise _BadRow(slot, f"{value[:100]!r} is no CURIE with a prefix of curie_map")
        return whole

    def short(slot: str, pattern: re.Pattern[str] | None = None, limit: int = MAX_SHORT) -> str:
        value = cells.get(slot, "")
        if len(value) > limit or (value and pattern is not None and not pattern.fullmatch(value)):
            raise _BadRow(slot, f"{value[:100]!r} cannot be used")
        return value

    def moment(slot: str, value: str) -> str:
        if value > now:
            raise _BadRow(slot, f"{value} has not come yet")
        return value

    subject, object_ = iri("subject_id"), iri("object_id")
    if subject == object_:
        raise _BadRow("object_id", "a decision is on two resources")
    if iri("mapping_justification") != _expanded(JUSTIFICATION, BUILT_IN):
        raise _BadRow("mapping_justification", "not decided by a person (semapv:ManualMappingCuration)")
    relation, verdict = _meaning(cells, iri("predicate_id"), relations)
    source = _source(cells, relation, verdict, subject, object_, iri)
    time = short("ext_time", _TIME)
    if not time:
        date = short("mapping_date", _DATE)
        if not date:
            raise _BadRow("mapping_date", "when it was decided is not said")
        time = f"{date}T00:00:00Z"
    voice = short("ext_voice") or "reviewer"
    academy = short("ext_academy")
    if voice not in get_args(Voice) or (voice == "publisher") != bool(academy):
        raise _BadRow("ext_voice", f"{voice!r}: a publisher speaks for an academy, a reviewer for none")
    digests = short("ext_subject_digest", _DIGEST), short("ext_object_digest", _DIGEST)
    turned = subject > object_
    undone = short("ext_undone", _TIME)
    note = short("comment", limit=MAX_NOTE)
    decision = Decision(
        min(subject, object_), max(subject, object_), verdict, relation, _person(cells, iri), moment("ext_time", time),
        note, source, cast(Voice, voice), academy, digests[turned], digests[not turned], short("ext_batch", _BATCH),
        moment("ext_undone", undone),
    )  # fmt: skip
    labels = short("subject_label", limit=MAX_NOTE), short("object_label", limit=MAX_NOTE)
    taken = (short("ext_undone_by"), short("ext_undone_reason", limit=MAX_NOTE)) if undone else ("", "")
    return Row(decision, *taken, short("ext_stream"), labels[turned], labels[not turned])


def _meaning(cells: Mapping[str, str], predicate: str, relations: Mapping[str, Relation]) -> tuple[Relation, Verdict]:
    known = relations.get(predicate)
    if known is None:
        raise _BadRow("predicate_id", f"<{predicate[:200]}> is no relation that is known here")
    modifier = cells.get("predicate_modifier", "").strip()
    if modifier not in ("", NOT):
        raise _BadRow("predicate_modifier", f"{modifier[:50]!r} is not known: Not, or nothing")
    if modifier and known not in ("copy", "near-copy"):
        raise _BadRow("predicate_modifier", "that this one relation does not hold tells not which does")
    relation: Relation = "different" if modifier else known
    verdict: Verdict = "reject" if relation == "different" else "confirm"
    stated = cells.get("ext_verdict", ""), cells.get("ext_relation", "")
    if stated[0]:
        if stated[0] not in get_args(Verdict) or (stated[0] != "unsure" and (stated[0] == "reject") != bool(
            relation == "different"
        )):  # fmt: skip
            raise _BadRow("ext_verdict", f"{stated[0][:50]!r} does not fit predicate and modifier")
        verdict = cast(Verdict, stated[0])
    if stated[1] and stated[1] != relation:
        raise _BadRow("ext_relation", f"{stated[1][:50]!r} does not fit predicate and modifier")
    return relation, verdict


def _source(
    cells: Mapping[str, str], relation: Relation, verdict: Verdict, subject: str, object_: str, iri: Any
) -> str:  # fmt: skip
    if "ext_verdict" in cells:  # our own file: what it says, also that the source is not known
        source = iri("ext_source") if cells.get("ext_source") else ""
        if source not in ("", subject, object_):
            raise _BadRow("ext_source", "is none of the two")
        return str(source)
    return object_ if relation in DIRECTED and verdict != "reject" else ""


def _person(cells: Mapping[str, str], iri: Any) -> str:
    if cells.get("reviewer_id"):
        return str(iri("reviewer_id"))
    label = cells.get("reviewer_label", "") or cells.get("author_label", "")
    name = re.sub(r"\\([\\|])", r"\1", label)
    if not name.strip() or len(name) > MAX_NAME or re.search(r"(?<!\\)(?:\\\\)*\|", label):
        raise _BadRow("reviewer_label", "name the one person who decided")
    return name


def _contradictions(found: list[Found], errors: list[RowError]) -> Told:
    """Two rows of one pair and voice that say different things: of one person at one time both are refused; else the
    newest counts, and it is told."""
    by_pair: dict[tuple[str, str, str, str], list[Found]] = {}
    for one in found:
        d = one.row.decision
        if not d.undone:
            by_pair.setdefault((d.left, d.right, d.voice, d.academy), []).append(one)
    refused: set[int] = set()
    remarks: list[RowError] = []
    for group in by_pair.values():
        if len({(o.row.decision.verdict, o.row.decision.relation, o.row.decision.source) for o in group}) == 1:
            continue
        seen: dict[tuple[str, str], Found] = {}
        for one in group:
            d = one.row.decision
            other = seen.setdefault((d.reviewer, d.time), one)
            before = other.row.decision
            if (before.verdict, before.relation, before.source) != (d.verdict, d.relation, d.source):
                refused |= {one.line, other.line}
        newest = max(group, key=lambda one: (one.row.decision.time, one.line))
        lines = ", ".join(str(one.line) for one in group[:10])
        remarks.append(RowError(newest.line, "", f"lines {lines} say different things of one pair; the newest counts"))
    errors += [
        RowError(line, "", "the same person says different things of one pair at one time") for line in sorted(refused)
    ]
    kept = tuple(one for one in found if one.line not in refused)
    told = tuple(one for one in remarks if one.line not in refused)
    return Told(kept, tuple(sorted(errors, key=lambda one: one.line)), told)
