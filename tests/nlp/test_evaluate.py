import pytest

from nlp.evaluate import evaluate, kind_of, same_sentence
from nlp.items import Item
from store.records import Prediction


def item(name: str, label: str, **more) -> Item:
    kind, text = more.pop("kind", "news"), more.pop("text", "Isi berita.")
    return Item(id=name, kind=kind, title="Judul", text=text, label=label, **more)


def counts(share: dict) -> tuple[float | None, int, int]:
    return share["share"], share["part"], share["whole"]


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
    assert {k: counts(v) for k, v in metrics["false_flags_by_tag"].items()} == {
        "pledge": (0.5, 1, 2),
        "village": (0.0, 0, 1),
    }
    assert counts(metrics["recall_deep"]["deep"]) == (1.0, 1, 1)
    assert counts(metrics["process"]) == (0.5, 1, 2)
    assert counts(metrics["accuracy_by_process"]["rumor"]) == (0.0, 0, 1)
    assert counts(metrics["accuracy_by_process"]["report"]) == (1.0, 1, 1)
    assert counts(metrics["evidence"]) == (1.0, 1, 1)
    # engage: one hit and one false; banner: one miss
    assert metrics["types"]["micro_f1"] == pytest.approx(2 / 4, abs=1e-4)
    assert metrics["types"]["per_type"]["engage"] == {
        "hit": 1,
        "miss": 0,
        "false": 1,
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3, abs=1e-4),
    }
    assert metrics["types"]["per_type"]["banner"]["f1"] == 0.0
    assert metrics["types"]["per_type"]["team"]["f1"] is None


def test_a_headline_is_a_kind_of_its_own():
    assert kind_of(item("h", "case", text=" \n")) == "headline"
    assert kind_of(item("p", "case", kind="post", text="")) == "post"
    bare = (item("h", "case", text=""), said(0.9))
    metrics = evaluate([*PAIRS, bare])
    assert set(metrics["by_kind"]) == {"headline", "news", "post"}
    assert metrics["by_kind"]["headline"]["case"]["recall"]["value"] == 1.0
    assert metrics["by_kind"]["news"]["n_case"] == 3
    assert metrics["by_kind"]["post"]["case"]["recall"]["value"] is None
    assert counts(metrics["recall_by_kind"]["headline"]) == (1.0, 1, 1)
    assert sum(k["n"] for k in metrics["by_kind"].values()) == metrics["n"]


def test_intervals_hold_the_value_and_are_the_same_every_time():
    metrics = evaluate(PAIRS)
    others = [metrics["types"]["interval"], metrics["calibration"]["error"]]
    for found in [*metrics["case"].values(), *others]:
        assert found["low"] <= found["value"] <= found["high"]
    assert evaluate(PAIRS) == metrics


def test_a_set_without_cases_has_no_case_metrics_and_does_not_break():
    metrics = evaluate([pair for pair in PAIRS if pair[0].label != "case"])
    assert metrics["case"]["recall"] == {"value": None, "low": None, "high": None}
    assert metrics["false_flags_by_tag"]["pledge"]["part"] == 1


def test_a_quotation_cut_at_its_ends_is_the_same_sentence():
    assert same_sentence("Camat itu naik ke panggung lalu berjoget.", "camat itu naik ke panggung")
    assert not same_sentence("Camat itu naik ke panggung.", "Bawaslu memanggil tiga saksi.")
    assert not same_sentence("", "")
