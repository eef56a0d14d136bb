"""Requests for correction: who asked in what matter, what it pauses, and what was decided on it.

    add_request ─▶ paused at once ─▶ decide_request(refused) ─▶ shown again
                                  └▶ decide_request(upheld) ─▶ paused until the incident is decided anew

Promises: an incident is paused from the moment that a request on it is written down; its decisions are not
touched; of a requester only a kind and the number of the letter are kept, never a name or a word of theirs.
Never does: decide, or read a clock.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Select, exists, insert, or_, select

from store.corrections_schema import MATTERS, OUTCOMES, REQUESTERS
from store.records import UsageError
from store.schema import correction_decisions, correction_requests, incidents, label_events

#: UU 27/2022 gives 3 x 24 hours to suspend or limit processing after a request.
DUE: Final = timedelta(hours=3 * 24)
#: A number such as "B-17/KASN/2024": no blanks, so no sentence, and a digit, so no bare name.
_REFERENCE: Final = re.compile(r"(?=[^0-9]{0,39}[0-9])[A-Za-z0-9./_-]{1,40}")


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """One request; `outcome`, `reviewer` and `decided_at` are empty while it is open."""

    number: int
    incident_id: str
    requester: str
    matter: str
    reference: str
    received_at: datetime
    at: datetime
    outcome: str = ""
    reviewer: str = ""
    decided_at: datetime | None = None

    @property
    def due_at(self) -> datetime:
        """By when somebody has to decide."""
        return self.received_at + DUE


def add_request(
    conn: Connection,
    *,
    incident_id: str,
    requester: str,
    matter: str,
    reference: str,
    received_at: datetime,
    at: datetime,
) -> CorrectionRequest:
    """Write a request down at `at`; the incident is paused when the transaction ends.

    Raises UsageError for an incident that is not there, a word outside REQUESTERS or MATTERS, a
    reference that is no plain number of a letter, and a time of receipt that is still to come.
    """
    for option, value, accepted in (("--from", requester, REQUESTERS), ("--about", matter, MATTERS)):
        if value not in accepted:
            raise UsageError(f"{option} {value}: there is no such kind; choose one of {', '.join(accepted)}")
    if reference and not _REFERENCE.fullmatch(reference):
        raise UsageError(
            "--reference: give the number of the letter alone, like B-17/2024 (no blanks, 40 characters at "
            "most): names and words of the requester stay in the letter."
        )
    if received_at > at:
        raise UsageError(f"--received {received_at:%Y-%m-%d %H:%M}: still to come; give when it came.")
    if conn.scalar(select(incidents.c.incident_id).where(incidents.c.incident_id == incident_id)) is None:
        raise UsageError(
            f"incident {incident_id!r} is not in the database; take the id from the sheet (id_kejadian)"
        )
    values = {"incident_id": incident_id, "requester": requester, "matter": matter, "reference": reference}
    made = conn.execute(
        insert(correction_requests).values(**values, received_at=received_at, at=at)
    ).inserted_primary_key
    assert made is not None  # noqa: S101 - one row was inserted
    return CorrectionRequest(
        int(made[0]), incident_id, requester, matter, reference, received_at=received_at, at=at
    )


def decide_request(
    conn: Connection, number: int, *, outcome: str, reviewer: str, at: datetime
) -> CorrectionRequest:
    """Write down what a reviewer (id of the account) decided on an open request.

    Raises UsageError for a request that is not there or is decided, and for an outcome outside OUTCOMES.
    """
    if outcome not in OUTCOMES:
        raise UsageError(f"--outcome {outcome}: there is no such outcome; choose {' or '.join(OUTCOMES)}")
    found = [one for one in list_requests(conn) if one.number == number]
    if not found:
        raise UsageError(f"request {number} is not there; see `corrections list`.")
    if found[0].outcome:
        raise UsageError(
            f"request {number} is decided ({found[0].outcome}); a new request can be added for the incident."
        )
    conn.execute(
        insert(correction_decisions).values(number=number, outcome=outcome, reviewer=reviewer, at=at)
    )
    return next(one for one in list_requests(conn) if one.number == number)


def list_requests(conn: Connection, *, incident_id: str = "") -> list[CorrectionRequest]:
    """All requests in the order in which they were written down, or those on one incident."""
    wanted = (
        select(
            correction_requests,
            correction_decisions.c.outcome,
            correction_decisions.c.reviewer,
            correction_decisions.c.at.label("decided_at"),
        )
        .outerjoin(correction_decisions, correction_decisions.c.number == correction_requests.c.number)
        .order_by(correction_requests.c.number)
    )
    if incident_id:
        wanted = wanted.where(correction_requests.c.incident_id == incident_id)
    return [
        CorrectionRequest(**{**row, "outcome": row["outcome"] or "", "reviewer": row["reviewer"] or ""})
        for row in conn.execute(wanted).mappings()
    ]


def overdue_requests(conn: Connection, *, now: datetime) -> list[CorrectionRequest]:
    """Requests that were open at `now` although DUE had passed since they came; the longest overdue first."""
    late = [
        one
        for one in list_requests(conn)
        if one.due_at <= now and (one.decided_at is None or one.decided_at > now)
    ]
    return sorted(late, key=lambda one: (one.received_at, one.number))


def paused_ids() -> Select[tuple[str]]:
    """Query for the ids of paused incidents, to be used inside another one.

    Paused is what has an open request, or one that was upheld and after which nobody has decided anew.
    """
    decided_anew = exists().where(
        label_events.c.incident_id == correction_requests.c.incident_id,
        label_events.c.review != "second",
        label_events.c.at > correction_decisions.c.at,
    )
    return (
        select(correction_requests.c.incident_id)
        .outerjoin(correction_decisions, correction_decisions.c.number == correction_requests.c.number)
        .where(
            or_(
                correction_decisions.c.outcome.is_(None),
                (correction_decisions.c.outcome == "upheld") & ~decided_anew,
            )
        )
    )


def is_paused(conn: Connection, incident_id: str) -> bool:
    """Whether an incident is paused."""
    return (
        conn.scalar(paused_ids().where(correction_requests.c.incident_id == incident_id).limit(1)) is not None
    )
