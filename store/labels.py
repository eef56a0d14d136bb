"""The register of decisions: what every reviewer said of every incident, in one chain that only grows.

    append_event ─▶ label_events (place 1, 2 ...; event_id = sha256(previous event_id + everything else))
                 ├▶ label_texts (what was typed; the event holds its salted digest, see store.events)
                 └▶ incidents and documents: reviewed, or queued again

Promises: a decision and the state that follows from it are written in the transaction of the caller, so both
or neither survive a kill; nothing is ever changed or deleted (triggers refuse it), an undo is one more event;
saying the same twice is saying it once; a decision on a text, a prediction or an earlier decision that is no
longer the stored one raises ConflictError and writes nothing; two writers at once wait for each other.
Never does: hold a reviewer's name or words. Events hold the id and digests; the name is in `reviewers`, what
was typed (`actor`, `note`, `reason`) in `label_texts`, and both can be erased (UU 27/2022: `store.reviewers`,
`store.erasure`) without breaking the chain.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Final, Literal

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, text, update

from store.decisions import DECISIONS, REVIEWS, ConflictError, Decision, LabelEvent, Seen
from store.events import digest_text, hash_event, name_texts, read_event, row_of, select_events
from store.records import TYPES, State, UsageError
from store.reviewers import IS_NAMED, named_values, register_reviewer
from store.schema import (
    documents,
    incidents,
    label_erasures,
    label_events,
    label_rechains,
    label_texts,
    predictions,
    reviewers,
)
from store.schema import incident_documents as members

Review = Literal["first", "second", "adjudication"]
#: Which line has the last word, the strongest first.
FINAL_ORDER: Final = ("adjudication", "first", "second")
#: Ids in one query; SQLite takes 32,766 values in a statement, PostgreSQL 65,535.
IDS_AT_ONCE: Final = 5_000


def append_event(
    conn: Connection,
    *,
    incident_id: str,
    new: Decision | None,
    seen: Seen | None,
    reviewer: str,
    origin: str,
    at: datetime,
    review: Review = "first",
    reason: str = "",
    expected: str | None = None,
) -> LabelEvent | None:
    """Note what a reviewer decided (`new` None: that the decision is taken back); None when nothing changes.

    `reviewer` is an id or a name; a name that is not known gets an account without a password. `seen` is what
    the reviewer had before them (None: not compared). `expected` is the id of the latest event of this
    incident and line that the reviewer knew of ("" for none, None: not compared).
    A case or none makes the incident and its documents `reviewed`; unsure, or nothing, `queued`; which is
    decided by the line with the last word (FINAL_ORDER).
    Raises ConflictError when `seen` or `expected` no longer holds, unless the same decision stands already;
    UsageError for an unknown incident, decision or type, and for a second review by the first reviewer.
    """
    _check(incident_id, new, review)
    _wait_for_turn(conn)
    row = _look_up(conn, incident_id, reviewer)
    stored = Seen(row["text_sha256"] or "", row["model"] or "")
    history = events_of(conn, incident_id)
    standing = {event.review: event for event in history}
    latest = standing.get(review)
    old = latest.new if latest else None
    if new == old:
        return None
    if seen is not None and seen != stored:
        raise _changed(incident_id, seen, stored)
    if expected is not None and expected != (latest.event_id if latest else ""):
        raise _overtaken(incident_id, seen, stored, latest)
    reviewer_id = row["reviewer_id"] or register_reviewer(conn, reviewer, at=at)
    first = standing.get("first")
    if review == "second" and new and first and first.new and first.reviewer == reviewer_id:
        raise UsageError(
            f"incident {incident_id}: the second review is by the reviewer of the first one. "
            "Let somebody else do it, or change the first decision."
        )
    event = LabelEvent(
        event_id="",
        previous=row["previous"] or "",
        incident_id=incident_id,
        doc_id=row["doc_id"] or "",
        text_sha256=stored.text_sha256,
        model=stored.model,
        at=at.astimezone(UTC),
        reviewer=reviewer_id,
        origin=origin,
        review=review,
        old=old,
        new=new,
        reason=reason,
    )
    event, typed = name_texts(event, history)
    event = replace(event, event_id=hash_event(event))
    conn.execute(_INSERT, row_of(event) | {"place": (row["place"] or 0) + 1})
    if typed:
        conn.execute(_INSERT_TEXTS, [asdict(one) | {"event_id": event.event_id} for one in typed])
    standing[review] = event
    _set_state(conn, incident_id, _last_word(standing.values()))
    return event


def undo_event(
    conn: Connection,
    *,
    incident_id: str,
    reviewer: str,
    at: datetime,
    origin: str,
    review: Review = "first",
    expected: str | None = None,
) -> LabelEvent | None:
    """Append an event that puts back what stood before the latest one; None when there is none.

    An undo can be undone, which puts the decision back. `expected` as in `append_event`: without it the
    latest event is undone, whoever it is by.
    """
    _wait_for_turn(conn)
    events = [event for event in events_of(conn, incident_id) if event.review == review]
    if not events:
        return None
    return append_event(
        conn,
        incident_id=incident_id,
        new=events[-1].old,
        seen=None,
        reviewer=reviewer,
        origin=origin,
        at=at,
        review=review,
        reason=f"undo {events[-1].event_id}",
        expected=expected,
    )


def current_labels(
    conn: Connection, incident_ids: Sequence[str] | None = None, *, review: str = "first"
) -> dict[str, LabelEvent]:
    """The event that stands for each incident, in the order of the register; undone ones are left out.

    `review` is a line, or "final": the adjudication, else the first decision, else the second one.
    """
    if review != "final" and review not in REVIEWS:
        raise UsageError(f"review {review!r} does not exist; there are {', '.join(REVIEWS)}, final.")
    by_incident: dict[str, list[LabelEvent]] = {}
    for event in latest_events(conn, incident_ids):
        if review in ("final", event.review):
            by_incident.setdefault(event.incident_id, []).append(event)
    found = {incident_id: _last_word(events) for incident_id, events in by_incident.items()}
    return {incident_id: event for incident_id, event in found.items() if event}


def latest_events(conn: Connection, incident_ids: Sequence[str] | None = None) -> Iterator[LabelEvent]:
    """The latest event of every incident and line, undone ones too, oldest first."""
    last = select(func.max(label_events.c.place)).group_by(label_events.c.incident_id, label_events.c.review)
    for chunk in _chunks(incident_ids):
        asked = last if chunk is None else last.where(label_events.c.incident_id.in_(chunk))
        found = conn.execute(
            select_events().where(label_events.c.place.in_(asked)).order_by(label_events.c.place)
        )
        yield from map(read_event, found.mappings())


def events_of(conn: Connection, incident_id: str) -> list[LabelEvent]:
    """The history of an incident, oldest first."""
    found = conn.execute(_HISTORY, {"incident": incident_id})
    return [read_event(row) for row in found.mappings()]


def check_chain(conn: Connection) -> str:
    """Whether the register is as it was written: "" when it is, else its first broken event in words.

    A changed, lost or inserted event shows, and so does a lost beginning; of what was typed, a text that is
    not what its digest says, and one that is gone without an erasure on record. A lost end does not show:
    keep the number and id of the last event (`chain_head`) somewhere else to notice that.
    """
    if broken := conn.scalar(select(label_rechains.c.broken).where(label_rechains.c.broken != "")):
        return f"it was broken before a migration wrote it anew: {broken}"
    whole = {digest: digest_text(salt, typed) == digest for digest, salt, typed in conn.execute(_TEXTS)}
    erased = set(conn.scalars(select(label_erasures.c.digest)))
    named, previous = set(), ""
    rows = conn.execute(select_events().order_by(label_events.c.place).execution_options(yield_per=1000))
    for place, row in enumerate(rows.mappings(), start=1):
        event = read_event(row)
        if row["place"] != place:
            return f"event {place} is missing; the next one there is {row['place']} ({event.incident_id})"
        where = f"event {place} ({event.incident_id}, {event.at.isoformat()}, {event.event_id[:12]})"
        if event.previous != previous:
            return f"{where} does not follow the event before it"
        if event.event_id != hash_event(event):
            return f"{where} is not what was written: its content gives another hash"
        for column, digest in event.digests:
            if digest in whole and not whole[digest]:
                return f"{where}: the text of {column} is not what was written: it gives another digest"
            if digest in whole and digest in erased:
                return f"{where}: the text of {column} is there although its erasure is on record"
            if digest not in whole and digest not in erased:
                return f"{where}: the text of {column} is gone and no erasure of it is on record"
            named.add(digest)
        previous = event.event_id
    if strays := whole.keys() - named:
        return f"a text is kept that no event names ({min(strays)})"
    return ""


def told_rechains(conn: Connection) -> list[str]:
    """One line for each time that a migration wrote the chain anew: what the end was, and what it is now."""
    return [
        f"written anew by migration {row.version} on {row.at:%Y-%m-%d}: {row.events} events; "
        f"last {row.old_head} became {row.new_head}"
        for row in conn.execute(select(label_rechains).order_by(label_rechains.c.version))
    ]


def chain_head(conn: Connection) -> tuple[int, str]:
    """Number of events, and the id of the last one ("" when there is none)."""
    row = conn.execute(
        select(label_events.c.place, label_events.c.event_id).order_by(label_events.c.place.desc()).limit(1)
    ).one_or_none()
    return (row.place, row.event_id) if row else (0, "")


# A sheet brings tens of thousands of events; building these statements took most of the time of each.
_OF_INCIDENT: Final = label_events.c.incident_id == bindparam("incident")
_HISTORY: Final = select_events().where(_OF_INCIDENT).order_by(label_events.c.place)
_INSERT: Final = insert(label_events)
_TEXTS: Final = select(label_texts.c.digest, label_texts.c.salt, label_texts.c.text).execution_options(
    yield_per=1000
)
_INSERT_TEXTS: Final = insert(label_texts)
_END: Final = (
    select(label_events.c.place, label_events.c.event_id).order_by(label_events.c.place.desc()).limit(1)
)
_LOOK_UP: Final = (
    select(
        documents.c.doc_id,
        documents.c.text_sha256,
        # Screening let some documents of the audit go: there is no prediction, but who says so is known.
        func.coalesce(predictions.c.model, documents.c.scored_by).label("model"),
        select(_END.subquery().c.place).scalar_subquery().label("place"),
        select(_END.subquery().c.event_id).scalar_subquery().label("previous"),
        select(reviewers.c.reviewer_id).where(IS_NAMED).scalar_subquery().label("reviewer_id"),
    )
    .select_from(incidents)
    .outerjoin(members, members.c.incident_id == incidents.c.incident_id)
    .outerjoin(documents, documents.c.doc_id == members.c.doc_id)
    .outerjoin(predictions, predictions.c.doc_id == members.c.doc_id)
    .where(incidents.c.incident_id == bindparam("incident"))
    .order_by(members.c.place)
    .limit(1)
)
_SET_INCIDENT: Final = (
    update(incidents)
    .where(incidents.c.incident_id == bindparam("incident"), incidents.c.state != bindparam("new_state"))
    .values(state=bindparam("new_state"))
)
# Not those that are being worked out anew: their stage would find them in a state that is not its own.
_SET_DOCUMENTS: Final = (
    update(documents)
    .where(
        documents.c.doc_id.in_(
            select(members.c.doc_id).where(members.c.incident_id == bindparam("incident"))
        ),
        # Wrapped, so that SQLite looks the members up by their id: by the index on states it would walk
        # through every document that waits, for every decision.
        func.coalesce(documents.c.state, "").in_([State.GROUPED, State.QUEUED, State.REVIEWED]),
        documents.c.state != bindparam("new_state"),
    )
    .values(state=bindparam("new_state"))
)


def _wait_for_turn(conn: Connection) -> None:
    """Let nobody else write until the transaction ends; on SQLite store.db's BEGIN IMMEDIATE does that."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("LOCK TABLE label_events IN EXCLUSIVE MODE"))


