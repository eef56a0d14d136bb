"""Opens a PostgreSQL database so that it behaves as our SQLite file does.

Promises: one writer at a time, who waits for another at most as long as on SQLite; a reader sees one moment
and writes nothing; text is sorted by its bytes, so that lists and exports have one order on both databases;
what is committed is on the server's disk; every refusal is one line with the next step, without a password;
no error shows a value of the row that the server did not take. Never does: create or drop a database; keep a
password where a log could show it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError

from store.records import UsageError

#: The writers' turn, and the run lock of store.lock: advisory locks are numbers. "netra" in ASCII.
WRITER_KEY: Final = int.from_bytes(b"netra", "big") + 1
#: Whoever brings the schema up; alembic by itself would let two begin.
MIGRATION_KEY: Final = WRITER_KEY + 1
#: A server that does not answer within this is down: a few times the worst round trip to another continent.
CONNECT_TIMEOUT_S: Final = 10
#: Idle connections are probed after this, so that no firewall forgets the one that holds the run lock; home
#: and cloud gateways forget after 300 s and more.
KEEPALIVE_S: Final = 60
#: Collations that compare bytes of UTF-8, which is the order of code points.
BYTEWISE: Final = ("C", "POSIX", "C.UTF-8", "C.UTF8", "C.utf8")
#: Words of an address that libpq takes for secrets; SQLAlchemy hides none of them when it prints one.
_SECRETS: Final = ("password", "sslpassword")
_DRIVERS: Final = ("postgresql", "postgresql+psycopg")


def open_postgresql(url: URL, *, busy_timeout_s: float) -> Engine:
    """Open the database at an address; whoever writes has to `take_turn` first.

    Raises UsageError where it cannot be reached or would not behave as promised.
    """
    if url.drivername not in _DRIVERS:
        raise UsageError(f"database {_shown(url)}: write the address as postgresql+psycopg://USER@HOST/NAME.")
    url, secrets = _without_secrets(url)
    told = {"connect_timeout": CONNECT_TIMEOUT_S, "keepalives_idle": KEEPALIVE_S} | secrets
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={name: value for name, value in told.items() if name not in url.query},
        )
    except ModuleNotFoundError as error:
        raise UsageError(
            f"database {url}: the Python package {error.name!r} is missing. "
            "Install it with: .venv/bin/pip install 'psycopg[binary]'"
        ) from error

    def set_up(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.autocommit = True
        for setting in (f"lock_timeout = '{busy_timeout_s:.0f}s'", "synchronous_commit = on"):
            dbapi_connection.execute(f"SET {setting}")
        dbapi_connection.autocommit = False

    event.listen(engine, "connect", set_up)
    event.listen(engine, "handle_error", _without_values)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            collation, provider, encoding, server = conn.exec_driver_sql(
                "SELECT datcollate, datlocprovider, pg_encoding_to_char(encoding), "
                "current_setting('server_version') FROM pg_database WHERE datname = current_database()"
            ).one()
    except (DBAPIError, UnicodeError) as error:
        engine.dispose()
        raise UsageError(
            f"database {url} cannot be reached ({_reason(error)}). Check host, port, name and password, "
            "and that the server runs."
        ) from None  # The driver's error knows the address that it was given.
    if encoding != "UTF8" or collation not in BYTEWISE or _letter(provider) == "i":
        engine.dispose()
        raise UsageError(
            f"database {url}: PostgreSQL {server} keeps it in {encoding} and sorts it by {collation}; lists "
            f"would have another order than elsewhere. Make an empty one for Netra with: createdb "
            f"--template=template0 --encoding=UTF8 --locale=C {url.database}"
        )
    return engine


def take_turn(conn: Connection) -> str:
    """Wait for the other writers and keep them out until the transaction ends; "", or why it could not be.

    What is read in the transaction from now on cannot change before it writes.
    """
    raw: Any = conn.connection.dbapi_connection
    # Not by way of `conn`, which in its "begin" event would begin once more for an error.
    try:
        raw.execute(f"SELECT pg_advisory_xact_lock({WRITER_KEY})")
    except conn.dialect.loaded_dbapi.OperationalError as error:
        if not raw.closed:
            raw.rollback()
        return str(error).strip().splitlines()[0]
    return ""


@contextmanager
def migrating(engine: Engine) -> Iterator[None]:
    """Keep others from migrating; autocommit, since a migration has transactions of its own."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATION_KEY})")
        try:
            yield
        finally:
            conn.exec_driver_sql(f"SELECT pg_advisory_unlock({MIGRATION_KEY})")


def _without_secrets(url: URL) -> tuple[URL, dict[str, str]]:
    """Secrets of the address's query apart from it: a printed address hides only the one before the @."""
    found = {name: url.query[name] for name in _SECRETS if name in url.query}
    secrets = {name: value if isinstance(value, str) else value[-1] for name, value in found.items()}
    return url.difference_update_query(list(found)), secrets


def _without_values(context: ExceptionContext) -> None:
    """Cut an error down to what was wrong: behind that the server shows the row, text and names."""
    error = context.sqlalchemy_exception
    if isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
        # Both, since a traceback shows both. A value within the first line stands behind a colon.
        told = str(error.orig).strip().partition("\n")[0].partition(': "')[0]
        error.orig.args = (told,)
        error.args = (f"({type(error.orig).__module__}.{type(error.orig).__name__}) {told}",)


def _shown(url: URL) -> str:
    return str(_without_secrets(url)[0])


def _letter(value: str | bytes) -> str:
    # The server's one-byte type comes as bytes from some versions of the driver.
    return value.decode("ascii") if isinstance(value, bytes) else value


def _reason(error: DBAPIError | UnicodeError) -> str:
    told = error.orig if isinstance(error, DBAPIError) else error
    return next(iter(str(told).strip().splitlines()), type(told).__name__)
