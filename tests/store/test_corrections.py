"""Requests for correction: what they pause, for how long, and who is told when nobody decides."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Executable, delete, insert, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from store.corrections import (
    CorrectionRequest,
    add_request,
    decide_request,
    is_paused,
    list_requests,
    overdue_requests,
)
from store.labels import events_of
from store.listing import ListFilter, list_incidents, read_texts
from store.queue import Queue, QueueFilter, expected_workload, queue_rows
from store.records import Incident, UsageError
from store.schema import correction_decisions, correction_requests
from store.tally import night_changes
from tests.store.deciding import CASE, NONE, decide, states
from tests.store.samples import NIGHT, put_grouped

NOW = datetime(2024, 9, 20, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ask(conn: Connection, incident: Incident, **changes: Any) -> CorrectionRequest:
    values: dict[str, Any] = {
        "incident_id": incident.incident_id,
        "requester": "subject",
        "matter": "identity",
        "reference": "B-17/2024",
        "received_at": NOW,
        "at": NOW,
    }
    return add_request(conn, **(values | changes))


def queued(conn: Connection, queue: Queue) -> set[str]:
    rows = queue_rows(conn, queue=queue, until=NIGHT, filters=QueueFilter(), threshold=0.5)
    return {row.incident.incident_id for row in rows}


def test_a_request_pauses_its_incident_at_once_and_no_other(engine: Engine) -> None:
    one, other = put_grouped(engine, 1, 2)
    with engine.begin() as conn:
        waiting = expected_workload(conn, until=NIGHT).waiting
        ask(conn, one)
    with engine.begin() as conn:
        assert is_paused(conn, one.incident_id)
        assert not is_paused(conn, other.incident_id)
        for queue in ("new", "incident"):
            assert queued(conn, queue) == {other.incident_id}
        assert one.incident_id not in queued(conn, "uncertain")
        assert expected_workload(conn, until=NIGHT).waiting == waiting - 1
        told = night_changes(conn, after=None, night=NIGHT, limit=9)
        assert [change.row.incident.incident_id for change in told.shown] == [other.incident_id]
        listed = list_incidents(conn, ListFilter(state=""), limit=9, offset=0)
        assert {row.incident.incident_id: row.paused for row in listed} == {
            one.incident_id: True,
            other.incident_id: False,
        }
        texts = read_texts(conn, one.incident_id)
    assert texts is not None
    assert texts.paused


def test_the_decision_that_stands_is_kept(engine: Engine) -> None:
    (one,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        decide(conn, one, CASE)
        before = (states(conn, one), events_of(conn, one.incident_id))
        ask(conn, one)
        assert (states(conn, one), events_of(conn, one.incident_id)) == before
        assert queued(conn, "incident") == set()


def test_a_refused_request_ends_the_pause(engine: Engine) -> None:
    (one,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        request = ask(conn, one)
        made = decide_request(conn, request.number, outcome="refused", reviewer="R-1", at=NOW + HOUR)
        assert (made.outcome, made.reviewer, made.decided_at) == ("refused", "R-1", NOW + HOUR)
        assert queued(conn, "new") == {one.incident_id}
        again = ask(conn, one, at=NOW + 2 * HOUR)
        assert is_paused(conn, one.incident_id)
        assert [each.number for each in list_requests(conn)] == [request.number, again.number]


def test_an_upheld_request_pauses_until_somebody_decides_anew(engine: Engine) -> None:
    (one,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        decide(conn, one, CASE, at=NOW - HOUR)
        request = ask(conn, one)
        decide_request(conn, request.number, outcome="upheld", reviewer="R-1", at=NOW + HOUR)
        assert is_paused(conn, one.incident_id)
        decide(conn, one, NONE, at=NOW + 2 * HOUR)
        assert not is_paused(conn, one.incident_id)


@pytest.mark.parametrize(("hours", "late"), [(0, 0), (71, 0), (72, 1), (500, 1)])
def test_after_three_times_24_hours_an_open_request_is_overdue(engine: Engine, hours: int, late: int) -> None:
    (one,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        request = ask(conn, one, received_at=NOW)
        assert request.due_at == NOW + timedelta(hours=72)
        assert len(overdue_requests(conn, now=NOW + hours * HOUR)) == late
        # The pause does not wait for the clock, and does not end with it.
        assert is_paused(conn, one.incident_id)


def test_the_clock_runs_from_receipt_and_stops_with_the_decision(engine: Engine) -> None:
    one, other = put_grouped(engine, 1, 2)
    with engine.begin() as conn:
        first = ask(conn, one, received_at=NOW - 80 * HOUR)
        second = ask(conn, other, received_at=NOW - 90 * HOUR)
        assert overdue_requests(conn, now=NOW) == [second, first]
        decide_request(conn, second.number, outcome="refused", reviewer="R-1", at=NOW + HOUR)
        assert overdue_requests(conn, now=NOW + HOUR) == [first]
        # As it was seen then: a past night is told as far as it went.
        assert [late.number for late in overdue_requests(conn, now=NOW)] == [second.number, first.number]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"incident_id": "I-000000000000"}, "not in the database"),
        ({"requester": "tetangga"}, "--from tetangga"),
        ({"matter": "marah"}, "--about marah"),
        ({"reference": "Surti menulis 17"}, "--reference"),
        ({"reference": "Surti"}, "--reference"),
        ({"received_at": NOW + HOUR}, "still to come"),
    ],
)
def test_what_is_no_request_is_refused(engine: Engine, changes: dict[str, Any], words: str) -> None:
    (one,) = put_grouped(engine, 1)
    with engine.begin() as conn, pytest.raises(UsageError, match=words):
        ask(conn, one, **changes)


def test_only_an_open_request_can_be_decided(engine: Engine) -> None:
    (one,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        number = ask(conn, one).number
        with pytest.raises(UsageError, match="--outcome maybe"):
            decide_request(conn, number, outcome="maybe", reviewer="R-1", at=NOW)
        with pytest.raises(UsageError, match="request 99 is not there"):
            decide_request(conn, 99, outcome="refused", reviewer="R-1", at=NOW)
        decide_request(conn, number, outcome="refused", reviewer="R-1", at=NOW)
        with pytest.raises(UsageError, match="is decided"):
            decide_request(conn, number, outcome="upheld", reviewer="R-1", at=NOW)


def test_requests_and_their_decisions_only_grow(engine: Engine) -> None:
    (one,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        number = ask(conn, one).number
        decide_request(conn, number, outcome="refused", reviewer="R-1", at=NOW)
    given = {"number": number, "outcome": "upheld", "reviewer": "R-2", "at": NOW}
    replace: Executable = insert(correction_decisions).prefix_with("OR REPLACE").values(given)
    if engine.dialect.name == "postgresql":
        named = postgresql.insert(correction_decisions).values(given)
        replace = named.on_conflict_do_update(index_elements=["number"], set_=given)
    for statement in (
        update(correction_requests).values(matter="fact"),
        delete(correction_decisions),
        delete(correction_requests),
        replace,
    ):
        with pytest.raises(IntegrityError, match="only grows"), engine.begin() as conn:
            conn.execute(statement)
