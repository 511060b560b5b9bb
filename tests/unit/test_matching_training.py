"""Weights learnt from pairs: near the truth they were drawn from, the same each time, careful where little was seen."""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb
import pytest

from registry.matching import training
from registry.matching.scoring import Model
from tests.support.measured_pairs import ordered, pairs


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def flattened(model: Model, strength: float = 0.5) -> Model:
    """The model with all evidence weakened: m moved towards u."""
    sides = []
    for settings in (model.within, model.across):
        body = json.loads(settings)
        for comparison in body["comparisons"]:
            for level in comparison["comparison_levels"][1:]:
                level["m_probability"] += strength * (level["u_probability"] - level["m_probability"])
        sides.append(json.dumps(body))
    return Model("flat", sides[0], sides[1], {})


def parameters(model: Model) -> dict[tuple[str, str, str, str], float]:
    return {
        (side, comparison["output_column_name"], level["label_for_charts"], kind): level[kind]
        for side, settings in (("within", model.within), ("across", model.across))
        for comparison in json.loads(settings)["comparisons"]
        for level in comparison["comparison_levels"][1:]
        for kind in ("m_probability", "u_probability")
    }


def test_without_labels_it_comes_near_the_probabilities_that_pairs_were_drawn_from(
    db: duckdb.DuckDBPyConnection,
) -> None:
    truth = ordered()
    start = flattened(truth)
    match = pairs(db, truth, 60_000, seed=11, share=0.08)
    found = training.train(db, "measure", start=start)
    real, learnt, before = parameters(truth), parameters(found.model), parameters(start)
    error = max(abs(real[key] - learnt[key]) for key in real if key[3] == "m_probability")
    assert error < 0.06 < max(abs(real[key] - before[key]) for key in real)
    assert (
        max(abs(real[key] - learnt[key]) for key in real if key[3] == "u_probability") < 0.02
    )  # 18,000 pairs: three standard errors are 0.013
    counted = found.model.trained["within.matches"] + found.model.trained["across.matches"]
    assert abs(counted - match.sum()) < 0.1 * match.sum()


def test_order_of_rows_and_threads_change_no_parameter(db: duckdb.DuckDBPyConnection) -> None:
    start = ordered()
    pairs(db, start, 20_000, seed=12)
    db.execute("CREATE TABLE turned AS SELECT * FROM measure ORDER BY (l * 7919) % 20011")
    found = []
    for table, threads in (("measure", 1), ("measure", 2), ("turned", 2)):
        db.execute(f"SET threads = {threads}")
        found.append(training.train(db, table, start=start))
    assert found[0] == found[1] == found[2]
    assert found[0].model.to_bytes() == found[2].model.to_bytes()


