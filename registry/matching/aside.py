"""What matching set aside, as findings for the academies that can mend it: what, in which list, an entry for example.

Told is what an academy can do something about; that people, topics or days are too common to bring records together
is not. All of it follows from the state of the working file, which is carried forward like the matches themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from registry.iris import SCHEMA
from registry.matching import candidates
from registry.matching.cluster import Partition
from registry.matching.columns import insert, sql
from registry.matching.features import Features, from_json
from registry.matching.keys import KINDS
from registry.matching.lexicon import hashed
from registry.matching.normalise import MAX_TEXT
from registry.matching.outcome import shown_key
from registry.model import Change, Issue
from registry.terms import Literal, by_subject

TABLES = ("crowd", "lengthy", "parted")
MOST = 100
"""Findings of one kind that a list is told; how many more there are is one more finding."""
SHOWN = 100
"""Characters of a title or text that are shown."""
OTHERS = 5
"""Entries of a circle that are named."""
WHOLE_TITLE = 300
"""The weight by which the key of a whole title is known among those of titles."""
PROPERTY = {
    "matching-shared-address": "url", "matching-shared-identifier": "identifier", "matching-same-title": "name",
    "matching-empty-title": "name", "matching-same-text": "description", "matching-long-text": "description",
    "matching-circle": "isBasedOn", "matching-both-ways": "isBasedOn", "matching-stated-otherwise": "sameAs",
    "matching-not-translated": "inLanguage",
    "matching-discussed": "sameAs", "matching-contradiction": "sameAs", "matching-kept-apart": "sameAs",
    "matching-parted": "sameAs",
}  # fmt: skip
"""The property of schema.org that each finding is about."""
_OTHERWISE = {
    "OK.DECLARED_CONFLICT": "matching-stated-otherwise", "TR.DECLARED_SAME": "matching-stated-otherwise",
    "OK.DECLARED_TRANSLATION": "matching-not-translated", "NEAR.DECLARED_TRANSLATION": "matching-not-translated",
    "OK.NOT_TRANSLATED": "matching-not-translated", "NEAR.NOT_TRANSLATED": "matching-not-translated",
}  # fmt: skip
"""Rules that conclude otherwise than a source states, and what is told."""
_LINEAGE = (("derivative", "translation", "version"), ("part",))


_Entry = tuple[int, str, str, str]


@dataclass(frozen=True, slots=True)
class Aside:
    """One finding: in which feed, the IRI of a record for example ("" for the feed as a whole), what is to be said."""

    feed: str
    record: str
    issue: Issue


def measure(db: duckdb.DuckDBPyConnection, batch: Sequence[Change]) -> None:
    """Note how long the descriptions of changed records are, where only a part of them is compared."""
    found: list[tuple[object, ...]] = []
    for change in batch:
        if change.kind == "record" and len(change.stated) > MAX_TEXT:
            texts = by_subject(change.stated).values()
            values = (value for node in texts for value in node.get(SCHEMA + "description", []))
            letters = max((len(value.value) for value in values if isinstance(value, Literal)), default=0)
            if letters > MAX_TEXT:
                found.append((change.subject, letters))
    db.register("subjects_", pa.table({"subject": [change.subject for change in batch]}))
    db.execute("DELETE FROM lengthy WHERE subject IN (SELECT subject FROM subjects_)")
    db.unregister("subjects_")
    insert(db, "lengthy", "subject, letters", found)


def note(db: duckdb.DuckDBPyConnection, *, whole: bool) -> None:
    """Bring up to date which titles and texts are too common (after ``candidates``)."""
    cap, title, text = candidates.CAP, KINDS["title"], KINDS["text"]
    every = f"SELECT k FROM key WHERE kind IN ({title}, {text}) GROUP BY k HAVING count(*) > {cap}"
    values = {
        "cap": cap, "title": title, "whole_title": WHOLE_TITLE, "text": text,
        "large": every if whole else f"SELECT k FROM size WHERE now > {cap}",
        "passed": "true" if whole else "k IN (SELECT k FROM size UNION SELECT k FROM old_key)",
        "changed": "true" if whole else "n IN (SELECT n FROM dirty)",
    }  # fmt: skip
    db.execute(sql("aside").format(**values))
    if not db.execute("SELECT count(*) FROM crowd WHERE shown IS NULL").fetchall()[0][0]:
        return
    rows = db.execute(
        "SELECT k, kind, subject, data FROM record JOIN (SELECT k, kind, subject FROM crowd WHERE shown IS NULL)"
        " USING (subject)"
    ).fetchall()
    shown = [(k, subject, _shared_text(from_json(data), kind, k)) for k, kind, subject, data in rows]
    insert(db, "captions", "k, subject, shown", shown)
    db.execute(
        "UPDATE crowd SET shown = captions.shown FROM captions"
        " WHERE crowd.shown IS NULL AND crowd.k = captions.k AND crowd.subject = captions.subject"
    )


def _shared_text(item: Features, kind: int, k: int) -> str:
    """What a record shares with all that have a key: the title of that number, or how the description begins."""
    if kind == KINDS["title"]:
        return next(_short(title.text) for title in item.titles if hashed(f"title:{title.norm}") == k)
    return _short(item.summary)


def note_parts(db: duckdb.DuckDBPyConnection, found: Partition, *, whole: bool) -> None:
    """Bring up to date, for the closure, what was parted and which decisions contradict each other."""
    db.execute("DELETE FROM parted" + ("" if whole else " WHERE n IN (SELECT n FROM closure)"))
    rows: list[tuple[object, ...]] = []
    for split in found.splits:
        code = "matching-kept-apart" if split.reasons == ("cannot-link",) else "matching-parted"
        heads = np.array(split.inside, np.int64)
        nodes = heads if split.level == "cluster" else found.nodes[np.isin(found.cluster, heads)]
        what = (code, split.level, split.component, split.parts, 0, 0)
        rows += [(int(n), *what) for n in nodes]
    for conflict in found.conflicts:
        ends = (*conflict.link, *conflict.against)
        rows += [(n, "matching-contradiction", conflict.level, *ends) for n in sorted(set(ends))]
    insert(db, "parted", "n, code, level, l, r, a, b", rows)


def counts(db: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many keys are shared by too many records of a feed, and how many titles and texts by too many of all."""
    keys, crowds = db.execute("SELECT (SELECT count(*) FROM aside), (SELECT count(DISTINCT k) FROM crowd)").fetchall()[
        0
    ]
    return {"shared-keys": keys, "large-buckets": crowds}


