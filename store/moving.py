"""Moves a whole database: into another one (SQLite or PostgreSQL, both ways), into a file, out of a file.

    copy_all     database ─▶ empty database
    write_backup database ─▶ file      read_backup   file ─▶ empty database

The file is gzip of lines of JSON: a head, then each table's name, rows and digest, then the end. It is the
same for both databases.

Promises: every row of every table comes over, registers with their chains too, and the digest of each table
agrees, or nothing does (one transaction); nobody writes into a database that is being copied. Never does:
write into a database that holds anything; believe a file before its end has been read.
"""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Integer, Table, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from store.checking import newest_version
from store.db import reading
from store.digest import TableDigest, rows_in_order, whole_digest
from store.lines import read_line, write_line
from store.records import StoppedError, UsageError
from store.schema import metadata

Digests = Mapping[str, TableDigest]
_Out = gzip.GzipFile
#: What the first line of a backup says; another number would be another form of file.
FORM: Final = 1
#: Rows of one INSERT.
_AT_ONCE: Final = 500
#: gzip's own default on the command line; 9, Python's, takes longer for hardly less.
_LEVEL: Final = 6
_NEXT: Final = "Make a new backup, or take an older file."


def copy_all(source: Engine, target: Engine) -> Digests:
    """Copy every row of one migrated database into another, empty one; gives what has come over.

    Raises UsageError when the other one holds rows, StoppedError when a digest differs: nothing is kept then.
    """
    # Both as writers: whoever decides meanwhile waits, or the decision would be in the old one alone.
    with source.begin() as reader, target.begin() as writer:
        _ask_for_empty(writer, target)
        for table in metadata.sorted_tables:
            rows = (dict(row._mapping) for row in rows_in_order(reader, table, list(table.c)))
            _put(writer, table, rows)
        return _agreed(writer, whole_digest(reader), str(target.url))


def write_backup(source: Engine, path: Path, *, at: datetime) -> Digests:
    """Write a whole database, as it is at one moment, into a file that its owner alone may read.

    Gives what is in it; writers go on meanwhile. Raises UsageError when the file cannot be made.
    """
    told: dict[str, TableDigest] = {}
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as raw:
            # No name and no time of its own: the same rows give the same bytes but for our head.
            with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as out, reading(source) as conn:
                head = {"netra_backup": FORM, "schema": newest_version()}
                _say(out, head | {"at": at.astimezone(UTC).isoformat()})
                for table in metadata.sorted_tables:
                    told[table.name] = _write_table(out, conn, table)
                _say(out, {"end": len(told)})
            raw.flush()
            os.fsync(raw.fileno())
    except OSError as error:
        raise UsageError(f"{path}: the backup cannot be written ({error.strerror or error}).") from error
    return told


def read_backup(path: Path, target: Engine) -> Digests:
    """Fill a migrated, empty database from a file; gives what has come over.

    The file is read to its end first. Raises UsageError for a file that is damaged, cut off or of another
    version and for a database that holds rows, StoppedError when a digest differs: nothing is kept then.
    """
    told = check_backup(path)
    with target.begin() as writer:
        _ask_for_empty(writer, target)
        with _opened(path) as lines:
            for name, rows in _tables(path, lines):
                table = metadata.tables[name]
                columns = list(table.c)
                _put(writer, table, (read_line(line, columns) for line in rows))
        return _agreed(writer, told, str(target.url))


def check_backup(path: Path) -> Digests:
    """Read a backup to its end: rows and digest of each table. Raises UsageError where it is not whole."""
    told: dict[str, TableDigest] = {}
    with _opened(path) as lines:
        for name, rows in _tables(path, lines):
            total, count = hashlib.sha256(), 0
            for line in rows:
                total.update(line)
                count += 1
            told[name] = TableDigest(count, total.hexdigest())
    return told


