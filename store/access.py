"""The record of access: who saw or took out what, when; each row carries the hash of the one before.

    append_acts ─▶ access_acts ─▶ list_acts (audit show, audit report), check_acts (audit check)

Promises: rows are only added; one that was changed, lost or put in by hand shows; a row names incidents,
filters and files and never holds a text, a name of a reviewer or a secret. Never does: decide whether an act
is worth a row, or go on when a row cannot be written: the error is the caller's, who then shows nothing.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Text, cast, func, insert, select, text

from store.schema import access_acts

#: How long a row should be kept: from one general election to the next (every five years), so that what was
#: seen in one campaign can still be answered for in the following one. Nothing deletes rows yet.
KEEP_DAYS: Final = 1827
#: Characters of a filter or file name that are kept: a visitor may write anything into an address.
MAX_SUBJECT: Final = 300
#: Beginning of `who` for an account of the operating system.
SYSTEM_ACCOUNT: Final = "os:"

_INSERT: Final = insert(access_acts)
_HEAD: Final = select(access_acts.c.place, access_acts.c.act_id).order_by(access_acts.c.place.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Act:
    """One time that somebody saw texts, or took them out."""

    at: datetime
    #: Id of a reviewer whose password was checked, or "os:NAME".
    who: str
    #: "list", "incident", "sheet exported", ...
    what: str
    #: The filter of a list, or the name of a file; "" for none.
    subject: str = ""
    #: sha256 (hex) of the file that was written or read; "" for none.
    sha256: str = ""
    #: How many rows, texts or events were shown.
    shown: int = 0
    #: Ids of the incidents that were shown, in the order in which they were.
    incidents: tuple[str, ...] = ()


def append_acts(conn: Connection, acts: Sequence[Act]) -> None:
    """Add acts to the end of the record, in one statement.

    Raises StoppedError when the database does not take them; whoever called then has nothing to show.
    """
    if not acts:
        return
    if conn.dialect.name == "postgresql":
        # One after the other: two that follow the same row would break the chain. SQLite has one writer.
        conn.execute(text("LOCK TABLE access_acts IN EXCLUSIVE MODE"))
    place, previous = access_head(conn)
    rows = []
    for number, act in enumerate(acts, start=place + 1):
        values = _values(act)
        act_id = _hash(previous, values)
        rows.append(values | {"place": number, "act_id": act_id, "previous": previous})
        previous = act_id
    conn.execute(_INSERT, rows)


def access_head(conn: Connection) -> tuple[int, str]:
    """Number of rows, and the id of the last one ("" when there is none)."""
    row = conn.execute(_HEAD).one_or_none()
    return (row.place, row.act_id) if row else (0, "")


def check_acts(conn: Connection) -> str:
    """Whether the record is as it was written: "" when it is, else its first broken row in words.

    A lost end does not show: keep the number and id of the last row (`access_head`) somewhere else.
    """
    previous = ""
    # Closed where it stops early: on PostgreSQL the server holds the rows that were not fetched.
    with conn.execute(
        select(access_acts).order_by(access_acts.c.place).execution_options(yield_per=1000)
    ) as rows:
        for place, row in enumerate(rows.mappings(), start=1):
            if row["place"] != place:
                return f"row {place} is missing; the next one there is {row['place']}"
            where = f"row {place} ({row['at'].isoformat()}, {row['act_id'][:12]})"
            if row["previous"] != previous:
                return f"{where} does not follow the row before it"
            if row["act_id"] != _hash(previous, _values(_read(row))):
                return f"{where} is not what was written: its content gives another hash"
            previous = row["act_id"]
    return ""


def list_acts(
    conn: Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    who: str = "",
    incident: str = "",
) -> Iterator[Act]:
    """Acts, oldest first: from `since` (included) to `until` (not), by one account, about one incident."""
    asked = select(access_acts).order_by(access_acts.c.place)
    if since is not None:
        asked = asked.where(access_acts.c.at >= since)
    if until is not None:
        asked = asked.where(access_acts.c.at < until)
    if who:
        asked = asked.where(access_acts.c.who == who)
    if incident:
        # The list as it is stored; whether it really names the incident is looked at below.
        asked = asked.where(cast(access_acts.c.incidents, Text).contains(incident, autoescape=True))
    for row in conn.execute(asked.execution_options(yield_per=1000)).mappings():
        if not incident or incident in row["incidents"]:
            yield _read(row)


def count_expired(conn: Connection, *, now: datetime) -> int:
    """How many rows are older than KEEP_DAYS."""
    before = now - timedelta(days=KEEP_DAYS)
    return conn.scalar(select(func.count()).where(access_acts.c.at < before)) or 0


def _values(act: Act) -> dict[str, Any]:
    return {
        "at": act.at,
        "who": act.who,
        "what": act.what,
        "subject": act.subject[:MAX_SUBJECT],
        "sha256": act.sha256,
        "shown": act.shown,
        "incidents": act.incidents,
    }


def _read(row: RowMapping) -> Act:
    names = ("at", "who", "what", "subject", "sha256", "shown", "incidents")
    return Act(**{name: row[name] for name in names})


def _hash(previous: str, values: dict[str, Any]) -> str:
    """sha256 (hex) of the previous row's id and the canonical JSON of this row."""
    told = values | {"at": values["at"].astimezone(UTC).isoformat(timespec="microseconds")}
    plain = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((previous + plain).encode()).hexdigest()
