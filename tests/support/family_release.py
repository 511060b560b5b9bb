"""A release about one course in many forms: editions, translations, a date, listed twice; adaptations beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support import small_release as small

from registry.matching.levels import words
from registry.model import Academy, Answer, Change, Evidence, Feed, Match, Reason, Work
from registry.terms import XSD, Literal

ISLAND = Feed("island-git", "island", "git", "https://island.example/git")
ACADEMIES: tuple[Academy, ...] = (*small.ACADEMIES[:2], replace(small.ACADEMIES[2], feeds=(ISLAND,)))
TITLE = "Working with Git"
# key: feed, title by language, {property: value or date}
RECORDS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "git": ("north-oai", {"en": TITLE}, {"datePublished": "2016-05-01", "version": "1"}),
    "git-2": ("north-oai", {"en": f"{TITLE}, second edition"}, {"datePublished": "2021-03-01", "version": "2"}),
    "git-may": ("north-oai", {"en": f"{TITLE}, session in May"}, {"startDate": "2026-05-04"}),
    "git-es": ("south-web", {"es": "Trabajar con Git"}, {"datePublished": "2018-01-10"}),
    "git-fr": ("south-list", {"fr": "Travailler avec Git"}, {"datePublished": "2019-06-30"}),
    "git-again": ("south-list", {"en": TITLE}, {}),
    "git-near": ("island-git", {"en": f"{TITLE} <b>"}, {}),
    "git-ja": ("island-git", {"ja": "Gitで作業する"}, {"datePublished": "2022-02-01"}),
    "fork": ("island-git", {"en": "Git for statisticians"}, {"datePublished": "2020-01-01"}),
    "fork-2": ("island-git", {"en": "Git for statisticians 2021"}, {"datePublished": "2021-01-01"}),
    "own": ("south-web", {"es": "Introducción a Git del Instituto"}, {}),
    "module": ("north-oai", {"en": "The staging area"}, {}),
    "basic": ("south-web", {"es": "Git básico"}, {}),
}
RULES = {
    "TR.SIGNALS": {
        "en": "Two independent signs of a translation.", "fr": "Deux indices indépendants de traduction.",
        "es": "Dos indicios independientes de traducción.",
    },
}  # fmt: skip


def iri(key: str) -> str:
    return str(small.IRIS.resource(RECORDS[key][0], key))


def changes() -> list[Change]:
    found = []
    for number, (key, (feed, names, values)) in enumerate(RECORDS.items(), 1):
        extra = tuple(
            (name, Literal(value) if name == "version" else Literal(value, XSD + "date"))
            for name, value in values.items()
        )
        graph = small.record(
            feed, key, names, languages=tuple(names), url=f"https://{feed}.example/{key}", extra=extra
        )
        found.append(small.change(number, feed, key, graph))
    return found


def _title(one: str, two: str, weight: float) -> Evidence:
    values = (next(iter(RECORDS[key][1].values())) for key in (one, two))
    return Evidence("title-similarity", "token-ratio", 0.9, *values, "name", "name", weight)


def match(one: str, two: str, relation: str, confidence: float, **more: object) -> Match:
    """A pair; the first comes from ``source``, a key, where there is one."""
    one, two = sorted((one, two), key=iri)
    if source := str(more.pop("source", "")):
        more["source"] = iri(source)
    evidence = (
        _title(one, two, 7.5),
        Evidence("same-author", "share-of-fewer", 1.0, "Ada Öberg", "Öberg, A.", "author", "author", 2.25),
        Evidence("same-duration", "equal", 1.0, "PT6H", "PT6H", "timeRequired", "timeRequired", 0.4),
        Evidence("other-date", "differs", 0.0, "2016", "2021", "datePublished", "datePublished", -3.0),
    )
    values: dict[str, object] = {
        "status": "candidate", "rule": "TR.SIGNALS", "justification": "CompositeMatching", "evidence": evidence,
        "weight": sum(line.weight for line in evidence), "generators": ("title", "text"), "model": "m1",
    } | more  # fmt: skip
    return Match(iri(one), iri(two), relation, confidence, **values)  # type: ignore[arg-type]


REASONS = (Reason("authors", "all", 8.5), Reason("minutes", "other", -1.35))


def matches() -> list[Match]:
    said = (Answer("southland", "translation", "feed"),)
    against = (Answer("northland", "translation", "publisher"), Answer("southland", "different", "publisher"))
    return [
        match("git", "git-2", "version", 0.95, source="git", status="accepted", reviewer="A. Reviewer",
              reviewed=small.TIME),
        match("git", "git-es", "translation", 0.98, source="git", status="accepted", answers=said,
              justification="source-stated", rule="TR.DECLARED"),
        match("git", "git-fr", "translation", 0.82, source="git", probability=0.82, reasons=REASONS),
        match("git-2", "git-ja", "translation", 0.75, source="git-2"),
        match("git", "git-again", "copy", 0.99, status="accepted"),
        match("git", "git-near", "near-copy", 0.93),
        match("git", "git-may", "run", 0.9),
        match("git", "fork", "derivative", 0.9, source="git", status="accepted"),
        match("git-2", "fork-2", "derivative", 0.6, source="git-2"),
        match("fork", "fork-2", "version", 0.9, source="fork"),
        match("git-es", "own", "overlap", 0.55),
        match("git", "module", "part", 0.9, source="git", status="accepted"),
        match("git", "basic", "translation", 0.7, status="discussed", answers=against),
    ]  # fmt: skip


def _work(name: str, level: str, *keys: str) -> Work:
    return Work(name, level, tuple(sorted(map(iri, keys))))  # type: ignore[arg-type]


FORMS = ("git", "git-2", "git-may", "git-es", "git-fr", "git-again", "git-near", "git-ja")


def works() -> list[Work]:
    return [
        _work("w-git", "work", *FORMS),
        _work("w-fork", "work", "fork", "fork-2"),
        _work("c-git", "cluster", "git", "git-again", "git-near"),
    ]


REDIRECTS = {"w-older": "w-old", "w-old": "w-git"}
TOLD = {
    "ids": 4, "ids_ever": 7, "ids_before": 5, "ids_new": 1, "ids_split": 1, "ids_merged": 1, "ids_retired": 1,
    "ids_changed": 2, "read_twice": 12, "read_alike": 11, "read_kappa": 0.86,
}  # fmt: skip
RETIRED = (_work("w-gone", "work", "own", "basic"),)


def build(data: Path) -> Path:
    """A finished release under a data directory."""
    return small.build(
        data, all_changes=changes(), all_matches=matches(), academies=ACADEMIES, works=works(),
        redirects=REDIRECTS, retired=RETIRED, rules={**RULES, **words()}, told=TOLD,
    )  # fmt: skip
