"""One Splink model over plain columns, trained without labels: what a statistician would write in an afternoon.

Fellegi-Sunter with expectation maximisation as in Splink's own tutorials: a few columns, three blocking rules, no
model per language, no types. Pairs of probability 0.99 or more count, with or without the best partner only.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI
from splink.internals.exceptions import EMTrainingException

from benchmarks.baselines import Plain, address, words
from benchmarks.metrics import Pair, pair

PROBABILITY = 0.99
SEED, SAMPLE, TRAINING = 1, 200_000, 100_000
WORDS = ("title", "authors", "description")
FEWEST, FEWEST_RECORDS = 20, 100
"""Columns that fewer records fill are not compared; from fewer records nothing is trained."""


class NotTrained(Exception):
    """The model could not be estimated from these records; the message says why."""


def table(rows: Sequence[Plain]) -> pa.Table:
    """Rows as Splink reads them; an empty value is a null."""
    columns: dict[str, list[str | None]] = defaultdict(list)
    for row in rows:
        title, authors = words(row.title), sorted(words(name) for name in row.authors)
        values = {
            "unique_id": row.resource,
            "academy": row.academy,
            "title": title,
            "start": title[:6],
            "authors": " ".join(authors),
            "description": words(row.description)[:160],
            "url": next((key for key in map(address, row.urls) if key), ""),
            "year": row.year,
        }
        for name, value in values.items():
            columns[name].append(value or None)
        longest = sorted(title.split(), key=lambda word: (-len(word), word))
        columns["rare"].append(longest[0] if longest else None)
    made = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    numbers: dict[str, int] = {}  # words as numbers: sets of them are compared faster
    for name in WORDS:
        lists = [
            sorted({numbers.setdefault(w, len(numbers)) for w in (value or "").split()}) for value in columns[name]
        ]
        made[f"{name}_words"] = pa.array(lists, pa.list_(pa.int32()))
    return pa.table(made)


def shared_words(column: str) -> cl.CustomComparison:
    """Equal, or the share of words in common: 0.8, 0.6, 0.4, 0.2."""
    left, right = f"{column}_words_l", f"{column}_words_r"
    both = f"len(list_intersect({left}, {right}))"
    either = f"(len({left}) + len({right}) - {both})"
    shares = [
        cll.CustomLevel(f"{both} >= {share} * {either}", f"words in common {share}") for share in (0.8, 0.6, 0.4, 0.2)
    ]
    return cl.CustomComparison(
        output_column_name=column,
        comparison_levels=[cll.NullLevel(column), cll.ExactMatchLevel(column), *shares, cll.ElseLevel()],
    )


def _settings(data: pa.Table, across: bool) -> tuple[SettingsCreator, list[str]]:
    filled = {name: data.num_rows - data[name].null_count for name in data.column_names}
    compared = {
        **{name: shared_words(name) for name in WORDS},
        "url": cl.ExactMatch("url"),
        "year": cl.ExactMatch("year"),
    }
    used = [name for name in compared if filled[name] >= FEWEST]
    rules = [block_on("start"), block_on("rare"), block_on("url"), block_on("authors"), block_on("description")]
    settings = SettingsCreator(
        link_type="link_only" if across else "dedupe_only",
        comparisons=[compared[name] for name in used],
        blocking_rules_to_generate_predictions=rules,
        retain_intermediate_calculation_columns=False,
    )
    return settings, used


def scored(rows: Sequence[Plain], across: bool = False) -> list[tuple[str, str, float]]:
    """(left, right, probability) of the pairs that the model scores. Raises NotTrained."""
    if len(rows) < FEWEST_RECORDS:
        raise NotTrained(f"fewer than {FEWEST_RECORDS} records")
    data = table(rows)
    settings, used = _settings(data, across)
    if len(used) < 2:
        raise NotTrained("fewer than two columns to compare")
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute("SET enable_progress_bar = false")
    database = DuckDBAPI(connection=connection)
    parts = [data]
    if across:
        homes = sorted({row.academy for row in rows})
        parts = [data.filter(pc.equal(data["academy"], home)) for home in homes]
    named = [database.register(part, dataset_display_name=f"part{n}") for n, part in enumerate(parts)]
    linker = Linker(named if across else named[0], settings)
    logging.getLogger("splink").setLevel(logging.CRITICAL)  # it tells every step, and sets its level when it starts
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on("title"), block_on("start", "rare")], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=SAMPLE, seed=SEED)
    trained = 0
    for key in ("start", "year", "rare"):
        try:
            training.estimate_parameters_using_expectation_maximisation(block_on(key), max_pairs=TRAINING)
            trained += 1
        except EMTrainingException:  # no two records share the key: the other keys train the model
            continue
        except ValueError as told:  # a probability fell to nothing: a level was never seen among these pairs
            raise NotTrained(str(told).partition(". ")[0]) from told
    if not trained:
        raise NotTrained("no two records share the start of a title, a year or a long word")
    found = linker.inference.predict(threshold_match_probability=0.5)
    scores = connection.execute(
        f"SELECT unique_id_l, unique_id_r, match_probability FROM {found.physical_name} ORDER BY 1, 2"
    ).fetchall()
    connection.close()
    return scores


def confident(scores: Sequence[tuple[str, str, float]]) -> set[Pair]:
    """Every pair of probability 0.99 or more."""
    return {pair(left, right) for left, right, p in scores if p >= PROBABILITY}


def best_partners(scores: Sequence[tuple[str, str, float]]) -> set[Pair]:
    """The pairs in which each is the other's best, of probability 0.5 or more."""
    best: dict[str, tuple[float, str]] = {}
    for left, right, p in scores:
        best[left], best[right] = (
            max(best.get(left, (0.0, "")), (p, right)),
            max(best.get(right, (0.0, "")), (p, left)),
        )
    return {pair(left, right) for left, right, _ in scores if best[left][1] == right and best[right][1] == left}
