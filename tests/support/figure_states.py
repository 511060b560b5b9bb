"""Small registries as they change: what a time brings, their graph, and their figures from nothing or carried forward."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from support import family_release as family
from support import small_release as small

from registry import vocabulary
from registry.graph import describe
from registry.graph.store import EmbeddedStore
from registry.graph.vocabulary import load_vocabulary
from registry.graph.works import WorkDelta
from registry.iris import DCTERMS, SCHEMA
from registry.ledger.measurements import Measurement
from registry.model import Change, Evidence, Match, Run, Work
from registry.pipeline.figured import brought
from registry.search.document import item, resource_id
from registry.statistics.axes import Axes
from registry.statistics.build import Before, Measured, build
from registry.statistics.facts import Withdrawn
from registry.terms import XSD, Iri, Literal, Triple, from_ntriples, text, to_ntriples

ROOT = Path(__file__).resolve().parents[2]
SCHEMES = (
    "audience", "csa", "gsbpm", "gwg", "level", "licence", "match-feature", "match-status", "ost", "quality-metric",
    "resource-type",
)  # fmt: skip
LICENCES = {
    small.SPDX + "MIT": True,
    small.SPDX + "CC-BY-ND-4.0": False,
    small.concept("licence", "proprietary"): False,
}
KEYS = [(feed, f"k{number}") for feed in ("north-oai", "south-web", "south-list", "island-git") for number in range(8)]


@dataclass(frozen=True)
class Words:
    """Some of the lists: as graphs, and as axes."""

    graphs: dict[Iri, str]
    axes: Axes


def words_in(folder: Path) -> Words:
    """The lists, copied into a folder."""
    for name in ("ma", *SCHEMES):
        shutil.copy(ROOT / "ontology" / f"{name}.ttl", folder)
    schemes = vocabulary.of_role(vocabulary.schemes(folder, small.BASE), "subject")
    graphs = load_vocabulary(folder, ROOT / "shapes" / "none", small.IRIS)
    return Words(graphs, Axes(schemes, vocabulary.labels(folder, small.BASE)))


@dataclass
class State:
    """A whole registry at one time."""

    records: dict[str, Change] = field(default_factory=dict)
    gone: dict[str, Change] = field(default_factory=dict)
    matches: dict[str, Match] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    measured: list[tuple[str, Measurement]] = field(default_factory=list)
    visits: list[Run] = field(default_factory=list)
    brought: list[Change] = field(default_factory=list)
    """What all visits brought, in order."""


def record(chance: random.Random, feed: str, key: str, first: str) -> Change:
    concept = small.concept
    about = [
        concept("csa", "1"),
        concept("csa", "1.3"),
        concept("csa", "2.6"),
        concept("gsbpm", "sp-5.4"),
        concept("gwg", "1"),
        Literal("a word"),
    ]
    licences = [*map(Iri, LICENCES), Iri(small.SPDX + "Beerware"), Literal("free")]
    extra = [("about", one) for one in chance.sample(about, chance.choice([0, 0, 1, 1, 2, 3]))]
    extra += [("license", one) for one in chance.sample(licences, chance.choice([0, 1, 1, 2]))]
    extra += [("educationalLevel", concept("level", "basic"))] * chance.randrange(2)
    extra += [("learningResourceType", concept("resource-type", "lesson"))] * (chance.randrange(4) > 0)
    extra += [("isPartOf", small.IRIS.resource("north-oai", "k0"))] * chance.randrange(2)
    kinds = ("middle-manager", "senior-leader", "producer-statistician")
    extra += [("audience", concept("audience", kind)) for kind in kinds[: chance.randrange(4)]]
    extra += [("license", Iri(small.SPDX + "MIT"))] * chance.randrange(2)
    extra += [("learningResourceType", concept("resource-type", "module"))] * chance.randrange(2)
    extra += [("keywords", text("a VERSION control, of gitters", "en"))] * chance.randrange(2)
    place = f"{small.IRIS.resource(feed, key)}/place/1"
    if chance.random() < 0.5:
        extra += [("startDate", Literal(f"2026-0{chance.randrange(1, 4)}-01", XSD + "date")), ("location", Iri(place))]
    run = Iri(f"{small.IRIS.resource(feed, key)}/run/1")
    own = random.Random(str(extra))  # what comes by chance beside this stays as it was
    sessions = own.random() < 0.4
    extra += [("hasCourseInstance", run)] * sessions
    graph = small.record(
        feed,
        key,
        {chance.choice("en fr".split()): chance.choice(["Git", "Émigrés", "Sampling"])},
        url=own.choice(["", "https://one.example/git", f"https://{feed}.example/{key}"]),
        languages=chance.choice([(), ("en",), ("en",), ("fr-CA", "EN"), ("es", "fr")]),
        extra=tuple(extra),
    )
    resource = small.IRIS.resource(feed, key)
    inferred = [(resource, Iri("http://schema.org/about"), concept("csa", "3"))] * (chance.random() < 0.2)
    town = [
        (Iri(place), Iri(SCHEMA + "address"), Iri(place + "/address")),
        (Iri(place + "/address"), Iri(SCHEMA + "addressLocality"), Literal("Oslo")),
    ]
    held = any(name == "startDate" for name, _ in extra) and chance.random() < 0.5
    session: list[Triple] = [
        (run, Iri(SCHEMA + "startDate"), Literal(f"2026-0{own.randrange(4, 7)}-01T09:00:00Z", XSD + "dateTime")),
        (run, Iri(SCHEMA + "location"), Iri(run + "/place/1")),
        (Iri(run + "/place/1"), Iri(SCHEMA + "address"), Iri(run + "/place/1/address")),
        (Iri(run + "/place/1/address"), Iri(SCHEMA + "addressLocality"), Literal("Bergen")),
    ]
    own_key = (small.IRIS.record(feed, key), Iri(DCTERMS + "identifier"), Literal(key))
    more = [own_key, *(town if held else []), *(session[: own.choice([0, 1, 4])] if sessions else [])]
    made = small.change(1, feed, key, (graph[0], to_ntriples([*from_ntriples(graph[1]), *more])))
    return replace(made, inferred=to_ntriples(inferred), first=first)


def evidence_of(own: random.Random) -> tuple[Evidence, ...]:
    """What a pair has in common; one thing may be there twice."""
    features = ("title-similarity", "same-author", "title-similarity")[: own.randrange(4)]
    return tuple(Evidence(feature, "some", own.choice([1, 0.1, 0.123456, 1e-05]), "a", "b") for feature in features)


def changed(old: State, step: int, chance: random.Random) -> State:
    """What a time brings: records come, change, go and come back, people decide, works are put together anew."""
    new = replace(old, records=dict(old.records), gone=dict(old.gone), matches=dict(old.matches))
    time = f"2026-{step + 3:02d}-02T10:00:00Z"
    new.brought = list(old.brought)
    for feed, key in chance.sample(KEYS, 4 if step else len(KEYS) - 2):
        before = new.records.get(key_of := str(small.IRIS.record(feed, key))) or new.gone.get(key_of)
        if key_of in new.records and chance.random() < 0.4:
            del new.records[key_of]
            new.gone[key_of] = Change(
                1, time, "tombstone", key_of, "source", feed, key, first=before.first if before else time
            )
            new.brought.append(new.gone[key_of])
        else:
            new.gone.pop(key_of, None)
            made = record(chance, feed, key, before.first if before else time)
            run = str(small.IRIS.run(feed, f"2026{step + 3:02d}02T100000000000"))
            # A person may have put it right since: then it is as no visit brought it.
            new.records[key_of] = replace(made, time=time, run=run if len(made.stated) % 7 else "")
            new.brought.append(new.records[key_of])
    visited = {change.run: change.feed for change in new.brought if change.run}
    new.visits = [*old.visits, *(Run(run, of, small.FEEDS[of], time, time) for run, of in visited.items())]
    here = sorted(small.IRIS.resource(one.feed, one.key) for one in new.records.values())
    new.matches = {name: one for name, one in new.matches.items() if {one.left, one.right} <= set(here)}
    for _ in range(4 if step else 60):
        left, right = sorted(chance.sample(here, 2))
        relation = chance.choice(
            ["translation", "version", "derivative", "part", "copy", "overlap", "different", "copy"]
        )
        directed = relation in ("translation", "version", "derivative", "part")
        source = chance.choice([left, right, ""]) if directed else ""
        status = chance.choice(["candidate", "accepted", "candidate", "accepted", "rejected", "discussed"])
        if relation == "copy" and source == "" and (left + right)[-1] in "024":
            relation = "near-copy"
        new.matches[small.IRIS.match(left, right)] = Match(
            left,
            right,
            relation,
            chance.choice([0.6, 0.85, 0.98765]),
            status,
            "R",
            "CompositeMatching",
            evidence_of(random.Random(f"{left} {right} {relation}")),
            source=source,
        )  # type: ignore[arg-type]
    groups: dict[str, list[str]] = {}
    for iri in here:
        groups.setdefault(chance.choice("abcd") if chance.random() < 0.5 else "", []).append(iri)
    whole = {name: members for name, members in groups.items() if name and len(members) > 1}
    new.works = {name: Work(name, "work", tuple(members)) for name, members in whole.items()}
    new.measured = [
        (
            "northland",
            Measurement(
                "north-oai", f"{small.BASE}/id/run/north-oai/{month}", metric, share, f"2026-{month}-09T00:00:00Z"
            ),
        )
        for month in ("01", "02")[:step]
        for metric, share in (("completeness", chance.random()), ("freshness-days", chance.choice([0.0, 812.5])))
    ]
    return new


def graph_of(state: State, folder: Path, words: Words) -> ox.Store:
    store = EmbeddedStore(folder, small.IRIS, "r", small.FEEDS)
    store.bulk(
        [*state.records.values(), *state.gone.values()],
        state.matches.values(),
        WorkDelta(list(state.works.values()), complete=True),
    )
    store.replace(
        {
            **words.graphs,
            **describe.academies(family.ACADEMIES, small.IRIS, small.KNOWN),
            **describe.licences(LICENCES, small.IRIS),
            **describe.quality(state.measured, small.IRIS),
            **describe.provenance(state.visits, family.ACADEMIES, small.IRIS, lambda _: False),
        }
    )
    return store.store


def figures_of(state: State, target: Path, words: Words, before: tuple[State, Path] | None = None) -> Path:
    """The figures from nothing, or carried forward from a state and its figures."""
    old = before[0] if before else State()
    earlier = None
    if before is not None:
        earlier = Before(
            before[1],
            [resource_id(one.feed, one.key) for name, one in old.records.items() if name not in state.records],
            [name.rsplit("/", 1)[-1] for name in old.matches if name not in state.matches],
            [name for name in old.works if name not in state.works],
        )

    def new(now: dict[str, Any], then: dict[str, Any]) -> list[Any]:
        return [one for name, one in now.items() if then.get(name) != one]

    build(
        target,
        resources=[item(one, words.axes.labels, small.FEEDS[one.feed]) for one in new(state.records, old.records)],
        matches=new(state.matches, old.matches),
        works=new(state.works, old.works),
        withdrawn=[
            Withdrawn(resource_id(one.feed, one.key), small.FEEDS[one.feed], one.first, one.time, one.key)
            for one in new(state.gone, old.gone)
        ],
        quality=[Measured(of, one.feed, one.metric, one.time, one.value) for of, one in state.measured],
        brought=brought(state.brought[len(old.brought) :]),
        academies=family.ACADEMIES, known=small.KNOWN, runs=[], sequence=1, iris=small.IRIS, axes=words.axes,
        licences=LICENCES, before=earlier,
    )  # fmt: skip
    return target
