"""Recall from the audit: unbiased, with an interval that holds what it says."""

import numpy as np
import pytest

from review.recall import estimate_recall
from store.audits import Sampled


def rows(stratum: str, decisions: dict[str, int], *, share: float = 1.0, documents: int = 1) -> list[Sampled]:
    said = [decision for decision, number in decisions.items() for _ in range(number)]
    return [
        Sampled(f"{stratum}-{share}-{documents}-{i}-{d}", stratum, share, d, documents, 0.9)
        for i, d in enumerate(said)
    ]


def test_each_audited_case_counts_as_often_as_it_was_not_drawn() -> None:
    found = estimate_recall(
        rows("flagged", {"case": 60, "none": 20})
        + rows("below", {"case": 2, "none": 58}, share=0.1)
        + rows("screened_out", {"none": 40}, share=0.01)
    )
    assert found.problem == ""
    assert found.recall == pytest.approx(60 / (60 + 2 / 0.1))
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.75 < found.high < 1
    assert [(s.name, s.drawn, s.decided, s.cases) for s in found.strata] == [
        ("flagged", 80, 80, 60),
        ("below", 60, 60, 2),
        ("screened_out", 40, 40, 0),
    ]
    assert found.strata[1].documents == pytest.approx(600)


def test_decided_rows_stand_for_the_undecided_and_unsure_ones() -> None:
    found = estimate_recall(
        rows("flagged", {"case": 30, "": 10, "unsure": 20})
        + rows("below", {"case": 1, "none": 9, "": 10}, share=0.5)
    )
    # 60 flagged documents, all of the decided ones a case; 40 below, a tenth of the decided ones.
    assert found.recall == pytest.approx(60 / 64)


def test_an_incident_counts_with_all_its_documents() -> None:
    found = estimate_recall(
        rows("flagged", {"case": 5}, documents=4) + rows("below", {"case": 1, "none": 9}, share=0.1)
    )
    assert found.recall == pytest.approx(20 / 30)


def test_flags_that_are_decided_by_score_do_not_bias_what_was_found() -> None:
    said = []
    for i in range(100):
        # A case above 0.75, none below; all of the best were decided, a fifth of the others.
        decision = "case" if i >= 50 else "none"
        looked_at = i >= 80 or i % 5 == 0
        said.append(Sampled(f"f{i}", "flagged", 1.0, decision if looked_at else "", 1, 0.5 + i / 200))
    found = estimate_recall(said + rows("below", {"case": 1, "none": 9}, share=0.1))
    assert found.strata[0].estimated == pytest.approx(50)


def test_no_case_in_the_audit_is_no_certainty() -> None:
    found = estimate_recall(rows("flagged", {"case": 50}) + rows("below", {"none": 30}, share=0.1))
    assert found.recall == found.high == 1.0
    assert found.low is not None
    assert 0.5 < found.low < 0.9


@pytest.mark.parametrize(
    ("samples", "problem"),
    [
        ([], "not_audited"),
        (rows("flagged", {"case": 5}), "not_audited"),
        (rows("flagged", {"case": 5}) + rows("below", {"": 5}, share=0.1), "undecided"),
        (rows("flagged", {"": 5}) + rows("below", {"none": 5}, share=0.1), "undecided"),
        (rows("flagged", {"none": 5}) + rows("below", {"none": 5}, share=0.1), "no_case"),
    ],
)
def test_with_nothing_to_go_by_there_is_a_reason_and_no_figure(samples: list[Sampled], problem: str) -> None:
    found = estimate_recall(samples)
    assert (found.problem, found.recall, found.low, found.high) == (problem, None, None, None)


def test_the_same_rows_give_the_same_interval() -> None:
    audited = rows("below", {"case": 1, "none": 30}, share=0.1)
    samples = rows("flagged", {"case": 6, "": 3, "none": 4}) + audited
    assert estimate_recall(samples) == estimate_recall(samples)


@pytest.mark.parametrize(("missed", "part"), [((20, 10), 1.0), ((60, 20), 0.5)])
def test_the_interval_holds_the_true_value_about_as_often_as_it_says(
    missed: tuple[int, int], part: float
) -> None:
    dice = np.random.default_rng(1)
    cases, audits = 150, 80
    true = cases / (cases + sum(missed))
    held, seen = 0, []
    for audit in range(audits):
        samples = []
        for i in range(200):
            decision = "case" if i < cases else "none"
            looked_at = dice.random() < part
            samples.append(Sampled(f"f{i}", "flagged", 1.0, decision if looked_at else "", 1, 0.9))
        for name, number, size in (("below", missed[0], 800), ("screened_out", missed[1], 3000)):
            drawn = np.flatnonzero(dice.random(size) < 0.1)
            samples += [
                Sampled(f"{name}{i}", name, 0.1, "case" if i < number else "none", 1, 0.1) for i in drawn
            ]
        found = estimate_recall(samples, draws=200, seed=audit)
        assert found.recall is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= true <= found.high
        seen.append(found.recall)
    # Three standard errors below 95% of 80; the mean of the estimates stays within two points of the truth.
    assert held >= audits * 0.877
    assert abs(float(np.mean(seen)) - true) < 0.02
