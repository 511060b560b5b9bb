"""A small release made by the registry's own functions from a handful of records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from registry.academies_known import Known
from registry.iris import ADMS, DCAT, DCTERMS, FOAF, MA, PROV, RDF_TYPE, SCHEMA, Iris
from registry.messages import Message
from registry.model import Academy, Change, Evidence, Feed, Match, Run
from registry.search import index as search_index
from registry.search.document import LINK_LIST
from registry.search.reader import Reader
from registry.statistics import build as figures
from registry.statistics.axes import Axes
from registry.statistics.build import Place
from registry.statistics.reader import open_figures, relations_of
from registry.terms import XSD, Iri, Literal, Triple, from_ntriples, text, to_ntriples
from registry.vocabulary import Scheme

BASE = "http://localhost:8000"
IRIS = Iris(BASE)
TIME = "2026-03-01T00:00:00Z"

ACADEMIES = (
    Academy(
        "northland",
        {"en": "Statistics Northland", "fr": "Statistique Nordland"},
        "https://stat.example/northland",
        country="XN",
        acronym="SNL",
        contact="training@northland.example",
        feeds=(
            Feed(
                "north-oai",
                "northland",
                "oai_pmh",
                "https://north.example/oai",
                permission="agreed",
                metadata_licence="CC0-1.0",
            ),
        ),
    ),
    Academy(
        "southland",
        {"es": "Instituto de Estadística del Sur"},
        "https://stat.example/southland",
        feeds=(
            Feed("south-web", "southland", "web_pages", "https://south.example/sitemap.xml"),
            Feed("south-list", "southland", "table", "https://south.example/courses.xlsx"),
        ),
    ),
    Academy("island", {"en": "Island Bureau of Statistics"}, "https://stat.example/island"),
)
KNOWN = (
    Known("eastland", "Statistics Eastland", "https://stat.example/eastland", "XE", "has a school of statistics"),
    Known("west-office", "Office of the West"),
)
PLACES = {"north-oai": Place("https://north.example/oai", "https://new.north.example/oai")}
FEEDS = {feed.id: academy.id for academy in ACADEMIES for feed in academy.feeds} | {"island-git": "island"}


def concept(scheme: str, notation: str) -> Iri:
    return IRIS.concept(scheme, notation)


LABELS: Mapping[str, Mapping[str, str]] = {
    concept("level", "basic"): {"en": "Basic", "fr": "Débutant", "es": "Básico"},
    concept("level", "advanced"): {"en": "Advanced", "fr": "Avancé", "es": "Avanzado"},
    concept("resource-type", "course"): {"en": "Course", "fr": "Cours", "es": "Curso"},
    concept("resource-type", "git-lesson"): {"en": "Git lesson", "fr": "Leçon Git", "es": "Lección Git"},
    concept("gsbpm", "ph-5"): {"en": "Process", "fr": "Traitement", "es": "Procesar"},
    concept("audience", "it-developer"): {"en": "IT developer", "fr": "Développeur", "es": "Desarrollador"},
    concept("access", "open"): {"en": "Open to all", "fr": "Ouvert à tous", "es": "Abierto a todos"},
    concept("topics", "sampling"): {"en": "Sampling", "fr": "Échantillonnage", "es": "Muestreo"},
    concept("modality", "online"): {"en": "Online", "fr": "En ligne", "es": "En línea"},
}

AXES = Axes(
    (
        Scheme("csa", "subject", title={"en": "Domains", "fr": "Domaines"}, broader={"1": (), "1.3": ("1",)}),
        Scheme(
            "gsbpm", "subject", title={"en": "Steps (GSBPM)"}, broader={"ph-5": (), "sp-5.4": ("ph-5",), "ph-6": ()}
        ),
    ),
    LABELS,
)

SPDX = "http://spdx.org/licenses/"


def record(
    feed: str,
    key: str,
    names: Mapping[str, str],
    *,
    url: str | None = None,
    languages: tuple[str, ...] = (),
    licence: str | None = None,
    level: str | None = None,
    about: str | None = None,
    modified: str | None = None,
    free: bool | None = None,
    description: str = "",
    keywords: tuple[str, ...] = (),
    extra: tuple[tuple[str, Iri | Literal], ...] = (),
) -> tuple[str, str]:
    """(record IRI, canonical N-Triples) of one described resource."""
    subject, resource = IRIS.record(feed, key), IRIS.resource(feed, key)
    triples: list[Triple] = [
        (subject, RDF_TYPE, Iri(DCAT + "CatalogRecord")),
        (subject, Iri(FOAF + "primaryTopic"), resource),
        (subject, Iri(DCTERMS + "source"), Iri(f"https://source.example/{feed}/1")),
        (subject, Iri(ADMS + "status"), concept("record-status", "active")),
        (resource, RDF_TYPE, Iri(SCHEMA + "LearningResource")),
        (resource, RDF_TYPE, Iri(SCHEMA + "Course")),
        (resource, Iri(SCHEMA + "provider"), IRIS.academy(FEEDS[feed])),
        (resource, Iri(SCHEMA + "learningResourceType"), concept("resource-type", "course")),
    ]

    def add(name: str, value: Iri | Literal) -> None:
        triples.append((resource, Iri(SCHEMA + name), value))

    for language, name in names.items():
        add("name", text(name, language))
        if description:
            add("description", text(description, language))
    if url:
        add("url", Iri(url))
    for language in languages:
        add("inLanguage", Literal(language))
    if licence:
        add("license", Iri(SPDX + licence))
    if level:
        add("educationalLevel", concept("level", level))
    if about:
        add("about", concept("gsbpm", about))
    if modified:
        add("dateModified", Literal(modified, XSD + ("date" if len(modified) == 10 else "gYear")))
    if free is not None:
        add("isAccessibleForFree", Literal(str(free).lower(), XSD + "boolean"))
    for keyword in keywords:
        add("keywords", text(keyword, next(iter(names), "und")))
    for name, value in extra:
        add(name, value)
    return str(subject), to_ntriples(triples)


def change(sequence: int, feed: str, key: str, graph: tuple[str, str]) -> Change:
    return Change(sequence, TIME, "record", graph[0], "source", feed, key, first=TIME, stated=graph[1])


GIT_TEXT = "Keep the history of your scripts, work with others and review each other's changes."


def changes() -> list[Change]:
    records = [
        ("north-oai", "git-1", record(
            "north-oai", "git-1", {"en": "Introduction to Git", "fr": "Introduction à Git"},
            url="https://north.example/git", languages=("en", "fr-CA"), licence="CC-BY-4.0", level="basic",
            about="ph-5", modified="2025-04-01", free=True, description=GIT_TEXT, keywords=("git", "change history"),
            extra=(("author", Literal("Ada Öberg")), ("timeRequired", Literal("PT6H", XSD + "duration"))),
        )),
        ("north-oai", "r-1", record(
            "north-oai", "r-1", {"en": "R for official statistics"}, url="https://north.example/r",
            languages=("en",), licence="CC-BY-NC-ND-4.0", level="advanced", modified="2024-01-15", free=False,
            description="Tables, charts and pipelines with R.",
        )),
        ("south-web", "git-intro", record(
            "south-web", "git-intro", {"es": "Introducción a Git"}, url="https://south.example/git",
            languages=("es",), level="basic", modified="2025-06-01", free=True,
            description="Guardar la historia de los programas.",
        )),
        ("south-list", "row 7", record(
            "south-list", "row 7", {"fr": "Initiation à <b>Git</b> & données"}, languages=("fr",),
            description="Cours en salle.", extra=(("url", Iri("javascript:alert(1)")),),
        )),
        ("south-list", "row-8", record(
            "south-list", "row-8", {"es": "Estadística básica"}, languages=("es",), modified="2023",
        )),
    ]  # fmt: skip
    found = [change(number, *entry) for number, entry in enumerate(records, 1)]
    return [*found[:-1], told_more(found[-1])]


def told_more(plain: Change) -> Change:
    """An entry with sessions, contents, parts, a correction and a topic found in its text, as a list of links told."""
    node, resource = IRIS.record(plain.feed, plain.key), IRIS.resource(plain.feed, plain.key)
    run, part = (Iri(f"{resource}/{end}") for end in ("run/1", "syllabus/1"))
    fix, other = (Iri(f"{node}/correction/{number}") for number in (1, 2))
    start, end = (Literal(f"2026-05-04T{hour}:00:00+02:00", XSD + "dateTime") for hour in ("09", "12"))
    about: list[tuple[Iri, str, Iri | Literal]] = [
        (node, DCTERMS + "conformsTo", Iri(LINK_LIST)),
        (node, MA + "correction", fix),
        (fix, MA + "correctedProperty", Iri(SCHEMA + "inLanguage")),
        (fix, MA + "correctedBy", Literal("A. Curator")),
        (fix, MA + "sourceValue", Literal("fr")),
        (fix, DCTERMS + "description", Literal("The page is <i>in Spanish</i>")),
        (fix, PROV + "generatedAtTime", Literal("2026-02-20T09:00:00Z", XSD + "dateTime")),
        (node, MA + "correction", other),
        (other, MA + "correctedProperty", Iri(SCHEMA + "image")),
        (other, MA + "correctedBy", Iri("https://orcid.org/0000-0001-2345-6789")),
        (other, DCTERMS + "description", Literal("There is a picture")),
        (other, PROV + "generatedAtTime", Literal("2026-02-21T09:00:00Z", XSD + "dateTime")),
        (resource, SCHEMA + "hasPart", IRIS.resource("south-web", "git-intro")),
        (resource, SCHEMA + "isBasedOn", Iri("https://north.example/r")),
        (resource, SCHEMA + "hasPart", Iri("https://south.example/part-2")),
        (resource, SCHEMA + "syllabusSections", part),
        (part, SCHEMA + "description", text("Tablas\nMedias y medianas", "es")),
        (resource, SCHEMA + "hasCourseInstance", run),
        (run, SCHEMA + "startDate", start),
        (run, SCHEMA + "endDate", end),
        (run, SCHEMA + "eventStatus", Iri(SCHEMA + "EventCancelled")),
        (run, SCHEMA + "eventAttendanceMode", Iri(SCHEMA + "OnlineEventAttendanceMode")),
        (run, SCHEMA + "maximumAttendeeCapacity", Literal("12", XSD + "integer")),
    ]
    inferred = to_ntriples([(resource, Iri(SCHEMA + "about"), concept("topics", "sampling"))])
    stated = to_ntriples([*from_ntriples(plain.stated), *((s, Iri(p), o) for s, p, o in about)])
    return replace(plain, stated=stated, inferred=inferred)


def _resource(feed: str, key: str) -> str:
    return str(IRIS.resource(feed, key))


def _match(first: str, second: str, relation: str, confidence: float, **more: object) -> Match:
    left, right = sorted((first, second))
    evidence = (
        Evidence("title-similarity", "token-set", 0.91, "Introduction to Git", "Introducción a Git", "name", "name"),
        Evidence("same-level", "equal", 1.0, "basic", "basic", "educationalLevel", "educationalLevel"),
    )
    values: dict[str, object] = {
        "status": "candidate", "rule": "title-and-level", "justification": "CompositeMatching", "evidence": evidence,
    } | more  # fmt: skip
    return Match(left, right, relation, confidence, **values)  # type: ignore[arg-type]


def matches() -> list[Match]:
    git, south, row = (
        _resource("north-oai", "git-1"),
        _resource("south-web", "git-intro"),
        _resource("south-list", "row 7"),
    )
    return [
        _match(git, south, "translation", 0.97, source=git),
        _match(git, row, "copy", 0.99, status="accepted", reviewer="A. Reviewer", reviewed=TIME),
        _match(south, row, "copy", 0.7),
        _match(_resource("north-oai", "r-1"), row, "overlap", 0.55),
        _match(_resource("north-oai", "r-1"), south, "copy", 0.6, status="rejected"),
    ]


def runs() -> list[Run]:
    return [
        Run(f"{BASE}/id/run/north-oai/1", "north-oai", "northland", "2026-02-28T00:00:00Z", TIME, "done", "",
            {"records": 2, "held": 3, "by_rule": 2, "missing": 1}),
        Run(f"{BASE}/id/run/south-web/1", "south-web", "southland", TIME, TIME, "refused", "too few records", {}),
    ]  # fmt: skip


def build(
    data: Path,
    *,
    number: str = "5.1",
    all_changes: list[Change] | None = None,
    all_matches: list[Match] | None = None,
    academies: tuple[Academy, ...] = (),
    **more: Any,
) -> Path:
    """A finished release under a data directory, and ``current`` pointing to it; ``more`` goes to the figures."""
    found = changes() if all_changes is None else all_changes
    live = data / "search"
    index = search_index.open_index(live)
    search_index.rebuild(index, found, LABELS, FEEDS, len(found), "test")
    release = data / "releases" / number
    release.mkdir(parents=True)
    counts = figures.build(
        release / "figures",
        resources=Reader(live).all(),
        matches=all_matches if all_matches is not None else matches() if all_changes is None else [],
        academies=academies or ACADEMIES,
        runs=runs(),
        sequence=len(found),
        iris=IRIS,
        to_mend={"northland": 12},
        known=KNOWN,
        places=PLACES,
        axes=AXES,
        **more,
    )
    with open_figures(release / "figures") as connection:
        search_index.mark(index, partial(relations_of, connection), number, None)
    search_index.copy_to(live, release / "search")
    manifest = {
        "number": number, "sequence": len(found), "time": TIME, "recipes": {"search": "test"}, "counts": counts,
    }  # fmt: skip
    (release / "manifest.json").write_text(json.dumps(manifest))
    link = data / "releases" / "current"
    new = data / "releases" / "next"
    new.symlink_to(number)
    new.replace(link)
    return release


def findings(ledger: Path) -> None:
    """A ledger that holds some things to mend."""
    from registry.ledger import connect, transaction
    from registry.ledger.findings import replace as replaced
    from registry.model import Finding, Issue

    connection = connect(ledger)
    listed = {
        ("north-oai", "git-1"): [
            Issue("LR-license", "/record/metadata/dc/rights"),
            Issue("net-slow", "page 2", "9 s"),
        ],
        ("north-oai", "r-1"): [Issue("LR-license", "/record/metadata/dc/rights")],
        ("north-oai", "held-1"): [Issue("LR-name", "/record/metadata/dc/title", "<script>alert(1)</script>")],
        ("north-oai", ""): [Issue("LR-about", "")],
    }
    with transaction(connection):
        for (feed, record), issues in listed.items():
            found = [
                Finding(feed, record, "violation" if issue.code == "LR-name" else "warning", issue) for issue in issues
            ]
            replaced(connection, feed, record, "prepare", found)
    connection.close()


def _message(code: str, severity: str, words: tuple[str, str, str], mend: tuple[str, str, str]) -> Message:
    tags = ("en", "fr", "es")
    return Message(code, severity, dict(zip(tags, words, strict=True)), dict(zip(tags, mend, strict=True)))  # type: ignore[arg-type]


MESSAGES = {
    message.code: message
    for message in (
        _message("LR-license", "warning", ("There is no licence.", "Il n’y a pas de licence.", "No hay licencia."),
                 ("Name the licence.", "Nommez la licence.", "Indique la licencia.")),
        _message("LR-name", "violation", ("The title {value} cannot be used.", "Titre {value}.", "Título {value}."),
                 ("Give a title.", "Donnez un titre.", "Dé un título.")),
        _message("LR-about", "info", ("No subject.", "Pas de sujet.", "Sin tema."),
                 ("Name a subject.", "Nommez un sujet.", "Indique un tema.")),
    )
}  # fmt: skip
