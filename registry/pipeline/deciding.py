"""Decisions in an opened registry: given, taken back, listed; what academies answer; what came of it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry.ledger import decisions, reviews, utc_now
from registry.ledger.reviews import Given, Reviewer
from registry.model import Decision, Match
from registry.pipeline import publisher
from registry.pipeline.house import House
from registry.pipeline.reviewing import CannotReview, Desk, Pair, desk, reviewer_named
from registry.review import agreement
from registry.review.answers import BadAnswer, Proposal, answer_of, decision, source_for
from registry.review.effects import works
from registry.review.queue import LINKS
from registry.review.reviewers import NotAllowed, refuse_own

MAX_REASON = 2000
PAIR_SECONDS = 60.0
"""What a pair takes where no batch was given out yet."""


def given_to(house: House, name: str, pair: Pair) -> Given | None:
    """The pair as it stands in the reviewer's newest batch that holds it."""
    for batch in reversed(reviews.batches(house.connection, name)):
        for one in batch.pairs:
            if (one.left, one.right) == pair:
                return one
    return None


def proposal_for(house: House, pair: Pair) -> Proposal:
    """What the machine says of a pair now."""
    with publisher.matches_now(house) as every:
        found = next((one for one in every() if (one.left, one.right) == pair), None)
    return Proposal(found.relation, found.source) if found else Proposal()


def decide(
    house: House,
    left: str,
    right: str,
    answer: str,
    *,
    reviewer: str,
    source: str | None = None,
    note: str = "",
    family: bool = False,
    excepted: Sequence[str] = (),
    seen: Proposal | None = None,
    beside: decisions.Beside | None = None,
) -> list[Decision]:
    """A reviewer's answer on a pair; with ``family`` on all pairs of its family in their batch but those excepted.

    ``seen`` is what the registry said of the pair where they looked (else it is asked now), ``beside`` what is written
    in the same transaction. ``source`` names the record that the other comes from ("unknown": not known; None: as the
    registry says). Raises CannotReview.
    """
    person, at = reviewer_named(house, reviewer), desk(house)
    pair = _pair(at, left, right)
    given = given_to(house, person.name, pair)
    try:
        word = answer_of(answer)
        stated = _stated(at, source, pair)
        proposal = Proposal(given.relation, given.source) if given else seen or proposal_for(house, pair)
        chosen = _family(house, given, excepted) if family else [given] if given else []
        made = []
        pairs: Sequence[Given | None] = chosen or [None]
        for one in pairs:
            ends = (one.left, one.right) if one else pair
            # The sides of a family are the same whole's in all its pairs.
            from_ = ends[pair.index(stated)] if stated else stated
            _allowed(at, person, ends)
            said = Proposal(one.relation, one.source) if one else proposal
            made.append(decision(
                ends, word, proposal=said, source=source_for(word, from_, said), reviewer=person.name,
                time=utc_now(), note=note, batch=one.batch if one else "",
            ))  # fmt: skip
    except BadAnswer as error:
        raise CannotReview(str(error)) from error
    decisions.decide_all(house.connection, made, beside)
    return made


def answer(
    house: House, academy: str, left: str, right: str, word: str, *, source: str | None = None, note: str = "",
    person: str = "", seen: Proposal | None = None, beside: decisions.Beside | None = None,
) -> Decision:  # fmt: skip
    """What an academy says of its own record and another: it outranks the registry; ``seen`` and ``beside`` as for
    ``decide``. Raises CannotReview."""
    if academy not in house.academies:
        raise CannotReview(f"no academy is called {academy!r}; there are: {', '.join(house.academies)}")
    at = desk(house)
    pair = _pair(at, left, right)
    if academy not in map(at.academy_of, pair):
        raise CannotReview(f"none of the two is an entry of {academy}: an academy answers on its own entries")
    try:
        meant = answer_of(word)
        proposal = seen or proposal_for(house, pair)
        made = decision(
            pair, meant, proposal=proposal, source=source_for(meant, _stated(at, source, pair), proposal),
            reviewer=person or academy, time=utc_now(), note=note, voice="publisher", academy=academy,
        )  # fmt: skip
    except BadAnswer as error:
        raise CannotReview(str(error)) from error
    decisions.decide(house.connection, made, beside)
    return made


