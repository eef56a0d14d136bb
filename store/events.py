"""An event of the register of decisions as a row, as a record and as a hash.

Promises: `read_event` of a stored `row_of(event)` equals the event; the same event has the same hash on every
machine. Never does: read or write the database.
"""

import hashlib
import json
from dataclasses import fields
from datetime import UTC
from typing import Any, Final

from sqlalchemy import RowMapping

from store.decisions import Decision, LabelEvent
from store.schema import label_events

_PLAIN: Final = tuple(
    column.name
    for column in label_events.c
    if column.name != "place" and not column.name.startswith(("old_", "new_"))
)
_HASHED: Final = tuple(
    field.name for field in fields(LabelEvent) if field.name not in ("event_id", "previous")
)
_SAID: Final = tuple(field.name for field in fields(Decision))


def hash_event(event: LabelEvent) -> str:
    """sha256 (hex) of the previous event's id and the canonical JSON of everything else but the id."""
    # Not by asdict, which copies every value deeply: it took twenty times as long as the hash.
    told: dict[str, Any] = {name: getattr(event, name) for name in _HASHED}
    for side in ("old", "new"):
        if told[side] is not None:
            told[side] = {name: getattr(told[side], name) for name in _SAID}
    told["at"] = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    plain = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((event.previous + plain).encode()).hexdigest()


def read_event(row: RowMapping) -> LabelEvent:
    """A row with the columns of `label_events` as a LabelEvent."""
    return LabelEvent(
        **{name: row[label_events.c[name]] for name in _PLAIN},
        old=_read_decision(row, "old"),
        new=_read_decision(row, "new"),
    )


def row_of(event: LabelEvent) -> dict[str, Any]:
    """The columns of `label_events` for an event, but for its place."""
    values: dict[str, Any] = {name: getattr(event, name) for name in _PLAIN}
    for side, said in (("old", event.old), ("new", event.new)):
        values[f"{side}_decision"] = said.decision if said else None
        values[f"{side}_types"] = said.types if said else ()
        values[f"{side}_actor"] = said.actor if said else ""
        values[f"{side}_note"] = said.note if said else ""
    return values


def _read_decision(row: RowMapping, side: str) -> Decision | None:
    said = [row[label_events.c[f"{side}_{part}"]] for part in ("decision", "types", "actor", "note")]
    return None if said[0] is None else Decision(*said)
