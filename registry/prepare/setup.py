"""Setting up the preparation of a feed, and the digest of its recipe.

The recipe is everything but the payload that decides the result: crosswalks and value tables, schemes, shapes,
this room's code, and the feed's own entry. Another recipe means that records are prepared again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rdflib import Graph

from registry import crosswalk, messages, vocabulary
from registry.annotation import labels
from registry.annotation.annotate import Annotator
from registry.crosswalk import values
from registry.crosswalk.base import MapContext
from registry.model import Academy, Feed
from registry.prepare.judge import Judge
from registry.prepare.record import Preparer
from registry.prepare.screen import compile_screen
from registry.prepare.steps import Annotate

if TYPE_CHECKING:
    from registry.prepare.workers import Job

T = TypeVar("T")
RECORD_SHAPES = ("learning-resource.ttl", "event.ttl", "record.ttl")


def shapes_graph(folder: Path, base: str) -> Graph:
    """The shapes that each record is checked with; relative IRIs are the deployment's."""
    graph = Graph()
    for name in RECORD_SHAPES:
        graph.parse(folder / name, format="turtle", publicID=base + "/")
    return graph


def _kept(name: str, folder: Path, base: str, store: Path, read: Callable[[Path, str], T]) -> T:
    """What is read from the schemes, once per version of the files and kept as JSON."""
    state = hashlib.sha256(base.encode())
    for file in sorted(folder.glob("*.ttl")):
        state.update(file.read_bytes())
    kept = store / f"{name}-{state.hexdigest()[:16]}.json"
    try:
        known: T = json.loads(kept.read_text("utf-8"))
        return known
    except FileNotFoundError:
        found = read(folder, base)
    store.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(f".{id(found)}")
    fresh.write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    fresh.replace(kept)
    return found


def make_context(job: Job) -> MapContext:
    """What mapping one feed's records needs."""
    lookup = _kept("vocabulary", job.root / "ontology", job.iris.base, job.cache, vocabulary.lookup)
    return MapContext(job.academy, job.feed, job.iris, values.load(job.iris, job.feed, lookup))


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
    shapes = shapes_graph(job.root / "shapes", job.iris.base)
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


def recipe_digest(root: Path, academy: Academy, feed: Feed, base: str) -> str:
    """The digest of a feed's recipe, 16 hex digits."""
    state = hashlib.sha256(base.encode())
    state.update(_package_digest().encode())
    state.update(crosswalk.recipe_digest().encode())
    for file in sorted([*(root / "ontology").glob("*.ttl"), *(root / "shapes").glob("*.ttl")]):
        state.update(file.read_bytes())
    entry = asdict(feed) | {"academy": academy.id, "name": dict(academy.name)}
    for moves in ("address", "allow_hosts", "expect"):
        entry.pop(moves)
    state.update(json.dumps(entry, sort_keys=True, default=str).encode())
    return state.hexdigest()[:16]