def _check(incident_id: str, new: Decision | None, review: str) -> None:
    if review not in REVIEWS:
        raise UsageError(f"review {review!r} does not exist; there are {', '.join(REVIEWS)}.")
    if new is None:
        return
    if new.decision not in DECISIONS:
        raise UsageError(
            f"incident {incident_id}: decision {new.decision!r} does not exist; "
            f"there are {', '.join(DECISIONS)}."
        )
    if unknown := [name for name in new.types if name not in TYPES]:
        raise UsageError(
            f"incident {incident_id}: type {unknown[0]!r} does not exist; there are {', '.join(TYPES)}."
        )


def _look_up(conn: Connection, incident_id: str, reviewer: str) -> RowMapping:
    """Everything an event needs but the history, in one query."""
    row = conn.execute(_LOOK_UP, {"incident": incident_id, **named_values(reviewer)}).mappings().one_or_none()
    if row is None:
        raise UsageError(
            f"incident {incident_id!r} is not in the store; take the id from a sheet or the page."
        )
    return row


def _changed(incident_id: str, seen: Seen, stored: Seen) -> ConflictError:
    what = "the text" if seen.text_sha256 != stored.text_sha256 else "the model's prediction"
    return ConflictError(
        f"incident {incident_id}: {what} has changed since it was shown; nothing was noted. "
        "Look at it again and decide anew.",
        incident_id=incident_id,
        seen=seen,
        stored=stored,
    )


def _overtaken(incident_id: str, seen: Seen | None, stored: Seen, latest: LabelEvent | None) -> ConflictError:
    return ConflictError(
        f"incident {incident_id}: somebody else has decided on it since it was shown; nothing was noted. "
        "Look at that decision and decide anew.",
        incident_id=incident_id,
        seen=seen,
        stored=stored,
        standing=latest,
    )


def _last_word(latest: Iterable[LabelEvent]) -> LabelEvent | None:
    standing = [event for event in latest if event.new is not None]
    return min(standing, key=lambda event: FINAL_ORDER.index(event.review), default=None)


def _set_state(conn: Connection, incident_id: str, final: LabelEvent | None) -> None:
    decided = final is not None and final.new is not None and final.new.decision != "unsure"
    state = State.REVIEWED if decided else State.QUEUED
    for statement in (_SET_INCIDENT, _SET_DOCUMENTS):
        conn.execute(statement, {"incident": incident_id, "new_state": state})


def _chunks(ids: Sequence[str] | None) -> Iterator[list[str] | None]:
    if ids is None:
        yield None
        return
    rest = iter(dict.fromkeys(ids))
    while chunk := list(islice(rest, IDS_AT_ONCE)):
        yield chunk
