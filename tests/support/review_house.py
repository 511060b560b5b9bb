"""A small registry with pairs to review: three academies, records in the log, no visit."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from support.demo import BASE, environment

from registry.iris import DCAT, FOAF, RDF_TYPE, SCHEMA, Iris
from registry.ledger import connect, log, runs, transaction
from registry.ledger.connection import Ledger
from registry.terms import Iri, Literal, Triple, text, to_ntriples

IRIS = Iris(BASE)
TIME = "2026-01-01T00:00:00Z"
ACADEMIES = {"north": "Statistics Northland", "south": "Instituto del Sur", "island": "Island Bureau"}
GIT = "Keep the history of your scripts, work with others and review each other's changes with Git and a server."
COURSES = (
    ("north", "git", "en", "Version control with Git", GIT),
    ("south", "git", "en", "Version control with Git", GIT + " Two days."),
    ("island", "git", "en", "Version control with Git", GIT + " In one day."),
    ("north", "r", "en", "R for official statistics", "Tables, charts and pipelines with R for producers of figures."),
    ("south", "r", "en", "R for official statistics", "Tables, charts and pipelines with R, for all producers."),
    ("island", "seasonal", "en", "Seasonal adjustment", "Calendar effects, models and revisions of time series."),
    ("south", "seasonal", "en", "Seasonal adjustment", "Calendar effects, models and revisions of time series data."),
    ("north", "seasonal", "fr", "Désaisonnalisation", "Effets de calendrier, modèles et révisions."),
)


def resource(academy: str, key: str) -> str:
    return str(IRIS.resource(f"{academy}-list", key))


def record(academy: str, key: str, language: str, title: str, description: str, url: str) -> tuple[str, str]:
    """(record IRI, canonical N-Triples)."""
    node, about = IRIS.record(f"{academy}-list", key), IRIS.resource(f"{academy}-list", key)
    triples: list[Triple] = [
        (node, RDF_TYPE, Iri(DCAT + "CatalogRecord")),
        (node, Iri(FOAF + "primaryTopic"), about),
        (about, RDF_TYPE, Iri(SCHEMA + "LearningResource")),
        (about, RDF_TYPE, Iri(SCHEMA + "Course")),
        (about, Iri(SCHEMA + "provider"), IRIS.academy(academy)),
        (about, Iri(SCHEMA + "name"), text(title, language)),
        (about, Iri(SCHEMA + "description"), text(description, language)),
        (about, Iri(SCHEMA + "inLanguage"), Literal(language)),
        (about, Iri(SCHEMA + "url"), Iri(f"https://{academy}.example/{url}")),
    ]
    return str(node), to_ntriples(triples)


@dataclass(frozen=True, slots=True)
class ReviewHouse:
    """The folder of a registry, and the environment in which commands work on it."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        settings = {"DATA": self.folder / "var", "ACADEMIES": self.folder / "academies", "BASE": BASE}
        return environment(settings)

    def ledger(self) -> Ledger:
        """The ledger, opened; close it."""
        connection = connect(self.folder / "var" / "ledger.sqlite")
        assert isinstance(connection, Ledger)
        return connection

    def put(self, academy: str, key: str, language: str, title: str, description: str, url: str = "") -> None:
        """A record into the log; its page is at ``url``, or else at its key."""
        subject, graph = record(academy, key, language, title, description, url or key)
        connection = self.ledger()
        with transaction(connection):
            log.append(
                connection, time=TIME, kind="record", subject=subject, cause="source", feed=f"{academy}-list", key=key,
                stated=zlib.compress(graph.encode()), digest_=log.graph_digest(graph, ""),
            )  # fmt: skip
        connection.close()

    def withdraw(self, academy: str, key: str) -> None:
        """A record out of the log."""
        connection = self.ledger()
        with transaction(connection):
            subject = str(IRIS.record(f"{academy}-list", key))
            log.append(
                connection, time=TIME, kind="tombstone", subject=subject, cause="source", feed=f"{academy}-list",
                key=key,
            )  # fmt: skip
        connection.close()


def build(folder: Path) -> ReviewHouse:
    """The registry in a folder."""
    made = ReviewHouse(folder)
    (folder / "academies").mkdir(parents=True)
    for academy, name in ACADEMIES.items():
        (folder / "academies" / f"{academy}.toml").write_text(
            f'name = "{name}"\nhomepage = "https://{academy}.example"\n\n[[feeds]]\nid = "{academy}-list"\n'
            f'protocol = "table"\naddress = "https://{academy}.example/list.csv"\npermission = "agreed"\n',
            "utf-8",
        )
    connection = made.ledger()
    runs.base_address(connection, BASE)
    connection.close()
    for course in COURSES:
        made.put(*course)
    return made
