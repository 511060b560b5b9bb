"""The whole way on material of others: every record is published, held back with a reason, or told of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pyshacl
import pytest
from rdflib import SH, Graph

from registry.ledger import findings, log, records
from registry.matching import Matcher
from registry.model import Finding, Run
from registry.pipeline.house import House, opened
from registry.pipeline.intake import Intake, visit
from registry.pipeline.publisher import publish_now
from registry.prepare.setup import shapes_graph
from registry.release import Release
from registry.search.reader import Reader, ResourceQuery
from registry.settings import Settings
from tests.support.real_feeds import real_feeds

# Feed: (published at least, held back exactly). None published: the feed fails, with a reason.
EXPECTED = {
    "zenodo": (199, 0), "zenodo-software": (50, 0), "zenodo-set": (0, 0), "oai-html": None, "sickle": (1, 1),
    "sickle-listrecordsbroken": None, "sickle-undefinederror": None, "sickle-cannotdisseminateformat": None,
    "sickle-nosethierarchy": None, "sickle-norecordsmatch": (0, 0), "pyoai": (95, 0), "eudat": (12, 1),
    "extruct": (98, 5), "extruct-strict": (0, 0), "oersi": (3, 0), "amb": (10, 0), "amb-invalid": (5, 0),
    "nfdi-csv": (960, 0), "nfdi-xlsx": (960, 0), "nfdi-dalia": (267, 0), "git-training": (24, 0), "truth": None,
    "eudat-list": None,
}  # fmt: skip
# What is said of a list as a whole has no place in it.
OF_THE_WHOLE = {"format-cannot-carry"}


@dataclass
class Visited:
    """Both visits of all feeds, and the release between them."""

    house: House
    folders: dict[str, str]
    first: dict[str, Run]
    found: dict[str, list[Finding]]
    release: Release
    again: dict[str, Run]
    found_again: dict[str, list[Finding]]
    sequences: tuple[int, int]


def everything(house: House, feed: str) -> list[Finding]:
    return findings.listed(house.connection, [feed], limit=100_000)[0]


@pytest.fixture(scope="module")
def visited(shared, tmp_path_factory) -> Iterator[Visited]:
    data = tmp_path_factory.mktemp("real")
    settings = Settings(data=data, base="https://registry.example", http_delay=0.0, http_retries=0, workers=1)
    with real_feeds(shared) as (academies, folders), opened(settings, academies) as house:
        intake = Intake(house.connection, settings, house.iris, house.root, house.messages)
        first = {feed.id: visit(intake, academy, feed) for academy, feed in house.feeds}
        found = {name: everything(house, name) for name in first}
        release = publish_now(house, lambda *_: None)
        before = log.last_sequence(house.connection)
        again = {feed.id: visit(intake, academy, feed) for academy, feed in house.feeds}
        sequences = before, log.last_sequence(house.connection)
        found_again = {name: everything(house, name) for name in first}
        yield Visited(house, folders, first, found, release, again, found_again, sequences)


def test_every_record_is_published_held_or_told(visited):
    assert set(visited.first) == set(EXPECTED)
    folders: dict[str, Counter[str]] = {}
    for name, run in visited.first.items():
        expected, told = EXPECTED[name], visited.found[name]
        statuses = records.statuses(visited.house.connection, name)
        published, held = statuses.pop("active", 0), statuses.pop("held", 0)
        assert not statuses, name
        violations = {finding.record for finding in told if finding.severity == "violation"}
        if expected is None:
            assert run.outcome == "failed" and run.message and "{" not in run.message and violations == {""}, name
        else:
            assert run.outcome == "done" and not run.message, (name, run)
            assert published >= expected[0] and held == expected[1] == len(violations), (name, published, held)
        # Deleted headers of records that were never seen, and records that stand twice in a list, are no records.
        assert run.counts["new"] == published + held
        assert published or told, f"{name} says nothing"
        count = folders.setdefault(visited.folders[name], Counter())
        count.update({"feeds": 1, "failed": int(expected is None), "read": run.counts["records"], "published": published,
                      "held": held, **Counter(finding.severity for finding in told)})  # fmt: skip
    columns = ("feeds", "failed", "read", "published", "held", "violation", "warning", "info")
    print("\n" + "folder".ljust(16) + "".join(column.rjust(11) for column in columns))
    for folder, count in sorted(folders.items()):
        print(folder.ljust(16) + "".join(str(count[column]).rjust(11) for column in columns))


def test_every_finding_has_its_place(visited):
    """A place in the source, or it is about the list as a whole; never an address of our own."""
    for name, told in visited.found.items():
        assert len(told) == len(set(told)), name
        for finding in told:
            issue = finding.issue
            assert issue.place or (not finding.record and issue.code in OF_THE_WHOLE), finding
            assert "https://registry.example" not in issue.place + issue.value, finding


def test_what_is_published_conforms(visited):
    """pySHACL alone, on all of the smaller feeds and every twentieth record of the larger."""
    graph, count = Graph(), Counter()
    for change in log.standing(visited.house.connection):
        count[change.feed] += 1
        if visited.first[change.feed].counts["published"] < 120 or count[change.feed] % 20 == 0:
            graph.parse(data=change.stated, format="nt")
    shapes = shapes_graph(visited.house.root / "shapes", visited.house.iris.base)
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inference="none")
    severities = Counter(str(o).rpartition("#")[2] for o in report.objects(None, SH.resultSeverity))
    assert len(graph) > 8000 and severities["Warning"] and not severities["Violation"]


def test_texts_are_plain(visited):
    """No markup, control characters or doubled blanks in a title; every title in a language or "und"."""
    titles = re.compile(r'<http://schema\.org/name> "((?:[^"\\]|\\.)*)"@([a-z0-9-]+)')
    seen = 0
    for change in log.standing(visited.house.connection):
        for title, language in titles.findall(change.stated):
            seen += 1
            assert not re.search(r"</?[a-z]+[^<>]*>|&[a-z]+;|\\[nrt]|  |^\s|\s$", title), (change.key, title)
            assert re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", language)
    assert seen > 2500


def test_csv_and_xlsx_say_the_same(visited):
    sides: dict[str, dict[str, str]] = {"nfdi-csv": {}, "nfdi-xlsx": {}}
    for change in log.standing(visited.house.connection):
        if change.feed in sides:
            sides[change.feed][change.key] = change.stated.replace(change.feed, "nfdi")
    assert sides["nfdi-csv"] == sides["nfdi-xlsx"]


def test_nothing_changes_on_a_second_visit(visited):
    assert visited.sequences[0] == visited.sequences[1] == visited.release.sequence
    for name, run in visited.again.items():
        assert run.outcome == visited.first[name].outcome
        counts = run.counts
        assert [counts[key] for key in ("new", "changed", "published_new", "withdrawn")] == [0, 0, 0, 0], name
        if "oai" not in visited.folders[name]:  # a repository is asked only for changes then
            # What matching set aside is told when it is published, between the two visits.
            again = {one for one in visited.found_again[name] if not one.issue.code.startswith("matching-")}
            assert again == set(visited.found[name]), name
    assert publish_now(visited.house, lambda *_: None).number == visited.release.number


def test_the_release_answers(visited):
    reader = Reader(visited.release.search)
    for words, title, feed in (
        ("Version Control with Git", "Version Control with Git", "git-training"),
        ("control de versiones", "El Control de Versiones con Git", "git-training"),
        ("Feature extraction napari", "Feature extraction in napari", "nfdi-dalia"),
        ("Virtual Memory", "OS08: Virtual Memory I", "amb"),
        ("55 Cnc", "CHEOPS observations of 55 Cnc", "zenodo"),
    ):
        page = reader.search(ResourceQuery(words, filters={"feed": (feed,)}))
        assert title in [name for item in page.items for name in item["name"].values()], words
    counts = visited.release.manifest["counts"]
    assert counts["records"] == sum(run.counts["published"] for run in visited.first.values())


def test_no_entry_has_hundreds_of_twins(visited):
    """Two exports of one list and a third of a part of it: a copy has at most a few others beside it."""
    degrees: Counter[str] = Counter()
    matcher = Matcher(visited.house.settings.data / "matching", visited.house.academy_of)
    try:
        for match in matcher.all():
            if match.relation == "copy":
                degrees.update((match.left, match.right))
    finally:
        matcher.close()
    assert len(degrees) > 1500 and max(degrees.values()) <= 12, degrees.most_common(3)
