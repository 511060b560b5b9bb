"""The state of matching on disk, carried forward change by change.

Only records that changed are read, only pairs that they bear on are compared, only components that something touched
are settled again; ``tests/unit/test_matching_matcher.py`` shows that this equals matching everything. What would move
with every record (frequencies, weights, calibration) belongs to the model, which stays until another is trained.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from secrets import token_hex
from time import monotonic
from typing import Any

import duckdb

from registry.matching import (
    aside,
    candidates,
    chances,
    compared,
    identified,
    levels,
    modelled,
    pairs,
    partners,
    proven,
    settle,
    stored,
    taken,
)
from registry.matching.aside import Aside
from registry.matching.columns import MEMORY, MEMORY_OF_CHANGES, opened, sql
from registry.matching.keys import KINDS
from registry.matching.learn import Learnt, Said, learn
from registry.matching.modelled import MatchModel
from registry.matching.normalise import load_tables
from registry.matching.outcome import Rule, load_rules
from registry.matching.recipe import OtherRecipe, recipe_digest
from registry.matching.scoring import Weigher, forget, weigh
from registry.model import Change, Decision, IdentityEvent, Match, Work

MADE_TABLES = tuple("record spare best horizon pair outcome shown reached kept ranked member said decided".split())
FILE = "matching.duckdb"
MANY = 10
"""When more than one record in so many changed, everything is made anew: it costs less."""
GROWN = 2
"""How many times as many records, or as few, make the frequencies of a model worthless."""
FEW_RECORDS = 1_000
"""Below so many the frequencies are left as they are."""
Told = Callable[[str, float], None]
"""Is told of each stage, when it ends, and how many seconds it took."""


@dataclass(frozen=True, slots=True)
class MatchDelta:
    """What a call changed: matches that are new or different, and pairs (left, right) that are no more.

    ``aside`` counts what was set aside as no evidence: keys shared by too many records of a feed, and titles and
    texts of too many records; empty when nothing had changed. ``events`` is what became of works' ids.
    """

    upserts: list[Match]
    removals: list[tuple[str, str]]
    aside: Mapping[str, int]
    events: list[IdentityEvent] = field(default_factory=list)


class Matcher:
    """Matching with its state in ``work_dir/matching.duckdb``; one process at a time.

    ``academy_of`` maps a feed's id to its academy; a feed it does not know counts as an academy of its own.
    ``model`` is the one to use; without one the file's own, or one that is made from the records read first.
    ``notice``: inferred matches stay private until ``ended`` names them. ``without`` are generators of candidates that
    are left out, to measure what they are worth. ``weigher`` weighs pairs: DuckDB, or what ``spark.weigher`` gives.
    """

    def __init__(
        self,
        work_dir: Path | None,
        academy_of: Mapping[str, str],
        *,
        model: MatchModel | None = None,
        notice: bool = False,
        workers: int = 0,
        told: Told = lambda stage, seconds: None,
        without: frozenset[str] = frozenset(),
        weigher: Weigher = weigh,
    ) -> None:
        self._academy_of = dict(academy_of)
        self._tables = load_tables()
        self._shipped: dict[str, Rule] = load_rules()
        self._recipe = recipe_digest()
        self._notice, self._told, self._weigher = notice, told, weigher
        self._workers = workers or os.cpu_count() or 1
        self._db = opened(work_dir and work_dir / FILE, self._workers)
        self._db.execute(sql("schema"))
        self._without = sum(bit for name, bit in KINDS.items() if name in without)
        self._given = model
        self._model = model or modelled.kept(self._db)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Matcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The rules by reason code, as they count after what people answered."""
        return proven.applied(self._shipped, self._model.proven if self._model else None)

    @property
    def model(self) -> MatchModel | None:
        """The model in use, None before anything was read."""
        return self._model

    @property
    def given(self) -> bool:
        """Whether it was given a model, and did not make its own."""
        return self._given is not None

    def _meta(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT name, value FROM meta").fetchall())

    def marker(self) -> tuple[int, str]:
        """(last change that is in it, recipe digest); (0, "") for a new file."""
        values = self._meta()
        return int(values.get("sequence", "0")), values.get("recipe", "")

    def state(self) -> str:
        """Names what the matches are now: this file and the turn they were last changed at."""
        values = self._meta()
        return f"{values.get('file', '')}.{values.get('turn', '0')}"

    def changes_since(self, state: str) -> tuple[Iterator[Match], list[tuple[str, str]]] | None:
        """Public matches new or different since a state, and pairs that are no more; None if it is another file's."""
        file, _, turn = state.partition(".")
        if not file or file != self._meta().get("file"):
            return None
        gone = self._db.execute("SELECT a, b FROM gone WHERE turn > ? ORDER BY a, b", [int(turn)]).fetchall()
        return stored.matches(self._db, "turn > ? AND NOT private", [int(turn)], self._version()), list(gone)

    def all(self, *, private: bool = False) -> Iterator[Match]:
        """Every public match, with ``private`` also those under notice, by left and right IRI."""
        return stored.matches(self._db, "true" if private else "NOT private", [], self._version())

    def private(self) -> list[tuple[str, str]]:
        """The pairs whose match is not public yet."""
        return self._db.execute("SELECT a, b FROM match WHERE private ORDER BY a, b").fetchall()

    def aside(self) -> list[Aside]:
        """What was set aside, for those who can mend it, by feed and code."""
        return aside.told(self._db)

    def weigh_all(self, model: MatchModel | None = None) -> None:
        """Make ``weighed`` of the last call complete: it holds no pairs that nothing ties (``explore``). With a
        ``model`` as that weighs them."""
        model = model or self._model
        assert model is not None
        compared.weigh_all(self._db, compared.Means(model, self._tables, {}, self._workers, self._weigher))

    def partners(self) -> list[tuple[int, int, float]]:
        """The records of two academies, all that were read, paired off one to one (``explore``)."""
        assert self._model is not None
        return partners.partners(self._db, self._model.scoring, self._weigher, self._workers).pairs

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """Ask the working file, for whoever measures or looks for a fault (``explore``)."""
        return self._db.execute(text).fetchall()

    def works(self) -> Iterator[Work]:
        """Every work and every group of duplicates of two or more members, by level and id."""
        return identified.works(self._db)

    def works_since(self, state: str) -> tuple[list[Work], list[str]] | None:
        """Works new or different since a state, and ids that are no more; None if it is another file's."""
        file, _, turn = state.partition(".")
        if not file or file != self._meta().get("file"):
            return None
        return list(identified.works(self._db, int(turn))), identified.gone_since(self._db, int(turn))

    def redirects(self) -> dict[str, str]:
        """Ids that another took in, with the id that stands for them today."""
        return identified.redirects(self._db)

    def retired(self) -> list[Work]:
        """Ids that are left with fewer than two members, with those that they held last."""
        return identified.retired(self._db)

    def identity_reached(self) -> int:
        """The ledger's last sequence of which the identity events are here."""
        return identified.reached(self._db)

    def outgrown(self) -> MatchModel | None:
        """A model with new frequencies, where there are more than GROWN times as many records as when the one in use
        was made, or as many times fewer; else None."""
        (records,) = self._db.execute("SELECT count(*) FROM record").fetchall()[0]
        made = self._model.lexicon.records if self._model else 0
        if self._model is None or made * GROWN >= records >= made / GROWN or max(records, made) < FEW_RECORDS:
            return None
        return modelled.recounted(self._db, self._model)

    def use(self, model: MatchModel) -> None:
        """Match with another model from the next call on."""
        self._model = self._given = model

    def learn(self, said: Sequence[Said], *, unlabelled: bool = False) -> Learnt:
        """A new model from these records and what people said (``learn.learn``); nothing changes by it."""
        return learn(self._db, self._shipped, said, unlabelled=unlabelled, workers=self._workers)

    def pending(self) -> list[IdentityEvent]:
        """Identity events that the ledger is still to keep, in order; ``confirm`` them with its sequence."""
        return identified.pending(self._db)

    def confirm(self, sequence: int) -> None:
        """The ledger keeps all identity events of this file, the last ones with this sequence."""
        identified.confirm(self._db, sequence)

    def _version(self) -> str:
        return self._meta().get("model", "")

    def apply(
        self,
        changes: Iterable[Change],
        decisions: Iterable[Decision] | None = None,
        *,
        ended: Iterable[tuple[str, str]] | None = None,
        identity: Iterable[IdentityEvent] = (),
        tell: bool = True,
    ) -> MatchDelta:
        """Carry the state forward; changes that are already in it are passed over.

        ``decisions`` are all decisions that stand, ``ended`` all pairs whose notice has ended, None when none came
        since the last call; ``identity`` the ledger's events (those that are known are passed over). Without
        ``tell`` the delta leaves out the upserts: ``changes_since`` gives them a few at a time. Raises OtherRecipe
        when the file was made by other rules.
        """
        sequence, recipe = self.marker()
        if recipe not in ("", self._recipe):
            raise OtherRecipe("matches were made by other rules: rebuild them")
        later = (change for change in changes if change.sequence > sequence)
        return self._carry(later, decisions, ended, identity, sequence, tell)

    def rebuild(
        self,
        changes: Iterable[Change],
        decisions: Iterable[Decision] = (),
        sequence: int = 0,
        *,
        ended: Iterable[tuple[str, str]] = (),
        identity: Iterable[IdentityEvent] = (),
        tell: bool = True,
    ) -> MatchDelta:
        """Start again from the changes that stand (``ledger.standing`` or the whole log), decisions and events.

        The marker becomes the last of the changes, or ``sequence`` if that is later (what stands need not
        hold the log's last change). The delta is against what was there before.
        """
        return self._carry(changes, decisions, ended, identity, sequence, tell, fresh=True)

    def _carry(
        self,
        changes: Iterable[Change],
        decisions: Iterable[Decision] | None,
        ended: Iterable[tuple[str, str]] | None,
        identity: Iterable[IdentityEvent],
        sequence: int,
        tell: bool,
        fresh: bool = False,
    ) -> MatchDelta:
        meta = self._meta()
        file, turn = meta.get("file") or token_hex(8), int(meta.get("turn", "0")) + 1
        db = self._db
        db.execute("BEGIN")
        try:
            if fresh:
                for table in (*taken.READ_TABLES, *MADE_TABLES, *aside.TABLES):
                    db.execute(f"DELETE FROM {table}")
                identified.forget(db, turn)
            began = monotonic()
            reached, changed = taken.take(db, changes, sequence, self._tables, self._workers)
            self._told("read", monotonic() - began)
            (records,) = db.execute("SELECT count(*) FROM record").fetchall()[0]
            whole = fresh or self._model is None or changed * MANY > records
            if self._model is None or (fresh and self._given is None):
                self._model = modelled.make(db)
            modelled.keep(db, self._model)
            remade = meta.get("model", self._model.version) != self._model.version
            whole = whole or remade
            moved = taken.place(db, self._academy_of)
            spoken = decisions is not None and stored.decide(db, decisions)
            noticed = ended is not None and stored.end(db, ended)
            replayed = identified.learn(db, identity, turn)
            delta = MatchDelta([], [], {})
            if whole or changed or moved or spoken or noticed or replayed or meta.get("notice") != str(self._notice):
                whole = whole or moved or replayed or meta.get("notice") != str(self._notice)
                delta = self._match(turn, whole, spoken or noticed, tell)
            db.execute("DELETE FROM meta WHERE name <> 'identity'")
            kept = {
                "sequence": str(reached), "recipe": self._recipe, "file": file, "turn": str(turn),
                "model": self._model.version, "notice": str(self._notice),
            }  # fmt: skip
            db.executemany("INSERT INTO meta VALUES (?, ?)", list(kept.items()))
            db.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.TransactionException):  # a failed commit has undone it already
                db.execute("ROLLBACK")
            raise
        return delta

    def _match(self, turn: int, whole: bool, spoken: bool, tell: bool) -> MatchDelta:
        """Candidates, comparison, choice, families and works of what changed."""
        assert self._model is not None
        db, model, began = self._db, self._model, monotonic()

        def told(stage: str) -> None:
            nonlocal began
            self._told(stage, monotonic() - began)
            began = monotonic()

        db.execute(f"SET memory_limit = '{MEMORY if whole else MEMORY_OF_CHANGES}'")
        rules = self.rules
        means = compared.Means(model, self._tables, rules, self._workers, self._weigher)
        candidates.know(db, model.lexicon)
        settle.know(db, rules)
        proven.know(db, self._shipped, rules)
        chances.know(db, model.chances)
        source = "record" if whole else "dirty SEMI JOIN record USING (n)"
        db.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT n FROM {source}")
        if whole:
            forget(db)
            db.execute(f"DELETE FROM key WHERE kind = {KINDS['words']}")
        candidates.words(db, model.lexicon)
        if self._without:
            db.execute(f"DELETE FROM key WHERE kind & {self._without} <> 0")
        pairs.find_aside(db, whole=whole)
        pairs.find_decided(db)
        if whole:
            candidates.build(db)
            pairs.find_stated(db, whole=True)
            if self._without & KINDS["stated"]:
                db.execute("DELETE FROM stated")
            told("candidates")
            pairs.build(db)
        else:
            candidates.carry(db)
            pairs.find_stated(db, whole=False)
            told("candidates")
            pairs.carry(db)
        compared.compare(db, means, told, whole=whole)
        levels.reach(db, model.scoring, whole=whole)
        if not whole:
            db.execute("INSERT INTO seed SELECT unnest([l, r]) FROM redecided UNION SELECT n FROM dirty")
            if spoken:
                db.execute(
                    "INSERT INTO seed SELECT unnest([l, r]) FROM decided UNION SELECT unnest([l, r]) FROM said"
                    " UNION SELECT n FROM record SEMI JOIN ended ON a = resource"
                    " UNION SELECT n FROM record SEMI JOIN ended ON b = resource"
                )
        removals = settle.settle(
            db, rules, turn, partial(compared.explain, db, means), whole=whole, notice=self._notice
        )
        told("choose")
        events = identified.inherit(db, turn, whole=whole)
        told("identity")
        aside.note(db, whole=whole)
        upserts = list(stored.matches(db, "turn = ? AND NOT private", [turn], model.version)) if tell else []
        return MatchDelta(upserts, removals, aside.counts(db), events)


def match(
    records: Iterable[Change],
    academy_of: Mapping[str, str],
    decisions: Iterable[Decision] = (),
    *,
    model: MatchModel | None = None,
) -> list[Match]:
    """All matches among the records that stand, by left and right IRI; the order of input does not matter."""
    with Matcher(None, academy_of, model=model) as matcher:
        matcher.rebuild(records, decisions)
        return list(matcher.all())
