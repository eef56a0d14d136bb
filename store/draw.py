"""Draws documents that were not flagged and puts them before an analyst, so that misses can be counted.

    below         scored below the threshold          share AUDIT_SHARES["below"]
    screened_out  let go by screening, not scored     share AUDIT_SHARES["screened_out"]

Promises: the draw is by a hash of document and night, so that it is the same however often and wherever it is
made; the share with which a document could be drawn is kept with it, so that an estimate can weigh it; what
was drawn stays drawn. Never does: look at a text, or draw what an incident already holds.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, exists, select

from store.db import insert_into
from store.records import Incident, Prediction, State
from store.rows import values_of
from store.schema import documents, incidents, predictions
from store.schema import incident_documents as members

#: Shares of the audit slice. 10% of what was scored and not flagged: issue 5. What screening let go is about
#: ten times as much and holds far fewer cases (docs/method.md gives its recall): 1% keeps the work level.
AUDIT_SHARES: Final[Mapping[str, float]] = {"below": 0.10, "screened_out": 0.01}
#: Nights that a draw looks back on: what is older says little of the model in use.
AUDIT_DAYS: Final = 30


def open_audit(conn: Connection, *, until: date) -> int:
    """Give each drawn document of the AUDIT_DAYS up to `until` an incident of kind "audit"; how many are new.

    Only documents that have passed all stages are drawn. All have the same chance within their stratum,
    whatever their score: a draw that preferred the uncertain ones would bias the estimate where reviewers
    leave the others undecided (`review.recall`).
    """
    found = conn.execute(
        select(documents.c.doc_id, documents.c.night, predictions.c.score)
        .outerjoin(predictions, predictions.c.doc_id == documents.c.doc_id)
        .where(
            documents.c.state == State.GROUPED,
            documents.c.night <= until,
            documents.c.night > until - timedelta(days=AUDIT_DAYS),
            predictions.c.flagged.is_not(True),
            ~exists().where(members.c.doc_id == documents.c.doc_id),
        )
        .order_by(documents.c.doc_id)
    ).all()
    opened = 0
    for doc_id, night, score in found:
        stratum = "screened_out" if score is None else "below"
        share = AUDIT_SHARES[stratum]
        if place_in_draw(doc_id, night) >= share:
            continue
        incident = Incident(
            incident_id=audit_id(doc_id),
            doc_ids=(doc_id,),
            first_night=night,
            region="",
            position="unspecified",
            types=(),
            process="unknown",
            score=score or 0.0,
        )
        row = values_of(incident, state=State.GROUPED, kind="audit", stratum=stratum, share=share)
        insert = insert_into(conn, incidents).values(row)
        conn.execute(insert.on_conflict_do_nothing(index_elements=["incident_id"]))
        conn.execute(
            insert_into(conn, members).values(doc_id=doc_id, incident_id=incident.incident_id, place=0)
        )
        opened += 1
    return opened


def audit_id(doc_id: str) -> str:
    """The id of the incident that a drawn document gets: "A-" and 12 hex digits."""
    return "A-" + hashlib.sha256(f"audit\n{doc_id}".encode()).hexdigest()[:12]


def place_in_draw(doc_id: str, night: date) -> float:
    """Where a document stands in the draw of its night, evenly spread over [0, 1)."""
    digest = hashlib.sha256(f"audit\n{night.isoformat()}\n{doc_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def let_go(doc_id: str, model: str) -> Prediction:
    """What stands for the classifier's answer on a text that screening let go, as `classify` gives it."""
    return Prediction(doc_id, "none", 0.0, False, (), "", "", "", "", (), model)
