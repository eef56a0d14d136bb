"""Decisions become label lines that `read_items` takes, and the recent audit sample is kept apart."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nlp.items import read_items
from nlp.reviewed import CARRIED_WEIGHT, RECENT, label_line, split_reviewed, write_lines
from store.decisions import Decision, Reviewed
from tests.store.samples import make_document, make_page

NOW = datetime(2024, 11, 1, tzinfo=UTC)


def make(number: int = 1, **changes: object) -> Reviewed:
    document = make_document(make_page(number))
    made = Reviewed(
        document=document,
        evidence=(document.text,),
        decision=Decision("case", ("mobilise",), "camat_lurah", "catatan"),
        incident_id="I-1",
        queue="flagged",
        decided_at=NOW - timedelta(days=1),
        carried_over=False,
    )
    return replace(made, **changes)  # type: ignore[arg-type] # fields of Reviewed


def test_a_line_is_read_back_as_the_item_that_was_decided(tmp_path: Path) -> None:
    path = tmp_path / "reviews" / "a.jsonl"
    assert write_lines(path, [make(1), make(2, carried_over=True, decision=Decision("none"))]) == 2
    (case, none), problems = read_items([path], gold=True)
    assert problems == []
    assert (case.label, case.types, case.position, case.family) == (
        "case",
        ("mobilise",),
        "camat_lurah",
        "I-1",
    )
    assert (case.stage, case.process, case.weight, case.year) == (None, None, 1.0, 2024)
    assert (none.label, none.types, none.evidence, none.weight) == ("none", None, (), CARRIED_WEIGHT)
    assert path.stat().st_mode & 0o077 == 0


def test_the_reviewers_own_words_for_the_actor_are_no_position() -> None:
    assert label_line(make(decision=Decision("case", (), "Camat X")))["position"] is None


def test_recent_audit_rows_are_compared_on_and_never_learned_from() -> None:
    rows = [
        make(1),
        make(2, queue="audit"),
        make(3, queue="audit", decided_at=NOW - RECENT - timedelta(days=1)),
        make(4, queue="audit", carried_over=True),
    ]
    learn, audit = split_reviewed(rows, now=NOW)
    assert learn == [rows[0], rows[2]]
    assert audit == [rows[1]]


@pytest.mark.parametrize("weight", [0, -1, 1.5, "viel", True, None])
def test_a_weight_that_makes_no_sense_is_named(tmp_path: Path, weight: object) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(label_line(make()) | {"weight": weight}))
    items, problems = read_items([path], gold=True)
    assert items == []
    assert "weight is" in problems[0]
