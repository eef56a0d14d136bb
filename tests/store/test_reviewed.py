"""Decided documents come with what the decision was made on; unsure and changed ones do not."""

from datetime import UTC, datetime

from sqlalchemy import Engine, update

from store import stages
from store.decisions import Decision
from store.labels import append_event
from store.reviewed import reviewed_documents
from store.schema import documents
from tests.store.samples import make_incident, put_scored

AT = datetime(2024, 10, 1, tzinfo=UTC)


def decide(engine: Engine, incident_id: str, decision: str) -> None:
    with engine.begin() as conn:
        append_event(
            conn,
            incident_id=incident_id,
            new=Decision(decision, ("mobilise",) if decision == "case" else ()),
            seen=None,
            reviewer="sekar",
            origin="cli",
            at=AT,
        )


def test_the_lead_is_told_from_what_it_carries_over_to(engine: Engine) -> None:
    incident = make_incident(*put_scored(engine, 1, 2))
    with engine.begin() as conn:
        stages.save_incidents(conn, [incident], version="1")
    decide(engine, incident.incident_id, "case")
    with engine.begin() as conn:
        lead, copy = reviewed_documents(conn)
    assert (lead.document.doc_id, copy.document.doc_id) == incident.doc_ids
    assert (lead.carried_over, copy.carried_over) == (False, True)
    assert (lead.decision.decision, lead.queue, lead.decided_at) == ("case", "flagged", AT)
    assert lead.evidence == (lead.document.text,)


def test_unsure_undecided_and_changed_ones_are_left_out(engine: Engine) -> None:
    docs = put_scored(engine, 1, 2, 3)
    made = [make_incident(doc) for doc in docs]
    with engine.begin() as conn:
        stages.save_incidents(conn, made, version="1")
    decide(engine, made[0].incident_id, "unsure")
    decide(engine, made[1].incident_id, "none")
    with engine.begin() as conn:
        assert [one.document.doc_id for one in reviewed_documents(conn)] == [docs[1].doc_id]
        conn.execute(
            update(documents).where(documents.c.doc_id == docs[1].doc_id).values(text_sha256="f" * 64)
        )
        assert reviewed_documents(conn) == []
