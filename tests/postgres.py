"""A PostgreSQL server of our own for tests and benchmarks: made in a folder below /tmp, gone with it.

Promises: the real server (PyPI's pgserver brings it, else Debian's package), as an ordinary user even when
we run as root; text sorted by bytes; passwords asked for over TCP, none over its socket. Never does: touch a
server or an account of the machine; for tests, keep its files safe from power loss.
"""

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from store.db import connect, migrate
from store.records import UsageError
from store.schema import metadata

#: Its own user of the database; the password is asked for over TCP alone.
USER: Final = "netra"
PASSWORD: Final = "kunci-uji-42"  # noqa: S105 - of a server that lives for one run of tests
TEMPLATE: Final = "template_of_ours"
START_S: Final = 60.0
# A test's database is thrown away: it needs no safety from power loss, and no helpers beside it.
SETTINGS: Final = (
    *("fsync=off", "full_page_writes=off", "autovacuum=off", "wal_level=minimal", "max_wal_senders=0"),
    *("shared_buffers=32MB", "max_connections=60", "log_min_messages=fatal", "log_checkpoints=off"),
)
_SCHEMA: Final = """
    SELECT (SELECT md5(string_agg(relname || relkind::text, ' ' ORDER BY relname)) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace),
           (SELECT md5(string_agg(tgname || tgenabled::text, ' ' ORDER BY tgname)) FROM pg_trigger),
           (SELECT md5(string_agg(relname || attname || atttypid::text, ' ' ORDER BY relname, attnum))
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace AND attnum > 0),
           (SELECT count(*) FROM pg_constraint),
           (SELECT string_agg(version_num, ' ') FROM alembic_version)
"""


@dataclass
class Server:
    """A running server: where its socket lies, and the port of both socket and TCP."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _free: list[str] = field(default_factory=list)
    _schema: str = ""

    def url(self, database: str, *, tcp: bool = False) -> str:
        """The address of a database, over the socket or over TCP."""
        if tcp:
            return f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}&port={self.port}"

    def run(self, statement: str, *names: str) -> None:
        """Run one statement outside of a transaction; {} stand for the names of databases."""
        with closing(self.plain("postgres")) as conn:
            conn.execute(SQL(statement).format(*map(Identifier, names)))

    def plain(self, database: str) -> psycopg.Connection[Any]:
        """A connection past our store, as somebody with psql has it; each statement commits."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user=USER, dbname=database, autocommit=True
        )

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """A database of its own, migrated or empty: gives its name, and drops it at the end."""
        name = f"netra_{next(self._numbers)}"
        self.run("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE if migrated else "template0")
        try:
            yield name
        finally:
            self.run("DROP DATABASE {} WITH (FORCE)", name)

    @contextmanager
    def borrowed(self) -> Iterator[str]:
        """A migrated, empty database: one that an earlier test had, emptied, which is quicker by far."""
        name = self._free.pop() if self._free else f"netra_{next(self._numbers)}"
        with closing(self.plain("postgres")) as conn:
            there = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not there:
            self.run("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        self._schema = self._schema or self._read_schema(name)
        try:
            yield name
        finally:
            if self._empty(name):
                self._free.append(name)
            else:
                self.run("DROP DATABASE {} WITH (FORCE)", name)

    def _empty(self, name: str) -> bool:
        """Take every row away, past the triggers; False where a test has changed more than rows."""
        with closing(self.plain(name)) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if self._read_schema(name) != self._schema:
                return False
            conn.execute("SET session_replication_role = replica")
            for table in metadata.tables:
                conn.execute(SQL("DELETE FROM {}").format(Identifier(table)))
            conn.execute("SELECT setval(format('%I', sequencename), 1, false) FROM pg_sequences")
        return True

    def _read_schema(self, name: str) -> str:
        """A hash of all tables, indexes, columns and triggers, and of the schema's version."""
        with closing(self.plain(name)) as conn:
            row = conn.execute(_SCHEMA.encode()).fetchone()
            return str(row)


def programs() -> Path | None:
    """The folder of initdb and postgres, None where there is no server."""
    # Not imported: it would set up folders of its own.
    spec = find_spec("pgserver")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(place) / "pginstall" / "bin" / "postgres").exists():
            return Path(place) / "pginstall" / "bin"
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return debian[-1].parent if debian else None


@contextmanager
def running(settings: Sequence[str] = SETTINGS) -> Iterator[Server]:
    """A server with a migrated template; `settings` as "name=value", none for what initdb writes.

    Raises UsageError where no server is installed.
    """
    place = programs()
    if place is None:
        raise UsageError("no PostgreSQL is installed. Run `make setup`, or install Debian's postgresql.")
    folder = Path(tempfile.mkdtemp(prefix="netra-pg-"))
    as_user: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:
        # The server refuses to run as root.
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_user |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    folder.chmod(0o755)
    try:
        with serving(place, folder, as_user, settings) as server:
            server.run("ALTER ROLE {} PASSWORD '" + PASSWORD + "'", USER)
            server.run("CREATE DATABASE {} TEMPLATE template0", TEMPLATE)
            engine = connect(server.url(TEMPLATE))
            migrate(engine)
            engine.dispose()
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def serving(place: Path, folder: Path, as_user: dict[str, Any], settings: Sequence[str]) -> Iterator[Server]:
    """A server of its own below `folder`, reachable when the block begins, ended with it."""
    data = folder / "data"
    made: list[str | Path] = [
        place / "initdb",
        "-D",
        data,
        "-U",
        USER,
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]
    trust = ["--auth-local=trust", "--auth-host=scram-sha-256"]
    subprocess.run([*made, *trust], check=True, stdout=subprocess.DEVNULL, **as_user)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = [word for setting in settings for word in ("-c", setting)]
    where: list[str | Path] = ["-k", folder, "-p", str(port), "-h", "127.0.0.1"]
    command: list[str | Path] = [place / "postgres", "-D", data, *where, *told]
    process: subprocess.Popen[bytes] = subprocess.Popen(command, stderr=subprocess.DEVNULL, **as_user)
    server = Server(folder, port, process)
    try:
        begin = time.monotonic()
        while True:
            try:
                server.plain("postgres").close()
                break
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() - begin > START_S:
                    raise
                time.sleep(0.05)
        yield server
    finally:
        # SIGINT: it ends at once and throws out who is still there.
        process.send_signal(2)
        process.wait(timeout=START_S)
