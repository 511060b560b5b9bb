"""Examining a registry: what the shapes cannot say because it needs the clock, several records or the disk.

Each examination says what was looked at, whether it is well, and if not how to mend it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from registry import release
from registry.iris import SCHEMA
from registry.ledger import log, runs, tasks
from registry.pipeline import mirror
from registry.pipeline.house import House
from registry.terms import Literal, Term, by_subject

STALE = timedelta(days=90)
WAITS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def examine(house: House) -> list[Examined]:
    """Everything there is to look at."""
    now = datetime.now(UTC)
    return [
        _academies(house),
        _ledger(house),
        _release(house),
        *_mirror(house),
        _work(house, now),
        *_visits(house, now),
        *_records(house, now),
    ]


def _academies(house: House) -> Examined:
    detail = f"{len(house.academies)} academies, {len(house.feeds)} feeds"
    return Examined("academies", bool(house.feeds), detail if house.feeds else f"{detail}; see docs/academies.md")


def _ledger(house: House) -> Examined:
    (found,) = house.connection.execute("PRAGMA quick_check").fetchone()
    count = log.standing_count(house.connection)
    return Examined("ledger", found == "ok", f"{count} records published" if found == "ok" else str(found))


def _release(house: House) -> Examined:
    current = release.current(house.settings.data)
    if current is None:
        return Examined("release", False, "there is none yet; run meta-academy publish")
    last = log.last_sequence(house.connection)
    behind = last - current.sequence
    detail = f"{current.number} of {current.manifest['time']}"
    published = int(current.manifest["counts"].get("records", -1))
    standing = log.standing_count(house.connection)
    if behind:
        return Examined("release", False, f"{detail} is {behind} changes behind; run meta-academy publish")
    if published != standing:
        return Examined(
            "release", False, f"{detail} shows {published} records of {standing}; run meta-academy rebuild"
        )
    return Examined("release", True, detail)


def _mirror(house: House) -> Iterator[Examined]:
    """The store elsewhere: whether it holds the release, as far as its marker and a count tell."""
    if house.settings.store:
        wrong = mirror.in_step(house.settings, house.iris.base)
        yield Examined(
            "mirror", not wrong, wrong or "holds the current release; meta-academy mirror --check reads all"
        )


def _work(house: House, now: datetime) -> Examined:
    """Whether what was asked for is done by somebody."""
    since = tasks.waiting_since(house.connection)
    waited = now - datetime.fromisoformat(since) if since else timedelta()
    if waited < WAITS:
        return Examined("work", True, f"something waits since {since}" if since else "nothing waits")
    return Examined("work", False, f"something waits since {since}, and nobody does it; run meta-academy work --watch")


def _visits(house: House, now: datetime) -> Iterator[Examined]:
    for _, feed in house.feeds:
        visited = runs.listed(house.connection, feed.id, 1)
        if not visited:
            yield Examined(f"feed {feed.id}", False, f"never visited; run meta-academy harvest {feed.id}")
            continue
        last = visited[0]
        age = now - datetime.fromisoformat(last.started)
        ok = last.outcome == "done" and age < STALE
        stale = f"; not visited for {age.days} days" if age >= STALE else ""
        yield Examined(f"feed {feed.id}", ok, f"{last.outcome} {last.started}{stale} {last.message}".strip())


def _dates(values: list[Term]) -> list[str]:
    return [value.value for value in values if isinstance(value, Literal)]


def _records(house: House, now: datetime) -> Iterator[Examined]:
    """One walk over all that stands: namespaces (NS-https), forks without licence, open enrolment in the past."""
    today = now.date().isoformat()
    found: Counter[str] = Counter()
    for change in log.standing(house.connection):
        if change.kind != "record":
            continue
        found["NS-https"] += "<https://schema.org/" in change.stated
        for described in by_subject(change.stated).values():
            based = described.get(SCHEMA + "isBasedOn")
            found["LR-fork-no-licence"] += bool(based) and SCHEMA + "license" not in described
            starts = _dates(described.get(SCHEMA + "startDate", []))
            ends = _dates(described.get(SCHEMA + "validThrough", []))
            found["EV-past-open"] += bool(starts and ends) and max(starts) < today < max(ends)
    texts = {
        "NS-https": "records that name https://schema.org/ (a bug of a crosswalk)",
        "LR-fork-no-licence": "adaptations that state no licence; ask their academies",
        "EV-past-open": "past events whose enrolment is still open",
    }
    for name, detail in texts.items():
        yield Examined(name, found[name] == 0 or name != "NS-https", f"{found[name]} {detail}")
