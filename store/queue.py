"""What waits for an analyst, in four queues, and how much of it there is.

    new         flagged incidents on which nobody has decided, or somebody was unsure
    uncertain   of these and of the audit, those whose score lies near the threshold
    audit       documents drawn at random from what was not flagged (`store.draw`), not yet decided
    incident    every flagged incident, decided or not

What a request for correction pauses (`store.corrections`) is in none of them.

Promises: the same rows in the same order for the same content, however often they were shown.
Never does: format a row, or decide on one.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, Text, func, or_, select, update

from store.corrections import paused_ids
from store.draw import let_go
from store.draw import open_audit as open_audit  # part of what the queue offers
from store.records import Document, Incident, Prediction, QueueRow, State, UsageError
from store.rows import read_document, read_incident, read_prediction
from store.schema import documents, incidents, pages, predictions
from store.schema import incident_documents as members

Queue = Literal["new", "uncertain", "audit", "incident"]

#: Half the width of the uncertain band, in log odds: at a threshold of 0.39 from 0.28 to 0.51. Chosen by us;
#: beyond it the odds of a case are 1.6 times more, or less, than at the threshold.
UNCERTAIN_LOG_ODDS: Final = 0.5
#: Keeps the log odds finite for a score of 0 or 1.
_TINY: Final = 1e-9
#: Nights that the expected workload is averaged over.
WORKLOAD_NIGHTS: Final = 14
#: SQLite takes 32,766 values in one statement.
IDS_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What of a queue is wanted; an empty field wants all."""

    #: As the region names it: "Sulawesi Selatan".
    province: str = ""
    position: str = ""
    type: str = ""
    #: Any document of the incident comes from it.
    source: str = ""
    #: First night of the incident, both included.
    since: date | None = None
    until: date | None = None
    #: Shares, 0 to 1, both included.
    min_score: float | None = None
    max_score: float | None = None
    #: One of grouped (never shown), queued, reviewed.
    state: str = ""


@dataclass(frozen=True, slots=True)
class Workload:
    """What reviewers have to expect: rows per night over the last `nights`, and what waits now."""

    nights: int
    flagged: float
    audit: float
    waiting: int


def queue_rows(
    conn: Connection, *, queue: Queue, until: date, filters: QueueFilter, threshold: float | None = None
) -> list[QueueRow]:
    """Incidents of a queue first seen on `until` or earlier.

    Ordered by (first_night descending, score descending, incident_id); `uncertain` by how near the score lies
    to `threshold`, the nearest first, and it is the one queue that needs it.
    """
    conditions = [
        incidents.c.first_night <= until,
        incidents.c.incident_id.not_in(paused_ids()),
        *_conditions(filters),
    ]
    if queue != "incident":
        conditions.append(incidents.c.state != State.REVIEWED)
    if queue != "uncertain":
        conditions.append(incidents.c.kind == ("audit" if queue == "audit" else "flagged"))
        return _rows(conn, conditions)
    if threshold is None:
        raise UsageError("the uncertain queue needs the threshold of the model in use")
    middle = _log_odds(threshold)
    low, high = (1 / (1 + math.exp(-middle + side)) for side in (UNCERTAIN_LOG_ODDS, -UNCERTAIN_LOG_ODDS))
    near = _rows(conn, [*conditions, incidents.c.score >= low, incidents.c.score <= high])
    # Sorting keeps the order of equals.
    return sorted(near, key=lambda row: abs(_log_odds(row.incident.score) - middle))


def flagged_rows(conn: Connection, *, until: date) -> list[QueueRow]:
    """The queue `new`, whole."""
    return queue_rows(conn, queue="new", until=until, filters=QueueFilter())


def rows_of(conn: Connection, incident_ids: Iterable[str]) -> dict[str, QueueRow]:
    """The incidents with these ids, decided or not; one that is not there is left out."""
    found = {}
    wanted = sorted(set(incident_ids))
    for start in range(0, len(wanted), IDS_AT_ONCE):
        chosen = incidents.c.incident_id.in_(wanted[start : start + IDS_AT_ONCE])
        found.update({row.incident.incident_id: row for row in _rows(conn, [chosen])})
    return found


def expected_workload(conn: Connection, *, until: date) -> Workload:
    """Flagged and audited incidents per night over the last WORKLOAD_NIGHTS, and all that waits.

    The nights are counted from the first one that brought anything, so that a young database is not averaged
    over nights before it existed.
    """
    since = until - timedelta(days=WORKLOAD_NIGHTS - 1)
    first = conn.scalar(select(func.min(documents.c.night)).where(documents.c.night >= since))
    nights = max(1, (until - first).days + 1) if first else WORKLOAD_NIGHTS
    counts: dict[str, int] = dict(
        conn.execute(
            select(incidents.c.kind, func.count())
            .where(incidents.c.first_night >= since, incidents.c.first_night <= until)
            .group_by(incidents.c.kind)
        ).all()
    )
    waiting = conn.scalar(
        select(func.count())
        .select_from(incidents)
        .where(
            incidents.c.first_night <= until,
            incidents.c.state != State.REVIEWED,
            incidents.c.incident_id.not_in(paused_ids()),
        )
    )
    return Workload(nights, counts.get("flagged", 0) / nights, counts.get("audit", 0) / nights, waiting or 0)