def told(db: duckdb.DuckDBPyConnection) -> list[Aside]:
    """All findings, by feed and code, the weightiest first; the order depends on the content alone."""
    grouped: dict[tuple[str, str], list[tuple[int, str, Aside]]] = defaultdict(list)
    for weight, one in _all(db):
        grouped[one.feed, one.issue.code].append((-weight, one.record, one))
    found: list[Aside] = []
    for (feed, code), some in sorted(grouped.items()):
        some.sort(key=lambda row: (*row[:2], row[2].issue.value, row[2].issue.params))
        found += [one for *_, one in some[:MOST]]
        if len(some) > MOST:
            rest = Issue("matching-more", params=(("count", str(len(some) - MOST)), ("shown", str(MOST))))
            found.append(Aside(feed, "", Issue(rest.code, "", code.removeprefix("matching-"), rest.params)))
    return found


def _all(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, Aside]]:
    yield from _shared(db)
    yield from _titles(db)
    yield from _texts(db)
    yield from _pairs(db)
    yield from _circles(db)
    yield from _parted(db)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1].rstrip() + "…"


def _title(data: str, record: str) -> str:
    """The first title of a record as it is shown, else the record's IRI."""
    titles = from_json(data).titles
    return _short(titles[0].text) if titles else record


def _aside(feed: str, record: str, code: str, value: str, **params: object) -> Aside:
    told_ = tuple(sorted((name, str(one)) for name, one in params.items()))
    return Aside(feed, record, Issue(code, "", value, told_))


def _shared(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, Aside]]:
    """Addresses and identifiers that too many records of one feed share."""
    rows = db.execute(
        "SELECT o.feed, o.key, count(*), min(subject) FROM own o SEMI JOIN aside USING (key) JOIN record r USING (n)"
        f" GROUP BY o.feed, o.key HAVING count(*) > {candidates.SHARED_IN_FEED}"
    ).fetchall()
    for feed, key, count, record in rows:
        code = "matching-shared-address" if key.startswith("url:") else "matching-shared-identifier"
        yield count, _aside(feed, record, code, shown_key(key)[:300], count=count)


def _titles(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, Aside]]:
    """Titles that name nothing, and those that too many records have."""
    rows = db.execute("SELECT feed, title, count(*), min(subject) FROM untitled GROUP BY feed, title").fetchall()
    for feed, title, count, record in rows:
        yield count, _aside(feed, record, "matching-empty-title", _short(title) or "–", count=count)
    rows = db.execute(
        f"SELECT feed, records, total, subject, shown FROM crowd WHERE kind = {KINDS['title']}"
    ).fetchall()
    for feed, count, total, record, title in rows:
        yield count, _aside(feed, record, "matching-same-title", title, count=count, total=total)


