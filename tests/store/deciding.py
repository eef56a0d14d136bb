"""Decisions for tests, and the states that follow from them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from store.decisions import Decision, LabelEvent
from store.labels import append_event
from store.records import Incident
from store.schema import documents, incidents

AT = datetime(2024, 9, 18, 2, 30, tzinfo=UTC)
CASE = Decision("case", ("banner", "mobilise"), "camat_lurah", "lihat paragraf 3")
NONE = Decision("none")
UNSURE = Decision("unsure", note="teks terpotong")


def decide(conn: Connection, incident: Incident, new: Decision | None, **changes: Any) -> LabelEvent | None:
    values: dict[str, Any] = {
        "incident_id": incident.incident_id,
        "new": new,
        "seen": None,
        "reviewer": "Sri Wahyuni",
        "origin": "page",
        "at": AT,
    }
    return append_event(conn, **(values | changes))


def states(conn: Connection, incident: Incident) -> tuple[str | None, list[str]]:
    state = conn.scalar(select(incidents.c.state).where(incidents.c.incident_id == incident.incident_id))
    of_docs = conn.scalars(
        select(documents.c.state).where(documents.c.doc_id.in_(incident.doc_ids)).order_by(documents.c.doc_id)
    )
    return state, list(of_docs)
