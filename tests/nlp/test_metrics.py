import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from nlp.metrics import (
    RESAMPLES,
    average_precision_of,
    calibration_bins,
    calibration_error_of,
    draws,
    f1_of,
    intervals,
    micro_f1_of,
    precision_of,
    recall_of,
    share,
    wilson,
)

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=30)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_weighted_metrics_are_those_of_scikit_learn_on_repeated_texts(rows):
    gold = np.array([r[0] for r in rows], dtype=float)
    scores = np.array([r[1] / 5 for r in rows])
    weights = np.array([r[2] for r in rows], dtype=float)
    flags = (scores >= 0.5).astype(float)
    drawn = np.repeat(np.arange(len(rows)), weights.astype(int))
    if not gold[drawn].any():
        assert np.isnan(average_precision_of(gold, scores)(weights))
        assert np.isnan(recall_of(gold, flags)(weights))
        return
    said, told = flags[drawn], gold[drawn]
    assert average_precision_of(gold, scores)(weights) == pytest.approx(
        average_precision_score(told, scores[drawn])
    )
    assert precision_of(gold, flags)(weights) == pytest.approx(precision_score(told, said, zero_division=0))
    assert recall_of(gold, flags)(weights) == pytest.approx(recall_score(told, said))
    assert f1_of(gold, flags)(weights) == pytest.approx(f1_score(told, said))


def test_a_resample_takes_families_whole():
    found = list(draws(["a", "a", "b", "c"]))
    assert len(found) == RESAMPLES
    assert all(w[0] == w[1] and w[0] + w[2] + w[3] == 3 for w in found)
    assert any(w[0] == 2 for w in found)


def test_intervals_of_families_are_wider_than_those_of_as_many_texts_alone():
    gold, flags = np.ones(40), np.array([1.0, 1, 1, 1, 0, 0, 0, 0] * 5)
    metric = {"recall": recall_of(gold, flags)}
    alone = intervals(metric, [str(i) for i in range(40)])["recall"]
    paired = intervals(metric, [str(i // 4) for i in range(40)])["recall"]
    assert alone["value"] == paired["value"] == 0.5
    assert paired["high"] - paired["low"] > alone["high"] - alone["low"]


def test_the_calibration_error_lies_within_its_interval_though_noise_only_raises_it():
    chance = np.random.default_rng(1)
    scores = chance.random(300)
    gold = (chance.random(300) < scores).astype(float)
    metric = {"error": calibration_error_of(gold, scores)}
    names = [str(i) for i in range(300)]
    found = intervals(metric, names, centred=["error"])["error"]
    assert 0 <= found["low"] <= found["value"] <= found["high"]
    assert intervals(metric, names)["error"]["low"] > found["low"]


def test_calibration_error_is_zero_for_a_perfect_forecast_and_large_for_a_wrong_one():
    assert calibration_error_of(np.array([1.0, 0.0]), np.array([1.0, 0.0]))(np.ones(2)) == 0
    wrong = calibration_error_of(np.array([0.0, 0.0]), np.array([0.95, 0.95]))
    assert wrong(np.ones(2)) == pytest.approx(0.95)


def test_calibration_bins_hold_every_text_once():
    bins = calibration_bins(np.array([1.0, 0, 1]), np.array([0.0, 0.05, 1.0]))
    assert [b["cases"]["whole"] for b in bins] == [2, *[0] * 8, 1]
    assert bins[0]["mean_score"] == pytest.approx(0.025)
    assert bins[0]["cases"]["share"] == 0.5
    assert bins[4]["cases"]["share"] is None


def test_micro_f1_counts_answers_and_not_texts():
    metric = micro_f1_of(np.array([2.0, 0]), np.array([0.0, 1]), np.array([1.0, 0]))
    assert metric(np.ones(2)) == pytest.approx(4 / 6)
    assert np.isnan(metric(np.zeros(2)))


def test_shares_have_an_interval_even_at_none_and_all():
    # Known values of the Wilson interval, e.g. Newcombe 1998: 81 of 263.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert share(10, 10)["low"] == pytest.approx(0.7225, abs=1e-4)
    assert share(0, 10)["high"] == pytest.approx(0.2775, abs=1e-4)
    assert share(0, 0) == {"share": None, "part": 0, "whole": 0, "low": None, "high": None}


def test_no_text_at_all_gives_no_number_and_no_error():
    empty = np.array([])
    found = intervals({"ap": average_precision_of(empty, empty), "f1": f1_of(empty, empty)}, [])
    nothing = {"value": None, "low": None, "high": None}
    assert found == {"ap": nothing, "f1": nothing}
