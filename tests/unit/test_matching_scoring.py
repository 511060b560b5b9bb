"""Weights of pairs: the same for any order and number of threads, explained level by level."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import duckdb
import pytest

from registry.matching import scoring
from registry.matching.codes import BITS
from registry.matching.levels import Levels, words
from tests.support.measured_pairs import pairs


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def test_a_pairs_weight_is_the_sum_of_the_log_odds_of_its_levels(db: duckdb.DuckDBPyConnection) -> None:
    model = scoring.default_model()
    pairs(db, model, 3000, seed=1)
    scoring.weigh(db, "measure", "weighed", model)
    levels = Levels(model)
    rows = db.execute(f"SELECT {levels.code('m')}, w.weight FROM measure m JOIN weighed w USING (l, r)").fetchall()
    assert len(rows) == 3000
    for code, weight in rows:
        reasons = levels.reasons(code)
        assert math.isclose(sum(reason.weight for reason in reasons), weight, abs_tol=0.005)
        assert list(reasons) == sorted(reasons, key=lambda r: -abs(r.weight))


def test_each_comparisons_weight_is_told_apart(db: duckdb.DuckDBPyConnection) -> None:
    model = scoring.default_model()
    pairs(db, model, 500, seed=2)
    scoring.weigh(db, "measure", "weighed", model)
    levels = Levels(model)
    rows = db.execute(
        f"SELECT {levels.code('m')} AS code, w.* EXCLUDE (l, r) FROM measure m JOIN weighed w USING (l, r)"
    )
    for row in rows.to_arrow_table().to_pylist():
        told = {reason.comparison: reason.weight for reason in levels.reasons(row["code"])}
        for name in scoring.COMPARISONS:
            assert math.isclose(row[f"w_{name}"] or 0.0, told.get(name, 0.0), abs_tol=0.0005)


def test_order_of_rows_and_threads_change_nothing(db: duckdb.DuckDBPyConnection) -> None:
    model = scoring.default_model()
    pairs(db, model, 20_000, seed=3)
    db.execute("CREATE TABLE turned AS SELECT * FROM measure ORDER BY (l * 7919) % 20011")
    found = []
    for table, threads in (("measure", 1), ("measure", 2), ("turned", 2)):
        scoring.weigh(db, table, "weighed", model, threads=threads)
        found.append(db.execute("SELECT * FROM weighed ORDER BY l, r").fetchall())
    assert found[0] == found[1] == found[2]


def test_what_is_added_up_is_what_splink_gives_in_every_digit(
    db: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = scoring.default_model()
    pairs(db, model, 40_000, seed=4)
    scoring.weigh(db, "measure", "weighed", model)
    by_splink = db.execute("SELECT * FROM level_weight ORDER BY code").fetchall()
    assert len(by_splink) > 3 * scoring.SUMMED  # all of them went to Splink
    some = db.execute("SELECT code FROM level_weight USING SAMPLE 4000").fetchall()
    db.execute("CREATE TEMP TABLE part AS SELECT unnest($1) AS code", [[code for (code,) in some]])
    db.execute("DELETE FROM level_weight WHERE code IN (SELECT code FROM part)")
    monkeypatch.setattr(scoring, "_weigh_side", None)
    scoring.weigh(db, "measure", "weighed", model)
    assert db.execute("SELECT * FROM level_weight ORDER BY code").fetchall() == by_splink


def test_a_pair_of_which_nothing_can_be_told_weighs_nothing(db: duckdb.DuckDBPyConnection) -> None:
    pairs(db, scoring.default_model(), 1, seed=1)
    names = ", ".join(f"{n} = NULL" for n in ("title", "title_df", "text", "identity", "authors", "topics", "codes"))
    db.execute(f"UPDATE measure SET {names}, minutes = NULL, years = NULL, day = NULL, place = NULL")
    scoring.weigh(db, "measure", "weighed", scoring.default_model())
    assert db.execute("SELECT weight FROM weighed").fetchall() == [(0.0,)]


def test_a_model_is_saved_and_read_exactly() -> None:
    model = scoring.default_model()
    again = scoring.Model.from_bytes(model.to_bytes())
    assert again.to_bytes() == model.to_bytes()
    assert json.loads(again.within) == json.loads(model.within)


SHIPPED = [(side, name) for side, names in (("within", scoring.WITHIN), ("across", scoring.ACROSS)) for name in names]


@pytest.mark.parametrize(("side", "name"), SHIPPED)
def test_better_levels_weigh_more(side: str, name: str) -> None:
    settings = json.loads(getattr(scoring.default_model(), side))
    comparison = next(c for c in settings["comparisons"] if c["output_column_name"] == name)
    found = comparison["comparison_levels"][1:]
    for parameter in ("m_probability", "u_probability"):
        assert math.isclose(sum(level[parameter] for level in found), 1, abs_tol=1e-9)
    odds = [(level["sql_condition"].split(" ")[0], level["m_probability"] / level["u_probability"]) for level in found]
    for (one, better), (other, worse) in zip(odds, odds[1:], strict=False):
        assert better > worse or (one != other and other != "ELSE")


def test_every_level_has_words_in_three_languages() -> None:
    texts = words()
    named = {
        f"{comparison['output_column_name']}.{level['label_for_charts']}"
        for settings in (scoring.default_model().within, scoring.default_model().across)
        for comparison in json.loads(settings)["comparisons"]
        for level in comparison["comparison_levels"]
    }
    assert set(texts) == named
    for told in texts.values():
        assert all(told.values()) and len(set(told.values())) == 3


def test_a_code_has_room_for_every_level_of_every_comparison() -> None:
    model = scoring.default_model()
    sides = [json.loads(text)["comparisons"] for text in (model.within, model.across)]
    assert max(len(one["comparison_levels"]) - 1 for side in sides for one in side) < 1 << BITS
    assert 1 + BITS * len(scoring.COMPARISONS) < 63
