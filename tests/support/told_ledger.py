"""A ledger with a history, and the release made from its log: records that change and go, decisions, visits."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

from support import small_release as small

from registry.iris import SCHEMA
from registry.ledger import connect, decisions, log, runs, transaction
from registry.model import Change, Decision, Feed, Match
from registry.terms import Iri, Literal, from_ntriples, text, to_ntriples

GIT = small.IRIS.resource("north-oai", "git-1")
SOUTH = small.IRIS.resource("south-web", "git-intro")
ROW = small.IRIS.resource("south-list", "row 7")
BASIC = small.IRIS.resource("south-list", "row-8")
MAIL = "Write to anna@north.example"


def append(path: Path, change: Change) -> int:
    """A change of a record at the end of the log."""
    connection = connect(path)
    try:
        with transaction(connection):
            sequence = log.append(
                connection, time=change.time, kind=change.kind, subject=change.subject, cause=change.cause,
                feed=change.feed, key=change.key, run=change.run, stated=zlib.compress(change.stated.encode()),
                inferred=zlib.compress(change.inferred.encode()),
                digest_=log.graph_digest(change.stated, change.inferred),
            )  # fmt: skip
        assert sequence is not None
        return sequence
    finally:
        connection.close()


def said(change: Change, *added: tuple[str, Iri | Literal], without: str = "") -> Change:
    """The same entry saying more, and less: ``without`` is the name of a property."""
    resource = small.IRIS.resource(change.feed, change.key)
    kept = [t for t in from_ntriples(change.stated) if not without or t[1] != SCHEMA + without]
    return replace(
        change, stated=to_ntriples([*kept, *((resource, Iri(SCHEMA + name), value) for name, value in added)])
    )


def tombstone(change: Change, cause: str = "source") -> Change:
    return replace(change, kind="tombstone", stated="", inferred="", cause=cause)  # type: ignore[arg-type]


def decided(left: str, right: str, verdict: str, relation: str, **more: object) -> Decision:
    values: dict[str, object] = {"reviewer": "A. Reviewer", "time": "2026-03-02T00:00:00Z", "note": "private note"}
    return Decision(left, right, verdict, relation, **(values | more))  # type: ignore[arg-type]


def fill(path: Path) -> list[Change]:
    """The ledger; its log as it is then.

    1-5: the records of the small release; 6: git-1 says another description, and an address of a person; 7: that is
    gone again by another crosswalk, and its keywords with it; 8: it has a level of its own words; 9: r-1 goes; 10-12:
    decisions (on a pair of the release, on one that is none, unsure); 13: one of an academy, which 14 takes back.
    """
    given = small.changes()
    for one in given:
        append(path, one)
    git = given[0]
    second = said(
        git, ("description", text("Keep it all.", "en")), ("description", text(MAIL, "en")), without="description"
    )
    third = replace(
        said(second, ("description", text("Keep it all.", "en")), without="description"), cause="crosswalk"
    )
    third = replace(said(third, without="keywords"), cause="crosswalk")
    fourth = said(replace(third, cause="source"), ("educationalLevel", Literal("for all")), without="educationalLevel")
    for number, one in enumerate((second, third, fourth), 2):
        append(path, replace(one, time=f"2026-03-0{number}T00:00:00Z"))
    append(path, tombstone(given[1]))
    connection = connect(path)
    try:
        decisions.decide(connection, decided(GIT, SOUTH, "confirm", "translation", source=GIT))
        decisions.decide(connection, decided(SOUTH, BASIC, "confirm", "copy"))
        decisions.decide(connection, decided(GIT, ROW, "unsure", "copy"))
        decisions.decide(
            connection,
            decided(GIT, ROW, "confirm", "copy", voice="publisher", academy="northland", reviewer="Northland"),
        )
        decisions.undo(connection, 4, "A. Reviewer", "2026-03-03T00:00:00Z", "private reason")
        for feed, outcome in (("north-oai", "done"), ("north-oai", "failed"), ("south-web", "done")):
            number, _ = runs.start(connection, small.IRIS, Feed(feed, small.FEEDS[feed], "x", "https://x.example"),
                                   "2026-03-01T00:00:00Z")  # fmt: skip
            runs.end(connection, number, outcome, "http://10.0.0.1 said no", {"records": 3, "held": 1},
                     "2026-03-01T00:02:00Z")  # fmt: skip
        return log.changes(connection)
    finally:
        connection.close()


def build(data: Path) -> Path:
    """The ledger and a release of all that it has; the path of the ledger."""
    path = data / "ledger.sqlite"
    small.build(data, all_changes=fill(path), all_matches=matches())
    small.findings(path)
    return path


def matches() -> list[Match]:
    return [one for one in small.matches() if small.IRIS.resource("north-oai", "r-1") not in (one.left, one.right)]
