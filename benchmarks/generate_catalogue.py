"""Generated catalogues of up to millions of records: 40 academies, 8 languages, with planted relations.

For timing, candidate recall and bounds alone, never for a claim about quality. Record ``n`` is a pure function of the
seed, the size of the catalogue and ``n``, so that any part can be made anywhere, in any order, by any process. A fifth
of the records come from another one (``KINDS``), and some are siblings of a series, which are not related.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from benchmarks.catalogue_words import LANGUAGES, TOOLS, Words, load
from registry.iris import DCAT, DCTERMS, FOAF, RDF_TYPE, SCHEMA, Iris
from registry.ledger.log import graph_digest
from registry.model import Academy, Change, Feed, Relation

ACADEMIES = 40
WEBINARS = 17
BASE = "http://localhost:8000"
TIME = "2026-01-01T00:00:00Z"
# Shares of all records, in thousandths: what a record is to the one that it comes from.
KINDS = (
    ("same-url", 25), ("retitled", 15), ("near-copy", 30), ("version", 35), ("run", 30), ("translation", 45),
    ("derivative", 20), ("sibling", 50),
)  # fmt: skip
RELATIONS: dict[str, Relation] = {
    "same-url": "copy", "retitled": "copy", "near-copy": "near-copy", "version": "version", "run": "run",
    "translation": "translation", "derivative": "derivative", "sibling": "different",
}  # fmt: skip
_PLAN = [name for name, share in KINDS for _ in range(share)]
_TYPES = ("course", "lesson", "manual", "video", "slides", "webinar-recording", "tutorial", "workshop", "mooc")
_LICENCES = ("http://spdx.org/licenses/CC-BY-4.0", "http://spdx.org/licenses/MIT", "")
_XSD_DATE = "http://www.w3.org/2001/XMLSchema#date"


@dataclass(frozen=True, slots=True)
class Item:
    """One record before it is written in a language; texts are numbers of words."""

    number: int
    academy: int
    language: int
    template: int
    topic: int
    tool: int
    rare: tuple[int, ...]
    names: tuple[int, ...]
    part: int
    level: int
    year: int
    edition: int
    generic: int
    description: tuple[int, ...]
    boiler: bool
    authors: tuple[int, ...]
    concepts: tuple[int, ...]
    minutes: int
    start: str
    published: str
    address: str
    doi: str
    kind: int
    licence: int
    spoken: bool
    declared: tuple[str, ...] = ()
    webinar: bool = False


def _mixed(number: int) -> int:
    """A number scattered over 64 bits (the finaliser of splitmix64)."""
    number = (number + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return number ^ (number >> 31)


@dataclass
class Catalogue:
    """A catalogue of ``count`` records; ``base`` as of ``Iris``."""

    count: int
    seed: int = 1
    base: str = BASE
    words: Words = field(default_factory=load)

    @cached_property
    def iris(self) -> Iris:
        return Iris(self.base)

    @cached_property
    def _share(self) -> list[int]:
        # Academies by Zipf's law: the largest has about a fifth, the smallest half a hundredth.
        sizes = [1 / (n + 2) for n in range(ACADEMIES)]
        return [n for n, size in enumerate(sizes) for _ in range(round(4000 * size / sum(sizes)))]

    @property
    def _webinars(self) -> int:
        return min(WEBINARS * ACADEMIES, self.count // 50)

    def academies(self) -> dict[str, Academy]:
        """The academies, each with one feed, as settings would give them."""
        found = {}
        for number in range(ACADEMIES):
            name = f"office-{number:02d}"
            feed = Feed(feed_of(number), name, "oai_pmh", f"https://{name}.example.org/oai", permission="agreed")
            found[name] = Academy(name, {"en": f"Office {number}"}, f"https://{name}.example.org/", feeds=(feed,))
        return found

    def origin(self, number: int) -> tuple[str, int] | None:
        """(kind, number of the record that this one comes from), None for one that stands for itself."""
        drawn = _mixed(self.seed * 0x100000001 + number)
        slot = drawn % 1000
        if number < self._webinars or slot >= len(_PLAN):
            return None
        for turn in range(1, 100):
            other = self._webinars + _mixed(drawn + turn) % max(self.count - self._webinars, 1)
            if other != number and _mixed(self.seed * 0x100000001 + other) % 1000 >= len(_PLAN):
                return _PLAN[slot], other
        return None

    def item(self, number: int) -> Item:
        """A record, with what it took from the one it comes from."""
        chance = random.Random(_mixed(self.seed * 0x200000003 + number))
        if number < self._webinars:
            return replace(self._fresh(number, chance), academy=number % ACADEMIES, webinar=True, generic=-1)
        origin = self.origin(number)
        if origin is None:
            return self._fresh(number, chance)
        kind, other = origin
        source = self._fresh(other, random.Random(_mixed(self.seed * 0x200000003 + other)))
        return getattr(self, "_" + kind.replace("-", "_"))(source, number, chance)  # type: ignore[no-any-return]

    def _fresh(self, number: int, chance: random.Random) -> Item:
        draw = chance.random
        academy = self._share[int(draw() * len(self._share))]
        # Half of an academy's records are in its own language, most of the rest in English.
        language = academy % 8 if draw() < 0.6 else 0 if draw() < 0.6 else int(draw() * 8)
        words = self.words
        generic = -1
        if draw() < 0.045:
            generic = 0 if draw() < 0.24 else 1 + int(draw() * 7)
        described = draw() < 0.7
        length = int(20 + 100 * draw() ** 2)
        year = 2010 + int(16 * draw() ** 0.5)
        return Item(
            number, academy, language,
            template=int(8 * draw() ** 2), topic=int(40 * draw() ** 1.5), tool=int(12 * draw() ** 1.5),
            rare=tuple(chance.choices(words.ranks, cum_weights=words.weights, k=1 + int(draw() * 3))),
            names=tuple(chance.choices(range(len(words.names)), cum_weights=words.name_weights, k=int(draw() * 2.2))),
            part=1 + int(draw() * 12) if draw() < 0.12 else 0, level=1 + int(draw() * 3) if draw() < 0.15 else 0,
            year=year if draw() < 0.1 else 0, edition=1 + int(draw() * 4) if draw() < 0.03 else 0, generic=generic,
            description=tuple(chance.choices(words.ranks, cum_weights=words.weights, k=length)) if described else (),
            boiler=draw() < 0.5,
            authors=tuple(int(40_000 * draw() ** 2) for _ in range(1 + int(draw() * 3))) if draw() < 0.6 else (),
            concepts=tuple({int(24 * draw() ** 1.5) for _ in range(1 + int(draw() * 2))}) if draw() < 0.7 else (),
            minutes=(15, 30, 45, 60, 90, 120, 180, 360, 720)[int(draw() * 9)] if draw() < 0.5 else 0,
            start=f"{year}-{1 + int(draw() * 12):02d}-{1 + int(draw() * 28):02d}" if draw() < 0.15 else "",
            published=f"{year}-{1 + int(draw() * 12):02d}-{1 + int(draw() * 28):02d}" if draw() < 0.7 else "",
            address=f"https://office-{academy:02d}.example.org/training/{LANGUAGES[language]}/{number}",
            doi=f"10.5281/zenodo.{number + 100000}" if draw() < 0.08 else "",
            kind=int(9 * draw() ** 1.5), licence=int(draw() * 3), spoken=draw() < 0.93,
        )  # fmt: skip

    def _elsewhere(self, source: Item, number: int, chance: random.Random) -> Item:
        """The same at another academy, under its own address and without the source's DOI."""
        academy = self._share[int(chance.random() * len(self._share))]
        address = f"https://office-{academy:02d}.example.org/training/{LANGUAGES[source.language]}/{number}"
        return replace(source, number=number, academy=academy, address=address, doi="")

    def _here(self, source: Item, number: int) -> Item:
        return replace(source, number=number, address=f"{source.address}-{number}", doi="")

    def _same_url(self, source: Item, number: int, chance: random.Random) -> Item:
        return replace(self._elsewhere(source, number, chance), address=source.address)

    def _retitled(self, source: Item, number: int, chance: random.Random) -> Item:
        return replace(self._elsewhere(source, number, chance), template=(source.template + 1) % 8, names=())

    def _near_copy(self, source: Item, number: int, chance: random.Random) -> Item:
        return replace(self._elsewhere(source, number, chance), description=self.some(source.description, 0.9, chance))

    def _version(self, source: Item, number: int, chance: random.Random) -> Item:
        text = self.some(source.description, 0.9, chance)
        later = f"{2020 + int(chance.random() * 6)}-06-01"
        return replace(self._here(source, number), edition=source.edition + 1, description=text, published=later)

    def _run(self, source: Item, number: int, chance: random.Random) -> Item:
        start = f"{2024 + int(chance.random() * 3)}-{1 + int(chance.random() * 12):02d}-07"
        return replace(self._here(source, number), start=start)

    def _translation(self, source: Item, number: int, chance: random.Random) -> Item:
        language = (source.language + 1 + int(chance.random() * 7)) % 8
        other = self._elsewhere(source, number, chance) if chance.random() < 0.5 else self._here(source, number)
        return replace(other, language=language, spoken=True, boiler=False)

    def _derivative(self, source: Item, number: int, chance: random.Random) -> Item:
        text = self.some(source.description, 0.55, chance)
        found = replace(self._elsewhere(source, number, chance), description=text, tool=(source.tool + 1) % 12)
        return replace(found, declared=("isBasedOn", source.address)) if chance.random() < 0.2 else found

    def _sibling(self, source: Item, number: int, chance: random.Random) -> Item:
        text = self.some(source.description, 0.5, chance)
        return replace(self._here(source, number), part=source.part + 1 + int(chance.random() * 3), description=text)

    def some(self, text: tuple[int, ...], share: float, chance: random.Random) -> tuple[int, ...]:
        """A text of which a share of the words stays."""
        fresh = chance.choices(self.words.ranks, cum_weights=self.words.weights, k=len(text))
        return tuple(old if chance.random() < share else new for old, new in zip(text, fresh, strict=True))

    def title(self, item: Item) -> str:
        """The title in the record's language."""
        if item.webinar:
            return "Webinar"
        language = self.words.languages[item.language]
        texts = language.texts
        if item.generic == 0:  # in English wherever it is given: one title a hundredth of all records
            return self.words.languages[0].texts["generic"][0]
        if item.generic > 0:
            return texts["generic"][item.generic]
        title = texts["topic"][item.topic]
        if item.rare:
            title = f"{title}{language.gap}{language.sentence(item.rare)}"
        title = texts["template"][item.template].format(t=title, x=TOOLS[item.tool])
        if item.part:
            title = texts["series"][item.part % 2].format(n=item.part, t=title)
        parts = [title, *(self.words.names[name] for name in item.names)]
        if item.level:
            parts.append(f"({texts['level'][item.level - 1]})")
        if item.year:
            parts.append(str(item.year))
        if item.edition > 1:
            parts.append(f"v{item.edition}")
        return " ".join(parts)

    def description(self, item: Item) -> str:
        """The description in the record's language, "" for none; an academy's boilerplate behind it."""
        language = self.words.languages[item.language]
        said = language.sentence(item.description)
        if item.boiler and (said or item.academy % 3 == 0):
            ranks = random.Random(item.academy).choices(self.words.ranks, cum_weights=self.words.weights, k=30)
            said = f"{said}. {language.sentence(ranks)}" if said else language.sentence(ranks)
        return said + "." if said else ""

    def change(self, item: Item, sequence: int) -> Change:
        """A record as the log would hold it: canonical N-Triples."""
        feed = feed_of(item.academy)
        key = str(item.number)
        stated = "\n".join(sorted(self._lines(item, feed, key))) + "\n"
        record = self.iris.record(feed, key)
        return Change(
            sequence, TIME, "record", record, "source", feed, key, "", TIME, stated, "", graph_digest(stated, "")
        )

    def _lines(self, item: Item, feed: str, key: str) -> list[str]:
        record, resource = f"<{self.base}/id/record/{feed}/{key}>", f"<{self.base}/id/resource/{feed}/{key}>"
        concept, s = f"<{self.base}/id/concept/", f"{resource} <{SCHEMA}"
        code = LANGUAGES[item.language]
        tag = f"@{code}" if item.spoken else "@und"
        lines = [
            f'{record} <{DCTERMS}identifier> "{key}" .',
            f"{record} <{RDF_TYPE}> <{DCAT}CatalogRecord> .",
            f"{record} <{FOAF}primaryTopic> {resource} .",
            f"{resource} <{RDF_TYPE}> <{SCHEMA}LearningResource> .",
            f"{resource} <{RDF_TYPE}> <{DCAT}Resource> .",
            f'{s}name> "{self.title(item)}"{tag} .',
            f"{s}url> <{item.address}> .",
            f"{s}provider> <{self.base}/id/agent/office-{item.academy:02d}> .",
            f"{s}learningResourceType> {concept}resource-type/{_TYPES[item.kind]}> .",
        ]
        if said := self.description(item):
            lines.append(f'{s}description> "{said}"{tag} .')
        if item.spoken:
            lines.append(f'{s}inLanguage> "{code}" .')
        for number, author in enumerate(item.authors, 1):
            agent = f"{resource[:-1]}/agent/{number}>"
            names = self.words.names
            name = f"{names[author * 7 % len(names)]}, {names[author % len(names)]}"
            lines += [
                f"{s}author> {agent} .",
                f'{agent} <{SCHEMA}name> "{name}" .',
                f"{agent} <{RDF_TYPE}> <{SCHEMA}Person> .",
            ]
        lines += [f"{s}about> {concept}gsbpm/sp-{2 + one // 4}.{1 + one % 4}> ." for one in item.concepts]
        if item.minutes:
            lines.append(f'{s}timeRequired> "PT{item.minutes}M" .')
        for name, day in (("startDate", item.start), ("datePublished", item.published)):
            if day:
                lines.append(f'{s}{name}> "{day}"^^<{_XSD_DATE}> .')
        if item.level:
            lines.append(
                f"{s}educationalLevel> {concept}level/{('basic', 'intermediate', 'advanced')[item.level - 1]}> ."
            )
        if item.doi:
            lines.append(f"{s}identifier> <https://doi.org/{item.doi}> .")
        if _LICENCES[item.licence]:
            lines.append(f"{s}license> <{_LICENCES[item.licence]}> .")
        if item.declared:
            lines.append(f"{s}{item.declared[0]}> <{item.declared[1]}> .")
        return lines


