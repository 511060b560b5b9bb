"""The search projection: applies changes to a tantivy index and says how far it has come.

The marker (sequence and recipe) is a document of its own, replaced in the same commit as the data, so a
process killed at any moment leaves either both or neither. One writer at a time (tantivy's lock).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import tantivy

from registry.model import Change
from registry.search.document import Item, Labels, item, tombstone
from registry.search.filters import PAIRED, SPANS, named, paired_terms, spans, term, terms
from registry.search.folding import words
from registry.search.licences import Terms, short_name
from registry.search.licences import load as load_licences
from registry.search.order import LEVELS, SORTS, field, numbers, sort_key

VERSION = "3"
HEAP = 30_000_000
STEP = 5000
MARKER = "!marker"
Above = Mapping[str, Sequence[str]]
"""{concept IRI: IRIs of all that is broader}: what is about a part is found under the whole."""
Relations = Callable[[str], Sequence[str]]
"""The relations of the pairs that the resource of an IRI has, sorted."""

# Facets: the values that a page counts; each is also an exact filter.
FACETS = ("academy", "language", "type", "level", "audience", "licence", "about", "access", "modality", "free", "open")

_CONCEPT_FACETS = {
    "type": ("learningResourceType",),
    "level": ("educationalLevel",),
    "audience": ("audience",),
    "licence": ("license",),
    "about": ("about",),
    "access": ("conditionsOfAccess",),
    "modality": ("courseMode", "eventAttendanceMode"),
}


@dataclass(frozen=True, slots=True)
class Marker:
    """How far a projection has come, and by which recipe; ``pairs`` names the state of the pairs that it knows, "" for
    one that is not known."""

    sequence: int
    recipe: str
    pairs: str = ""


def recipe(labels: Labels, feeds: Mapping[str, str], above: Above | None = None) -> str:
    """Digest of all that decides a document besides its record: another one means rebuild."""
    broader = {concept: list(higher) for concept, higher in (above or {}).items()}
    told = json.dumps([VERSION, {k: dict(v) for k, v in labels.items()}, dict(feeds), broader], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for name in ("id", "kind", "term"):
        builder.add_text_field(name, fast=name == "id", tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        builder.add_text_field("facet_" + name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in SORTS:
        builder.add_text_field("by_" + name, fast=True, tokenizer_name="raw", index_option="basic")
    for name, level in product(SORTS, range(LEVELS)):
        builder.add_integer_field(field(name, level), indexed=False, fast=True)
    for name in SPANS:
        builder.add_integer_field("span_" + name, indexed=False, fast=True)
    builder.add_text_field("whole_title", tokenizer_name="raw", index_option="basic")
    for name in ("title", "body"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    builder.add_bytes_field("json", stored=True)
    return builder.build()


def open_index(path: Path) -> Any:
    """The index in a directory, made when it is not there.

    An index of another layout is removed: it is a projection, and its missing marker means rebuild.
    """
    schema = _schema()
    path.mkdir(parents=True, exist_ok=True)
    try:
        return tantivy.Index(schema, path=str(path))
    except ValueError as error:
        if "schema" not in str(error).lower():
            raise
        shutil.rmtree(path)
        path.mkdir()
        return tantivy.Index(schema, path=str(path))


class Entries:
    """The stored documents of the last commit, with all that the index knows of them."""

    def __init__(self, index: Any) -> None:
        self._schema, self._searcher = index.schema, index.searcher()

    def _stored(self, address: Any) -> Item:
        found: Item = json.loads(self._searcher.doc(address)["json"][0])
        return found

    def get(self, identifier: str) -> Item | None:
        """The document of an id (a resource, a tombstone or the marker), or None."""
        query = tantivy.Query.term_query(self._schema, "id", identifier)
        hits = self._searcher.search(query, limit=1, count=False).hits
        return self._stored(hits[0][1]) if hits else None

    def all(self) -> Iterator[Item]:
        """Every published resource, in the order of the index."""
        query, offset = tantivy.Query.term_query(self._schema, "kind", "resource"), 0
        while True:
            hits = self._searcher.search(query, limit=STEP, offset=offset, count=False).hits
            yield from (self._stored(address) for _, address in hits)
            if len(hits) < STEP:
                return
            offset += STEP


def marker(index: Any) -> Marker | None:
    """The marker of the last commit, None in a new index."""
    index.reload()
    found = Entries(index).get(MARKER)
    if found is None:
        return None
    return Marker(found["sequence"], found["recipe"], found.get("pairs", ""))


def _concepts(document: Item, facet: str, above: Above) -> list[str]:
    keys = _CONCEPT_FACETS[facet]
    own = {concept["id"] for key in keys for concept in document[key] if concept["id"]}
    return sorted(own.union(*(above.get(one, ()) for one in own)))


def facet_values(document: Item, licences: Mapping[str, Terms], above: Above | None = None) -> dict[str, list[str]]:
    """What a document counts under, by facet; concepts by IRI, with all that is broader, languages by primary
    subtag."""
    values = {facet: _concepts(document, facet, above or {}) for facet in _CONCEPT_FACETS}
    values["academy"] = [document["academy"]]
    values["language"] = sorted({tag.split("-")[0].lower() for tag in document["inLanguage"]})
    free = document["isAccessibleForFree"]
    values["free"] = [] if free is None else ["true" if free else "false"]
    known = [licences[name] for iri in values["licence"] if (name := short_name(iri)) in licences]
    values["open"] = ["true" if any(terms.open for terms in known) else "false"] if known else []
    return values


def _terms(document: Item, values: Mapping[str, list[str]]) -> set[str]:
    found = {f"{facet}={value}" for facet, several in values.items() for value in several}
    for facet in _CONCEPT_FACETS:
        found |= {f"{facet}={name}" for iri in values[facet] for name in named(iri)}
    found |= {term("language", tag) for tag in document["inLanguage"]}
    found |= {f"type={name}" for name in document["type"]}
    return found | terms(document) | paired_terms(document.get(PAIRED, ()))


def _body(document: Item) -> str:
    parts: list[str] = [*document["keywords"], document["courseCode"] or ""]
    for name in ("alternateName", "description", "abstract"):
        parts += document[name].values()
    for key in ("teaches", "about", "learningResourceType", "audience", "educationalLevel"):
        for concept in document[key]:
            parts += concept["prefLabel"].values()
    for key in ("author", "provider", "publisher", "instructor"):
        for agent in document[key]:
            parts += agent["name"].values()
    return " ".join(word for part in parts for word in words(part))


def _document(document: Item, licences: Mapping[str, Terms], above: Above) -> Any:
    identifier = document["id"]
    entry = tantivy.Document()
    entry.add_text("id", identifier)
    entry.add_text("kind", "resource")
    values = facet_values(document, licences, above)
    for facet, found in values.items():
        for value in found:
            entry.add_text("facet_" + facet, value)
    for found_by in _terms(document, values):
        entry.add_text("term", found_by)
    for name, number in spans(document):
        entry.add_integer("span_" + name, number)
    for sort in SORTS:
        key = sort_key(document, sort)
        entry.add_text("by_" + sort, key.hex())  # in hexadecimal the order holds, and a query needs no quoting
        for level, number in enumerate(numbers(key)):
            entry.add_integer(field(sort, level), number)
    for name in document["name"].values():
        entry.add_text("title", " ".join(words(name)))
        entry.add_text("whole_title", " ".join(words(name)))
    entry.add_text("body", _body(document))
    entry.add_bytes("json", json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    return entry


def _told(document: Item, relations: Sequence[str]) -> Item:
    """A document with the relations of its pairs, which only the index knows of."""
    return {**document, PAIRED: list(relations)} if relations else document


def _write_marker(writer: Any, told: Marker) -> None:
    writer.delete_documents_by_term("id", MARKER)
    entry = tantivy.Document()
    entry.add_text("id", MARKER)
    entry.add_bytes("json", json.dumps(asdict(told)).encode())
    writer.add_document(entry)


@contextmanager
def _writing(index: Any) -> Iterator[Any]:
    """A writer: all or nothing of what it is given is committed."""
    writer = index.writer(HEAP, 1)
    try:
        yield writer
        writer.commit()
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()
    index.reload()


def _gone(change: Change, academy: str) -> Any:
    document = tombstone(change, academy)
    entry = tantivy.Document()
    entry.add_text("id", document["id"])
    entry.add_text("kind", "tombstone")
    entry.add_bytes("json", json.dumps(document).encode())
    return entry


def apply(
    index: Any,
    changes: Iterable[Change],
    labels: Labels,
    feeds: Mapping[str, str],
    sequence: int,
    recipe: str,
    above: Above | None = None,
    *,
    fresh: bool = False,
    relations: Relations | None = None,
) -> int:
    """Bring the index to ``sequence`` in one commit; how many changes were written.

    ``labels`` is {concept IRI: {language: label}}, ``feeds`` {feed: academy}. ``fresh`` begins from nothing
    (a rebuild). With ``above`` an entry is also found under what is broader. ``relations`` are those of its pairs
    as far as they are known before this turn's are counted (``mark`` puts right what they became). Applying what is
    already in it writes nothing. Changes of other kinds than record, tombstone and erased do not concern this
    projection.
    """
    standing = marker(index)
    if not fresh and standing is not None and standing.recipe == recipe and standing.sequence >= sequence:
        return 0
    licences = load_licences()
    written = 0
    with _writing(index) as writer:
        if fresh:
            writer.delete_all_documents()
        for change in changes:
            if change.kind not in ("record", "tombstone", "erased") or not change.feed:
                continue
            academy = feeds.get(change.feed, "")
            if change.kind == "record":
                document = item(change, labels, academy)
                document = _told(document, relations(document["iri"]) if relations else ())
                identifier, entry = document["id"], _document(document, licences, above or {})
            else:
                identifier, entry = tombstone(change, academy)["id"], _gone(change, academy)
            writer.delete_documents_by_term("id", identifier)
            writer.add_document(entry)
            written += 1
        _write_marker(writer, Marker(sequence, recipe, "" if fresh or standing is None else standing.pairs))
    return written


def mark(
    index: Any, relations: Relations, state: str, changed: Iterable[str] | None, above: Above | None = None
) -> int:
    """Write the entries again whose pairs are other ones than the index knows, in one commit; how many these were.

    ``state`` names the pairs that ``relations`` tells of. ``changed`` are ids of the only entries that can differ;
    None means that any may.
    """
    standing = marker(index)
    if standing is None:
        raise ValueError("an index that was never written has no entries to mark")
    reader, licences, written = Entries(index), load_licences(), 0
    found = reader.all() if changed is None else filter(None, map(reader.get, changed))
    with _writing(index) as writer:
        for document in found:
            if "iri" not in document:  # what is gone, and the marker
                continue
            known = list(relations(document["iri"]))
            if known == document.get(PAIRED, []):
                continue
            bare = {key: value for key, value in document.items() if key != PAIRED}
            writer.delete_documents_by_term("id", document["id"])
            writer.add_document(_document(_told(bare, known), licences, above or {}))
            written += 1
        _write_marker(writer, replace(standing, pairs=state))
    return written


def rebuild(
    index: Any,
    changes: Iterable[Change],
    labels: Labels,
    feeds: Mapping[str, str],
    sequence: int,
    recipe: str,
    above: Above | None = None,
    *,
    relations: Relations | None = None,
) -> int:
    """The index from nothing, in one commit: readers see the old one until then."""
    return apply(index, changes, labels, feeds, sequence, recipe, above, fresh=True, relations=relations)


def copy_to(path: Path, target: Path) -> None:
    """The committed index as a directory of its own, by hard links (segment files never change).

    To be called by the publisher between two applies: no merge runs then. Lock files stay behind;
    the lists of files are copied, as tantivy replaces them by renaming.
    """
    target.mkdir(parents=True)
    for file in sorted(path.iterdir()):
        if file.name.endswith(".lock"):
            continue
        if file.suffix == ".json":
            shutil.copy2(file, target / file.name)
            continue
        try:
            os.link(file, target / file.name)
        except OSError:  # a file system without hard links
            shutil.copy2(file, target / file.name)
