"""Which decisions came from which file, by the origin that stands in the register.

Promises: one query, however many rows the file had. Never does: write.
"""

from sqlalchemy import Connection, select

from store.schema import label_events


def origins_like(conn: Connection, prefix: str) -> frozenset[str]:
    """The origins of all decisions that begin with `prefix` ("sheet:<hash>:"): those of one file."""
    found = conn.scalars(
        select(label_events.c.origin).where(label_events.c.origin.startswith(prefix, autoescape=True))
    )
    return frozenset(found)
