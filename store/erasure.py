"""Erases what people typed into the register of decisions (UU 27/2022), and leaves the chain whole.

    erase_texts ─▶ label_erasures (who, when, why, which), then label_texts loses the text and its salt
    scrub       ─▶ the database's files hold no byte of it any more

Promises: text and salt go together, so that the digest that stays in the chain says nothing; a text goes for
all events that name it, with the record of its erasure in the same transaction. Never does: touch a
decision, its types, its times or a position of the codebook; reach copies elsewhere (sheets, backups).
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, select

from store.decisions import Erasure, LabelEvent
from store.labels import events_of
from store.records import StoppedError, UsageError
from store.reviewers import get_reviewer
from store.schema import label_erasures, label_events, label_texts, metadata

#: Columns of an event that hold what was typed for it; what stood before was typed for an earlier one.
_OWN: Final = ("new_actor", "new_note", "reason")


def erase_texts(
    conn: Connection, *, incident_id: str, reviewer: str, reason: str, at: datetime, event: str = ""
) -> list[Erasure]:
    """Erase all that was typed for the decisions on an incident, or for one of them; [] when nothing is left.

    `reviewer` (id or name) is who erases. `event` is the beginning of an event's id, as `labels history`
    shows it; "" for all. Raises UsageError for an incident without decisions, an event that is not one of
    its own, an unknown reviewer and an empty reason.
    """
    why = " ".join(reason.split())
    if not why:
        raise UsageError(
            f"incident {incident_id}: an erasure needs a reason, such as the date of the request."
        )
    who = get_reviewer(conn, reviewer).reviewer_id
    chosen = _choose(events_of(conn, incident_id), incident_id, event)
    digests = {digest for one in chosen for column, digest in one.digests if column in _OWN}
    return erase_digests(conn, digests, who=who, why=why, at=at)


def erase_digests(
    conn: Connection, digests: Iterable[str], *, who: str, why: str, at: datetime
) -> list[Erasure]:
    """Erase the texts of these digests, as `erase_texts` does; `who` is an id, or "retention" for a clock."""
    found = conn.execute(
        select(label_texts.c.digest, label_texts.c.event_id, label_texts.c.field)
        .join(label_events, label_events.c.event_id == label_texts.c.event_id)
        .where(label_texts.c.digest.in_(sorted(digests)))
        .order_by(label_events.c.place, label_texts.c.field)
    ).all()
    erased = [Erasure(digest, event_id, field, at, who, why) for digest, event_id, field in found]
    for one in erased:
        conn.execute(insert(label_erasures).values({c.name: getattr(one, c.name) for c in label_erasures.c}))
        # Not before the line above: the database lets a text go when its erasure is on record, and only then.
        conn.execute(delete(label_texts).where(label_texts.c.digest == one.digest))
    return erased


def list_erasures(conn: Connection) -> list[Erasure]:
    """All erasures, oldest first."""
    asked = select(label_erasures).order_by(label_erasures.c.at, label_erasures.c.digest)
    return [Erasure(**row) for row in conn.execute(asked).mappings()]


def scrub(engine: Engine) -> None:
    """Rewrite the database, so that its files hold nothing of what was erased; takes its size on disk again.

    SQLite only marks what is deleted as free, and moves rows about: older copies of a text may lie anywhere
    in the file and in its log. PostgreSQL's tables are written anew; its log and archived logs are not ours.
    Raises StoppedError when somebody holds the database; it can be called again at any time.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql(f"VACUUM (FULL) {', '.join(metadata.tables)}")
        return
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise _held(engine, str(error)) from error
    finally:
        raw.close()
    if busy:
        raise _held(engine, "somebody is reading it")


def _choose(events: list[LabelEvent], incident_id: str, event: str) -> list[LabelEvent]:
    if not events:
        raise UsageError(f"incident {incident_id!r}: nobody has decided on it; take the id from a sheet.")
    chosen = [one for one in events if one.event_id.startswith(event)]
    if event and len(chosen) != 1:
        raise UsageError(
            f"incident {incident_id}: {len(chosen)} of its events begin with {event!r}; "
            "take the id from `labels history`."
        )
    return chosen


def _held(engine: Engine, reason: str) -> StoppedError:
    return StoppedError(
        f"database {engine.url}: the text is erased, but the file could not be rewritten and may still hold "
        f"its bytes ({reason}). Stop the review page and wait for the night to end, see that the disk has "
        "room for the database once more, then run the same command again."
    )
