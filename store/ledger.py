"""What ran, over what, with which code and model, and what became of each source and stage.

Promises: a run that was killed stays in the ledger without an end; a later word on the same source and night,
or the same stage, replaces the earlier one of that run. Never does: decide anything; content digests leave
the ledger out.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, case, func, insert, or_, select, update

from store.db import upsert
from store.records import (
    CODE_VERSION,
    GOOD_OUTCOMES,
    Origin,
    Outcome,
    SourceReport,
    StageReport,
    State,
    StoppedError,
)
from store.rows import values_of
from store.schema import documents, incidents, pages, run_sources, run_stages, runs


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command line; without an end it is running or was killed."""

    run_id: int
    command: str
    night: date
    code_version: str
    model_version: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class NightCounts:
    """What became of the articles that were first collected from one source in one night."""

    items: int
    #: Those that extraction has read, or has found to hold no article.
    looked_at: int
    with_title: int
    with_body: int
    with_time: int


@dataclass(frozen=True, slots=True)
class Streak:
    """Nights that a source has failed in a row, up to its last one."""

    since: date
    nights: int


def start_run(engine: Engine, *, command: str, night: date, model_version: str = "") -> int:
    """Enter a run of this code into the ledger; returns its number. No model: an empty version."""
    row = {
        "command": command,
        "night": night,
        "code_version": CODE_VERSION,
        "model_version": model_version,
        "started_at": datetime.now(UTC),
    }
    with engine.begin() as conn:
        return int(conn.execute(insert(runs).values(row).returning(runs.c.run_id)).scalar_one())


def note_source(engine: Engine, run_id: int, report: SourceReport) -> None:
    """Enter what became of one source in one night."""
    keys = ("run_id", "source_id", "night")
    with engine.begin() as conn:
        upsert(conn, run_sources, [values_of(report, run_id=run_id)], keys=keys, update=True)


def note_stage(engine: Engine, run_id: int, report: StageReport) -> None:
    """Enter what one stage did."""
    with engine.begin() as conn:
        upsert(conn, run_stages, [values_of(report, run_id=run_id)], keys=("run_id", "stage"), update=True)


def finish_run(engine: Engine, run_id: int, *, exit_code: int) -> None:
    """Enter the end of a run. Raises StoppedError when no such run was started."""
    with engine.begin() as conn:
        done = conn.execute(
            update(runs)
            .where(runs.c.run_id == run_id)
            .values(ended_at=datetime.now(UTC), exit_code=exit_code)
        )
        if done.rowcount != 1:
            raise StoppedError(f"run {run_id} is not in the ledger. This is a bug.")


def source_history(conn: Connection, *, nights: int = 14, until: date | None = None) -> list[SourceReport]:
    """The last word on every source in each of the last `nights` nights that ran, by (source_id, night).

    `until` looks back from that night instead of the newest one.
    """
    recent = select(run_sources.c.night).distinct().order_by(run_sources.c.night.desc()).limit(nights)
    if until is not None:
        recent = recent.where(run_sources.c.night <= until)
    found = conn.execute(
        _last_words(*(run_sources.c[field.name] for field in fields(SourceReport)))
        .where(run_sources.c.night.in_(recent.scalar_subquery()))
        .order_by(run_sources.c.source_id, run_sources.c.night)
    )
    return [SourceReport(**dict(row) | {"outcome": Outcome(row["outcome"])}) for row in found.mappings()]


def failing_streaks(conn: Connection) -> dict[str, Streak]:
    """Sources whose last night was not good: since which night, and on how many that it ran on, by source id.

    Looks back to the last good night of each, however long ago that was.
    """
    words = _last_words(run_sources.c.source_id, run_sources.c.night, run_sources.c.outcome).subquery()
    good = (
        select(words.c.source_id, func.max(words.c.night).label("night"))
        .where(words.c.outcome.in_(GOOD_OUTCOMES))
        .group_by(words.c.source_id)
        .subquery()
    )
    found = conn.execute(
        select(words.c.source_id, func.min(words.c.night), func.count())
        .join(good, good.c.source_id == words.c.source_id, isouter=True)
        .where(or_(good.c.night.is_(None), words.c.night > good.c.night))
        .group_by(words.c.source_id)
    )
    return {source_id: Streak(since, nights) for source_id, since, nights in found}


def _last_words(*columns: ColumnElement[Any]) -> Select[Any]:
    """Select columns of the last run of every source and night."""
    keys = (run_sources.c.source_id, run_sources.c.night)
    last = select(*keys, func.max(run_sources.c.run_id).label("run_id")).group_by(*keys).subquery()
    return select(*columns).join(
        last,
        (run_sources.c.run_id == last.c.run_id)
        & (run_sources.c.source_id == last.c.source_id)
        & (run_sources.c.night == last.c.night),
    )


