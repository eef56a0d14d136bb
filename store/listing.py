"""What the review page shows: one page of a long list, one incident with its texts, counts by field.

Promises: a page of the list reads no text and costs the same with 100 incidents as with 100,000 (measured by
benchmarks/review.py); the same order as the sheet. Never does: write.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, func, or_, select

from store.corrections import is_paused, paused_ids
from store.draw import let_go
from store.queue import find_incident
from store.records import Document, Incident, Prediction, State
from store.rows import read_incident
from store.schema import documents, incidents
from store.schema import incident_documents as members


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What of the list is wanted; an empty field wants all."""

    province: str = ""
    position: str = ""
    type: str = ""
    source: str = ""
    since: date | None = None
    until: date | None = None
    #: Shares, 0 to 1.
    min_score: float | None = None
    max_score: float | None = None
    #: "open" waits for a decision, "decided" has one, "" is both.
    state: str = "open"
    kind: str = "flagged"


@dataclass(frozen=True, slots=True)
class ListRow:
    """One incident in the list."""

    incident: Incident
    title: str
    source_id: str
    n_documents: int
    decided: bool
    #: A request for correction is open, or was upheld and nobody has decided anew.
    paused: bool


@dataclass(frozen=True, slots=True)
class IncidentTexts:
    """One incident with all that was collected on it, in the order of its members."""

    incident: Incident
    kind: str
    decided: bool
    paused: bool
    texts: tuple[tuple[Document, Prediction], ...]


def count_listed(conn: Connection, wanted: ListFilter) -> int:
    """How many incidents a filter lets through."""
    return conn.scalar(select(func.count()).select_from(incidents).where(*_conditions(wanted))) or 0


def list_incidents(conn: Connection, wanted: ListFilter, *, limit: int, offset: int) -> list[ListRow]:
    """One page of the incidents that a filter lets through: newest night first, then best score."""
    # Ids first: the index ix_incidents_listing holds all that is asked and sorted by, so that the rows of the
    # pages before are never read.
    ids = conn.scalars(
        select(incidents.c.incident_id)
        .where(*_conditions(wanted))
        .order_by(*_ORDER)
        .limit(limit)
        .offset(offset)
    ).all()
    page = conn.execute(
        select(incidents).where(incidents.c.incident_id.in_(ids)).order_by(*_ORDER)
    ).mappings()
    found = {row["incident_id"]: row for row in page}
    told: dict[str, list[str]] = {incident_id: [] for incident_id in found}
    paused = set(conn.scalars(paused_ids()))
    lead: dict[str, tuple[str, str]] = {}
    for row in conn.execute(
        select(
            members.c.incident_id,
            members.c.doc_id,
            documents.c.title,
            func.substr(documents.c.text, 1, 120).label("start"),
            documents.c.source_id,
        )
        .join(documents, documents.c.doc_id == members.c.doc_id)
        .where(members.c.incident_id.in_(found))
        .order_by(members.c.incident_id, members.c.place)
    ):
        told[row.incident_id].append(row.doc_id)
        lead.setdefault(row.incident_id, (row.title or row.start, row.source_id))
    return [
        ListRow(
            incident=read_incident(row, told[incident_id]),
            title=lead[incident_id][0],
            source_id=lead[incident_id][1],
            n_documents=len(told[incident_id]),
            decided=row["state"] == State.REVIEWED,
            paused=incident_id in paused,
        )
        for incident_id, row in found.items()
        if incident_id in lead
    ]


def next_incident(conn: Connection, wanted: ListFilter, *, after: str) -> str:
    """The id of the incident that follows another in the list, the first one at its end; "" if none waits."""
    here = conn.execute(select(incidents).where(incidents.c.incident_id == after)).mappings().first()
    ids = select(incidents.c.incident_id).where(*_conditions(wanted), incidents.c.incident_id != after)
    if here is not None:
        night, score = incidents.c.first_night, incidents.c.score
        behind = or_(
            night < here["first_night"],
            and_(night == here["first_night"], score < here["score"]),
            and_(night == here["first_night"], score == here["score"], incidents.c.incident_id > after),
        )
        found = conn.scalar(ids.where(behind).order_by(*_ORDER).limit(1))
        if found is not None:
            return str(found)
    return conn.scalar(ids.order_by(*_ORDER).limit(1)) or ""


def read_texts(conn: Connection, incident_id: str) -> IncidentTexts | None:
    """One incident with its documents and what the classifier said of each; None when there is none.

    A text that screening let go (drawn for the audit) comes with an empty answer, as in the sheet.
    """
    found = find_incident(conn, incident_id)
    if found is None:
        return None
    incident, told = found
    kind, state = conn.execute(
        select(incidents.c.kind, incidents.c.state).where(incidents.c.incident_id == incident_id)
    ).one()
    scored_by = {
        row.doc_id: row.scored_by
        for row in conn.execute(
            select(documents.c.doc_id, documents.c.scored_by).where(documents.c.doc_id.in_(incident.doc_ids))
        )
    }
    return IncidentTexts(
        incident=incident,
        kind=kind,
        decided=state == State.REVIEWED,
        paused=is_paused(conn, incident_id),
        texts=tuple(
            (document, said or let_go(document.doc_id, scored_by[document.doc_id])) for document, said in told
        ),
    )


def count_by(conn: Connection, wanted: ListFilter) -> Mapping[str, Counter[str]]:
    """Incidents by province, position, type, source of the first report and week of the first night."""
    counts: dict[str, Counter[str]] = {
        n: Counter() for n in ("province", "position", "type", "source", "week")
    }
    column, conditions = incidents.c, _conditions(wanted)

    def grouped(by: ColumnElement[Any]) -> Select[Any]:
        return select(by, func.count()).where(*conditions).group_by(by)

    # Counted by the database: a hundred thousand rows in Python would hold up everybody else at the page.
    for region, count in conn.execute(grouped(column.region)):
        counts["province"][province_of(region)] += count
    for position, count in conn.execute(grouped(column.position)):
        counts["position"][position] += count
    # As text: PostgreSQL does not group by JSON.
    for types, count in conn.execute(grouped(column.types.cast(Text))):
        for name in json.loads(types):
            counts["type"][name] += count
    for night, count in conn.execute(grouped(column.first_night)):
        year, week, _ = night.isocalendar()
        counts["week"][f"{year}-W{week:02}"] += count
    told = (
        grouped(documents.c.source_id)
        .join_from(incidents, members, (members.c.incident_id == column.incident_id) & (members.c.place == 0))
        .join(documents, documents.c.doc_id == members.c.doc_id)
    )
    for source_id, count in conn.execute(told):
        counts["source"][source_id] += count
    return counts


def province_of(region: str) -> str:
    """The province of a region as nlp.regions writes it: "Kota Bima, Nusa Tenggara Barat"."""
    return region.rpartition(", ")[2]


_ORDER = (incidents.c.first_night.desc(), incidents.c.score.desc(), incidents.c.incident_id)


def _conditions(wanted: ListFilter) -> list[ColumnElement[bool]]:
    column = incidents.c
    made: list[ColumnElement[bool]] = []
    if wanted.kind:
        # Of one source there are few: coalesce keeps SQLite from walking the whole list to find them.
        kind = func.coalesce(column.kind, "") if wanted.source else column.kind
        made.append(kind == wanted.kind)
    if wanted.state:
        is_decided = column.state == State.REVIEWED
        made.append(is_decided if wanted.state == "decided" else ~is_decided)
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
    return made
