"""The steps between crosswalk and shapes, in their order; each is a pure function on what the one before gave.

1. the licence of the descriptions is put on the entry (the feed's ``metadata_licence``);
2. loops: what came back to us, and where it was read before;
3. corrections: what a person fixed;
4. publication: what the academy keeps to itself; e-mail addresses and intranets;
5. annotation: what is inferred from the texts, apart from what is stated.

Then the shapes check stated and inferred together. A record that a rule holds back is taken back from the
public, unlike one that fails a shape, whose last good version stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal as Choice

from registry.crosswalk.base import MapContext, Mapped, Placed
from registry.iris import DCTERMS, owns
from registry.model import Correction, RawRecord
from registry.prepare import corrections, loops, publication
from registry.prepare.loops import Cited, Origin
from registry.terms import Iri, is_iri

Held = Choice["", "rule", "loop"]
Annotate = Callable[[Mapped], Sequence[Placed]]
"""What infers: from a record as stated after all other steps, to inferred (s, p, o, place).

In: ``Mapped`` with the resource and its stated triples (corrected, and without what stays back). Out: triples
about the resource or a node under it that the stated ones describe, each with the place in the payload of the
text that it was inferred from. What is stated already may be given again and is dropped. It must be a pure
function of its input and of files that are part of the recipe (``setup.recipe_digest``), and never raise on
data: it runs in worker processes and is not called again for an unchanged record.
"""


@dataclass(frozen=True, slots=True)
class Worked:
    """A record after the steps: stated triples and issues (``mapped``), inferred ones, why it is held back.

    ``origins`` are the repositories that an aggregator had it from: if one of our own feeds reads it there,
    this one stays back; so it does if it has the title of one of our records that it is ``based_on``. The worker
    cannot know; who has the ledger decides.
    """

    mapped: Mapped
    inferred: tuple[Placed, ...] = ()
    held: Held = ""
    origins: tuple[Origin, ...] = ()
    based_on: tuple[Cited, ...] = ()


def work(
    record: RawRecord,
    mapped: Mapped,
    context: MapContext,
    fixes: Sequence[Correction] = (),
    annotate: Annotate | None = None,
) -> Worked:
    """Take one mapped record through all steps."""
    stays = publication.held_back(record, mapped, context)
    if stays is not None:
        # Nothing else is told: what a finding quotes would come out by another door.
        return Worked(Mapped(mapped.resource, (), (stays,)), held="rule")
    if not mapped.triples:
        return Worked(publication.safe(record, mapped, context))
    ours = loops.ours(record, mapped, context)
    if ours is not None:
        return Worked(Mapped(mapped.resource, (), (ours,)), held="loop")
    origins, cited = loops.origins(record, mapped, context), loops.based_on(record, mapped, context)
    mapped = corrections.apply(record, licensed(record, mapped, context), context, fixes)
    stays = publication.held_back(record, mapped, context) if fixes else None
    if stays is not None:
        return Worked(Mapped(mapped.resource, (), (stays,)), held="rule")
    mapped = publication.safe(record, publication.without_columns(record, mapped, context), context)
    mapped = connected(mapped, context.iris.record(context.feed.id, record.key))
    return Worked(mapped, inferred(mapped, annotate), origins=origins, based_on=cited)


def licensed(record: RawRecord, mapped: Mapped, context: MapContext) -> Mapped:
    """The entry with the licence of the description itself, as the feed's file states it."""
    said = context.feed.metadata_licence
    if not said:
        return mapped
    licence = context.values.licence(said) or (Iri(said) if is_iri(said) else None)
    if licence is None:
        return mapped
    node = context.iris.record(context.feed.id, record.key)
    return replace(mapped, triples=(*mapped.triples, (node, Iri(DCTERMS + "license"), licence, "")))


def connected(mapped: Mapped, node: Iri) -> Mapped:
    """The record without nodes under the resource that nothing refers to any more."""
    refers: dict[Iri, set[Iri]] = {}
    for s, _, o, _ in mapped.triples:
        if isinstance(o, Iri):
            refers.setdefault(s, set()).add(o)
    reached, waiting = {mapped.resource, node}, [mapped.resource, node]
    while waiting:
        for target in refers.get(waiting.pop(), set()) - reached:
            reached.add(target)
            waiting.append(target)
    kept = tuple(one for one in mapped.triples if one[0] in reached or not owns(mapped.resource, one[0]))
    return mapped if len(kept) == len(mapped.triples) else replace(mapped, triples=kept)


def inferred(mapped: Mapped, annotate: Annotate | None) -> tuple[Placed, ...]:
    """What is inferred and not stated, each triple once. Raises RuntimeError for what the record does not describe."""
    if annotate is None:
        return ()
    stated = {(s, p, o) for s, p, o, _ in mapped.triples}
    subjects = {s for s, _, _ in stated}
    found: dict[tuple[object, object, object], Placed] = {}
    for one in annotate(mapped):
        if one[0] not in subjects:
            raise RuntimeError(f"inferred about {one[0]}, which the record does not describe: a bug of the annotation")
        if one[:3] not in stated:
            found.setdefault(one[:3], one)
    return tuple(found.values())
