"""Checks the chain of the register of decisions: is it as it was written?

Promises: every changed, lost or inserted event shows, and every text that is not what was typed or is gone
without a record of its erasure. Never does: write.
"""

from typing import Final

from sqlalchemy import Connection, select

from store.events import digest_text, hash_event, read_event, select_events
from store.schema import label_erasures, label_events, label_rechains, label_texts

_TEXTS: Final = select(label_texts.c.digest, label_texts.c.salt, label_texts.c.text).execution_options(
    yield_per=1000
)


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
    asked = select_events().order_by(label_events.c.place).execution_options(yield_per=1000)
    # Closed where it stops early: on PostgreSQL the server holds the rows that were not fetched.
    with conn.execute(asked) as rows:
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
