"""The queue shows open incidents, newest and surest first, the same every time."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, update

from store import stages
from store.frontier import put_page
from store.queue import find_incident, flagged_rows, mark_queued
from store.records import Incident, State
from store.schema import documents, incidents, predictions
from tests.store.samples import (
    NIGHT,
    make_candidate,
    make_document,
    make_incident,
    make_page,
    make_prediction,
)

DAY = timedelta(days=1)


def put_incident(engine: Engine, number: int, *sources: str, **changes: Any) -> Incident:
    docs = []
    with engine.begin() as conn:
        for place, source_id in enumerate(sources or ("kabar-lontara",)):
            page = make_page(number * 10 + place, source_id=source_id)
            docs.append(make_document(page, night=changes.get("first_night", NIGHT)))
            put_page(conn, page)
            stages.save_document(conn, page.page_id, docs[-1], version="1")
            stages.save_candidate(conn, make_candidate(docs[-1]))
            stages.save_prediction(conn, docs[-1].doc_id, make_prediction(docs[-1]), model="m")
        incident = make_incident(*docs, **changes)
        stages.save_incidents(conn, [incident], version="1")
    return incident


def test_rows_come_by_night_then_score_then_id(engine: Engine) -> None:
    sure = put_incident(engine, 1, score=0.9)
    newest = put_incident(engine, 2, first_night=NIGHT + DAY, score=0.6)
    equal = sorted((put_incident(engine, n, score=0.7) for n in (3, 4, 5)), key=lambda i: i.incident_id)
    with engine.begin() as conn:
        rows = flagged_rows(conn, until=NIGHT + DAY)
        assert [row.incident for row in rows] == [newest, sure, *equal]
        assert flagged_rows(conn, until=NIGHT + DAY) == rows
        assert [row.incident for row in flagged_rows(conn, until=NIGHT)] == [sure, *equal]
        assert flagged_rows(conn, until=NIGHT - DAY) == []


def test_a_row_shows_the_first_document_and_every_source_once(engine: Engine) -> None:
    incident = put_incident(engine, 1, "warta-mandar", "kabar-lontara", "warta-mandar")
    lead = make_document(make_page(10, source_id="warta-mandar"))
    with engine.begin() as conn:
        (row,) = flagged_rows(conn, until=NIGHT)
    assert row.incident == incident
    assert row.document == lead
    assert row.prediction == make_prediction(lead)
    assert row.source_ids == ("warta-mandar", "kabar-lontara")
    assert row.n_documents == 3


def test_queued_incidents_are_still_open(engine: Engine) -> None:
    one, two = put_incident(engine, 1), put_incident(engine, 2)
    with engine.begin() as conn:
        before = flagged_rows(conn, until=NIGHT)
        for _ in range(2):
            mark_queued(conn, [one.incident_id, "I-unknown"])
        assert flagged_rows(conn, until=NIGHT) == before
        kept = conn.execute(select(incidents.c.incident_id, incidents.c.state)).all()
        doc_states = conn.execute(select(documents.c.doc_id, documents.c.state)).all()
    assert {tuple(row) for row in kept} == {(one.incident_id, "queued"), (two.incident_id, "grouped")}
    assert {tuple(row) for row in doc_states} == {(one.doc_ids[0], "queued"), (two.doc_ids[0], "grouped")}


@pytest.mark.parametrize("queue_again", [False, True])
def test_reviewed_incidents_are_not_shown_and_not_queued_again(engine: Engine, queue_again: bool) -> None:
    incident = put_incident(engine, 1)
    with engine.begin() as conn:
        conn.execute(update(incidents).values(state=State.REVIEWED))
        if queue_again:
            mark_queued(conn, [incident.incident_id])
        assert flagged_rows(conn, until=NIGHT) == []


def test_an_incident_is_found_with_its_members_in_order(engine: Engine) -> None:
    incident = put_incident(engine, 1, "warta-mandar", "kabar-lontara", n_copies=1)
    put_incident(engine, 2)
    with engine.begin() as conn:
        found = find_incident(conn, incident.incident_id)
        assert find_incident(conn, "I-000000000000") is None
    assert found is not None
    assert found[0] == incident
    assert [document.doc_id for document, _ in found[1]] == list(incident.doc_ids)
    assert [prediction for _, prediction in found[1]] == [make_prediction(d) for d, _ in found[1]]


def test_a_member_that_was_never_scored_is_shown_without_a_prediction(engine: Engine) -> None:
    incident = put_incident(engine, 1)
    with engine.begin() as conn:
        conn.execute(delete(predictions))
        found = find_incident(conn, incident.incident_id)
    assert found is not None
    assert [prediction for _, prediction in found[1]] == [None]


def test_nothing_joins_what_was_drawn_for_the_audit(engine: Engine) -> None:
    audit = put_incident(engine, 1)
    flagged = put_incident(engine, 2)
    with engine.begin() as conn:
        conn.execute(
            update(incidents).where(incidents.c.incident_id == audit.incident_id).values(kind="audit")
        )
        assert [told[0] for told in stages.incident_members(conn, since=None)] == [flagged]
