"""Opens the one database of an installation: SQLite by default, PostgreSQL by its address.

    python -c "from store.db import connect, migrate; migrate(connect('sqlite:///data/var/netra.db'))"

Promises: what is committed survives kill -9 and power loss (WAL, synchronous=FULL); a database that cannot
keep that promise is refused before any data is taken; every refusal is one line with the next step, without
the password. Never does: delete or overwrite a database; ask for more than one writer at a time.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, Executable, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError

from store.postgresql import migrating, open_postgresql, take_turn
from store.records import StoppedError, UsageError

#: Our longest transaction (the grouping of one night) takes seconds; a writer waits this long for another.
BUSY_TIMEOUT_S: Final = 30.0

#: Page cache of a SQLite connection in KiB: holds a frontier of 100,000 URLs with its indexes. With SQLite's
#: own 2 MiB, queueing took more than twice as long there (benchmarks/frontier.py).
CACHE_KIB: Final = 64 * 1024

#: Statements of `upsert` that are kept: one for each table and set of columns, with room to spare.
UPSERTS_KEPT: Final = 64

#: The folder of the migrations.
MIGRATIONS: Final = Path(__file__).with_name("migrations")
_READ_ONLY: Final = "netra_read_only"
_PROBE: Final = (
    "BEGIN IMMEDIATE",
    "CREATE TABLE netra_probe (n INTEGER)",
    "INSERT INTO netra_probe VALUES (1)",
    "DROP TABLE netra_probe",
    "COMMIT",
)
_EXAMPLE: Final = "sqlite:///data/var/netra.db"


def connect(url: str) -> Engine:
    """Open the database at a SQLAlchemy address; dispose of the engine when done.

    SQLite: the parent folder is made, and a write probes that WAL works on this disk.
    Raises UsageError when the address is malformed, of another kind of database or not reachable.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Not `from error`, and not the whole text: it may hold the password.
        raise UsageError(
            f"database address {_masked(url)!r} is not an address. Write it like {_EXAMPLE} (option --db)."
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _connect_sqlite(parsed)
    if backend == "postgresql":
        return _connect_postgresql(parsed)
    raise UsageError(
        f"database address {parsed}: {backend!r} is not supported. Use sqlite:///FILE or postgresql+psycopg://HOST/NAME."
    )


def _masked(url: str) -> str:
    """Give a broken address without what stands before its last @."""
    _, at, rest = url.rpartition("@")
    return f"***@{rest}" if at else url


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version, each migration in one transaction; quiet when it is there.

    Raises UsageError when the database was made by a newer Netra.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        alone = migrating(engine) if engine.dialect.name == "postgresql" else nullcontext()
        with alone, engine.connect() as conn:
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
    except CommandError as error:
        raise UsageError(
            f"database {engine.url}: {error}. It was made by a newer version of Netra: "
            "update the program, or choose another database with --db."
        ) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for a look at the database: it sees one moment of it and holds up no writer."""
    options: dict[str, Any] = {_READ_ONLY: True}
    if engine.dialect.name == "postgresql":
        # Its own default shows each statement another moment.
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as conn:
        yield conn


def insert_into(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the dialect of the connection."""
    return _insert(conn.dialect.name, table)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def upsert(
    conn: Connection,
    table: Table,
    rows: Iterable[Mapping[str, Any]],
    *,
    keys: tuple[str, ...],
    update: bool,
) -> int:
    """Insert rows; where one with the same keys is there, update it or leave it. Returns rows written.

    Rows of one call that share their keys count once: the last one with `update`, else the first one.
    """
    unique: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        if update or key not in unique:
            unique[key] = row
    if not unique:
        return 0
    values = [dict(row) for row in unique.values()]
    statement = _upsert_of(conn.dialect.name, table, keys, tuple(values[0]) if update else ())
    # One row without a list: SQLAlchemy then takes a shorter way.
    return len(conn.execute(statement, values[0] if len(values) == 1 else values).all())


@lru_cache(UPSERTS_KEPT)
def _upsert_of(dialect: str, table: Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> Executable:
    """Put a statement together once; `columns` are those to update, keys among them, none to leave a row."""
    statement = _insert(dialect, table)
    changes = {name: statement.excluded[name] for name in columns if name not in keys}
    if changes:
        statement = statement.on_conflict_do_update(index_elements=list(keys), set_=changes)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(keys))
    return statement.returning(table.c[keys[0]])


def _connect_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise UsageError(f"database address {url} names no plain file to keep. Write it like {_EXAMPLE}.")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"database {path}: the folder {path.parent} cannot be made ({error.strerror}). "
            "Choose another place with --db."
        ) from error
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, hide_parameters=True)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    try:
        mode = _probe_wal(engine)
    except sqlite3.Error as error:
        engine.dispose()
        raise UsageError(
            f"database {path} cannot be used ({error}). Check that it is a Netra database, that the file and "
            "its folder may be written, and that they lie on a local disk with free space; or choose another "
            "place with --db."
        ) from error
    if mode != "wal":
        engine.dispose()
        raise UsageError(
            f"database {path}: the disk does not support write-ahead logging (journal mode is {mode!r}). "
            "Put the database on a local disk with --db, or use PostgreSQL."
        )
    event.listen(engine, "handle_error", _stop_plainly, retval=True)
    return engine


def _connect_postgresql(url: URL) -> Engine:
    engine = open_postgresql(url, busy_timeout_s=BUSY_TIMEOUT_S)
    event.listen(engine, "begin", _begin_on_server)
    event.listen(engine, "handle_error", _stop_plainly, retval=True)
    return engine


def _set_pragmas(dbapi_connection: Any, _record: object) -> None:
    # Python's driver opens transactions late and commits DDL by itself; we say BEGIN ourselves.
    dbapi_connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON", f"cache_size=-{CACHE_KIB}"):
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _begin(conn: Connection) -> None:
    # A transaction that reads first and then wants to write fails at once when somebody wrote in between;
    # one that says so from the start waits its turn.
    read_only = conn.get_execution_options().get(_READ_ONLY, False)
    conn.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _begin_on_server(conn: Connection) -> None:
    options = conn.get_execution_options()
    if options.get(_READ_ONLY, False) or options.get("isolation_level") == "AUTOCOMMIT":
        return
    if reason := take_turn(conn):
        raise _stopped(str(conn.engine.url), reason)


def _probe_wal(engine: Engine) -> str:
    """Switch write-ahead logging on and write with it; returns the journal mode that we got."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        mode = str(cursor.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        # On some network disks the pragma succeeds and the first write fails: so write. Where another
        # process is writing at this moment, it has shown that already; do not wait for it.
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            for statement in _PROBE:
                cursor.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000:.0f}")
    finally:
        raw.close()
    return mode


def _stop_plainly(context: ExceptionContext) -> BaseException | None:
    error = context.sqlalchemy_exception
    # An IntegrityError and its like tell of our own mistakes and keep their traceback.
    if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
        return None
    reason = str(cast(DBAPIError, error).orig).strip().splitlines()[0]
    return _stopped(str(context.engine.url) if context.engine is not None else "", reason)


def _stopped(where: str, reason: str) -> StoppedError:
    return StoppedError(
        f"database {where}: {reason}. What was stored so far is kept; free the disk or the database, "
        "check it with the command `status`, then run the same command again."
    )
