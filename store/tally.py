"""What a night has changed among the incidents, and what has been flagged over the weeks before it.

Promises: the same answer for the same rows; a night is told as far as it went, so that what came later leaves
an older one alone, but for decisions, texts and groups that have changed since. Never does: write, format.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from store.corrections import paused_ids
from store.records import PROCESSES, QueueRow, State
from store.revisions import NIGHT_ZONE
from store.rows import read_document, read_incident, read_prediction
from store.schema import documents, failures, incidents, pages, predictions, run_sources, runs
from store.schema import incident_documents as members


@dataclass(frozen=True, slots=True)
class ChangedIncident:
    """One incident as it stands after a night, and what that night has added to it."""

    row: QueueRow
    is_new: bool
    #: Whether an analyst has decided on it by now.
    is_reviewed: bool
    #: Articles that the night has added; of a new incident, all.
    added: int
    #: Older articles whose text the outlet has changed.
    revised: int
    #: How far the added articles say that the process has come, in the codebook's order; "unknown" left out.
    processes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NightChanges:
    """How many incidents a night has opened and changed, and the first of them with all that is told."""

    new: int
    changed: int
    #: New before changed, then best score first, then by id.
    shown: tuple[ChangedIncident, ...]


@dataclass(frozen=True, slots=True)
class FlagFact:
    """What the charts need of one incident."""

    first_night: date
    region: str
    position: str
    types: tuple[str, ...]


def previous_night(conn: Connection, night: date) -> date | None:
    """Last night before `night` at which a nightly run came to its end; None where there was none.

    A run that was killed does not count: what it had collected is told with the next night that ends.
    """
    ended = (
        select(func.max(run_sources.c.night).label("night"))
        .join(runs, runs.c.run_id == run_sources.c.run_id)
        .where(runs.c.command == "nightly", runs.c.ended_at.is_not(None))
        .group_by(run_sources.c.run_id)
        .subquery()
    )
    found: date | None = conn.scalar(select(func.max(ended.c.night)).where(ended.c.night < night))
    return found


def last_crawled(conn: Connection) -> date | None:
    """Newest night that a source was crawled for; None in an empty ledger."""
    found: date | None = conn.scalar(select(func.max(run_sources.c.night)))
    return found


def night_changes(conn: Connection, *, after: date | None, night: date, limit: int) -> NightChanges:
    """Incidents that the nights after `after`, up to `night`, have opened or changed; `limit` of them told.

    Changed is an older incident with a further article, or one of whose articles has a new text. What was
    drawn for the audit is no incident to tell of: nothing has flagged it.
    """
    fresh = documents.c.night <= night
    if after is not None:
        fresh = and_(fresh, or_(documents.c.night > after, _revised(after, night)))
    heads = conn.execute(
        select(incidents.c.incident_id, incidents.c.first_night)
        .where(
            incidents.c.incident_id.in_(
                select(members.c.incident_id)
                .join(documents, documents.c.doc_id == members.c.doc_id)
                .join(pages, pages.c.page_id == documents.c.page_id)
                .where(fresh)
            ),
            incidents.c.kind == "flagged",
            incidents.c.incident_id.not_in(paused_ids()),
        )
        .order_by(incidents.c.score.desc(), incidents.c.incident_id)
    ).all()
    new = [name for name, first in heads if after is None or first > after]
    changed = [name for name, first in heads if after is not None and first <= after]
    shown = [*new, *changed][:limit]
    told = _told(conn, shown, after=after, night=night)
    return NightChanges(len(new), len(changed), tuple(told[name] for name in shown))


def flag_facts(conn: Connection, *, since: date, until: date) -> list[FlagFact]:
    """Flagged incidents first seen in these nights, both included, in order of night and id."""
    found = conn.execute(
        select(incidents.c.first_night, incidents.c.region, incidents.c.position, incidents.c.types)
        .where(incidents.c.first_night.between(since, until), incidents.c.kind == "flagged")
        .order_by(incidents.c.first_night, incidents.c.incident_id)
    )
    return [FlagFact(*row) for row in found]


def count_open(conn: Connection, *, until: date) -> int:
    """How many flagged incidents that were first seen by `until` wait for a decision."""
    return int(
        conn.scalar(
            select(func.count())
            .select_from(incidents)
            .where(
                incidents.c.first_night <= until,
                incidents.c.kind == "flagged",
                incidents.c.state != State.REVIEWED,
            )
        )
        or 0
    )


def count_failures(conn: Connection) -> dict[str, int]:
    """How many items have failed in each stage and were not made good since: {"extract": 2}."""
    found = conn.execute(
        select(failures.c.stage, func.count()).group_by(failures.c.stage).order_by(failures.c.stage)
    )
    return {row.stage: row[1] for row in found}


def _revised(after: date, night: date) -> ColumnElement[bool]:
    """Condition: collected by `after`, and fetched anew, with another text, in the nights up to `night`."""
    day = timedelta(days=1)
    return and_(
        pages.c.night <= after,
        pages.c.fetched_at >= _begin(after + day),
        pages.c.fetched_at < _begin(night + day),
    )


def _begin(night: date) -> datetime:
    return datetime.combine(night, time(), tzinfo=NIGHT_ZONE)


def _told(
    conn: Connection, incident_ids: Sequence[str], *, after: date | None, night: date
) -> dict[str, ChangedIncident]:
    """All that is told of each incident; its lead is the first of the articles that were there by `night`."""
    revised = _revised(after, night) if after is not None else false()
    found = conn.execute(
        select(incidents, documents, predictions, revised.label("revised"))
        .join(members, members.c.incident_id == incidents.c.incident_id)
        .join(documents, documents.c.doc_id == members.c.doc_id)
        .join(predictions, predictions.c.doc_id == documents.c.doc_id)
        .join(pages, pages.c.page_id == documents.c.page_id)
        .where(incidents.c.incident_id.in_(incident_ids), documents.c.night <= night)
        .order_by(incidents.c.incident_id, members.c.place)
    ).mappings()
    by_incident = defaultdict(list)
    for row in found:
        by_incident[row[incidents.c.incident_id]].append(row)
    told = {}
    for incident_id, rows in by_incident.items():
        lead = rows[0]
        since = after if after is not None and lead[incidents.c.first_night] <= after else None
        added = [r for r in rows if since is None or r[documents.c.night] > since]
        processes = {r[predictions.c.process] for r in added}
        told[incident_id] = ChangedIncident(
            row=QueueRow(
                incident=read_incident(lead, [r[documents.c.doc_id] for r in rows]),
                document=read_document(lead),
                prediction=read_prediction(lead),
                source_ids=tuple(dict.fromkeys(r[documents.c.source_id] for r in rows)),
                n_documents=len(rows),
            ),
            is_new=since is None,
            is_reviewed=lead[incidents.c.state] == State.REVIEWED,
            added=len(added),
            revised=sum(bool(r["revised"]) for r in rows),
            processes=tuple(p for p in PROCESSES if p in processes and p != "unknown"),
        )
    return told
