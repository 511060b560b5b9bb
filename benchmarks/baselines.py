"""What others do, on the same records: rules of peer registries and search without training.

Each baseline is a function from records to the pairs that it takes for the same thing; none knows relations, so each
pair counts as "copy". Written from what the projects document: TeSS (``check_exists``), WirLernenOnline (duplicate
detection), RecordManager of the National Library of Finland (``DedupHandler``).
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from urllib.parse import urlsplit

import numpy as np
from rapidfuzz.distance import Levenshtein
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.metrics import Pair, pair
from registry.iris import FOAF, SCHEMA
from registry.model import Change
from registry.terms import Literal, Term, by_subject

PERMUTATIONS, BANDS = 128, 16
WLO_THRESHOLD = 0.9
TITLE_DISTANCE, AUTHOR_DISTANCE = 0.10, 0.20
MOST_CANDIDATES = 1000
AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Plain:
    """A record as a plain row: what every baseline may look at."""

    resource: str
    academy: str
    title: str
    language: str
    description: str
    urls: tuple[str, ...]
    identifiers: tuple[str, ...]
    authors: tuple[str, ...]
    publisher: str
    year: str
    price: str
    kind: str


Baseline = Callable[[Sequence[Plain], bool], set[Pair]]
"""From records, and whether only pairs across two academies are sought, to pairs."""


def plain(records: Iterable[Change], academy_of: dict[str, str]) -> list[Plain]:
    """Changes as rows, by resource."""
    rows = []
    for change in records:
        described = by_subject(change.stated)
        resource = str(described[change.subject][FOAF + "primaryTopic"][0])
        node = described.get(resource, {})

        def texts(name: str, node: dict[str, list[Term]] = node) -> list[str]:
            values = node.get(SCHEMA + name, [])
            return sorted(value.value if isinstance(value, Literal) else str(value) for value in values)

        def named(name: str, node_names: list[str], nodes: dict[str, dict[str, list[Term]]] = described) -> list[str]:
            found = [v.value for iri in node_names for v in nodes.get(iri, {}).get(SCHEMA + name, []) if v.value]  # type: ignore[union-attr]
            return sorted(found)

        dates = [*texts("datePublished"), *texts("dateCreated"), *texts("dateModified")]
        kinds = texts("learningResourceType")
        rows.append(
            Plain(
                resource, academy_of.get(change.feed, change.feed), " / ".join(texts("name")),
                "".join(texts("inLanguage")[:1]), " ".join(texts("description")), tuple(texts("url")),
                tuple(texts("identifier")), tuple(named("name", texts("author"))),
                " ".join(named("name", texts("publisher"))), dates[0][:4] if dates else "",
                " ".join(named("price", texts("offers"))), kinds[0] if kinds else "",
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: row.resource)


def words(text: str) -> str:
    """Lower case, without accents and punctuation."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return " ".join(re.findall(r"\w+", "".join(c for c in folded if not unicodedata.combining(c))))


def address(url: str) -> str:
    """An address without scheme, "www.", tracking, fragment and trailing slash."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    query = "&".join(item for item in parts.query.split("&") if item and not re.match(r"utm_|[fg]clid", item))
    host = (parts.hostname or "").removeprefix("www.")
    return host + parts.path.rstrip("/") + (f"?{query}" if query else "") if host else ""


def _within(groups: Iterable[Sequence[Plain]], across: bool) -> set[Pair]:
    return {
        pair(left.resource, right.resource)
        for group in groups
        for left, right in combinations(group, 2)
        if not across or left.academy != right.academy
    }


def _grouped(rows: Sequence[Plain], keys: Callable[[Plain], Iterable[str]]) -> list[list[Plain]]:
    groups: dict[str, list[Plain]] = defaultdict(list)
    for row in rows:
        for key in sorted(set(keys(row)) - {""}):
            groups[key].append(row)
    return [group for group in groups.values() if len(group) > 1]


def same_url(rows: Sequence[Plain], across: bool = False) -> set[Pair]:
    """Equal addresses."""
    return _within(_grouped(rows, lambda row: map(address, row.urls)), across)


def tess(rows: Sequence[Plain], across: bool = False) -> set[Pair]:
    """The rule of TeSS: the same address, else the same title within one provider."""
    titles = _grouped(rows, lambda row: [f"{row.academy}\t{row.title.strip()}"] if row.title.strip() else [])
    return _within(_grouped(rows, lambda row: row.urls), across) | _within(titles, across)


def signatures(texts: Sequence[str]) -> np.ndarray:
    """MinHash of word triples, 128 permutations; a row of the highest value for a text without words."""
    prime, top = (1 << 31) - 1, np.uint64((1 << 31) - 1)
    draw = np.random.default_rng(7)
    a = draw.integers(1, prime, PERMUTATIONS, dtype=np.uint64)[:, None]
    b = draw.integers(0, prime, PERMUTATIONS, dtype=np.uint64)[:, None]
    made = np.full((len(texts), PERMUTATIONS), top, dtype=np.uint64)
    for number, text in enumerate(texts):
        said = words(text).split()
        triples = {" ".join(said[i : i + 3]) for i in range(max(1, len(said) - 2))} if said else set()
        if triples:
            hashes = np.fromiter((zlib.crc32(t.encode()) % prime for t in sorted(triples)), dtype=np.uint64)
            made[number] = ((a * hashes + b) % np.uint64(prime)).min(axis=1)
    return made


def wirlernenonline(rows: Sequence[Plain], across: bool = False) -> set[Pair]:
    """The rule of WirLernenOnline: equal addresses, or descriptions whose MinHash similarity is 0.9 or more."""
    told = [row for row in rows if words(row.description)]
    made = signatures([row.description for row in told])
    width = PERMUTATIONS // BANDS
    found: set[Pair] = set()
    for band in range(BANDS):
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for number, signature in enumerate(made):
            buckets[signature[band * width : (band + 1) * width].tobytes()].append(number)
        for members in buckets.values():
            for left, right in combinations(members, 2):
                if (made[left] == made[right]).mean() >= WLO_THRESHOLD and (
                    not across or told[left].academy != told[right].academy
                ):
                    found.add(pair(told[left].resource, told[right].resource))
    return found | same_url(rows, across)


def _title_key(row: Plain) -> str:
    """The first words of a title, up to four long ones or 35 letters, with the main author's last name."""
    key, long = "", 0
    for word in words(row.title).split():
        key, long = key + word, long + (len(word) > 3)
        if long > 3 or len(key) > 35:
            break
    author = words(row.authors[0]).split()[-1:] if row.authors else []
    return f"{key} {''.join(author)}" if key else ""