def undo(house: House, number: int, *, by: str, reason: str, beside: decisions.Beside | None = None) -> Decision:
    """Take a decision back. Raises CannotReview."""
    if not reason.strip() or len(reason) > MAX_REASON:
        raise CannotReview("say a reason: it is kept with the decision")
    found = next((one for one in decisions.history(house.connection) if one.id == number), None)
    if found is not None and found.voice == "publisher":
        if by not in (found.academy, found.reviewer):
            raise CannotReview(f"{number} is what {found.academy} says: only {found.academy} takes it back")
    else:
        person = reviewer_named(house, by)
        if found is not None:
            _allowed(desk(house), person, (found.left, found.right))
    try:
        decisions.undo(house.connection, number, by, utc_now(), reason.strip(), beside)
    except LookupError as error:
        raise CannotReview(str(error.args[0])) from error
    return next(one for one in decisions.history(house.connection) if one.id == number)


def _allowed(at: Desk, person: Reviewer, pair: Pair) -> None:
    try:
        refuse_own(person, map(at.academy_of, pair))
    except NotAllowed as error:
        raise CannotReview(str(error)) from error


def _pair(at: Desk, left: str, right: str) -> Pair:
    first, second = at.resource(left), at.resource(right)
    if first == second:
        raise CannotReview("both name the same entry")
    return min(first, second), max(first, second)


def _stated(at: Desk, source: str | None, pair: Pair) -> str | None:
    if source is None or source == "unknown":
        return None if source is None else ""
    found = at.resource(source)
    if found not in pair:
        raise CannotReview(f"{source}: the source is one of the two entries, or “unknown”")
    return found


def _family(house: House, given: Given | None, excepted: Sequence[str]) -> list[Given]:
    batch = reviews.batch(house.connection, given.batch) if given else None
    members = [one for one in batch.pairs if given and one.position == given.position and one.part] if batch else []
    if len(members) < 2:
        raise CannotReview("this pair is of no family in a batch of this reviewer")
    parts = {str(one.part) for one in members}
    wrong = [text for text in excepted if text not in parts]
    if wrong:
        raise CannotReview(f"{wrong[0]!r} is no part of this family; its parts are 1 to {len(members)}")
    return [one for one in members if str(one.part) not in excepted]


@dataclass(frozen=True, slots=True)
class Listed:
    """A decision as people read it: the titles of both records, whether the pair is under discussion, whether the
    records that it is on are still found."""

    decision: Decision
    left_title: str
    right_title: str
    taken_back: tuple[str, str]
    discussed: bool
    found: bool


def listed(house: House, pair: tuple[str, str] | None = None) -> list[Listed]:
    """All decisions, or those on one pair, oldest first, taken back ones too. Raises CannotReview."""
    at = desk(house)
    ends = _pair(at, *pair) if pair else None
    given = decisions.history(house.connection)
    # Those that stand on a pair are also those that were given under its former addresses.
    carried = decisions.in_force(house.connection) if ends else []
    mine = {one.id for one in carried if (one.left, one.right) == ends}
    told = [one for one in given if ends is None or (one.left, one.right) == ends or one.id in mine]
    back = decisions.taken_back(house.connection)
    lost = {one.decision.id for one in decisions.unanchored(house.connection)}
    with publisher.matches_now(house) as every:
        discussed = {(one.left, one.right) for one in every() if one.status == "discussed"}
    return [
        Listed(
            one, title(at, one.left), title(at, one.right), back.get(one.id, ("", "", ""))[::2],
            (one.left, one.right) in discussed, one.id not in lost,
        )
        for one in told
    ]  # fmt: skip


