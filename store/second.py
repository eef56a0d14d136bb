"""The blind second review: which incidents a second pair of eyes gets, and where the two differ.

Promises: the share is drawn by a hash of the incident's id, so that it is the same on every machine and no
reviewer chooses; nobody gets an incident that they decided on first; a second reviewer is handed ids alone,
never the first decision; a pair holds the first decision as it stood when the second was made, so that what
was talked over later does not count as agreement. Never does: decide who is right.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from store.decisions import Decision, LabelEvent
from store.events import read_event
from store.labels import current_labels
from store.records import UsageError
from store.reviewers import find_reviewer
from store.schema import incidents, label_events

#: Share of incidents that are decided twice: the middle of the 10 to 20% that annotation guides ask for.
SECOND_SHARE: Final = 0.15
#: Hex digits of the hash that are read as a number; a share is met to 1 in 2**32.
_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An incident on which first and second review differ and nobody has had the last word yet."""

    incident_id: str
    first: LabelEvent
    second: LabelEvent
    #: Of "decision", "types", "actor": those that differ.
    fields: tuple[str, ...]


def second_review_due(conn: Connection, *, reviewer: str, share: float) -> list[str]:
    """Ids of the incidents that wait for a second review by this reviewer (id or name), in the drawn order.

    Those with a first decision of case or none by somebody else and no second one; `share` (0 to 1) of all
    incidents is drawn. Raises UsageError for another share.
    """
    if not 0 <= share <= 1:
        raise UsageError(f"share {share} of second reviews: give a number from 0 to 1.")
    found = find_reviewer(conn, reviewer)
    who = found.reviewer_id if found else reviewer
    second = current_labels(conn, review="second")
    known = set(conn.scalars(select(incidents.c.incident_id)))
    due = [
        (draw_number(incident_id), incident_id)
        for incident_id, event in current_labels(conn).items()
        if incident_id in known
        and incident_id not in second
        and event.reviewer != who
        and event.new is not None
        and event.new.decision != "unsure"
    ]
    return [incident_id for number, incident_id in sorted(due) if number < share]


def draw_number(incident_id: str) -> float:
    """A number in [0, 1) that belongs to an incident: it is drawn when the number is below the share."""
    # A word of its own, so that the draw has nothing to do with that of the audit.
    digits = hashlib.sha256(f"second review\n{incident_id}".encode()).hexdigest()[:_DIGITS]
    return float(int(digits, 16) / 16**_DIGITS)


def pairs_of(conn: Connection) -> list[tuple[LabelEvent, LabelEvent]]:
    """Standing second decisions, each with the first decision as it stood then, by another reviewer.

    In the order of the second decisions.
    """
    first: dict[str, LabelEvent] = {}
    pairs: dict[str, tuple[LabelEvent, LabelEvent]] = {}
    found = conn.execute(
        select(label_events)
        .where(label_events.c.review.in_(["first", "second"]))
        .order_by(label_events.c.place)
        .execution_options(yield_per=1000)
    )
    for event in map(read_event, found.mappings()):
        if event.review == "first":
            first[event.incident_id] = event
            continue
        # A changed second decision moves to the end; one that was taken back goes.
        before = pairs.pop(event.incident_id, None)
        told = before[0] if before else first.get(event.incident_id)
        if event.new and told and told.new and told.reviewer != event.reviewer:
            pairs[event.incident_id] = (told, event)
    return list(pairs.values())


def disagreements(conn: Connection) -> list[Disagreement]:
    """The queue of adjudication: first and second decision stand, differ, and no adjudication does.

    Oldest second decision first.
    """
    first = current_labels(conn)
    settled = current_labels(conn, review="adjudication")
    found = []
    for incident_id, second in current_labels(conn, review="second").items():
        told = first.get(incident_id)
        if told is None or told.new is None or second.new is None or incident_id in settled:
            continue
        if fields := differing_fields(told.new, second.new):
            found.append(Disagreement(incident_id, told, second, fields))
    return found


def differing_fields(one: Decision, other: Decision) -> tuple[str, ...]:
    """Where two decisions differ: "decision"; if both say case, "types", and "actor" where both name one."""
    if one.decision != other.decision:
        return ("decision",)
    if one.decision != "case":
        return ()
    fields = []
    if set(one.types) != set(other.types):
        fields.append("types")
    actors = [plain_actor(said.actor) for said in (one, other)]
    if all(actors) and actors[0] != actors[1]:
        fields.append("actor")
    return tuple(fields)


def plain_actor(actor: str) -> str:
    """An actor as it is compared: case and spaces do not count."""
    return " ".join(actor.casefold().split())
