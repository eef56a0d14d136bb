"""Weeks tell what came in, how it was scored and what was decided."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from store import stages
from store.decisions import Decision
from store.drift import candidate_texts, week_of, weekly_drift
from store.labels import append_event
from tests.store.samples import NIGHT, make_incident, put_extracted, put_scored


def test_a_week_counts_scores_and_decisions(engine: Engine) -> None:
    put_extracted(engine, 9)
    docs = put_scored(engine, 1, 2, 3, score=0.95) + put_scored(engine, 4, score=0.15, flagged=False)
    made = [make_incident(doc, score=0.9 - 0.1 * n) for n, doc in enumerate(docs[:3])]
    with engine.begin() as conn:
        stages.save_incidents(conn, made, version="1")
        for incident, decision in zip(made, ("none", "case", "unsure"), strict=True):
            append_event(
                conn,
                incident_id=incident.incident_id,
                new=Decision(decision),
                seen=None,
                reviewer="sekar",
                origin="cli",
                at=datetime(2024, 9, 20, tzinfo=UTC),
            )
        (week,) = weekly_drift(conn, since=NIGHT)
        assert weekly_drift(conn, since=NIGHT + timedelta(days=1)) == []
        assert len(list(candidate_texts(conn, since=NIGHT))) == 4
    assert (week.week, week.documents, week.candidates, week.flagged) == (week_of(NIGHT), 5, 4, 3)
    assert week.scores == [0, 1, 0, 0, 0, 0, 0, 0, 0, 3]
    assert week.unsure == 1 / 3
    assert (week.precision_at(1), week.precision_at(20)) == (0.0, 0.5)


def test_a_week_without_decisions_says_nothing_of_them(engine: Engine) -> None:
    put_scored(engine, 1)
    with engine.begin() as conn:
        (week,) = weekly_drift(conn, since=NIGHT)
    assert week.unsure is None
    assert week.precision_at(20) is None