def _far(left: str, right: str, most: float) -> bool:
    return Levenshtein.distance(left[:255], right[:255]) >= most * max(1, len(left))


def _one_record(left: Plain, right: Plain) -> bool:
    if left.kind and right.kind and left.kind != right.kind:
        return False
    if set(left.identifiers) & set(right.identifiers):
        return True
    if left.year and right.year and left.year != right.year:
        return False
    title, other = words(left.title), words(right.title)
    if not title or not other or _far(title, other, TITLE_DISTANCE):
        return False
    author, theirs = (words(row.authors[0]) if row.authors else "" for row in (left, right))
    if bool(author) != bool(theirs):
        return False
    return not author or not _far(author, theirs, AUTHOR_DISTANCE)


def recordmanager(rows: Sequence[Plain], across: bool = False) -> set[Pair]:
    """The rule of RecordManager: by shared identifier or title key; vetoes on format and year; never two records of
    one source in a group; a record that fits several groups joins the largest; more than 1000 candidates: give up."""
    by_key: dict[str, list[Plain]] = defaultdict(list)
    for row in rows:
        for key in (*(f"id {value}" for value in row.identifiers), _title_key(row)):
            if key:
                by_key[key].append(row)
    group_of: dict[str, list[Plain]] = {}
    for row in rows:
        if row.resource in group_of:
            continue
        for key in (*(f"id {value}" for value in row.identifiers), _title_key(row)):
            fitting = []
            for other in by_key.get(key, [])[:MOST_CANDIDATES]:
                group = group_of.get(other.resource, [other])
                free = all(member.academy != row.academy for member in group)
                if other.resource != row.resource and free and _one_record(row, other):
                    fitting.append(group)
            if fitting:
                best = max(fitting, key=lambda group: (len(group), [-ord(c) for c in group[0].resource]))
                best.append(row)
                for member in best:
                    group_of[member.resource] = best
                break
    return _within({id(group): group for group in group_of.values()}.values(), across)


def short_text(row: Plain) -> str:
    """What names a record: title, authors, publisher, year, price."""
    return " ".join(filter(None, (row.title, *row.authors, row.publisher, row.year, row.price)))


def all_text(row: Plain) -> str:
    """What names a record, and its description."""
    return f"{short_text(row)} {row.description}"


def _nearest(rows: Sequence[Plain], text: Callable[[Plain], str], across: bool) -> set[Pair]:
    if len(rows) < 2 or not any(len(words(text(row))) > 2 for row in rows):
        return set()
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), sublinear_tf=True)
    matrix = vectors.fit_transform([words(text(row)) for row in rows])
    homes = np.unique([row.academy for row in rows], return_inverse=True)[1]
    best, score = np.zeros(len(rows), dtype=int), np.zeros(len(rows))
    for start in range(0, len(rows), AT_ONCE):
        here = np.arange(start, min(start + AT_ONCE, len(rows)))
        likeness = (matrix[here] @ matrix.T).toarray()
        likeness[np.arange(len(here)), here] = -1
        if across:
            likeness[homes[here][:, None] == homes[None, :]] = -1
        best[here], score[here] = likeness.argmax(axis=1), likeness.max(axis=1)
    mutual = (n for n in range(len(rows)) if score[n] > 0 and best[best[n]] == n)
    return {pair(rows[n].resource, rows[best[n]].resource) for n in mutual}


def tfidf(rows: Sequence[Plain], across: bool = False) -> set[Pair]:
    """Mutual nearest neighbours by cosine of character 3-gram TF-IDF over what names a record; no training, no limit."""
    return _nearest(rows, short_text, across)


def tfidf_all(rows: Sequence[Plain], across: bool = False) -> set[Pair]:
    """The same, with descriptions."""
    return _nearest(rows, all_text, across)


BASELINES: tuple[tuple[str, Baseline], ...] = (
    ("URL equality", same_url),
    ("TeSS: title in provider", tess),
    ("WirLernenOnline: MinHash", wirlernenonline),
    ("RecordManager", recordmanager),
    ("TF-IDF 3-grams, mutual", tfidf),
    ("TF-IDF with description", tfidf_all),
)
