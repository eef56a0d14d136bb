"""One sha256 per table, over everything that is content: equal digests mean equal content.

Promises: the order of insertion, the database product and the time of the work do not show; a changed, lost
or doubled row does. Never does: take the ledger, attempts, leases, fetch times, validators or places in WARC
files for content: a run that was cut off and finished later differs in those and in nothing else. A copy of a
database does not: `whole_digest` looks at every column of every table.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Engine, Row, Table, collate, select

from store.db import reading
from store.lines import write_line
from store.schema import PlainText, metadata

#: Rows that are fetched at once.
_PER_READ = 1_000


@dataclass(frozen=True, slots=True)
class TableDigest:
    """How many rows a table has, and the sha256 (hex) of them in the order of their keys."""

    rows: int
    sha256: str


def content_digest(engine: Engine) -> dict[str, str]:
    """sha256 (hex) of each content table's rows, in the order of their keys; names in alphabetical order."""
    digests = {}
    with reading(engine) as conn:
        for name in sorted(metadata.tables):
            table = metadata.tables[name]
            if table.info.get("content", True):
                columns = [column for column in table.c if column.info.get("content", True)]
                digests[name] = _digest(conn, table, columns).sha256
    return digests


def whole_digest(conn: Connection) -> dict[str, TableDigest]:
    """Digest of every table over all its columns; names in alphabetical order."""
    tables = (metadata.tables[name] for name in sorted(metadata.tables))
    return {table.name: _digest(conn, table, list(table.c)) for table in tables}


def rows_in_order(conn: Connection, table: Table, columns: Sequence[Column[Any]]) -> Iterator[Row[Any]]:
    """The rows of a table in the order of their keys, the same on both databases."""
    # Both compare bytes of UTF-8, whatever language the server sorts by.
    collation = "C" if conn.dialect.name == "postgresql" else "BINARY"
    order = [collate(key, collation) if isinstance(key.type, PlainText) else key for key in table.primary_key]
    asked = select(*columns).order_by(*order).execution_options(yield_per=_PER_READ)
    yield from conn.execute(asked)


def _digest(conn: Connection, table: Table, columns: Sequence[Column[Any]]) -> TableDigest:
    total, count = hashlib.sha256(), 0
    for row in rows_in_order(conn, table, columns):
        total.update(write_line(row))
        count += 1
    return TableDigest(count, total.hexdigest())
