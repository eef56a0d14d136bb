"""The tables of the register of decisions: the chain, what people typed, what of that was erased.

    label_events ──(digest)── label_texts ──erase──▶ label_erasures
    label_rechains: the one time that the chain was written anew (migration 0007)

Promises: triggers of the migrations refuse every UPDATE, DELETE and REPLACE on all four, but for one thing: a
text goes when its erasure is noted, and then cannot come back. Never does: read or write a row.
"""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table

from store.columns import PlainText, TextList, UtcTime
from store.decisions import DECISIONS, REVIEWS, TYPED_FIELDS
from store.tables import NOT_CONTENT, metadata, one_of

# The register of decisions (store.labels). Triggers refuse every UPDATE and DELETE, so it has no foreign key
# that would ask for one: it outlives what it tells of. `previous` is unique: the chain cannot fork.
# Where somebody has typed something, `*_actor`, `*_note` and `reason` hold its digest (store.events).
label_events = Table(
    "label_events",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("event_id", PlainText, nullable=False, unique=True),
    Column("previous", PlainText, nullable=False, unique=True),
    Column("incident_id", PlainText, nullable=False),
    Column("doc_id", PlainText, nullable=False),
    Column("text_sha256", PlainText, nullable=False),
    Column("model", PlainText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("reviewer", PlainText, nullable=False),
    Column("origin", PlainText, nullable=False),
    Column("review", PlainText, nullable=False),
    Column("old_decision", PlainText),
    Column("old_types", TextList, nullable=False),
    Column("old_actor", PlainText, nullable=False),
    Column("old_note", PlainText, nullable=False),
    Column("new_decision", PlainText),
    Column("new_types", TextList, nullable=False),
    Column("new_actor", PlainText, nullable=False),
    Column("new_note", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    one_of("review", REVIEWS),
    one_of("old_decision", DECISIONS),
    one_of("new_decision", DECISIONS),
    CheckConstraint("place >= 1", name="place"),
    Index(None, "incident_id", "review", "place"),
)

# What a person typed, once, under its digest: HMAC-SHA256 of it with the salt (32 hex digits) as key.
# `event_id` and `field` are those of the event that it was typed for; later events may name the same digest.
label_texts = Table(
    "label_texts",
    metadata,
    Column("digest", PlainText, primary_key=True),
    Column("event_id", PlainText, ForeignKey("label_events.event_id"), nullable=False),
    Column("field", PlainText, nullable=False),
    Column("salt", PlainText, nullable=False),
    Column("text", PlainText, nullable=False),
    one_of("field", TYPED_FIELDS),
)

# Who erased which text when and why; the text itself is in no table any more.
label_erasures = Table(
    "label_erasures",
    metadata,
    Column("digest", PlainText, primary_key=True),
    Column("event_id", PlainText, nullable=False),
    Column("field", PlainText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("reviewer", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    one_of("field", TYPED_FIELDS),
)

# When a migration wrote the chain anew: both ends, and what was wrong with the old one ("" if nothing).
label_rechains = Table(
    "label_rechains",
    metadata,
    Column("version", PlainText, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("events", Integer, nullable=False),
    Column("old_head", PlainText, nullable=False),
    Column("new_head", PlainText, nullable=False),
    Column("broken", PlainText, nullable=False),
    info=NOT_CONTENT,
)
