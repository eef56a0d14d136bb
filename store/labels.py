"""The register of decisions: what every reviewer said of every incident, in one chain that only grows.

    append_events ─▶ label_events (place 1, 2 ...; event_id = sha256(previous event_id + everything else))
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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from store.chain import chain_head
from store.decisions import DECISIONS, REVIEWS, ConflictError, Decision, LabelEvent, Seen, Wish
from store.events import Typed, hash_event, name_texts, read_event, row_of, select_events
from store.records import TYPES, State, UsageError
from store.reviewers import find_reviewer, register_reviewer
from store.schema import documents, incidents, label_events, label_texts, predictions
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
    wish = Wish(incident_id, new, seen, reviewer, origin, review, reason, expected)
    (made,) = append_events(conn, [wish], at=at)
    if isinstance(made, ConflictError):
        raise made
    return made


def append_events(
    conn: Connection, wishes: Sequence[Wish], *, at: datetime
) -> list[LabelEvent | ConflictError | None]:
    """Note what was decided on many incidents, in the given order, by a few statements for all of them.

    One answer for each wish: its event, None when nothing changes, or the conflict that `append_event` would
    raise, which keeps none of the others out. Raises UsageError as it does, and then has noted nothing.
    """
    for wish in wishes:
        _check(wish.incident_id, wish.new, wish.review)
    _wait_for_turn(conn)
    made: list[LabelEvent | ConflictError | None] = []
    for start in range(0, len(wishes), IDS_AT_ONCE):
        made += _append_part(conn, wishes[start : start + IDS_AT_ONCE], at=at.astimezone(UTC))
    return made


def _append_part(
    conn: Connection, wishes: Sequence[Wish], *, at: datetime
) -> list[LabelEvent | ConflictError | None]:
    ids = sorted({wish.incident_id for wish in wishes})
    leads = _look_up(conn, ids)
    histories = _histories(conn, ids)
    who = {name: find_reviewer(conn, name) for name in {wish.reviewer for wish in wishes}}
    reviewer_ids = {name: found.reviewer_id for name, found in who.items() if found}
    place, previous = chain_head(conn)
    made: list[LabelEvent | ConflictError | None] = []
    rows: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    final: dict[str, LabelEvent | None] = {}
    for wish in wishes:
        doc_id, stored = leads[wish.incident_id]
        history = histories.setdefault(wish.incident_id, [])
        standing = {event.review: event for event in history}
        try:
            if not _is_news(wish, stored, standing.get(wish.review)):
                made.append(None)
                continue
        except ConflictError as conflict:
            made.append(conflict)
            continue
        if wish.reviewer not in reviewer_ids:
            reviewer_ids[wish.reviewer] = register_reviewer(conn, wish.reviewer, at=at)
        event, typed = _make_event(
            wish, doc_id, stored, history, previous=previous, reviewer_id=reviewer_ids[wish.reviewer], at=at
        )
        place, previous = place + 1, event.event_id
        rows.append(row_of(event) | {"place": place})
        texts += [asdict(one) | {"event_id": event.event_id} for one in typed]
        history.append(event)
        final[wish.incident_id] = _last_word((standing | {wish.review: event}).values())
        made.append(event)
    if rows:
        conn.execute(_INSERT, rows)
        if texts:
            conn.execute(_INSERT_TEXTS, texts)
        _set_states(conn, final)
    return made


def _is_news(wish: Wish, stored: Seen, latest: LabelEvent | None) -> bool:
    """False where the same stands already; ConflictError where `seen` or `expected` no longer holds."""
    if wish.new == (latest.new if latest else None):
        return False
    if wish.seen is not None and wish.seen != stored:
        raise _changed(wish.incident_id, wish.seen, stored)
    if wish.expected is not None and wish.expected != (latest.event_id if latest else ""):
        raise _overtaken(wish.incident_id, wish.seen, stored, latest)
    return True


def _make_event(
    wish: Wish,
    doc_id: str,
    stored: Seen,
    history: Sequence[LabelEvent],
    *,
    previous: str,
    reviewer_id: str,
    at: datetime,
) -> tuple[LabelEvent, list[Typed]]:
    standing = {event.review: event for event in history}
    first, latest = standing.get("first"), standing.get(wish.review)
    if wish.review == "second" and wish.new and first and first.new and first.reviewer == reviewer_id:
        raise UsageError(
            f"incident {wish.incident_id}: the second review is by the reviewer of the first one. "
            "Let somebody else do it, or change the first decision."
        )
    event = LabelEvent(
        event_id="",
        previous=previous,
        incident_id=wish.incident_id,
        doc_id=doc_id,
        text_sha256=stored.text_sha256,
        model=stored.model,
        at=at,
        reviewer=reviewer_id,
        origin=wish.origin,
        review=wish.review,
        old=latest.new if latest else None,
        new=wish.new,
        reason=wish.reason,
    )
    event, typed = name_texts(event, history)
    return replace(event, event_id=hash_event(event)), typed


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
    return _histories(conn, [incident_id]).get(incident_id, [])


# A sheet brings tens of thousands of events; building these statements took most of the time of each.
_IDS: Final[Any] = bindparam("ids", expanding=True)
_HISTORIES: Final = select_events().where(label_events.c.incident_id.in_(_IDS)).order_by(label_events.c.place)
_INSERT: Final = insert(label_events)
_INSERT_TEXTS: Final = insert(label_texts)
_LOOK_UP: Final = (
    select(
        incidents.c.incident_id,
        documents.c.doc_id,
        documents.c.text_sha256,
        # Screening let some documents of the audit go: there is no prediction, but who says so is known.
        func.coalesce(predictions.c.model, documents.c.scored_by).label("model"),
    )
    .select_from(incidents)
    .outerjoin(members, members.c.incident_id == incidents.c.incident_id)
    .outerjoin(documents, documents.c.doc_id == members.c.doc_id)
    .outerjoin(predictions, predictions.c.doc_id == members.c.doc_id)
    .where(incidents.c.incident_id.in_(_IDS))
    .order_by(members.c.place)
)
_SET_INCIDENT: Final = (
    update(incidents)
    .where(incidents.c.incident_id.in_(_IDS), incidents.c.state != bindparam("new_state"))
    .values(state=bindparam("new_state"))
)
# Not those that are being worked out anew: their stage would find them in a state that is not its own.
_SET_DOCUMENTS: Final = (
    update(documents)
    .where(
        documents.c.doc_id.in_(select(members.c.doc_id).where(members.c.incident_id.in_(_IDS))),
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


def _look_up(conn: Connection, ids: Sequence[str]) -> dict[str, tuple[str, Seen]]:
    """The lead document of each incident, and what there is to see of it."""
    leads: dict[str, tuple[str, Seen]] = {}
    for row in conn.execute(_LOOK_UP, {"ids": ids}):
        leads.setdefault(row.incident_id, (row.doc_id or "", Seen(row.text_sha256 or "", row.model or "")))
    if unknown := [incident_id for incident_id in ids if incident_id not in leads]:
        raise UsageError(
            f"incident {unknown[0]!r} is not in the store; take the id from a sheet or the page."
        )
    return leads


def _histories(conn: Connection, ids: Sequence[str]) -> dict[str, list[LabelEvent]]:
    """The events of each incident that has any, oldest first."""
    found: dict[str, list[LabelEvent]] = {}
    for row in conn.execute(_HISTORIES, {"ids": ids}).mappings():
        event = read_event(row)
        found.setdefault(event.incident_id, []).append(event)
    return found


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


def _set_states(conn: Connection, final: Mapping[str, LabelEvent | None]) -> None:
    """Give incidents, and their documents, the state that follows from the event with the last word."""
    ids: dict[State, list[str]] = {State.REVIEWED: [], State.QUEUED: []}
    for incident_id, event in final.items():
        decided = event is not None and event.new is not None and event.new.decision != "unsure"
        ids[State.REVIEWED if decided else State.QUEUED].append(incident_id)
    for state, chosen in ids.items():
        for statement in (_SET_INCIDENT, _SET_DOCUMENTS) if chosen else ():
            conn.execute(statement, {"ids": chosen, "new_state": state})


def _chunks(ids: Sequence[str] | None) -> Iterator[list[str] | None]:
    if ids is None:
        yield None
        return
    rest = iter(dict.fromkeys(ids))
    while chunk := list(islice(rest, IDS_AT_ONCE)):
        yield chunk
