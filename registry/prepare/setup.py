"""Setting up the preparation of a feed, and the digest of its recipe.

The recipe is everything but the payload that decides the result: crosswalks and value tables, schemes, shapes,
this room's code, and the feed's own entry. Another recipe means that records are prepared again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rdflib import SH, Graph, URIRef
from rdflib import Literal as RdfLiteral
from rdflib.collection import Collection

from registry import crosswalk, messages, vocabulary
from registry.annotation import labels
from registry.annotation.annotate import Annotator
from registry.crosswalk import values
from registry.crosswalk.base import MapContext
from registry.iris import SHAPES
from registry.model import Academy, Feed
from registry.prepare.judge import Judge
from registry.prepare.record import Preparer
from registry.prepare.screen import compile_screen
from registry.prepare.steps import Annotate

if TYPE_CHECKING:
    from registry.prepare.workers import Job

T = TypeVar("T")
_LISTS = {"subject": "LR-about-value", "audience": "LR-audience-value"}
RECORD_SHAPES = ("learning-resource.ttl", "event.ttl", "record.ttl")


def shapes_graph(folder: Path, base: str, schemes: Mapping[str, vocabulary.Scheme] | None = None) -> Graph:
    """The shapes that each record is checked with; relative IRIs are the deployment's.

    The terms of ``schemes`` that a shape does not list, those of schemes that were added, are added to it.
    """
    graph = Graph()
    for name in RECORD_SHAPES:
        graph.parse(folder / name, format="turtle", publicID=base + "/")
    for scheme in (schemes or {}).values():
        if scheme.role in _LISTS:
            _allow(graph, URIRef(SHAPES + _LISTS[scheme.role]), scheme, base)
    return graph


def _allow(graph: Graph, shape: URIRef, scheme: vocabulary.Scheme, base: str) -> None:
    """Let a shape of values also take the terms of a scheme; what it takes already stays as it is."""
    own = [f"{base}/id/concept/{scheme.id}/{notation}" for notation in scheme.broader]
    pattern, members = graph.value(shape, SH.pattern), graph.value(shape, SH["in"])
    if pattern is not None:
        known = re.compile(str(pattern))
        codes = "|".join(re.escape(iri.rsplit("/", 1)[-1]) for iri in own if not known.search(iri))
        if codes:
            wider = RdfLiteral(f"{pattern}|^https?://.+/id/concept/{re.escape(scheme.id)}/({codes})$")
            graph.set((shape, SH.pattern, wider))
    elif members is not None:
        listed = Collection(graph, members)
        standing = set(listed)
        for iri in own:
            if URIRef(iri) not in standing:
                listed.append(URIRef(iri))


def _kept(name: str, folders: vocabulary.Folders, base: str, store: Path, read: Callable[..., T]) -> T:
    """What is read from the schemes, once per version of the files and kept as JSON."""
    state = hashlib.sha256(base.encode())
    for file in vocabulary.turtle_files(folders):
        state.update(file.name.encode() + b"\0" + file.read_bytes())
    kept = store / f"{name}-{state.hexdigest()[:16]}.json"
    try:
        known: T = json.loads(kept.read_text("utf-8"))
        return known
    except FileNotFoundError:
        found = read(folders, base)
    store.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(f".{id(found)}")
    fresh.write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    fresh.replace(kept)
    return found


def _folders(root: Path, schemes: Path | None) -> list[Path]:
    return [root / "ontology", *([schemes] if schemes is not None else [])]


def known_schemes(root: Path, schemes: Path | None, base: str, store: Path) -> dict[str, vocabulary.Scheme]:
    """The concept schemes, ours and those that were added, with the parts they play; kept in ``store``."""

    def rows(folders: vocabulary.Folders, base: str) -> dict[str, dict[str, Any]]:
        return {name: asdict(scheme) for name, scheme in vocabulary.schemes(folders, base).items()}

    return vocabulary.from_rows(_kept("schemes", _folders(root, schemes), base, store, rows))


def known_labels(root: Path, schemes: Path | None, base: str, store: Path) -> vocabulary.Labels:
    """{concept IRI: {language: preferred label}} of all schemes; kept in ``store``."""
    return _kept("labels", _folders(root, schemes), base, store, vocabulary.labels)


def _schemes(job: Job) -> dict[str, vocabulary.Scheme]:
    return known_schemes(job.root, job.schemes, job.iris.base, job.cache)


def make_context(job: Job) -> MapContext:
    """What mapping one feed's records needs."""
    # Folding 18,000 labels costs more than mapping a small feed: kept, and made anew with another crosswalk.
    name = f"keys-{crosswalk.recipe_digest()[7:15]}"
    keys = _kept(name, _folders(job.root, job.schemes), job.iris.base, job.cache, _keys)
    return MapContext(job.academy, job.feed, job.iris, values.of_feed(job.iris, job.feed, keys, _schemes(job)))


def _keys(folders: vocabulary.Folders, base: str) -> dict[str, dict[str, str]]:
    return values.keyed(vocabulary.lookup(folders, base))


def make_annotate(job: Job) -> Annotate:
    """What finds topics in the texts of a record."""
    rows = _kept("topics", job.root / "ontology", job.iris.base, job.cache, labels.rows)
    annotator = Annotator(labels.from_rows(rows))
    return lambda mapped: annotator(mapped.resource, mapped.triples)


def make_preparer(job: Job, like: Preparer | None = None) -> Preparer:
    """Everything that preparing one feed's records needs.

    ``like`` is another feed's of the same registry: what does not depend on the feed is taken from it.
    """
    context = make_context(job)
    if like is not None:
        return replace(like, context=context, corrections=job.corrections)
    shapes = shapes_graph(job.root / "shapes", job.iris.base, _schemes(job))
    return Preparer(
        context, cache(crosswalk.load), cache(crosswalk.where), compile_screen(shapes), Judge(shapes),
        messages.load(), job.corrections, make_annotate(job),
    )  # fmt: skip


def _package_digest() -> str:
    state = hashlib.sha256()
    names = ("registry.prepare", "registry.annotation", "registry.messages", "registry")
    folders: list[Traversable] = [files(name) for name in names]
    for folder in folders:
        for entry in sorted(folder.iterdir(), key=lambda one: one.name):
            wanted = entry.name in ("terms.py", "iris.py", "vocabulary.py") if folder == folders[-1] else True
            if wanted and entry.name.endswith((".py", ".tsv")):
                state.update(entry.read_bytes())
    return state.hexdigest()


def recipe_digest(root: Path, academy: Academy, feed: Feed, base: str, schemes: Path | None = None) -> str:
    """The digest of a feed's recipe, 16 hex digits. ``schemes`` is the folder of the schemes that were added."""
    state = hashlib.sha256(base.encode())
    state.update(_package_digest().encode())
    state.update(crosswalk.recipe_digest().encode())
    for file in vocabulary.turtle_files([*_folders(root, schemes), root / "shapes"]):
        state.update(file.read_bytes())
    entry = asdict(feed) | {"academy": academy.id, "name": dict(academy.name)}
    for moves in ("address", "allow_hosts", "expect"):
        entry.pop(moves)
    state.update(json.dumps(entry, sort_keys=True, default=str).encode())
    return state.hexdigest()[:16]
