"""An event of the register as a row, as a record and as a hash; and what people typed, which is kept apart.

    label_events.new_note = "hmac-sha256:<hex>" ─▶ label_texts (salt, text), or nothing: erased

Promises: the chain holds decisions, types, positions of the codebook, times and ids as they are, and of every
text that a person typed its salted digest alone: erasing the text leaves the chain whole, and without the
salt, which goes with it, nobody can find out by trying what it was. Words that are kept while a decision
changes, or that an undo brings back, keep their digest, so that they are erased everywhere at once. Never
does: write, or tell whether a digest without a text was rightly erased (`store.chain` does).
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC
from typing import Any, Final

from sqlalchemy import RowMapping, Select, select

from store.decisions import ERASED, Decision, LabelEvent
from store.records import POSITIONS
from store.schema import label_events, label_texts

#: What a digest begins with; nobody's words get into these columns, so nothing else does.
PREFIX: Final = "hmac-sha256:"
#: NIST SP 800-132 asks for 16 bytes of salt or more.
SALT_BYTES: Final = 16
#: Columns that may hold a digest, and the field that it was typed into.
TYPED: Final = {
    "old_actor": "actor",
    "old_note": "note",
    "new_actor": "actor",
    "new_note": "note",
    "reason": "reason",
}
#: The reason that the program gives itself.
_UNDO: Final = re.compile(r"undo [0-9a-f]{64}")
_PLAIN: Final = tuple(
    column.name
    for column in label_events.c
    if column.name not in ("place", "reason") and not column.name.startswith(("old_", "new_"))
)
_HASHED: Final = tuple(
    field.name for field in fields(LabelEvent) if field.name not in ("event_id", "previous", "digests")
)
_SAID: Final = tuple(field.name for field in fields(Decision))
_TEXTS: Final = {column: label_texts.alias(f"typed_{column}") for column in TYPED}


@dataclass(frozen=True, slots=True)
class Typed:
    """A text that a person typed, to be kept in `label_texts`."""

    digest: str
    field: str
    salt: str
    text: str


def select_events() -> Select[Any]:
    """What `read_event` asks of a row: the columns of `label_events`, and the texts that are still there."""
    joined: Any = label_events
    for column, texts in _TEXTS.items():
        joined = joined.outerjoin(texts, texts.c.digest == label_events.c[column])
    return select(
        label_events, *(texts.c.text.label(f"text_{column}") for column, texts in _TEXTS.items())
    ).select_from(joined)


def read_event(row: RowMapping) -> LabelEvent:
    """A row of `select_events` as a LabelEvent."""
    return LabelEvent(
        **{name: row[name] for name in _PLAIN},
        old=_read_decision(row, "old"),
        new=_read_decision(row, "new"),
        reason=_read_text(row, "reason"),
        digests=tuple((column, row[column]) for column in TYPED if row[column].startswith(PREFIX)),
    )


def row_of(event: LabelEvent) -> dict[str, Any]:
    """The columns of `label_events` for an event, but for its place."""
    values: dict[str, Any] = {name: getattr(event, name) for name in _PLAIN} | {"reason": event.reason}
    for side, said in (("old", event.old), ("new", event.new)):
        values[f"{side}_decision"] = said.decision if said else None
        values[f"{side}_types"] = said.types if said else ()
        values[f"{side}_actor"] = said.actor if said else ""
        values[f"{side}_note"] = said.note if said else ""
    return values | dict(event.digests)


def hash_event(event: LabelEvent) -> str:
    """sha256 (hex) of the previous event's id and the canonical JSON of everything else but the id.

    What was typed goes in as its digest.
    """
    # Not by asdict, which copies every value deeply: it took twenty times as long as the hash.
    told: dict[str, Any] = {name: getattr(event, name) for name in _HASHED}
    for side in ("old", "new"):
        if told[side] is not None:
            told[side] = {name: getattr(told[side], name) for name in _SAID}
    told["at"] = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    for column, digest in event.digests:
        side, _, field = column.rpartition("_")
        (told[side] if side else told)[field] = digest
    plain = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((event.previous + plain).encode()).hexdigest()


def name_texts(event: LabelEvent, history: Sequence[LabelEvent]) -> tuple[LabelEvent, list[Typed]]:
    """The event with the digests of what was typed, and the texts that have none yet.

    `history` is that of the incident: words of the same line of decisions keep the digest that they have.
    """
    known: dict[tuple[str, str], str] = {}
    for earlier in history:
        if earlier.review == event.review:
            # What stood last comes last and so has precedence: two erased texts look the same.
            known |= {(TYPED[column], _told(earlier, column)): digest for column, digest in earlier.digests}
    digests, fresh = [], []
    for column, field in TYPED.items():
        text = _told(event, column)
        if not _is_typed(field, text):
            continue
        if (field, text) not in known:
            salt = secrets.token_hex(SALT_BYTES)
            known[field, text] = digest_text(salt, text)
            fresh.append(Typed(known[field, text], field, salt, text))
        digests.append((column, known[field, text]))
    return replace(event, digests=tuple(digests)), fresh


def digest_text(salt: str, text: str) -> str:
    """What stands in the chain for a text; `salt` in hex digits."""
    return PREFIX + hmac.new(bytes.fromhex(salt), text.encode(), hashlib.sha256).hexdigest()


def _is_typed(field: str, text: str) -> bool:
    """Whether a text is a person's own: no word of the codebook, and no reason that the program gave."""
    if field == "actor" and text in POSITIONS:
        return False
    return bool(text) and not (field == "reason" and _UNDO.fullmatch(text))


def _told(event: LabelEvent, column: str) -> str:
    side, _, field = column.rpartition("_")
    if not side:
        return event.reason
    said = event.old if side == "old" else event.new
    return str(getattr(said, field)) if said else ""


def _read_decision(row: RowMapping, side: str) -> Decision | None:
    decision = row[f"{side}_decision"]
    if decision is None:
        return None
    return Decision(
        decision, row[f"{side}_types"], _read_text(row, f"{side}_actor"), _read_text(row, f"{side}_note")
    )


def _read_text(row: RowMapping, column: str) -> str:
    value, text = row[column], row[f"text_{column}"]
    if not value.startswith(PREFIX):
        return str(value)
    return ERASED if text is None else str(text)
