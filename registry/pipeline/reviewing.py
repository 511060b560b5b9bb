"""Review in an opened registry: records at hand, reviewers, and the batches that they are given.

The room ``review`` says in which order and in which words; the ledger keeps; this knows both and the matches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from registry.ledger import content, decisions, log, reviews, utc_now
from registry.ledger.reviews import Batch, Given, Reviewer
from registry.messages import LANGUAGES
from registry.model import Decision, Match
from registry.pipeline import matched, publisher
from registry.pipeline.house import House
from registry.review import batches, estimate, families, queue
from registry.review.cards import card
from registry.review.model import Card, Entry, Item
from registry.review.reviewers import MAX_NAME, languages, own, reads
from registry.review.shown import LINES, Reason, Shown, shown
from registry.web import wording

OPEN_DAYS = 14
"""So long nobody else is asked about the pairs of a batch that was given out."""
Pair = tuple[str, str]


class CannotReview(Exception):
    """Something that cannot be done; the message says why."""


@dataclass(slots=True)
class Desk:
    """Records and academies at hand, each read once."""

    house: House
    feeds: Mapping[str, str]
    cards: dict[str, Card | None] = field(default_factory=dict)

    @property
    def _start(self) -> str:
        return f"{self.house.iris.base}/id/resource/"

    @property
    def _records(self) -> str:
        return f"{self.house.iris.base}/id/record/"

    def academy_of(self, resource: str) -> str:
        """The academy of a resource by its address; its list where nobody is known to keep that."""
        feed = resource.removeprefix(self._start).partition("/")[0]
        return self.feeds.get(feed, feed)

    def card(self, resource: str) -> Card | None:
        """The card of a published record, None where it is not published."""
        if resource not in self.cards:
            place = resource.removeprefix(self._start)
            record = self._records + place
            change = log.published(self.house.connection, record) if place != resource else None
            academy = self.academy_of(resource)
            known = self.house.academies.get(academy)
            names = known.name if known else {}
            self.cards[resource] = card(change.stated, record, place, academy, names) if change else None
        return self.cards[resource]

    def both(self, pair: Pair) -> tuple[Card, Card] | None:
        """The cards of a pair, None where one is not published."""
        left, right = self.card(pair[0]), self.card(pair[1])
        return (left, right) if left is not None and right is not None else None

    def resource(self, named: str) -> str:
        """The resource that somebody names as list/key or by its address. Raises CannotReview."""
        feed, _, key = named.strip().removeprefix(self._start).removeprefix(self._records).partition("/")
        found = str(self.house.iris.resource(feed, key)) if feed and key else ""
        if not found or not content.known(self.house.connection, [found]):
            raise CannotReview(
                f"{named[:300]}: no such entry; name one as list/key (the id of a list, then the entry's own), or by"
                " its address"
            )
        return found


@dataclass(frozen=True, slots=True)
class Served:
    """A batch as it is shown to a reviewer, in their language; ``pairs`` is empty where nothing is left to ask."""

    batch: Batch
    pairs: tuple[Shown, ...]
    language: str

    @property
    def items(self) -> int:
        """How many answers are asked for: a family is one."""
        return len({one.given.position for one in self.pairs})


def desk(house: House) -> Desk:
    """A desk for this registry."""
    return Desk(house, matched.feeds_of(house))


def reviewer_named(house: House, name: str) -> Reviewer:
    """A reviewer by name. Raises CannotReview."""
    known = reviews.reviewers(house.connection)
    if name not in known:
        told = ", ".join(known) or "nobody yet"
        raise CannotReview(f"no reviewer is called {name!r} ({told}); see: review reviewer add")
    return known[name]


def add_reviewer(
    house: House, name: str, tags: str, academy: str, *, beside: decisions.Beside | None = None
) -> Reviewer:
    """Add a reviewer, or change one; ``beside`` is called in the same transaction. Raises CannotReview."""
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable() or ("@" in name and "://" not in name):
        raise CannotReview("a reviewer has a name or an ORCID address, which is public; no e-mail address")
    if academy and academy not in house.academies:
        raise CannotReview(f"no academy is called {academy!r}; there are: {', '.join(house.academies)}")
    try:
        one = Reviewer(name, languages(tags), academy, utc_now())
    except ValueError as error:
        raise CannotReview(str(error)) from error
    reviews.add_reviewer(house.connection, one, beside)
    return one


def next_batch(house: House, name: str, *, size: int, fresh: bool, language: str = "") -> Served:
    """What a reviewer is asked next: the rest of their open batch, or (``fresh``, or none is open) a new one.

    Raises CannotReview.
    """
    person = reviewer_named(house, name)
    tongue = language or next((tag for tag in person.languages if tag in LANGUAGES), "en")
    at = desk(house)
    with publisher.matches_now(house) as every:
        batch = None if fresh else _open_batch(at, person)
        if batch is None:
            batch = _new_batch(at, person, every, size)
        wanted = {(one.left, one.right) for one in batch.pairs}
        found = {(one.left, one.right): one for one in every() if (one.left, one.right) in wanted} if wanted else {}
    return Served(batch, _shown(at, batch.pairs, found, tongue, person), tongue)


def served(house: House, batch: Batch, language: str) -> Served:
    """A whole batch as it is shown, also what was answered already."""
    person = reviewer_named(house, batch.reviewer)
    wanted = {(one.left, one.right) for one in batch.pairs}
    with publisher.matches_now(house) as every:
        found = {(one.left, one.right): one for one in every() if (one.left, one.right) in wanted}
    return Served(batch, _shown(desk(house), batch.pairs, found, language, person), language)


def _shown(
    at: Desk, given: Iterable[Given], found: Mapping[Pair, Match], language: str, person: Reviewer
) -> tuple[Shown, ...]:
    reason = reasons(at.house)
    told = []
    for one in given:
        cards = at.both((one.left, one.right))
        if cards is not None:
            told.append(shown(one, found.get((one.left, one.right)), cards, language, person.languages, reason))
    return tuple(told)


def reasons(house: House) -> Reason:
    """The words of evidence lines, the same as on the pages."""
    words = wording.load(house.messages)
    return lambda feature, language: words.evidence.get(feature, words.evidence["other"])[language]


def _since(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def spoken(history: Iterable[Decision]) -> dict[Pair, dict[str, Decision]]:
    """{pair: {reviewer: their newest word that was not taken back}}."""
    found: dict[Pair, dict[str, Decision]] = {}
    for one in history:
        if one.voice == "reviewer" and not one.undone:
            found.setdefault((one.left, one.right), {})[one.reviewer] = one
    return found


def _open_batch(at: Desk, person: Reviewer) -> Batch | None:
    """What is left of the reviewer's newest batch that is still open, None where nothing is."""
    said = spoken(decisions.history(at.house.connection))
    answered = {(one.left, one.right) for one in decisions.in_force(at.house.connection) if one.voice == "publisher"}
    for batch in reversed(reviews.batches(at.house.connection, person.name, _since(OPEN_DAYS))):
        left = tuple(
            one
            for one in batch.pairs
            if person.name not in said.get((one.left, one.right), {})
            and (one.second or not said.get((one.left, one.right)))
            and (one.left, one.right) not in answered
            and at.both((one.left, one.right)) is not None
            and not own(person, (at.academy_of(one.left), at.academy_of(one.right)))
        )
        if left:
            return Batch(batch.id, batch.reviewer, batch.time, batch.minutes, left)
    return None


