"""Pairs as people would judge them: the rules' outcome with its evidence, each line with what it counts.

Pure but for the word lists and frequencies it is given; many pairs go to worker processes. What is said of a pair
follows from its two records, the keys that prove nothing, and the model, and from nothing else.
"""

from __future__ import annotations

import json
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from itertools import islice
from operator import attrgetter
from typing import cast

import numpy as np

from registry.matching import lexicon as frequencies
from registry.matching.candidates import CAP, RAREST, UNKNOWN
from registry.matching.compare import Facts, compare
from registry.matching.features import Features, from_json
from registry.matching.keys import title_tokens
from registry.matching.levels import Levels
from registry.matching.lexicon import Lexicon, word_number
from registry.matching.normalise import Tables, load_tables
from registry.matching.rules import STATED, relate
from registry.matching.scoring import DECIMALS, Model
from registry.matching.translations import PLACED
from registry.model import Answer, Evidence, Relation

WEIGHS = {
    "title-similarity": "title", "description-similarity": "text", "same-author": "authors", "same-doi": "identity",
    "same-identifier": "identity", "same-url": "identity", "other-doi": "identity", "same-concepts": "topics",
    "same-topic": "topics", "same-duration": "minutes", "same-date": "day", "same-address-stem": "place",
    "same-keywords": "topics",
    "same-repository": "place", "same-repository-name": "place", "same-owner": "place", "same-title-terms": "codes",
}  # fmt: skip
"""Which comparison of the model weighs which feature of the evidence.

Not one place on two sites: to the model these are different places, which would speak against what is shown.
"""

FEW_CHUNKS = 2
"""Chunks that are judged in this process: starting others costs more than they save."""

Row = tuple[int, int, str, str, str, float, bool, str, str, str]
"""A row of ``outcome``: l, r, rule, relation, source, score, strong, evidence, answers (both JSON), sites."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some pairs: {number: (features as JSON, academy)}, (l, r, code of levels), keys set aside."""

    records: Mapping[int, tuple[str, str]]
    pairs: Sequence[tuple[int, int, int]]
    aside: frozenset[str]


class Judge:
    """What judging needs beside the pairs; made once in each process."""

    def __init__(self, tables: Tables, known: Lexicon, model: Model, relations: Mapping[str, str]) -> None:
        self._tables, self._known, self._relations = tables, known, relations
        self._levels = Levels(model)
        self._counts: dict[str, tuple[int, int]] = {}
        self._weights: dict[int, dict[str, float]] = {}

    def _weights_of(self, code: int) -> dict[str, float]:
        """What each comparison weighs for a pair of these levels."""
        if code not in self._weights:
            self._weights[code] = self._levels.weights(code)
        return self._weights[code]

    def _count(self, items: Iterable[Features]) -> None:
        """Learn how common the words of some records are, in one look at the frequencies."""
        new = list({word for item in items for word in title_tokens(item)} - self._counts.keys())
        numbers = np.array([word_number(word) for word in new], np.int64)
        for word, number, count in zip(new, numbers.tolist(), self._known.of(numbers).tolist(), strict=True):
            self._counts[word] = (count or UNKNOWN, number)

    def _rarest(self, item: Features) -> AbstractSet[str]:
        """The rarest words of a record, as candidates see them."""
        ranked = sorted((self._counts[word], word) for word in title_tokens(item))[:RAREST]
        return {word for (count, _), word in ranked if count <= CAP}

    def judge(self, chunk: Chunk) -> list[Row]:
        """The rows of the pairs that something ties."""
        read: dict[int, tuple[Features, str, AbstractSet[str]]] = {}
        items = {n: (from_json(data), academy) for n, (data, academy) in chunk.records.items()}
        self._count(item for item, _ in items.values())
        for n, (item, academy) in items.items():
            read[n] = item, academy, self._rarest(item)
        found: list[Row] = []
        for one, two, code in chunk.pairs:
            (a, academy, rare_a), (b, other, rare_b) = read[one], read[two]
            if b.resource < a.resource:
                (a, academy, rare_a), (b, other, rare_b) = (b, other, rare_b), (a, academy, rare_a)
            rare = tuple(sorted(rare_a & rare_b))
            facts = compare(a, b, academy == other, rare, chunk.aside, self._tables)
            outcome = relate(facts)
            if outcome is None:
                continue
            weights = self._weights_of(code)
            lines = [line_values(weighed(line, weights)) for line in outcome.evidence]
            answers = [asdict(one) for one in answers_of(facts, academy, other)]
            source = {"left": a.resource, "right": b.resource}.get(outcome.source, "")
            found.append(
                (
                    one, two, outcome.rule, self._relations[outcome.rule], source,
                    round(outcome.score, DECIMALS),  # as ``screen`` gives it: else equal pairs would not be equal
                    outcome.strong, json.dumps(lines, ensure_ascii=False),
                    json.dumps(answers, ensure_ascii=False) if answers else "",
                    " ".join(sorted((*a.sites, *b.sites))) if outcome.rule == PLACED and _sited(a, b) else "",
                )
            )  # fmt: skip
        return found


def _sited(a: Features, b: Features) -> bool:
    """Whether each of two records stands in one site, and in another than the other."""
    return len(a.sites) == len(b.sites) == 1 and a.sites != b.sites


_EVIDENCE = tuple(field.name for field in fields(Evidence))
_line = attrgetter(*_EVIDENCE)


def line_values(line: Evidence) -> dict[str, object]:
    """A line of evidence as the working file keeps it."""
    return dict(zip(_EVIDENCE, _line(line), strict=True))


def weighed(line: Evidence, weights: Mapping[str, float]) -> Evidence:
    """A line of evidence with what the model gives for it."""
    weight = weights.get(WEIGHS.get(line.feature, ""), 0.0)
    return replace(line, weight=round(weight, 2)) if weight else line


def answers_of(facts: Facts, academy: str, other: str) -> Iterator[Answer]:
    """What each side's own feed says of the pair: one answer an academy and relation."""
    seen: set[Answer] = set()
    for one, who, target in ((facts.left, academy, facts.right), (facts.right, other, facts.left)):
        keys = set(target.own) - facts.aside
        for name, key in one.declared:
            stated = "different" if name == "not-same" else STATED.get(name, ("", None))[0]
            if key in keys and stated:
                answer = Answer(who, cast(Relation, stated))
                if answer not in seen:
                    seen.add(answer)
                    yield answer


_READY: dict[str, Judge] = {}


def _begin(known: bytes, model: bytes, relations: Mapping[str, str]) -> None:
    _READY["judge"] = Judge(load_tables(), frequencies.from_bytes(known), Model.from_bytes(model), relations)


def _judge(chunk: Chunk) -> list[Row]:
    return _READY["judge"].judge(chunk)


def judged(
    chunks: Iterable[Chunk],
    tables: Tables,
    known: Lexicon,
    model: Model,
    relations: Mapping[str, str],
    workers: int,
) -> Iterator[list[Row]]:
    """The rows of each chunk, in order; beyond the second chunk in ``workers`` processes."""
    source = iter(chunks)
    here = Judge(tables, known, model, relations)
    for chunk in islice(source, FEW_CHUNKS):
        yield here.judge(chunk)
    first = next(source, None)
    if first is None:
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(known.to_bytes(), model.to_bytes(), dict(relations))
    ) as pool:
        waiting: deque[Future[list[Row]]] = deque([pool.submit(_judge, first)])
        for chunk in source:
            waiting.append(pool.submit(_judge, chunk))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