def mark_queued(conn: Connection, incident_ids: Iterable[str]) -> None:
    """Note that incidents were put before an analyst; their grouped documents are `queued`."""
    shown = sorted(set(incident_ids))
    for start in range(0, len(shown), IDS_AT_ONCE):
        chunk = shown[start : start + IDS_AT_ONCE]
        told = select(members.c.doc_id).where(members.c.incident_id.in_(chunk))
        for table, is_shown in (
            (incidents, incidents.c.incident_id.in_(chunk)),
            (documents, documents.c.doc_id.in_(told)),
        ):
            conn.execute(
                update(table).where(is_shown, table.c.state == State.GROUPED).values(state=State.QUEUED)
            )


def _log_odds(score: float) -> float:
    kept = min(max(score, _TINY), 1 - _TINY)
    return math.log(kept / (1 - kept))


def _conditions(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    column = incidents.c
    made: list[ColumnElement[bool]] = []
    if wanted.province:
        made.append(
            or_(
                column.region == wanted.province,
                column.region.endswith(f", {wanted.province}", autoescape=True),
            )
        )
    if wanted.position:
        made.append(column.position == wanted.position)
    if wanted.type:
        # A list of words, stored as JSON: the quotation marks keep "party" from finding "party_member".
        made.append(column.types.cast(Text).contains(f'"{wanted.type}"', autoescape=True))
    if wanted.source:
        told = select(members.c.incident_id).join(documents, documents.c.doc_id == members.c.doc_id)
        made.append(column.incident_id.in_(told.where(documents.c.source_id == wanted.source)))
    if wanted.since:
        made.append(column.first_night >= wanted.since)
    if wanted.until:
        made.append(column.first_night <= wanted.until)
    if wanted.min_score is not None:
        made.append(column.score >= wanted.min_score)
    if wanted.max_score is not None:
        made.append(column.score <= wanted.max_score)
    if wanted.state:
        made.append(column.state == wanted.state)
    return made


def _rows(conn: Connection, conditions: Sequence[ColumnElement[bool]]) -> list[QueueRow]:
    told_by: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for incident_id, doc_id, source_id in conn.execute(
        select(members.c.incident_id, members.c.doc_id, documents.c.source_id)
        .join(documents, documents.c.doc_id == members.c.doc_id)
        .join(incidents, incidents.c.incident_id == members.c.incident_id)
        .where(*conditions)
        .order_by(members.c.incident_id, members.c.place)
    ):
        told_by[incident_id].append((doc_id, source_id))
    leads = conn.execute(
        select(incidents, documents, predictions, pages.c.origin)
        .join(members, (members.c.incident_id == incidents.c.incident_id) & (members.c.place == 0))
        .join(documents, documents.c.doc_id == members.c.doc_id)
        .join(pages, pages.c.page_id == documents.c.page_id)
        .outerjoin(predictions, predictions.c.doc_id == documents.c.doc_id)
        .where(*conditions)
        .order_by(incidents.c.first_night.desc(), incidents.c.score.desc(), incidents.c.incident_id)
    )
    rows = []
    for row in leads.mappings():
        told = told_by[row[incidents.c.incident_id]]
        doc_id = row[documents.c.doc_id]
        scored = row[predictions.c.doc_id] is not None
        rows.append(
            QueueRow(
                incident=read_incident(row, [doc_id for doc_id, _ in told]),
                document=read_document(row),
                prediction=read_prediction(row) if scored else let_go(doc_id, row[documents.c.scored_by]),
                source_ids=tuple(dict.fromkeys(source_id for _, source_id in told)),
                n_documents=len(told),
                origin=row[pages.c.origin],
            )
        )
    return rows


def find_incident(
    conn: Connection, incident_id: str
) -> tuple[Incident, list[tuple[Document, Prediction | None]]] | None:
    """One incident with its members in order, None when there is no such id.

    A member that screening let go (drawn for the audit) has no prediction.
    """
    found = conn.execute(
        select(incidents, documents, predictions)
        .join(members, members.c.incident_id == incidents.c.incident_id)
        .join(documents, documents.c.doc_id == members.c.doc_id)
        .outerjoin(predictions, predictions.c.doc_id == members.c.doc_id)
        .where(incidents.c.incident_id == incident_id)
        .order_by(members.c.place)
    )
    rows = found.mappings().all()
    if not rows:
        return None
    told = [
        (read_document(row), read_prediction(row) if row[predictions.c.doc_id] is not None else None)
        for row in rows
    ]
    return read_incident(rows[0], [document.doc_id for document, _ in told]), told
