"""The decided documents, as training and comparison take them.

Promises: one row for each document of an incident with a standing decision of case or none; the lead
document, on which the decision was made, is told from those to which it only carries over; a document whose
text has changed since is left out. Never does: write, or give `unsure` for a label.
"""

from sqlalchemy import Connection, select

from store.decisions import Reviewed
from store.labels import current_labels
from store.rows import read_document
from store.schema import documents, incidents, predictions
from store.schema import incident_documents as members
from store.tips import SOURCE_ID as TIPS


def reviewed_documents(conn: Connection) -> list[Reviewed]:
    """All decided documents, ordered by (incident, place in it)."""
    labels = current_labels(conn, review="final")
    rows = conn.execute(
        select(documents, incidents.c.incident_id, incidents.c.kind.label("queue"), predictions.c.evidence)
        .join(members, members.c.doc_id == documents.c.doc_id)
        .join(incidents, incidents.c.incident_id == members.c.incident_id)
        .outerjoin(predictions, predictions.c.doc_id == documents.c.doc_id)
        # Who tells a desk something agrees that it is kept for a time; a model does not forget.
        .where(documents.c.source_id != TIPS)
        .order_by(incidents.c.incident_id, members.c.place)
    ).mappings()
    found = []
    for row in rows:
        event = labels.get(row["incident_id"])
        if event is None or event.new is None or event.new.decision == "unsure":
            continue
        document = read_document(row)
        is_lead = document.doc_id == event.doc_id
        if is_lead and document.text_sha256 != event.text_sha256:
            continue
        found.append(
            Reviewed(
                document=document,
                evidence=tuple(row["evidence"] or ()),
                decision=event.new,
                incident_id=row["incident_id"],
                queue=row["queue"],
                decided_at=event.at,
                carried_over=not is_lead,
            )
        )
    return found
