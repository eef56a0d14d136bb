"""What waits for an analyst: flagged incidents that nobody has decided on.

Promises: the same rows in the same order for the same content, however often they were shown.
Never does: format a row, or decide on one.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, select, update

from store.records import QueueRow, State
from store.rows import read_document, read_incident, read_prediction
from store.schema import documents, incidents, pages, predictions
from store.schema import incident_documents as members


def flagged_rows(conn: Connection, *, until: date) -> list[QueueRow]:
    """Incidents first seen on `until` or earlier and not reviewed: newest night first, then best score.

    Ordered by (first_night descending, score descending, incident_id).
    """
    is_open = (incidents.c.first_night <= until) & (incidents.c.state != State.REVIEWED)
    told_by: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for incident_id, doc_id, source_id in conn.execute(
        select(members.c.incident_id, members.c.doc_id, documents.c.source_id)
        .join(documents, documents.c.doc_id == members.c.doc_id)
        .join(incidents, incidents.c.incident_id == members.c.incident_id)
        .where(is_open)
        .order_by(members.c.incident_id, members.c.place)
    ):
        told_by[incident_id].append((doc_id, source_id))
    leads = conn.execute(
        select(incidents, documents, predictions, pages.c.origin)
        .join(members, (members.c.incident_id == incidents.c.incident_id) & (members.c.place == 0))
        .join(documents, documents.c.doc_id == members.c.doc_id)
        .join(predictions, predictions.c.doc_id == members.c.doc_id)
        .join(pages, pages.c.page_id == documents.c.page_id)
        .where(is_open)
        .order_by(incidents.c.first_night.desc(), incidents.c.score.desc(), incidents.c.incident_id)
    )
    rows = []
    for row in leads.mappings():
        told = told_by[row[incidents.c.incident_id]]
        rows.append(
            QueueRow(
                incident=read_incident(row, [doc_id for doc_id, _ in told]),
                document=read_document(row),
                prediction=read_prediction(row),
                source_ids=tuple(dict.fromkeys(source_id for _, source_id in told)),
                n_documents=len(told),
                origin=row[pages.c.origin],
            )
        )
    return rows


def mark_queued(conn: Connection, incident_ids: Iterable[str]) -> None:
    """Note that incidents were put before an analyst; their grouped documents are `queued`."""
    for incident_id in incident_ids:
        conn.execute(
            update(incidents)
            .where(incidents.c.incident_id == incident_id, incidents.c.state == State.GROUPED)
            .values(state=State.QUEUED)
        )
        conn.execute(
            update(documents)
            .where(
                documents.c.doc_id.in_(select(members.c.doc_id).where(members.c.incident_id == incident_id)),
                documents.c.state == State.GROUPED,
            )
            .values(state=State.QUEUED)
        )
