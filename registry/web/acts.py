"""What the web asks of the rest of the registry when somebody writes: short acts, made where the order is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from registry.ledger.tokens import Actor
from registry.model import Decision, Feed

Beside = Callable[[Any], None]
"""Called with the ledger's connection inside the act's own transaction: the audit trail is written there."""


class Refused(Exception):
    """An act that is not made: the status to answer with, and why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says of two resources (list/key or IRI). ``relation`` and ``machine_source`` are what the
    registry said where they looked; ``source`` None: as the registry says."""

    left: str
    right: str
    answer: str
    source: str | None = None
    note: str = ""
    relation: str = ""
    machine_source: str = ""


class Acts(Protocol):
    """Made by the pipeline, called in a thread. Each raises Refused."""

    def lists(self, academy: str) -> tuple[Feed, ...]:
        """The lists of an academy as its file has them; 404 where there is none of this name."""
        ...

    def decide(self, actor: Actor, word: Word, beside: Beside) -> Decision:
        """A reviewer's decision on a pair."""
        ...

    def answer(self, actor: Actor, word: Word, beside: Beside) -> Decision:
        """What a publisher says of its academy's own record and another."""
        ...

    def take_back(self, actor: Actor, number: int, reason: str, beside: Beside) -> Decision:
        """A decision or an answer taken back."""
        ...
