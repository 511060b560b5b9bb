"""How long a mirror takes: records copied to a really started store, followed, and compared by checksum.

``python -m benchmarks.bench_stores [--records N] [--kind virtuoso|oxigraph|plain] [--copy-only]``. Records have about 30 triples
and every fourth a match. What is to hold: 100,000 records in Virtuoso within eight minutes.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.generate import LANGUAGES, TOPICS
from registry import release
from registry.graph.journal import Journal
from registry.graph.store import EmbeddedStore, MatchDelta
from registry.iris import DCAT, DCTERMS, FOAF, RDF_TYPE, Iris, schema
from registry.model import Change, Evidence, Match
from registry.pipeline import mirror
from registry.settings import Settings
from registry.terms import XSD, Iri, Literal, Triple, text, to_ntriples
from tests.support.store_servers import oxigraph, virtuoso

MOST_SECONDS = 480.0
FULL = 100_000
IRIS = Iris("http://localhost:8000")
FEEDS = 10


def record(number: int, sequence: int, edition: int = 0) -> Change:
    """A plausible record, never used for a claim about quality."""
    chance = random.Random(number * 7919 + edition)
    feed, key = f"feed-{number % FEEDS}", str(number)
    entry, resource = IRIS.record(feed, key), IRIS.resource(feed, key)
    language = chance.choice(LANGUAGES)
    day = f"20{chance.randrange(10, 26)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
    triples: list[Triple] = [
        (entry, RDF_TYPE, Iri(DCAT + "CatalogRecord")), (entry, Iri(FOAF + "primaryTopic"), resource),
        (entry, Iri(DCTERMS + "identifier"), Literal(key)), (resource, RDF_TYPE, schema("LearningResource")),
        (resource, schema("name"), text(f"{' '.join(chance.sample(TOPICS, 4)).capitalize()} {number}", language)),
        (resource, schema("description"), text(" ".join(chance.choices(TOPICS, k=60)), language)),
        (resource, schema("url"), Iri(f"https://bench.example.org/training/{number}")),
        (resource, schema("inLanguage"), Literal(language)), (resource, schema("datePublished"), Literal(day, XSD + "date")),
        (resource, schema("timeRequired"), Literal(f"PT{chance.randrange(1, 40)}H", XSD + "duration")),
        (resource, schema("isAccessibleForFree"), Literal("true", XSD + "boolean")),
        (resource, schema("license"), Iri("https://creativecommons.org/licenses/by/4.0/")),
        (resource, schema("provider"), IRIS.academy(f"academy-{number % FEEDS}")),
        *((resource, schema("keywords"), text(word, language)) for word in chance.sample(TOPICS, 4)),
    ]  # fmt: skip
    for place in (1, 2):
        author = Iri(f"{resource}/author/{place}")
        triples += [
            (resource, schema("author"), author), (author, RDF_TYPE, schema("Person")),
            (author, schema("name"), Literal(f"Author {chance.randrange(5000)}")),
        ]  # fmt: skip
    about = [(resource, schema("about"), IRIS.concept("gsbpm", f"sp-{chance.randrange(1, 9)}.{n}")) for n in (1, 2)]
    time_ = "2026-03-01T10:00:00Z"
    return Change(
        sequence, time_, "record", entry, "source", feed, key, "", time_, to_ntriples(triples), to_ntriples(about)
    )


def matches(count: int) -> Iterator[Match]:
    """A match of every fourth record with the next one."""
    for number in range(0, count - 1, 4):
        pair = sorted(str(IRIS.resource(f"feed-{n % FEEDS}", str(n))) for n in (number, number + 1))
        evidence = Evidence("title-similarity", "token-ratio", 0.93, "a title", "another title", "name", "name")
        yield Match(pair[0], pair[1], "version", 0.9321, "candidate", "title", "LexicalMatching", (evidence,))


def publish(data: Path, store: EmbeddedStore, sequence: int) -> None:
    """A release of the graph alone."""
    number = release.number_for(data, sequence)
    making = release.begin(data, number)
    store.snapshot(making / "graph")
    manifest = {"number": number, "sequence": sequence, "journal": store.journalled()}
    release.finish(data, making, manifest, 3)


def measure(kind: str, count: int, folder: Path, *, copy_only: bool = False) -> dict[str, float]:
    """Seconds of each step; with ``copy_only`` of the copy alone, its triples counted."""
    found: dict[str, float] = {}
    began = time.monotonic()

    def lap(name: str) -> None:
        nonlocal began
        found[name] = time.monotonic() - began
        began = time.monotonic()

    data = folder / "data"
    feeds = {f"feed-{n}": f"academy-{n}" for n in range(FEEDS)}
    store = EmbeddedStore(data / "graph", IRIS, "r", feeds, Journal(data / mirror.JOURNAL))
    store.bulk((record(number, number + 1) for number in range(count)), matches(count))
    store.apply([], None, count)
    publish(data, store, count)
    lap("embedded store, s")
    home = folder / "server"
    home.mkdir()
    start = virtuoso(home, buffers=170_000) if kind == "virtuoso" else oxigraph(home)
    with start as server:
        plain = kind == "plain"
        settings = Settings(
            data=data, store=f"{server.store}/query" if plain else server.store, store_kind=kind,
            store_update=f"{server.store}/update" if plain else "", store_user=server.user,
            store_password=server.password,
        )  # fmt: skip
        began = time.monotonic()
        mirror.bring_up(settings, IRIS.base)
        lap("copied, s")
        if copy_only:
            assert not mirror.in_step(settings, IRIS.base)
            store.close()
            return found
        compared = mirror.compare(settings, IRIS.base)
        lap("compared, s")
        assert compared.same, compared
        found["triples"] = compared.there.triples
        changed = max(1, count // 100)
        store.apply([record(n, count + n, 1) for n in range(changed)], MatchDelta(), count + changed)
        publish(data, store, count + changed)
        began = time.monotonic()
        mirror.bring_up(settings, IRIS.base)
        lap("1 % changed, s")
        assert mirror.compare(settings, IRIS.base).same
        found["still the same"] = 1
    store.close()
    return found


def main() -> int:
    """Print the figures; 1 where a copy takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--kind", choices=("virtuoso", "oxigraph", "plain"), default="virtuoso")
    parser.add_argument("--copy-only", action="store_true", help="do not compare, do not change")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(told.kind, told.records, Path(folder), copy_only=told.copy_only)
    for name, value in found.items():
        print(f"{name:24}{value:>14,.1f}")
    full = found["copied, s"] * FULL / told.records
    print(f"{'ms a record':24}{found['copied, s'] * 1000 / told.records:>14,.2f}")
    print(f"{'100,000 records, s':24}{full:>14,.0f}  at most {MOST_SECONDS:,.0f}")
    return 0 if full <= MOST_SECONDS else 1


if __name__ == "__main__":
    raise SystemExit(main())