def _write_table(out: _Out, conn: Connection, table: Table) -> TableDigest:
    _say(out, {"table": table.name, "columns": [column.name for column in table.c]})
    total, count = hashlib.sha256(), 0
    for row in rows_in_order(conn, table, list(table.c)):
        line = write_line(row)
        total.update(line)
        out.write(line)
        count += 1
    digest = TableDigest(count, total.hexdigest())
    _say(out, {"rows": digest.rows, "sha256": digest.sha256})
    return digest


def _say(out: _Out, value: Mapping[str, Any]) -> None:
    out.write(json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n")


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[bytes]]:
    """The lines of a backup; whatever is wrong with its bytes is a UsageError."""
    try:
        with gzip.open(path, "rb") as file:
            yield iter(file)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file.") from None
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path}: the backup is damaged ({error or type(error).__name__}). {_NEXT}"
        ) from error


def _tables(path: Path, lines: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Each table's name and its lines, which have to be taken before the next table is asked for."""
    head = _head(lines)
    if head.get("netra_backup") != FORM:
        raise UsageError(f"{path}: this is no backup of Netra.")
    if head["schema"] != newest_version():
        raise UsageError(
            f"{path}: the backup is of schema {head['schema']}, this program has {newest_version()}. Restore "
            "it with the version of Netra that made it; the newer one brings that database up by itself."
        )
    for table in metadata.sorted_tables:
        if _head(lines) != {"table": table.name, "columns": [column.name for column in table.c]}:
            raise ValueError(f"table {table.name} is not where it should be")
        yield table.name, _rows(lines, table.name)
    if _head(lines) != {"end": len(metadata.sorted_tables)} or next(lines, None) is not None:
        raise ValueError("its end is not where it should be")


def _rows(lines: Iterator[bytes], name: str) -> Iterator[bytes]:
    total = hashlib.sha256()
    for count, line in enumerate(lines):
        if line.startswith(b"{"):
            if json.loads(line) != {"rows": count, "sha256": total.hexdigest()}:
                raise ValueError(f"rows of table {name} are not what was written")
            return
        total.update(line)
        yield line
    raise ValueError(f"it ends within table {name}")


def _head(lines: Iterator[bytes]) -> dict[str, Any]:
    value = json.loads(next(lines, b"null"))
    if not isinstance(value, dict):
        raise ValueError("a line between tables is missing")
    return value


def _ask_for_empty(conn: Connection, engine: Engine) -> None:
    for table in metadata.sorted_tables:
        if conn.execute(select(table).limit(1)).first() is not None:
            raise UsageError(
                f"database {engine.url} is not empty (table {table.name} has rows); nothing was changed. "
                "Give the address of a new one."
            )


def _put(conn: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    statement = insert(table)
    try:
        for part in _parts(rows):
            conn.execute(statement, part)
    except IntegrityError as error:
        # Not its own words, which hold the whole row.
        reason = str(error.orig).strip().splitlines()[0]
        raise StoppedError(
            f"database {conn.engine.url}: table {table.name} does not take a row ({reason}); nothing "
            "was kept. Run `db check` on the first database."
        ) from None
    key = next(iter(table.primary_key))
    if (
        conn.dialect.name == "postgresql"
        and isinstance(key.type, Integer)
        and key is table.autoincrement_column
    ):
        # The server counts by itself, and does not see numbers that were given.
        highest = conn.scalar(select(func.max(key)))
        if highest is not None:
            asked = text("SELECT setval(pg_get_serial_sequence(:name, :key), :highest)")
            conn.execute(asked, {"name": table.name, "key": key.name, "highest": highest})


def _parts(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    left = iter(rows)
    while part := list(islice(left, _AT_ONCE)):
        yield part


def _agreed(conn: Connection, wanted: Digests, where: str) -> Digests:
    found = whole_digest(conn)
    for name, digest in wanted.items():
        if found[name] != digest:
            raise StoppedError(
                f"database {where}: table {name} has come over with {found[name].rows} rows and digest "
                f"{found[name].sha256[:12]} in place of {digest.rows} and {digest.sha256[:12]}; nothing was "
                "kept. Run `db check` on the first database, then the same command again."
            )
    return found