def test_splinks_own_estimate_without_a_prior_is_the_same(
    db: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from splink import Linker
    from splink.backends.duckdb import DuckDBAPI

    start = ordered()
    pairs(db, start, 10_000, seed=13, share=0.2, across=0.0)
    monkeypatch.setattr(training, "PRIOR", 1e-9)
    ours = parameters(training.train(db, "measure", start=start).model)
    db.execute('CREATE TABLE pair_row AS SELECT l AS pair, * EXCLUDE (l, r, "cross") FROM measure')
    db.execute("CREATE TABLE other_row AS SELECT * REPLACE (0::BIGINT AS pair) FROM pair_row LIMIT 1")
    api = DuckDBAPI(connection=db)
    body = json.loads(start.within) | {"em_convergence": 1e-8, "max_iterations": 300}
    linker = Linker(
        [api.register("pair_row", dataset_display_name="a"), api.register("other_row", dataset_display_name="b")],
        body,
        log_level=None,
    )
    session = linker.training.estimate_parameters_using_expectation_maximisation(
        "1=1", estimate_without_term_frequencies=True, fix_u_probabilities=False
    )
    compared = 0
    for comparison in session.core_model_settings.comparisons:
        for level in comparison.comparison_levels[1:]:
            for kind in ("m_probability", "u_probability"):
                key = ("within", comparison.output_column_name, level.label_for_charts, kind)
                assert getattr(level, kind) == pytest.approx(ours[key], abs=2e-4), key
                compared += 1
    assert compared == 2 * sum(1 for key in ours if key[0] == "within" and key[3] == "m_probability")


def test_few_pairs_teach_nothing(db: duckdb.DuckDBPyConnection) -> None:
    start = ordered()
    pairs(db, start, 50, seed=14)
    found = training.train(db, "measure", start=start)
    assert parameters(found.model) == parameters(start)
    assert set(found.report) == {"within: few pairs", "across: few pairs"}


def test_a_comparison_that_was_never_made_keeps_its_weights_and_is_named(db: duckdb.DuckDBPyConnection) -> None:
    start = ordered()
    pairs(db, start, 20_000, seed=15)
    db.execute("UPDATE measure SET topics = NULL")
    found = training.train(db, "measure", start=start)
    assert {"within.topics: few pairs", "across.topics: few pairs"} <= set(found.report)
    before, after = parameters(start), parameters(found.model)
    assert all(after[key] == before[key] for key in before if key[1] == "topics")
    assert any(after[key] != before[key] for key in before if key[1] == "title")


def test_a_level_that_was_never_seen_keeps_its_weight(db: duckdb.DuckDBPyConnection) -> None:
    start = ordered()
    pairs(db, start, 20_000, seed=16)
    db.execute("UPDATE measure SET identity = 0 WHERE identity = 2")
    found = training.train(db, "measure", start=start)
    assert "within.identity.identifier: not observed" in found.report
    before, after = parameters(start), parameters(found.model)
    m, u = (("within", "identity", "identifier", f"{kind}_probability") for kind in "mu")
    assert after[m] / after[u] > 0.5 * before[m] / before[u]


def test_classes_that_change_places_are_refused(db: duckdb.DuckDBPyConnection) -> None:
    start = ordered()
    body = json.loads(start.within)
    pairs(db, start, 20_000, seed=17, across=0.0)
    for comparison in body["comparisons"]:
        for level in comparison["comparison_levels"][1:]:
            level["m_probability"], level["u_probability"] = level["u_probability"], level["m_probability"]
    wrong = Model("turned", json.dumps(body), start.across, {})
    found = training.train(db, "measure", start=wrong)
    assert "within: classes swapped" in found.report
    assert parameters(found.model) == parameters(wrong)


def test_better_levels_never_weigh_less_after_training(db: duckdb.DuckDBPyConnection) -> None:
    start = ordered()
    pairs(db, start, 20_000, seed=18, across=0.0)
    # Two thirds of the descriptions that share much go to pairs that are else nothing alike.
    db.execute("UPDATE measure SET text = 0.8 WHERE title < 0.3 AND l % 3 = 0")
    db.execute("UPDATE measure SET text = 0.5 WHERE text = 0.8 AND title >= 0.9")
    found = training.train(db, "measure", start=start)
    assert "within.text.same: order" in found.report
    levels = next(c for c in json.loads(found.model.within)["comparisons"] if c["output_column_name"] == "text")
    odds = [level["m_probability"] / level["u_probability"] for level in levels["comparison_levels"][1:]]
    assert all(a >= b * 0.999 for a, b in zip(odds, odds[1:], strict=False))


def test_decisions_move_the_weights_towards_what_people_said(db: duckdb.DuckDBPyConnection) -> None:
    truth = ordered()
    start = flattened(truth)
    match = pairs(db, truth, 4000, seed=19, share=0.5, across=0.0)
    labels = {(n, n + 4000): bool(match[n]) for n in range(800)}
    found = training.refit(db, "measure", labels, start=start)
    real, learnt, before = parameters(truth), parameters(found.model), parameters(start)
    keys = [key for key in real if key[0] == "within"]
    assert sum(abs(real[k] - learnt[k]) for k in keys) < 0.5 * sum(abs(real[k] - before[k]) for k in keys)
    assert "across: few pairs" in found.report
    assert found.model.trained["labels.within.matches"] == sum(labels.values())
    assert training.refit(db, "measure", dict(reversed(labels.items())), start=start) == found


def test_decisions_of_a_biased_sample_are_weighed_back(db: duckdb.DuckDBPyConnection) -> None:
    truth = ordered()
    match = pairs(db, truth, 8000, seed=20, share=0.5, across=0.0)
    rare = {n for (n,) in db.execute("SELECT l FROM measure WHERE text >= 0.9").fetchall()}
    chosen = [n for n in range(8000) if n not in rare or n % 10 == 0]
    labels = {(n, n + 8000): bool(match[n]) for n in chosen}
    worth = {(n, n + 8000): 10.0 if n in rare else 1.0 for n in chosen}
    key = ("within", "text", "same", "m_probability")
    real = parameters(truth)[key]
    plain = parameters(training.refit(db, "measure", labels, start=truth).model)[key]
    weighed = parameters(training.refit(db, "measure", labels, start=truth, weights=worth).model)[key]
    assert abs(weighed - real) < 0.05 < abs(plain - real)
