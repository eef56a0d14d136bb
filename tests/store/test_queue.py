"""The queue shows open incidents, newest and surest first, the same every time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, update

from store import stages
from store.decisions import Decision
from store.draw import AUDIT_DAYS, AUDIT_SHARES, audit_id, let_go, open_audit, place_in_draw
from store.frontier import put_page
from store.labels import append_event
from store.queue import (
    QueueFilter,
    expected_workload,
    find_incident,
    flagged_rows,
    mark_queued,
    queue_rows,
    rows_of,
)
from store.records import Incident, QueueRow, State, UsageError
from store.schema import documents, incidents, predictions
from store.schema import incident_documents as members
from tests.store.samples import (
    NIGHT,
    make_candidate,
    make_document,
    make_incident,
    make_page,
    make_prediction,
    put_extracted,
)

DAY = timedelta(days=1)
NOW = datetime(2024, 9, 18, 2, 0, tzinfo=UTC)


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


def ask(engine: Engine, queue: str, *, threshold: float | None = None, **wanted: Any) -> list[QueueRow]:
    with engine.begin() as conn:
        return queue_rows(
            conn,
            queue=queue,  # type: ignore[arg-type]  # a parametrized queue
            until=NIGHT + 9 * DAY,
            filters=QueueFilter(**wanted),
            threshold=threshold,
        )


def ids(rows: list[QueueRow]) -> list[str]:
    return [row.incident.incident_id for row in rows]


def decide(engine: Engine, incident: Incident, decision: str) -> None:
    with engine.begin() as conn:
        append_event(
            conn,
            incident_id=incident.incident_id,
            new=Decision(decision),
            seen=None,
            reviewer="Siti Lontara",
            origin="cli",
            at=NOW,
        )


def put_unflagged(engine: Engine, *numbers: int, score: float | None) -> list[str]:
    """Documents that went through all stages without a flag; a score of None: let go by screening."""
    docs = put_extracted(engine, *numbers)
    with engine.begin() as conn:
        for doc in docs:
            stages.save_candidate(conn, make_candidate(doc, candidate=score is not None))
            made = None if score is None else make_prediction(doc, flagged=False, score=score, types=())
            stages.save_prediction(conn, doc.doc_id, made, model="model-1")
        stages.save_incidents(conn, [], version="group-1")
    return [doc.doc_id for doc in docs]


def test_the_queue_of_incidents_holds_the_decided_ones_too(engine: Engine) -> None:
    one, two, three = (put_incident(engine, n, score=1 - n / 10) for n in (1, 2, 3))
    decide(engine, one, "case")
    decide(engine, two, "unsure")
    assert ids(ask(engine, "new")) == [two.incident_id, three.incident_id]
    assert ids(ask(engine, "incident")) == [i.incident_id for i in (one, two, three)]
    assert ids(ask(engine, "incident", state="reviewed")) == [one.incident_id]
    assert ids(ask(engine, "new", state="grouped")) == [three.incident_id]


def test_every_filter_lets_through_what_it_names(engine: Engine) -> None:
    a = put_incident(engine, 1, "warta-mandar", region="Kota Bima, Nusa Tenggara Barat", score=0.5)
    b = put_incident(engine, 2, region="Nusa Tenggara Barat", position="jpt", types=("party_member",))
    c = put_incident(engine, 3, region="Kabupaten Barat, Jambi", first_night=NIGHT + DAY, types=("team",))
    for wanted, found in (
        ({"province": "Nusa Tenggara Barat"}, {a, b}),
        ({"province": "Tenggara Barat"}, set()),
        ({"province": "%"}, set()),
        ({"position": "jpt"}, {b}),
        ({"type": "party_member"}, {b}),
        ({"type": "party"}, set()),
        ({"source": "warta-mandar"}, {a}),
        ({"since": NIGHT + DAY}, {c}),
        ({"until": NIGHT}, {a, b}),
        ({"max_score": 0.5}, {a}),
        ({"min_score": 0.6, "province": "Jambi"}, {c}),
    ):
        assert set(ids(ask(engine, "new", **wanted))) == {i.incident_id for i in found}, wanted


def test_the_uncertain_come_nearest_to_the_threshold_first(engine: Engine) -> None:
    near = put_incident(engine, 1, score=0.41)
    put_incident(engine, 2, score=0.9)
    edge = put_incident(engine, 3, score=0.50)
    assert ids(ask(engine, "uncertain", threshold=0.4)) == [near.incident_id, edge.incident_id]
    with pytest.raises(UsageError, match="threshold"):
        ask(engine, "uncertain")


def test_rows_of_given_incidents_come_whatever_their_state(engine: Engine) -> None:
    one, two = put_incident(engine, 1), put_incident(engine, 2)
    decide(engine, one, "none")
    with engine.begin() as conn:
        found = rows_of(conn, [one.incident_id, two.incident_id, "I-unknown"])
    assert {name: row.incident for name, row in found.items()} == {i.incident_id: i for i in (one, two)}


def test_the_audit_draws_a_share_of_each_stratum_and_the_same_again(engine: Engine) -> None:
    flagged = put_incident(engine, 90)
    below = put_unflagged(engine, *range(1000, 1200), score=0.2)
    let = put_unflagged(engine, *range(2000, 2200), score=None)
    drawn = [
        *(doc_id for doc_id in below if place_in_draw(doc_id, NIGHT) < AUDIT_SHARES["below"]),
        *(doc_id for doc_id in let if place_in_draw(doc_id, NIGHT) < AUDIT_SHARES["screened_out"]),
    ]
    assert 10 < len(drawn) < 40
    with engine.begin() as conn:
        assert open_audit(conn, until=NIGHT - DAY) == 0
        assert open_audit(conn, until=NIGHT + AUDIT_DAYS * DAY) == 0
        assert open_audit(conn, until=NIGHT) == len(drawn)
        assert open_audit(conn, until=NIGHT) == 0
        kinds = conn.execute(select(incidents.c.stratum, incidents.c.share).distinct()).all()
    assert {tuple(kind) for kind in kinds} == {
        ("", 1.0),
        *((n, AUDIT_SHARES[n]) for n in _strata(drawn, let)),
    }
    rows = ask(engine, "audit")
    assert set(ids(rows)) == {audit_id(doc_id) for doc_id in drawn}
    assert ids(ask(engine, "new")) == ids(ask(engine, "incident")) == [flagged.incident_id]
    # Nothing is ever grouped with a document of the audit.
    with engine.begin() as conn:
        assert [i for i, _, _ in stages.incident_members(conn, since=None)] == [flagged]
    decided = rows[0].incident
    decide(engine, decided, "none")
    assert decided.incident_id not in ids(ask(engine, "audit"))
    with engine.begin() as conn:
        state = conn.scalar(select(documents.c.state).where(documents.c.doc_id == decided.doc_ids[0]))
        assert (state, open_audit(conn, until=NIGHT)) == (State.REVIEWED, 0)


def _strata(drawn: list[str], let: list[str]) -> set[str]:
    return {"screened_out" if doc_id in let else "below" for doc_id in drawn}


def test_a_text_that_screening_let_go_is_shown_and_decided_on(engine: Engine) -> None:
    (doc_id,) = put_unflagged(engine, 1, score=None)
    with engine.begin() as conn:
        conn.execute(
            incidents.insert().values(
                incident_id=audit_id(doc_id),
                first_night=NIGHT,
                region="",
                position="unspecified",
                types=(),
                process="unknown",
                score=0.0,
                state=State.GROUPED,
                kind="audit",
                stratum="screened_out",
                share=0.01,
            )
        )
        conn.execute(members.insert().values(doc_id=doc_id, incident_id=audit_id(doc_id), place=0))
    (row,) = ask(engine, "audit")
    assert row.prediction == let_go(doc_id, "model-1")
    decide(engine, row.incident, "case")
    assert ask(engine, "audit") == []


def test_a_new_model_takes_an_undecided_draw_back(engine: Engine) -> None:
    put_unflagged(engine, *range(1000, 1060), score=0.2)
    with engine.begin() as conn:
        drawn = open_audit(conn, until=NIGHT)
        assert drawn
        assert stages.reopen(conn, stage="classify", version="model-2") == 60
        assert conn.execute(select(incidents)).all() == []


def test_the_workload_is_a_mean_over_the_nights_that_there_were(engine: Engine) -> None:
    with engine.begin() as conn:
        assert expected_workload(conn, until=NIGHT).flagged == 0
    for number in (1, 2, 3):
        put_incident(engine, number, first_night=NIGHT + (number - 1) * DAY)
    decide(engine, put_incident(engine, 4), "none")
    with engine.begin() as conn:
        load = expected_workload(conn, until=NIGHT + DAY)
        later = expected_workload(conn, until=NIGHT + 3 * DAY)
    assert (load.nights, load.flagged, load.audit, load.waiting) == (2, 1.5, 0, 2)
    assert (later.nights, later.flagged, later.waiting) == (4, 1.0, 3)


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
