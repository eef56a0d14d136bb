"""What people typed leaves the chain of decisions, so that it can be erased; the chain is written anew.

The old chain was computed over the words themselves: they could not be taken out of it. So every event gets a
new id over the salted digests of its words. `label_rechains` keeps the number of events, both ends and what
was wrong with the old chain, so that an edit by hand before this migration does not pass for whole after it.

Promises: every row of a database of version 0006 is kept, and its decisions, types, times, reviewers and
order; the tables refuse every change from the first row on, but for a text whose erasure is on record. Never
does: import our code, which moves on.
"""

import hashlib
import hmac
import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

GROWS = "label_events only grows: append an event that undoes or changes the decision"
REFUSALS = {
    "label_texts": "a text of label_texts goes only when its erasure is on record, and does not come back",
    "label_erasures": "label_erasures only grows",
    "label_rechains": "label_rechains only grows",
}
KEYS = {"label_texts": "digest", "label_erasures": "digest", "label_rechains": "version"}
TYPED = {
    "old_actor": "actor",
    "old_note": "note",
    "new_actor": "actor",
    "new_note": "note",
    "reason": "reason",
}
#: Of the codebook as it was: these are no words of a person.
POSITIONS = ("jpt", "pj_head", "camat_lurah", "school_health", "other_asn", "unspecified")
UNDO = re.compile(r"undo ([0-9a-f]{64})")

EVENTS = sa.table(
    "label_events",
    *(sa.column(name) for name in ("place", "event_id", "previous", "incident_id", "doc_id", "text_sha256")),
    sa.column("model"),
    sa.column("at", sa.DateTime(timezone=True)),
    *(sa.column(name) for name in ("reviewer", "origin", "review", "reason")),
    *(sa.column(f"{side}_{name}") for side in ("old", "new") for name in ("decision", "actor", "note")),
    *(sa.column(f"{side}_types", sa.JSON()) for side in ("old", "new")),
)
Row = dict[str, Any]


def upgrade() -> None:
    """Make three tables, move the words, chain the events anew."""
    texts, rechains = _make_tables()
    _chain_anew(op.get_bind(), texts, rechains)
    if op.get_bind().dialect.name == "postgresql":
        _refuse_on_postgresql()
    else:
        _refuse_on_sqlite()