def title(at: Desk, resource: str) -> str:
    """The title of a record, "" where it is not published."""
    card = at.card(resource)
    return next(iter(card.titles.values()), "") if card else ""


@dataclass(frozen=True, slots=True)
class Status:
    """What is to do and what came of it. ``queue`` pairs wait, ``minutes`` is what they take one reader;
    ``by_reviewer`` and ``answers`` (of academies) count what stands; ``confirmed``, ``retyped``, ``rejected`` and
    ``unsure`` are pairs by the reviewers' word, ``joined`` confirmed pairs without which a work would fall in two,
    ``discussed`` pairs on which academies disagree, ``unanchored`` decisions whose records are not found."""

    queue: int
    cross_academy: int
    minutes: int
    decisions: int
    undone: int
    by_reviewer: Mapping[str, int]
    answers: Mapping[str, int]
    confirmed: int
    retyped: int
    rejected: int
    unsure: int
    joined: int
    discussed: int
    unanchored: int
    random_sample: int


def status(house: House) -> Status:
    """What is to do, what was done, what changed because of it."""
    connection = house.connection
    force, history = decisions.in_force(connection), decisions.history(connection)
    people = [one for one in force if one.voice == "reviewer"]
    settled = {(one.left, one.right) for one in force if one.verdict != "unsure"}
    at, waiting, cross, discussed = desk(house), 0, 0, 0
    edges: list[Pair] = []
    with publisher.matches_now(house) as every:
        for match in every():
            discussed += match.status == "discussed"
            pair = match.left, match.right
            if match.status == "accepted" and match.relation not in LINKS:
                edges.append(pair)
            if _waits(match) and pair not in settled:
                waiting += 1
                cross += at.academy_of(match.left) != at.academy_of(match.right)
    confirmed = {(one.left, one.right) for one in people if one.verdict in ("confirm", "retype")}
    given = reviews.batches(connection)
    pairs = sum(len(batch.pairs) for batch in given)
    each = 60 * sum(batch.minutes for batch in given) / pairs if pairs else PAIR_SECONDS
    verdicts = Counter(one.verdict for one in people)
    return Status(
        waiting, cross, round(waiting * each / 60), len(history), sum(bool(one.undone) for one in history),
        dict(sorted(Counter(one.reviewer for one in people).items())),
        dict(sorted(Counter(one.academy for one in force if one.voice == "publisher").items())),
        verdicts["confirm"], verdicts["retype"], verdicts["reject"], verdicts["unsure"],
        sum(pair in confirmed for pair in works(edges).bridges), discussed,
        len(decisions.unanchored(connection)), len(reviews.drawn(connection)),
    )  # fmt: skip


def _waits(match: Match) -> bool:
    """Whether a pair waits for somebody: what rules accepted is looked at by sample only."""
    return match.status == "candidate" and not match.answers and match.relation != "different"


def agreed(house: House) -> agreement.Report:
    """How far people agree who read the same pair."""
    return agreement.report(decisions.history(house.connection))


@dataclass(frozen=True, slots=True)
class Label:
    """A standing decision of a reviewer as a label: ``stream`` "random" for one of the random sample (of
    ``population`` pairs in its ``stratum``), else "queue". Only the former may be used for figures."""

    decision: Decision
    stream: str
    stratum: str
    population: int


def labels(house: House) -> list[Label]:
    """The standing decisions of reviewers, on the records that stand now, as labels."""
    drawn = reviews.drawn(house.connection)
    found = []
    for one in decisions.in_force(house.connection):
        if one.voice == "reviewer":
            sample = drawn.get((one.left, one.right))
            stream = "random" if sample else "queue"
            found.append(Label(one, stream, sample.stratum if sample else "", sample.population if sample else 0))
    return found