def _texts(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, Aside]]:
    """Descriptions that too many records share, and those of which only a part is compared."""
    rows = db.execute(  # the same records share many keys of one text: they are told once
        "SELECT feed, max(records), max(total), subject, any_value(shown) FROM crowd"
        f" WHERE kind = {KINDS['text']} GROUP BY feed, subject"
    ).fetchall()
    for feed, count, total, record, text in rows:
        yield count, _aside(feed, record, "matching-same-text", text, count=count, total=total)
    rows = db.execute("SELECT feed, subject, letters FROM lengthy JOIN record USING (subject)").fetchall()
    for feed, record, letters in rows:
        yield letters, _aside(feed, record, "matching-long-text", str(letters), limit=MAX_TEXT)


def _pairs(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, Aside]]:
    """Public pairs of which lists say what cannot be, and those that academies disagree on: told in both lists."""
    asked = ", ".join("?" * len(_OTHERWISE))
    rows = db.execute(
        f"SELECT rule, status, l, r FROM match WHERE NOT private AND (status = 'discussed' OR rule IN ({asked})"
        " OR rule LIKE '%.DECLARED_BOTH_WAYS')",
        list(_OTHERWISE),
    ).fetchall()
    known = {entry[0]: entry for entry in _records(db, {n for row in rows for n in row[2:]})}
    for rule, status, left, right in rows:
        code = _OTHERWISE.get(rule, "matching-both-ways")
        code = "matching-discussed" if status == "discussed" else code
        one, other = sorted((known[left], known[right]), key=lambda entry: entry[1])
        yield 1, _aside(one[2], one[1], code, other[3])
        if other[2] != one[2]:
            yield 1, _aside(other[2], other[1], code, one[3])


def _circles(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, Aside]]:
    """Records that come from themselves by way of others, by what is stated: strongly connected components."""
    for relations in _LINEAGE:
        names = ", ".join(f"'{name}'" for name in relations)
        rows = db.execute(
            "SELECT s.n AS start, CASE WHEN s.n = l THEN r ELSE l END AS there FROM match JOIN record s"
            f" ON s.resource = source WHERE status = 'accepted' AND relation IN ({names})"
        ).fetchnumpy()
        start, there = (np.asarray(rows[name], np.int64) for name in ("start", "there"))
        nodes, place = np.unique(np.concatenate([start, there]), return_inverse=True)
        if not len(nodes):
            continue
        ends = place[: len(start)], place[len(start) :]
        graph = coo_array((np.ones(len(start), np.int8), ends), shape=(len(nodes), len(nodes)))
        _, label = connected_components(graph.tocsr(), directed=True, connection="strong")
        for circle in np.flatnonzero(np.bincount(label) > 1).tolist():
            yield from _circle(_records(db, nodes[label == circle].tolist()))


def _circle(entries: Sequence[_Entry]) -> Iterator[tuple[int, Aside]]:
    told_: set[str] = set()
    for _, subject, feed, _ in entries:
        if feed not in told_:
            told_.add(feed)
            others = [title for _, one, _, title in entries if one != subject]
            named = " · ".join(others[:OTHERS]) + (" …" if len(others) > OTHERS else "")
            yield len(entries), _aside(feed, subject, "matching-circle", named, count=len(entries))


def _parted(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, Aside]]:
    """Components that were parted, and decisions that contradict each other."""
    rows = db.execute(
        "SELECT code, feed, min(subject), r, sum(count(*)) OVER (PARTITION BY code, level, l, r) FROM parted"
        " JOIN record USING (n) WHERE code <> 'matching-contradiction' GROUP BY code, level, l, r, feed"
    ).fetchall()
    for code, feed, record, parts, members in rows:
        yield members, _aside(feed, record, code, str(members), parts=parts)
    rows = db.execute(
        "SELECT feed, min(subject), l, r, a, b FROM parted JOIN record USING (n)"
        " WHERE code = 'matching-contradiction' GROUP BY feed, l, r, a, b"  # of both levels once
    ).fetchall()
    # With the list that each stands in: the titles are often the same.
    titles = {n: f"{title} [{list_}]" for n, _, list_, title in _records(db, {n for row in rows for n in row[2:]})}
    for feed, record, *ends in rows:
        names = [titles.get(n, "…") for n in ends]
        against = " – ".join(names[2:])
        yield 1, _aside(feed, record, "matching-contradiction", " – ".join(names[:2]), against=against)


def _records(db: duckdb.DuckDBPyConnection, numbers: Iterable[int]) -> list[_Entry]:
    """(number, record, feed, title) of some resources, by record."""
    db.register("asked_", pa.table({"n": pa.array(sorted(numbers), pa.int64())}))
    rows = db.execute(
        "SELECT n, subject, feed, data FROM record SEMI JOIN asked_ USING (n) ORDER BY subject"
    ).fetchall()
    db.unregister("asked_")
    return [(n, subject, feed, _title(data, subject)) for n, subject, feed, data in rows]
