"""The timeline: steps in order of time, with institutions by date, copies counted, nothing filled in."""

from dataclasses import replace

import pytest

from nlp.group import PROGRESS
from nlp.timeline import timeline
from store.records import Step
from tests.nlp.incidents import read_told
from tests.nlp.test_group import FOLLOW_UP, STORY, Pair, edited, make


def steps_of(pairs: list[Pair]) -> list[Step]:
    return timeline([document for document, _ in pairs], [prediction for _, prediction in pairs])


def test_nothing_has_no_steps() -> None:
    assert timeline([], []) == []


def test_a_case_from_rumour_to_sanction_across_institutions() -> None:
    told = [one for one in read_told() if one.act == "kasmin-baliho"]
    steps = timeline([one.document for one in told], [one.prediction for one in told])
    assert [(s.process, f"{s.at:%Y-%m-%d}", s.body_name, s.body_named) for s in steps] == [
        ("report", "2020-07-06", "Bawaslu", True),
        ("forwarded", "2020-07-14", "KASN", True),
        ("recommendation", "2020-10-20", "KASN", True),
    ]
    assert [(len(step.doc_ids), step.n_copies) for step in steps] == [(3, 2), (1, 0), (1, 0)]
    assert all(step.advances and step.body_in_force and not step.body_verified for step in steps)


def test_after_2024_the_overseer_is_another() -> None:
    told = [one for one in read_told() if one.act == "wiyoto-foto"]
    steps = timeline([one.document for one in told], [one.prediction for one in told])
    assert [(step.process, step.body) for step in steps] == [
        ("report", "bawaslu"),
        ("clarification", "bawaslu"),
        ("forwarded", "bkn"),
        ("sanction", "ppk"),
    ]
    assert steps[3].body_named is False
    assert "UU 20/2023" in steps[2].body_source


def test_a_body_that_was_no_longer_in_charge_is_marked() -> None:
    text = "Perkara camat itu kini menunggu rekomendasi KASN, kata seorang pejabat."
    [step] = steps_of([make("N-a", text, hours=24 * 60, process="recommendation")])
    assert (step.body, step.body_named, step.body_in_force) == ("kasn", True, False)


def test_a_step_told_after_a_later_one_does_not_advance() -> None:
    pairs = [
        make("N-b", FOLLOW_UP, hours=5, process="forwarded"),
        make("N-a", STORY, hours=30, process="report"),
        make("N-c", "Camat itu disanksi bupati.", hours=60, process="sanction"),
    ]
    steps = steps_of(list(reversed(pairs)))
    assert [(step.process, step.advances) for step in steps] == [
        ("forwarded", True),
        ("report", False),
        ("sanction", True),
    ]


def test_every_document_stands_in_one_step_and_copies_are_counted() -> None:
    pairs = [
        make("N-a", STORY, process="report"),
        make("N-b", edited(STORY, "cut"), hours=1, process="rumor"),
        make("N-c", edited(STORY, "other head"), hours=2, process="report"),
        make("N-d", FOLLOW_UP, hours=3, process="report"),
    ]
    steps = steps_of(pairs)
    assert sorted(i for step in steps for i in step.doc_ids) == ["N-a", "N-b", "N-c", "N-d"]
    assert {step.process: step.n_copies for step in steps} == {"report": 1, "rumor": 1}


@pytest.mark.parametrize("process", ["unknown", "", "something else"])
def test_an_unknown_step_is_shown_as_unknown(process: str) -> None:
    [step] = steps_of([make("N-a", STORY, process=process)])
    assert (step.process, step.body, step.advances) == ("unknown", "", True)


def test_a_document_without_a_time_is_dated_by_its_night() -> None:
    document, prediction = make("N-a", STORY)
    undated = replace(document, published_at=None, published_precision="none")
    [step] = timeline([undated], [prediction])
    assert (step.at.date(), step.precision) == (document.night, "none")


def test_the_dates_of_all_acts_never_run_backwards() -> None:
    told = read_told()
    for act in {one.act for one in told}:
        members = [one for one in told if one.act == act]
        steps = timeline([one.document for one in members], [one.prediction for one in members])
        assert [step.at for step in steps] == sorted(step.at for step in steps)
        assert all(PROGRESS[step.process] >= 0 for step in steps)