def count_night(conn: Connection, source_id: str, night: date, *, body_chars: int) -> NightCounts:
    """Count a night's articles of a source, and those with title, body (`body_chars` or more) and hour.

    What came by looking back is no part of a night. Left out of `looked_at` is what waits for extraction, and
    what another source had brought before.
    """

    def having(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(case((condition, 1)))

    row = conn.execute(
        select(
            func.count(),
            having(or_(documents.c.doc_id.is_not(None), pages.c.state == State.QUARANTINED)),
            having(documents.c.title != ""),
            having(func.length(documents.c.text) >= body_chars),
            having(documents.c.published_precision == "minute"),
        )
        .select_from(pages.outerjoin(documents, documents.c.page_id == pages.c.page_id))
        .where(pages.c.night == night, pages.c.source_id == source_id, pages.c.origin == "night")
    ).one()
    return NightCounts(*row)


def trailing_items(conn: Connection, source_id: str, *, before: date, nights: int) -> list[int]:
    """How many articles each of the last `nights` good nights of a source brought, newest first."""
    last = (
        select(run_sources.c.night, func.max(run_sources.c.run_id).label("run_id"))
        .where(run_sources.c.source_id == source_id, run_sources.c.night < before)
        .group_by(run_sources.c.night)
        .subquery()
    )
    found = conn.execute(
        # Not `.items`: that is a method of the collection of columns.
        select(run_sources.c["items"])
        .join(last, (run_sources.c.run_id == last.c.run_id) & (run_sources.c.night == last.c.night))
        .where(run_sources.c.source_id == source_id, run_sources.c.outcome.in_(GOOD_OUTCOMES))
        .order_by(run_sources.c.night.desc())
        .limit(nights)
    )
    return list(found.scalars())


def count_looked_back(conn: Connection, *, waiting: bool = False) -> dict[Origin, dict[str, int]]:
    """How many pages of which source came by looking back: {"import": {"kompas": 12}, "walk": {}}.

    They are no part of a night's volume. `waiting`: only those that wait for extraction.
    """
    query = (
        select(pages.c.origin, pages.c.source_id, func.count())
        .where(pages.c.origin != "night")
        .group_by(pages.c.origin, pages.c.source_id)
        .order_by(pages.c.origin, pages.c.source_id)
    )
    found: dict[Origin, dict[str, int]] = {"import": {}, "walk": {}}
    for origin, source_id, count in conn.execute(
        query.where(pages.c.state == State.FETCHED) if waiting else query
    ):
        found[origin][source_id] = count
    return found


def count_marks(conn: Connection, marks: Mapping[str, str], nights: Collection[date]) -> dict[str, int]:
    """Count what was masked in the documents of these nights: how often the mark of each kind stands.

    In title, text and author; what was taken out of a text is not counted.
    """
    kinds = list(marks)
    fields = (documents.c.title, documents.c.text, documents.c.author)
    sums = [
        func.sum(sum(func.length(f) - func.length(func.replace(f, marks[kind], "")) for f in fields))
        for kind in kinds
    ]
    row = conn.execute(select(*sums).where(documents.c.night.in_(nights))).one()
    return {kind: int(total or 0) // len(marks[kind]) for kind, total in zip(kinds, row, strict=True)}


def previous_night(conn: Connection, run_id: int, *, command: str) -> date | None:
    """The night of the last finished run of a command before this one; None when there is none."""
    return conn.scalar(
        select(runs.c.night)
        .where(runs.c.run_id < run_id, runs.c.command == command, runs.c.exit_code.is_not(None))
        .order_by(runs.c.run_id.desc())
        .limit(1)
    )


def last_run(conn: Connection) -> Run | None:
    """The run that was started last, or None in an empty ledger."""
    row = conn.execute(select(runs).order_by(runs.c.run_id.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else Run(**row)


def runs_since(conn: Connection, command: str, moment: datetime) -> list[Run]:
    """The runs of a command that were started at an aware moment or later, oldest first."""
    found = conn.execute(
        select(runs).where(runs.c.command == command, runs.c.started_at >= moment).order_by(runs.c.run_id)
    )
    return [Run(**row) for row in found.mappings()]


def count_states(conn: Connection) -> dict[str, int]:
    """How many pages, documents and incidents stand in which state: {"pages fetched": 3, ...}."""
    counts: dict[str, int] = {}
    for table in (pages, documents, incidents):
        found = conn.execute(
            select(table.c.state, func.count()).group_by(table.c.state).order_by(table.c.state)
        )
        counts |= {f"{table.name} {state}": n for state, n in found}
    return counts