def _make_tables() -> tuple[sa.Table, sa.Table]:
    said = "field IN ('actor', 'note', 'reason')"
    texts = op.create_table(
        "label_texts",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("digest", "event_id", "field", "salt", "text")
        ),
        sa.CheckConstraint(said, name=op.f("ck_label_texts_field")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["label_events.event_id"], name=op.f("fk_label_texts_event_id")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_label_texts")),
    )
    op.create_table(
        "label_erasures",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("digest", "event_id", "field")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reviewer", "reason")),
        sa.CheckConstraint(said, name=op.f("ck_label_erasures_field")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_label_erasures")),
    )
    rechains = op.create_table(
        "label_rechains",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("old_head", "new_head", "broken")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_label_rechains")),
    )
    return texts, rechains


def _chain_anew(conn: sa.Connection, texts: sa.Table, rechains: sa.Table) -> None:
    if conn.dialect.name == "postgresql":
        op.execute("LOCK TABLE label_events IN EXCLUSIVE MODE")
    rows = [dict(row) for row in conn.execute(sa.select(EVENTS).order_by(EVENTS.c.place)).mappings()]
    if not rows:
        return
    _forbid_update(conn, forbidden=False)
    digests: dict[tuple[str, str, str, str], str] = {}
    ids: dict[str, str] = {}
    previous = ""
    for old in rows:
        row, fresh = _without_words(old, digests, ids)
        row["previous"] = previous
        row["event_id"] = previous = ids[old["event_id"]] = _hash(row)
        changed = {name: row[name] for name in ("event_id", "previous", *TYPED)}
        conn.execute(sa.update(EVENTS).where(EVENTS.c.place == old["place"]).values(changed))
        if fresh:
            conn.execute(sa.insert(texts), [one | {"event_id": previous} for one in fresh])
    told = {"version": revision, "at": datetime.now(UTC), "events": len(rows), "broken": _broken(rows)}
    conn.execute(sa.insert(rechains).values(**told, old_head=rows[-1]["event_id"], new_head=previous))
    _forbid_update(conn, forbidden=True)


def _without_words(
    old: Row, digests: dict[tuple[str, str, str, str], str], ids: dict[str, str]
) -> tuple[Row, list[dict[str, str]]]:
    """An event with digests for words, and the words that have none yet in their line of decisions."""
    row, fresh = dict(old), []
    for column, field in TYPED.items():
        text = old[column]
        undone = UNDO.fullmatch(text) if field == "reason" else None
        if undone:
            row[column] = f"undo {ids.get(undone[1], undone[1])}"
        elif text and not (field == "actor" and text in POSITIONS):
            key = (old["incident_id"], old["review"], field, text)
            if key not in digests:
                salt = secrets.token_hex(16)
                named = hmac.new(bytes.fromhex(salt), text.encode(), hashlib.sha256).hexdigest()
                digests[key] = f"hmac-sha256:{named}"
                fresh.append({"digest": digests[key], "field": field, "salt": salt, "text": text})
            row[column] = digests[key]
    return row, fresh


def _hash(row: Row) -> str:
    """As events were hashed before and are after this migration; words are in it or digests."""
    at = row["at"].replace(tzinfo=UTC) if row["at"].tzinfo is None else row["at"].astimezone(UTC)
    told: Row = {name: row[name] for name in ("incident_id", "doc_id", "text_sha256", "model", "reviewer")}
    told |= {name: row[name] for name in ("origin", "review", "reason")}
    told["at"] = at.isoformat(timespec="microseconds")
    for side in ("old", "new"):
        said = {name: row[f"{side}_{name}"] for name in ("decision", "types", "actor", "note")}
        told[side] = said if said["decision"] is not None else None
    plain = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((row["previous"] + plain).encode()).hexdigest()


def _broken(rows: list[Row]) -> str:
    """What was wrong with the old chain, "" if nothing."""
    previous = ""
    for place, row in enumerate(rows, start=1):
        if row["place"] != place:
            return f"event {place} is missing"
        if row["previous"] != previous:
            return f"event {place} ({row['incident_id']}) does not follow the event before it"
        if row["event_id"] != _hash(row):
            return f"event {place} ({row['incident_id']}) is not what was written"
        previous = row["event_id"]
    return ""


def _forbid_update(conn: sa.Connection, *, forbidden: bool) -> None:
    """Take the trigger of version 0003 away for this transaction, or put it back."""
    postgresql = conn.dialect.name == "postgresql"
    if not forbidden:
        op.execute(f"DROP TRIGGER label_events_no_update{' ON label_events' if postgresql else ''}")
    elif postgresql:
        op.execute(
            "CREATE TRIGGER label_events_no_update BEFORE UPDATE ON label_events "
            "FOR EACH STATEMENT EXECUTE FUNCTION label_events_refuse()"
        )
    else:
        op.execute(_refuse("label_events", "UPDATE", "", GROWS))


def _refuse(table: str, what: str, when: str, words: str, *, name: str = "") -> str:
    return (
        f"CREATE TRIGGER {table}_no_{name or what.lower()} BEFORE {what} ON {table} {when} "
        f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    )


def _refuse_on_sqlite() -> None:
    for table, words in REFUSALS.items():
        op.execute(_refuse(table, "UPDATE", "", words))
        is_text = table == "label_texts"
        unnoted = "NOT EXISTS (SELECT 1 FROM label_erasures WHERE digest = OLD.digest)"
        op.execute(_refuse(table, "DELETE", f"WHEN {unnoted}" if is_text else "", words))
        # INSERT OR REPLACE deletes without asking the trigger above.
        key = KEYS[table]
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - words of our own
        gone = "EXISTS (SELECT 1 FROM label_erasures WHERE digest = NEW.digest)"
        when = f"WHEN {there} OR {gone}" if is_text else f"WHEN {there}"
        op.execute(_refuse(table, "INSERT", when, words, name="replace"))


def _refuse_on_postgresql() -> None:
    for table, words in REFUSALS.items():
        raising = f"RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation';"
        _make_function(f"{table}_refuse", raising)
        statements: list[str] = ["UPDATE", "TRUNCATE"] + ["DELETE"] * (table != "label_texts")
        for what in statements:
            op.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
            )
    noted = "EXISTS (SELECT 1 FROM label_erasures WHERE digest = {row}.digest)"
    raising = f"RAISE EXCEPTION '{REFUSALS['label_texts']}' USING ERRCODE = 'integrity_constraint_violation';"
    for what, row, wrong in (("DELETE", "OLD", "NOT "), ("INSERT", "NEW", "")):
        body = f"IF {wrong}{noted.format(row=row)} THEN {raising} END IF; RETURN {row};"
        _make_function(f"label_texts_{what.lower()}", body)
        name = "delete" if what == "DELETE" else "replace"
        op.execute(
            f"CREATE TRIGGER label_texts_no_{name} BEFORE {what} ON label_texts "
            f"FOR EACH ROW EXECUTE FUNCTION label_texts_{what.lower()}()"
        )


def _make_function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
