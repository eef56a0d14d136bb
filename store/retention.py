"""Clears what is past its time: texts that screening let go, pages without an article, unconfirmed flags.

    find_due ─▶ Due (page, documents, rule) ─▶ clear ─▶ cleared_bodies (which version, which rule), deletions
                                                   └▶ the archive's records go next (store.archived)

Promises: id, hashes, source, address and night stay, so that nothing is fetched or stored again; what a
person has decided on stays, and so does what waits for a stage, but for tips whose consent has ended
(store.tips); doing it twice is doing it once; the texts of a page go in one transaction with the note.
Never does: touch the archive, look at a clock.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, or_, select, update

from store.db import upsert
from store.erasure import erase_digests
from store.events import PREFIX, TYPED
from store.records import State, WarcRef
from store.revisions import was_decided
from store.schema import (
    candidates,
    cleared_bodies,
    deletions,
    documents,
    failures,
    incidents,
    label_events,
    pages,
    predictions,
    revisions,
)
from store.schema import incident_documents as members
from store.tips import forget_tips, past_tips

#: Days that a text is kept which screening let go, and a page without an article: a default of ours, long
#: enough to mend a lexicon or a parser and read again; the owner sets another one in retention.toml.
SCREENED_OUT_DAYS: Final = 30
#: Days that a text is kept which nobody has confirmed or refused: a default of ours, about the length of a
#: campaign and the handling of reports after it; the owner sets another one in retention.toml.
UNCONFIRMED_DAYS: Final = 180
#: Ids in one statement; older builds of SQLite take 999 values.
AT_ONCE: Final = 500
#: Who erased a typed text when nobody did but the clock.
CLOCK: Final = "retention"

#: States of a document that no stage is about to read again.
_DONE: Final = (State.GROUPED, State.QUEUED, State.QUARANTINED)


@dataclass(frozen=True, slots=True)
class Periods:
    """How many days what is kept; counted from the night on which it was stored."""

    screened_out_days: int = SCREENED_OUT_DAYS
    unconfirmed_days: int = UNCONFIRMED_DAYS


@dataclass(frozen=True, slots=True)
class Due:
    """A page whose text is past its time, its documents, and the rule (one of `RULES`)."""

    page_id: str
    rule: str
    doc_ids: tuple[str, ...] = ()
    #: A flagged incident that goes with it; "" for none.
    incident_id: str = ""


def find_due(
    conn: Connection, *, night: date, periods: Periods, stored_on: Callable[[Sequence[WarcRef]], date | None]
) -> list[Due]:
    """What is past its time on a night, by page.

    `stored_on` tells the night of the run that wrote these records (None: unknown): an imported article bears
    the date of somebody else's fetch, and its time begins when it came to us. An incident goes when all its
    documents are past their time: one that is still reported on is alive.
    """
    short = night - timedelta(days=periods.screened_out_days)
    long = night - timedelta(days=periods.unconfirmed_days)

    def is_past(row: Any, limit: date) -> bool:
        began = stored_on(row.refs) if row.origin == "import" else None
        return (began or row.night) < limit

    let_go = and_(
        candidates.c.candidate.is_(False),
        or_(members.c.doc_id.is_(None), incidents.c.kind == "audit"),
        documents.c.state.in_([*_DONE, State.SCREENED, State.SCORED]),
        pages.c.night < short,
    )
    waits = and_(documents.c.state.in_(_DONE), pages.c.night < long)
    found = conn.execute(
        select(
            documents.c.doc_id,
            documents.c.page_id,
            pages.c.night,
            pages.c.origin,
            pages.c.refs,
            members.c.incident_id,
            incidents.c.kind,
            let_go.label("let_go"),
        )
        .join(pages, pages.c.page_id == documents.c.page_id)
        .outerjoin(candidates, candidates.c.doc_id == documents.c.doc_id)
        .outerjoin(members, members.c.doc_id == documents.c.doc_id)
        .outerjoin(incidents, incidents.c.incident_id == members.c.incident_id)
        .where(
            or_(documents.c.text != "", documents.c.title != ""),
            or_(incidents.c.state.is_(None), incidents.c.state != State.REVIEWED),
            ~was_decided(),
            # A newer version of it waits to be read.
            pages.c.state != State.FETCHED,
            or_(let_go, waits),
        )
        .order_by(documents.c.page_id)
    ).all()
    due: list[Due] = []
    flags: dict[str, list[Due]] = {}
    for row in found:
        if not is_past(row, short if row.let_go else long):
            continue
        flagged = row.incident_id if row.incident_id and row.kind == "flagged" else ""
        one = Due(row.page_id, "screened_out" if row.let_go else "unconfirmed", (row.doc_id,), flagged or "")
        (flags.setdefault(flagged, []) if flagged else due).append(one)
    for incident_id, all_of_it in flags.items():
        if not _has_younger(conn, incident_id, all_of_it):
            due += all_of_it
    due += [Due(row.page_id, "unread") for row in _unread(conn, short) if is_past(row, short)]
    past = past_tips(conn, night=night)
    ended = [Due(tip.page_id, "consent", tip.doc_ids, tip.incident_id) for tip in past]
    # A tip goes by one rule; this one also takes what the others leave.
    tip_pages = {one.page_id for one in ended}
    return [one for one in due if one.page_id not in tip_pages] + ended


def clear(conn: Connection, due: Sequence[Due], *, at: datetime) -> dict[tuple[str, str], int]:
    """Clear what is due and note it; gives how many went, by (rule, what). Call it in one transaction."""
    counts: dict[tuple[str, str], int] = {}
    for rule in sorted({one.rule for one in due}):
        chosen = [one for one in due if one.rule == rule]
        page_ids = sorted({one.page_id for one in chosen})
        doc_ids = sorted({doc_id for one in chosen for doc_id in one.doc_ids})
        incident_ids = sorted({one.incident_id for one in chosen if one.incident_id})
        counts[rule, "pages"], counts[rule, "documents"] = len(page_ids), len(doc_ids)
        counts[rule, "incidents"] = len(incident_ids)
        for part in parts(page_ids):
            forget_bodies(conn, part, rule=rule, at=at)
            conn.execute(update(revisions).where(revisions.c.page_id.in_(part)).values(title="", text=""))
            if rule == "consent":
                forget_tips(conn, part)
        for part in parts(doc_ids):
            _empty_documents(conn, part, unflag=rule == "unconfirmed")
        for part in parts(incident_ids):
            typed = _typed_for(conn, part)
            erased = erase_digests(conn, typed, who=CLOCK, why=f"{CLOCK}: {rule}", at=at)
            counts[rule, "typed texts"] = counts.get((rule, "typed texts"), 0) + len(erased)
            conn.execute(delete(members).where(members.c.incident_id.in_(part)))
            conn.execute(delete(incidents).where(incidents.c.incident_id.in_(part)))
    note_deletions(conn, counts, at=at)
    return {key: count for key, count in counts.items() if count}


def forget_bodies(conn: Connection, page_ids: Sequence[str], *, rule: str, at: datetime) -> None:
    """Note that the archived bodies of all versions of these pages go; no extractor reads the pages again."""
    rows = [
        {"page_id": page_id, "body_sha256": sha256, "rule": rule, "at": at}
        for table in (pages, revisions)
        for page_id, sha256 in conn.execute(
            select(table.c.page_id, table.c.body_sha256).where(table.c.page_id.in_(page_ids))
        )
    ]
    upsert(conn, cleared_bodies, rows, keys=("page_id", "body_sha256"), update=False)
    for table in (pages, revisions):
        # A version without an extractor's name is not reopened for a newer one: there is nothing to read.
        conn.execute(update(table).where(table.c.page_id.in_(page_ids)).values(extractor_version=""))
        waiting = and_(table.c.page_id.in_(page_ids), table.c.state == State.FETCHED)
        conn.execute(update(table).where(waiting).values(state=State.QUARANTINED, reason=rule))
    conn.execute(delete(failures).where(failures.c.item_id.in_(page_ids)))


def note_deletions(
    conn: Connection,
    counts: dict[tuple[str, str], int],
    *,
    at: datetime,
    reviewer: str = "",
    reason: str = "",
) -> None:
    """Add to the record of deletions what went, by (rule, what); nothing for counts of zero."""
    rows = [
        {"at": at, "rule": rule, "what": what, "items": items, "reviewer": reviewer, "reason": reason}
        for (rule, what), items in sorted(counts.items())
        if items
    ]
    if rows:
        conn.execute(insert(deletions), rows)


def list_deletions(conn: Connection) -> list[dict[str, Any]]:
    """The record of deletions, oldest first: at, rule, what, items, reviewer, reason."""
    found = conn.execute(select(deletions).order_by(deletions.c.deletion_id)).mappings()
    return [{name: value for name, value in row.items() if name != "deletion_id"} for row in found]


def parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids in parts that one statement takes."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _empty_documents(conn: Connection, doc_ids: Sequence[str], *, unflag: bool) -> None:
    empty = {"title": "", "text": "", "author": "", "dateline": "", "removed": ()}
    conn.execute(update(documents).where(documents.c.doc_id.in_(doc_ids)).values(empty))
    conn.execute(update(candidates).where(candidates.c.doc_id.in_(doc_ids)).values(sentences=()))
    conn.execute(delete(failures).where(failures.c.item_id.in_(doc_ids)))
    ours = predictions.c.doc_id.in_(doc_ids)
    conn.execute(update(predictions).where(ours).values(evidence=()))
    if unflag:
        # The audit's estimate needs the score of what was drawn from below the threshold.
        conn.execute(delete(predictions).where(ours, predictions.c.flagged))


def _has_younger(conn: Connection, incident_id: str, past: Iterable[Due]) -> bool:
    """Whether an incident has a document with a text that is not among those past their time."""
    gone = {doc_id for one in past for doc_id in one.doc_ids}
    rows = conn.execute(
        select(documents.c.doc_id)
        .join(members, members.c.doc_id == documents.c.doc_id)
        .where(members.c.incident_id == incident_id, or_(documents.c.text != "", documents.c.title != ""))
    )
    return any(row.doc_id not in gone for row in rows)


def _unread(conn: Connection, limit: date) -> list[Any]:
    """Pages that gave no document of their own and whose newest body is not cleared yet."""
    known: ColumnElement[bool] = exists().where(
        cleared_bodies.c.page_id == pages.c.page_id, cleared_bodies.c.body_sha256 == pages.c.body_sha256
    )
    has_document = exists().where(documents.c.page_id == pages.c.page_id)
    asked = select(pages.c.page_id, pages.c.night, pages.c.origin, pages.c.refs).where(
        pages.c.night < limit,
        pages.c.state.in_([State.QUARANTINED, State.EXTRACTED]),
        ~known,
        ~has_document,
    )
    return list(conn.execute(asked.order_by(pages.c.page_id)))


def _typed_for(conn: Connection, incident_ids: Sequence[str]) -> set[str]:
    """Digests of what people typed for the decisions on these incidents."""
    columns = [label_events.c[name] for name in TYPED]
    rows = conn.execute(select(*columns).where(label_events.c.incident_id.in_(incident_ids)))
    return {value for row in rows for value in row if value.startswith(PREFIX)}