def feed_of(academy: int) -> str:
    """The id of an academy's feed."""
    return f"office-{academy:02d}-courses"


def changes(count: int, seed: int = 1, base: str = BASE) -> Iterator[Change]:
    """The catalogue as a log, sequences from 1."""
    catalogue = Catalogue(count, seed, base)
    return (catalogue.change(catalogue.item(number), number + 1) for number in range(count))


def edits(count: int, n: int, seed: int = 1, base: str = BASE) -> Iterator[Change]:
    """A week of the catalogue: ``n`` records of it changed (70 in 100), new (20) or withdrawn (10)."""
    catalogue = Catalogue(count, seed, base)
    chance = random.Random(_mixed(seed * 0x300000005 + n))
    for turn, number in enumerate(chance.sample(range(count), n)):
        sequence, what = count + 1 + turn, turn % 10
        item = catalogue.item(number)
        if what == 0:
            gone = catalogue.change(item, sequence)
            yield replace(gone, kind="tombstone", stated="", digest="")
        elif what < 3:
            yield catalogue.change(catalogue.item(count + turn), sequence)
        elif what < 6:
            yield catalogue.change(replace(item, names=(chance.randrange(len(catalogue.words.names)),)), sequence)
        elif what < 9:
            text = catalogue.some(item.description, 0.8, chance)
            yield catalogue.change(replace(item, description=text, minutes=item.minutes + 15), sequence)
        else:
            yield catalogue.change(replace(item, published="2026-06-01", edition=item.edition + 1), sequence)


@dataclass(frozen=True, slots=True)
class Planted:
    """A relation that was planted: resources (left < right), what it is, and how it was made."""

    left: str
    right: str
    relation: Relation
    kind: str


def truth(count: int, seed: int = 1, base: str = BASE) -> Iterator[Planted]:
    """The planted pairs; "different" are siblings of a series."""
    catalogue = Catalogue(count, seed, base)

    def resource(number: int) -> str:
        item = catalogue.item(number)
        return str(catalogue.iris.resource(feed_of(item.academy), str(number)))

    for number in range(count):
        if origin := catalogue.origin(number):
            left, right = sorted((resource(number), resource(origin[1])))
            yield Planted(left, right, RELATIONS[origin[0]], origin[0])
