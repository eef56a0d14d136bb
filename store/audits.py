"""What is known of the flagged and of the audited, for the estimate of recall (review.recall).

Promises: every incident of the time asked for, decided or not, with its stratum and the probability with
which it was drawn: without the undecided ones nobody could tell what the decided ones stand for.
Never does: estimate.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from store.labels import current_labels
from store.schema import documents, incidents
from store.schema import incident_documents as members


@dataclass(frozen=True, slots=True)
class Sampled:
    """One incident that was flagged, or one document that was drawn for the audit."""

    incident_id: str
    #: "flagged", or one of AUDIT_STRATA.
    stratum: str
    #: Probability with which it was drawn; 1 for what is flagged.
    share: float
    #: One of DECISIONS; "" while nobody has decided.
    decision: str
    #: Documents that tell of it.
    documents: int
    score: float


def sampled_incidents(
    conn: Connection, *, since: date | None = None, until: date | None = None
) -> list[Sampled]:
    """Incidents first seen on the nights from `since` to `until`, by id, with the final decision.

    None stands for the first or the last night of which something was audited: flags of other nights have
    nothing to be weighed against. An audit without a stratum of its own counts as `below`.
    """
    first, last = conn.execute(
        select(func.min(incidents.c.first_night), func.max(incidents.c.first_night)).where(
            incidents.c.kind == "audit"
        )
    ).one()
    if first is None:
        return []
    asked = (
        select(
            incidents.c.incident_id,
            incidents.c.kind,
            incidents.c.stratum,
            incidents.c.share,
            incidents.c.score,
            func.count(documents.c.doc_id).label("documents"),
        )
        .join(members, members.c.incident_id == incidents.c.incident_id)
        .join(documents, documents.c.doc_id == members.c.doc_id)
        .group_by(
            incidents.c.incident_id,
            incidents.c.kind,
            incidents.c.stratum,
            incidents.c.share,
            incidents.c.score,
        )
        .where(incidents.c.first_night >= (since or first), incidents.c.first_night <= (until or last))
        .order_by(incidents.c.incident_id)
    )
    labels = current_labels(conn, review="final")
    found = []
    for row in conn.execute(asked).mappings():
        event = labels.get(row["incident_id"])
        found.append(
            Sampled(
                incident_id=row["incident_id"],
                stratum="flagged" if row["kind"] == "flagged" else row["stratum"] or "below",
                share=row["share"],
                decision=event.new.decision if event and event.new else "",
                documents=row["documents"],
                score=row["score"],
            )
        )
    return found
