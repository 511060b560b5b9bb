"""What people do through the web that needs more than the ledger: decisions and answers, made as by a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from registry.academies import BadAcademy
from registry.ledger import LedgerError, decisions
from registry.ledger.tokens import Actor
from registry.model import Decision, Feed
from registry.pipeline import deciding
from registry.pipeline.house import House, opened
from registry.pipeline.reviewing import CannotReview, desk, reviewer_named
from registry.review.answers import BadAnswer, Proposal
from registry.review.reviewers import NotAllowed
from registry.settings import Settings
from registry.web.acts import Beside, Refused, Word

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Acting:
    """The acts of one deployment (``web.acts.Acts``): the registry is opened for each, for a moment."""

    settings: Settings

    def lists(self, academy: str) -> tuple[Feed, ...]:
        """The lists of an academy as its file has them. Raises Refused."""

        def act(house: House) -> tuple[Feed, ...]:
            if academy not in house.academies:
                raise Refused(404, f"There is no academy {academy!r}.")
            return house.academies[academy].feeds

        return self._made(act)

    def decide(self, actor: Actor, word: Word, beside: Beside) -> Decision:
        """A reviewer's decision on a pair. Raises Refused."""

        def act(house: House) -> Decision:
            person = reviewer_named(house, actor.name)
            # Of the two offices that are known of somebody neither is decided on by them.
            for office in filter(None, {person.academy, actor.academy}):
                if office in map(desk(house).academy_of, (word.left, word.right)):
                    raise Refused(
                        403, f"{actor.name} works for {office}: nobody decides on entries of their own office"
                    )
            made = deciding.decide(
                house, word.left, word.right, word.answer, reviewer=actor.name, source=word.source, note=word.note,
                seen=Proposal(word.relation, word.machine_source), beside=beside,
            )[0]  # fmt: skip
            return _kept(house, made)

        return self._made(act)

    def answer(self, actor: Actor, word: Word, beside: Beside) -> Decision:
        """What a publisher says of its academy's own record and another. Raises Refused."""

        def act(house: House) -> Decision:
            made = deciding.answer(
                house, actor.academy, word.left, word.right, word.answer, source=word.source, note=word.note,
                person=actor.name, seen=Proposal(word.relation, word.machine_source), beside=beside,
            )  # fmt: skip
            return _kept(house, made)

        return self._made(act)

    def take_back(self, actor: Actor, number: int, reason: str, beside: Beside) -> Decision:
        """A decision of a reviewer, or an answer of the publisher's academy, taken back. Raises Refused."""
        by = actor.academy if actor.role == "publisher" else actor.name

        def act(house: House) -> Decision:
            found = next((one for one in decisions.history(house.connection) if one.id == number), None)
            if actor.role == "publisher" and found is not None and found.voice != "publisher":
                raise Refused(403, f"{number} is a reviewer's decision: reviewers take it back")
            return deciding.undo(house, number, by=by, reason=reason, beside=beside)

        return self._made(act)

    def _made(self, act: Callable[[House], Made]) -> Made:
        try:
            with opened(self.settings) as house:
                return act(house)
        except CannotReview as error:
            cause = error.__cause__
            status = 403 if isinstance(cause, NotAllowed) else 400 if isinstance(cause, BadAnswer) else 409
            raise Refused(status, str(error)) from error
        except (BadAcademy, LedgerError) as error:
            raise Refused(503, "the registry cannot be opened for writing just now") from error


def _kept(house: House, made: Decision) -> Decision:
    """A decision as the ledger keeps it, with its number."""
    of_pair = decisions.history(house.connection, (made.left, made.right))
    return next(one for one in reversed(of_pair) if one.time == made.time and one.reviewer == made.reviewer)