def _new_batch(at: Desk, person: Reviewer, every: Callable[[], Iterator[Match]], size: int) -> Batch:
    # The matches are walked through several times: a million of them with their evidence are not kept at once.
    connection = at.house.connection
    seed = reviews.seed(connection)
    entries, edges = queue.open_entries(every(), at.academy_of)
    whole, paired = families.wholes(every())
    force = decisions.in_force(connection)
    said = spoken(decisions.history(connection))
    given = {(one.left, one.right): one for batch in reviews.batches(connection) for one in batch.pairs}
    held = {
        (one.left, one.right)
        for batch in reviews.batches(connection, since=_since(OPEN_DAYS))
        for one in batch.pairs
        if batch.reviewer not in said.get((one.left, one.right), {})
    }
    closed = set(held)
    for one in force:
        pair = (one.left, one.right)
        if one.voice == "publisher" or one.verdict != "unsure" or len(said.get(pair, ())) > 1:
            closed.add(pair)
    closed |= {pair for pair, people in said.items() if person.name in people}
    decided = {(one.left, one.right) for one in force}
    past = batches.Past(
        {pair: one.stratum for pair, one in given.items() if pair in decided}, reviews.drawn(connection),
        frozenset(closed),
    )  # fmt: skip
    seconds = [
        _again(at, given[pair])
        for pair, people in sorted(said.items(), key=lambda item: min(d.time for d in item[1].values()))
        if len(people) == 1 and person.name not in people and pair in given and pair not in held
        and batches.twice(seed, pair)
    ]  # fmt: skip

    def readable(one: Entry) -> bool:
        if own(person, (one.left_academy, one.right_academy)):
            return False
        cards = at.both(one.pair)
        return cards is not None and reads(person, one.relation, *cards)

    ordered = queue.ordered(entries, edges, seed)
    asked = [one for one in entries if one.pair not in closed]
    turn = len(reviews.batches(connection))
    items, drawn = batches.fill(
        ordered, families.families(asked, whole, paired), seconds, past, readable, size=size, seed=seed, turn=turn
    )
    if not items:
        return Batch("", person.name, utc_now(), 0, ())
    wanted = {one.pair for item in items for one in item.entries}
    known = {(one.left, one.right): one for one in every() if (one.left, one.right) in wanted}
    time, minutes = utc_now(), estimate.minutes(_seconds(at, item, known) for item in items)
    pairs = tuple(
        Given(
            position, part if item.family else 0, one.left, one.right, one.relation, one.source, item.stream,
            item.stratum, item.second,
        )
        for position, item in enumerate(items, start=1)
        for part, one in enumerate(item.entries, start=1)
    )  # fmt: skip
    number = reviews.give(connection, person.name, time, minutes, pairs, drawn)
    made = reviews.batch(connection, number)
    assert made is not None
    return made


def _again(at: Desk, one: Given) -> Entry:
    return Entry(
        one.left, one.right, one.relation, one.source, 0.5, False, "candidate", at.academy_of(one.left),
        at.academy_of(one.right),
    )  # fmt: skip


def _seconds(at: Desk, item: Item, known: Mapping[Pair, Match]) -> float:
    first = item.entries[0]
    cards = at.both(first.pair)
    assert cards is not None
    texts = [text for one in cards for text in (*one.titles.values(), *(t[:700] for t in one.texts.values()))]
    match = known.get(first.pair)
    lines = min(len(match.evidence), LINES) if match else 0
    differ = set(cards[0].languages).isdisjoint(cards[1].languages)
    return estimate.item(estimate.seconds(texts, lines, languages_differ=differ), len(item.entries))
