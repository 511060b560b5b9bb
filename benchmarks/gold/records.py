"""Records of the gold set as changes of the log, and its labels, checked against the records that they speak of.

``records()`` reads ``../shared/data`` when it is called; ``labels(part)`` reads ``development.tsv`` or ``test.tsv``.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.gold import sources, sources_mit
from benchmarks.gold.sources import Item
from benchmarks.matching_records import IRIS, change, links, strings
from registry.iris import DCTERMS, RDF_TYPE, SCHEMA
from registry.model import Change, Relation
from registry.terms import XSD, Iri, Term, Triple, text, to_ntriples
from registry.terms import Literal as Value

FOLDER = Path(__file__).resolve().parent
DATA = FOLDER.parents[2] / "shared" / "data"
Part = Literal["development", "test"]
COLUMNS = (
    "left", "right", "left_digest", "right_digest", "relation", "source", "languages", "stratum", "reason",
)  # fmt: skip
READERS = (
    sources.catalogue, sources.dalia, sources.git_lessons, sources.git_training, sources.zenodo, sources.lom,
    sources.amb, sources_mit.open_library, sources_mit.edx, sources_mit.online, sources_mit.sloan,
    sources_mit.professional, sources_mit.videos,
)  # fmt: skip
_LANGUAGE = "und"


@dataclass(frozen=True, slots=True)
class Label:
    """One pair and its relation: record IRIs with left < right; ``source`` is the record that the other comes from.

    ``left_resource``, ``right_resource`` and ``source_resource`` are the IRIs that a match speaks of.
    """

    left: str
    right: str
    left_digest: str
    right_digest: str
    relation: Relation
    source: str
    languages: str
    stratum: str
    reason: str

    @property
    def left_resource(self) -> str:
        return resource(self.left)

    @property
    def right_resource(self) -> str:
        return resource(self.right)

    @property
    def source_resource(self) -> str:
        return resource(self.source)


def resource(record: str) -> str:
    """The IRI of the resource that a record describes; "" of ""."""
    return record.replace("/id/record/", "/id/resource/", 1)


def digest(raw: Any) -> str:
    """The digest of a source's item: SHA-256 of its JSON with sorted keys, in UTF-8."""
    body = json.dumps(raw, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()


def items(data: Path = DATA) -> Iterator[tuple[str, Item]]:
    """All items, each with the IRI of its record.

    Raises ValueError where two items would have one IRI.
    """
    seen: dict[str, str] = {}
    for reader in READERS:
        for item in reader(data):
            iri = str(IRIS.record(item.feed, item.key))
            now = digest(item.raw)
            if iri in seen:
                if seen[iri] == now:
                    continue  # the same answer saved twice
                raise ValueError(f"two items are {iri}")
            seen[iri] = now
            yield iri, item


def digests(data: Path = DATA) -> dict[str, str]:
    """The digest of every record's source item, by record IRI."""
    return {iri: digest(item.raw) for iri, item in items(data)}


def as_change(item: Item, sequence: int) -> Change:
    """An item as a change of the log."""
    language = item.language or _LANGUAGE
    values: dict[str, list[Term]] = {}
    for name, given in item.texts.items():
        values[name] = [text(one, language) for one in given if one.strip()]
    for name, given in item.addresses.items():
        found = links(given)
        values.setdefault("identifier" if name == "identifier" else _name(name), []).extend(found)
    for name, given in item.strings.items():
        values.setdefault(name, []).extend(strings(*given))
    if item.part_of:
        values["isPartOf"] = [IRIS.resource(item.feed, item.part_of)]
    values["provider"] = [IRIS.academy(item.academy)]
    values = {name: list(dict.fromkeys(terms)) for name, terms in values.items() if terms}
    made = change(item.feed, item.key, values, [one for one in item.authors if one], sequence)
    extra = to_ntriples(_sessions(item))
    if not extra:
        return made
    both = "".join(sorted((made.stated + extra).splitlines(keepends=True)))
    return Change(made.sequence, made.time, made.kind, made.subject, made.cause, made.feed, made.key, stated=both)


def _name(name: str) -> str:
    return DCTERMS + name if name == "relation" else name


def _sessions(item: Item) -> list[Triple]:
    """Dated sessions as course instances."""
    course = IRIS.resource(item.feed, item.key)
    triples: list[Triple] = []
    for number, (start, end) in enumerate(item.runs, 1):
        if not start:
            continue
        node = Iri(f"{course}/instance/{number}")
        triples += [
            (course, Iri(SCHEMA + "hasCourseInstance"), node),
            (node, RDF_TYPE, Iri(SCHEMA + "CourseInstance")),
            (node, Iri(SCHEMA + "startDate"), Value(start, XSD + "date")),
        ]
        if end:
            triples.append((node, Iri(SCHEMA + "endDate"), Value(end, XSD + "date")))
    return triples


def records(data: Path = DATA) -> list[tuple[str, Change, str]]:
    """All records of the sources, labelled or not: (record IRI, change, academy)."""
    return [(iri, as_change(item, number), item.academy) for number, (iri, item) in enumerate(items(data), 1)]


def read(part: Part, folder: Path = FOLDER) -> list[Label]:
    """The labels of one part as they stand in its file."""
    with (folder / f"{part}.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Label(**{name: row[name] for name in COLUMNS}) for row in rows]  # type: ignore[arg-type]


def labels(part: Part, data: Path = DATA, known: Mapping[str, str] | None = None) -> list[Label]:
    """The labels of one part whose two records still are what was read; the others are told and left out.

    ``known``: digests by record IRI, where the caller has them.
    """
    now = digests(data) if known is None else known
    kept: list[Label] = []
    for label in read(part):
        changed = [
            iri
            for iri, then in ((label.left, label.left_digest), (label.right, label.right_digest))
            if now.get(iri) != then
        ]
        if changed:
            print(f"gold set, {part}: not scored, changed or gone since it was read: {', '.join(changed)}")
        else:
            kept.append(label)
    return kept
