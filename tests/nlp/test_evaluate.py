import pytest

from nlp.evaluate import calibration_error, evaluate, same_sentence
from nlp.items import Item
from store.records import Prediction


def item(name: str, label: str, **more) -> Item:
    return Item(id=name, kind=more.pop("kind", "news"), title="", text="", label=label, **more)


def said(
    score: float, *, types=("engage",), process="report", evidence=(), position="other_asn"
) -> Prediction:
    flagged = score >= 0.5
    return Prediction(
        doc_id="",
        label="case" if flagged else "none",
        score=score,
        flagged=flagged,
        types=types,
        stage="post",
        process=process,
        position=position,
        region="",
        evidence=evidence,
        model="m",
    )


PAIRS = [
    (
        item("a", "case", types=("engage",), process="report", evidence=("Ia menekan tombol suka.",)),
        said(0.9, evidence=("Ia menekan tombol suka.",)),
    ),
    (item("b", "case", types=("banner",), process="rumor", deep=True), said(0.8)),
    (item("c", "case", types=None, process=None), said(0.2)),
    (item("d", "none", tag="pledge"), said(0.7)),
    (item("e", "none", tag="pledge"), None),
    (item("f", "related", tag="village", kind="post"), said(0.1)),
]


def test_counts_are_what_a_hand_count_gives():
    metrics = evaluate(PAIRS)
    assert (metrics["n"], metrics["n_case"]) == (6, 3)
    assert metrics["case"]["precision"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert metrics["case"]["recall"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    # ranks of the cases: 1, 2, 4 -> (1/1 + 2/2 + 3/4) / 3
    assert metrics["case"]["average_precision"]["value"] == pytest.approx((1 + 1 + 0.75) / 3, abs=1e-4)
    assert metrics["false_flags_by_tag"] == {
        "pledge": {"share": 0.5, "part": 1, "whole": 2},
        "village": {"share": 0.0, "part": 0, "whole": 1},
    }
    assert metrics["recall_deep"]["deep"] == {"share": 1.0, "part": 1, "whole": 1}
    assert metrics["process"] == {"share": 0.5, "part": 1, "whole": 2}
    assert metrics["evidence"] == {"share": 1.0, "part": 1, "whole": 1}
    # engage: one hit and one false; banner: one miss
    assert metrics["types"]["micro_f1"] == pytest.approx(2 / 4, abs=1e-4)


def test_intervals_hold_the_value_and_are_the_same_every_time():
    metrics = evaluate(PAIRS)
    for found in metrics["case"].values():
        assert found["low"] <= found["value"] <= found["high"]
    assert evaluate(PAIRS) == metrics


def test_a_set_without_cases_has_no_case_metrics_and_does_not_break():
    metrics = evaluate([pair for pair in PAIRS if pair[0].label != "case"])
    assert metrics["case"]["recall"] == {"value": None, "low": None, "high": None}
    assert metrics["false_flags_by_tag"]["pledge"]["part"] == 1


def test_calibration_error_is_zero_for_a_perfect_forecast_and_large_for_a_wrong_one():
    import numpy as np

    assert calibration_error(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0
    assert calibration_error(np.array([0.0, 0.0]), np.array([0.95, 0.95])) == pytest.approx(0.95)


def test_a_quotation_cut_at_its_ends_is_the_same_sentence():
    assert same_sentence("Camat itu naik ke panggung lalu berjoget.", "camat itu naik ke panggung")
    assert not same_sentence("Camat itu naik ke panggung.", "Bawaslu memanggil tiga saksi.")
    assert not same_sentence("", "")
