"""A release of generated resources, with pairs and works, for measuring the API: plausible, deterministic, never used
for a claim about quality."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.generate import TOPICS
from registry import vocabulary
from registry.iris import DCAT, DCTERMS, FOAF, RDF_TYPE, SCHEMA, SPDX, Iris
from registry.model import Academy, Change, Evidence, Feed, Match, Work
from registry.search import index as search_index
from registry.search.reader import Reader
from registry.statistics import build as figures
from registry.statistics.axes import Axes
from registry.terms import XSD, Iri, Literal, Triple, text, to_ntriples

BASE = "http://localhost:8000"
IRIS = Iris(BASE)
TIME = "2026-03-01T00:00:00Z"
ONTOLOGY = Path(__file__).resolve().parents[1] / "ontology"
ACADEMIES = 40
LANGUAGES = ("en", "en", "en", "fr", "es", "pt-BR", "de", "ru")
LICENCES = ("CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "MIT", "")
LEVELS = ("basic", "intermediate", "advanced")
TYPES = ("course", "video", "text", "slides")


def feed_of(number: int) -> str:
    """The list that a resource stands in."""
    return f"list-{number % ACADEMIES:02d}"


def key_of(number: int) -> str:
    """The key of a resource in its list."""
    return f"k{number}"


def record(number: int, steps: list[str]) -> Change:
    """One resource of about 25 statements; ``steps`` are subjects."""
    chance = random.Random(number * 7919)
    feed, key = feed_of(number), key_of(number)
    subject, resource = IRIS.record(feed, key), IRIS.resource(feed, key)
    words = chance.sample(TOPICS, 6)
    language = chance.choice(LANGUAGES)
    run = Iri(f"{resource}/run/1")
    day = f"20{chance.randrange(10, 26)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"

    def own(name: str, value: Iri | Literal) -> Triple:
        return resource, Iri(SCHEMA + name), value

    found = [
        (subject, RDF_TYPE, Iri(DCAT + "CatalogRecord")), (subject, Iri(FOAF + "primaryTopic"), resource),
        (subject, Iri(DCTERMS + "source"), Iri(f"https://source.example/{feed}")),
        (resource, RDF_TYPE, Iri(SCHEMA + "LearningResource")), (resource, RDF_TYPE, Iri(SCHEMA + "Course")),
        own("provider", IRIS.academy(f"office-{number % ACADEMIES:02d}")),
        own("name", text(f"{' '.join(words[:4]).capitalize()} {number}", language)),
        own("description", text(" ".join(chance.choice(TOPICS) for _ in range(60)).capitalize() + ".", language)),
        own("url", Iri(f"https://office.example/{feed}/{key}")), own("inLanguage", Literal(language)),
        own("learningResourceType", IRIS.concept("resource-type", chance.choice(TYPES))),
        own("educationalLevel", IRIS.concept("level", chance.choice(LEVELS))),
        own("author", Literal(f"Author {chance.randrange(5000)}")),
        own("author", Literal(f"Writer {chance.randrange(5000)}")),
        own("keywords", text(words[4], language)), own("keywords", text(words[5], language)),
        own("dateModified", Literal(day, XSD + "date")),
        own("isAccessibleForFree", Literal(chance.choice(["true", "false"]), XSD + "boolean")),
        own("timeRequired", Literal(f"PT{chance.randrange(1, 60)}H", XSD + "duration")),
        own("identifier", Iri(f"https://doi.org/10.9999/{number}")),
    ]  # fmt: skip
    if chance.random() < 0.7:
        found.append(own("about", Iri(chance.choice(steps))))
    if licence := chance.choice(LICENCES):
        found.append(own("license", Iri(SPDX + licence)))
    if number % 5 == 0:
        start = f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
        found += [own("hasCourseInstance", run), (run, Iri(SCHEMA + "startDate"), Literal(start, XSD + "date"))]
    return Change(number, TIME, "record", subject, "source", feed, key, first=TIME, stated=to_ntriples(found))


def _resource(number: int) -> str:
    return str(IRIS.resource(feed_of(number), key_of(number)))


def pairs(records: int) -> Iterator[Match]:
    """A pair for every fourth resource, most of them between academies."""
    evidence = (Evidence("title-similarity", "token-ratio", 0.9, "One title", "Another title", "name", "name", 5.0),)
    for number in range(1, records - 1, 4):
        chance = random.Random(number)
        left, right = sorted((_resource(number), _resource(number + chance.choice([1, 2]))))
        relation = chance.choice(["copy", "translation", "version", "overlap", "derivative"])
        yield Match(
            left, right, relation, round(chance.uniform(0.5, 1), 4), "candidate", "TR.SIGNALS",  # type: ignore[arg-type]
            "CompositeMatching", evidence,
        )  # fmt: skip


def works(records: int) -> Iterator[Work]:
    """A work of every tenth pair's ends."""
    for number in range(1, records - 1, 40):
        yield Work(f"w{number}", "work", tuple(sorted((_resource(number), _resource(number + 1)))))


def academies() -> list[Academy]:
    """The offices, each with one list."""
    return [
        Academy(
            f"office-{n:02d}", {"en": f"Office {n}"}, f"https://office.example/{n}",
            feeds=(Feed(f"list-{n:02d}", f"office-{n:02d}", "oai_pmh", f"https://office.example/{n}/oai"),),
        )
        for n in range(ACADEMIES)
    ]  # fmt: skip


def build(data: Path, records: int) -> None:
    """A release under a data directory, with ``current`` pointing to it."""
    schemes = vocabulary.schemes(ONTOLOGY, BASE)
    labels = vocabulary.labels(ONTOLOGY, BASE)
    axes = Axes([one for one in schemes.values() if one.role == "subject"], labels)
    above = axes.above(IRIS)
    steps = [str(IRIS.concept("gsbpm", notation)) for notation in schemes["gsbpm"].broader]
    offices = academies()
    feeds = {feed.id: one.id for one in offices for feed in one.feeds}
    release = data / "releases" / f"{records}.0"
    release.mkdir(parents=True)
    index = search_index.open_index(data / "search")
    changes = (record(number, steps) for number in range(1, records + 1))
    told: dict[str, set[str]] = {}
    for pair in pairs(records):
        for iri in (pair.left, pair.right):
            told.setdefault(iri, set()).add(pair.relation)
    relations = {iri: sorted(names) for iri, names in told.items()}
    search_index.rebuild(
        index, changes, labels, feeds, records, "bench", above, relations=lambda iri: relations.get(iri, [])
    )  # fmt: skip
    search_index.copy_to(data / "search", release / "search")
    counts = figures.build(
        release / "figures", resources=Reader(release / "search").all(), matches=pairs(records), academies=offices,
        runs=[], sequence=records, iris=IRIS, axes=axes, works=works(records),
    )  # fmt: skip
    manifest = {"number": f"{records}.0", "sequence": records, "time": TIME, "recipes": {}, "counts": counts}
    (release / "manifest.json").write_text(json.dumps(manifest))
    (data / "releases" / "current").symlink_to(release.name)
