"""PostgreSQL as our store opens it: refused plainly, one writer at a time, a reader who sees one moment."""

import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from store.db import connect, reading
from store.records import StoppedError, UsageError
from store.schema import validators
from tests.postgres import PASSWORD, USER, Server

ROOT = Path(__file__).parents[2]
ROW = {"url": "a", "etag": "1", "last_modified": "", "body_sha256": ""}


def refused(url: str) -> str:
    """The one line that an address is refused with; neither it nor its traceback holds a password."""
    with pytest.raises(UsageError) as caught:
        connect(url)
    told = str(caught.value)
    assert "\n" not in told
    for secret in ("rahasia", PASSWORD):
        assert secret not in "".join(traceback.format_exception(caught.value))
    return told


def test_a_wrong_password_name_or_server_is_one_plain_line(server: Server) -> None:
    wrong = server.url("postgres", tcp=True).replace(PASSWORD, "rahasia")
    assert "password authentication failed" in refused(wrong)
    assert f"{USER}:***@127.0.0.1" in refused(wrong)
    assert 'database "tidak-ada" does not exist' in refused(server.url("tidak-ada", tcp=True))
    assert 'role "siapa" does not exist' in refused(server.url("postgres").replace(f"{USER}@", "siapa@"))
    # Port 9 (discard) is closed.
    assert "cannot be reached" in refused(f"postgresql://{USER}:rahasia@127.0.0.1:9/netra")
    # Names below .test exist nowhere.
    assert "cannot be reached" in refused(f"postgresql://{USER}:rahasia@db.test/netra")
    assert "cannot be reached" in refused(f"postgresql://{USER}@/netra?host=/tidak/ada&password=rahasia")
    assert "cannot be reached" in refused(f"postgresql://{USER}@127.0.0.1/netra?warna=biru&password=rahasia")
    assert "postgresql+psycopg://" in refused(f"postgresql+asyncpg://{USER}@127.0.0.1/n?password=rahasia")


def test_a_password_in_the_query_is_used_and_not_shown(server: Server) -> None:
    url = f"postgresql://{USER}@127.0.0.1:{server.port}/postgres?password={PASSWORD}"
    engine = connect(url)
    try:
        with pytest.raises(StoppedError) as caught, engine.begin() as conn:
            conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        assert PASSWORD not in f"{caught.value}{engine.url}{engine!r}"
    finally:
        engine.dispose()


def test_a_database_in_another_encoding_is_refused(server: Server) -> None:
    # A server with other locales than C cannot be counted on; pgserver's is built without ICU.
    name = "netra_lain"
    server.run("CREATE DATABASE {} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'", name)
    try:
        line = refused(server.url(name))
    finally:
        server.run("DROP DATABASE {}", name)
    assert "keeps it in LATIN1" in line
    assert "createdb --template=template0 --encoding=UTF8 --locale=C" in line


@pytest.fixture(name="pg")
def connected(server: Server) -> Iterator[Engine]:
    with server.borrowed() as name:
        engine = connect(server.url(name))
        yield engine
        engine.dispose()


def test_the_promises_of_the_connection_hold(pg: Engine) -> None:
    with reading(pg) as conn:
        for name, value in {
            "synchronous_commit": "on",
            "lock_timeout": "30s",
            "transaction_isolation": "repeatable read",
            "transaction_read_only": "on",
        }.items():
            assert conn.execute(text(f"SHOW {name}")).scalar() == value
    with pytest.raises(DBAPIError, match="read-only transaction"), reading(pg) as conn:
        conn.execute(insert(validators).values(ROW))
    with pg.begin() as conn:
        assert conn.execute(text("SHOW transaction_read_only")).scalar() == "off"
        assert conn.execute(text("SHOW transaction_isolation")).scalar() == "read committed"


@pytest.mark.parametrize(
    "wrong",
    [
        "INSERT INTO validators (url, etag, last_modified, body_sha256) VALUES (:value, '', '', NULL)",
        "INSERT INTO validators (url, etag, last_modified, body_sha256) "
        "VALUES (:value, '', '', ''), (:value, '', '', '')",
        "SELECT CAST(:value AS INTEGER)",
        "SELECT CAST(:value AS DATE)",
        "SELECT nothing FROM validators WHERE url = :value",
    ],
)
def test_an_error_shows_no_value_of_the_row(pg: Engine, wrong: str) -> None:
    value = "Sri " + "Wahyuni"
    with pytest.raises(DBAPIError) as caught, pg.begin() as conn:
        conn.execute(text(wrong), {"value": value})
    told = "".join(traceback.format_exception(caught.value))
    assert value not in told + repr(caught.value)
    assert "SQL parameters hidden" in told
    # What was wrong is still told.
    assert "violates" in told or "invalid input syntax" in told or "does not exist" in told


def test_a_writer_waits_for_the_one_before_and_sees_what_it_wrote(pg: Engine) -> None:
    seen: list[int] = []

    def write() -> None:
        with pg.begin() as conn:
            seen.append(len(conn.execute(select(validators)).all()))

    second = Thread(target=write)
    with pg.begin() as conn:
        second.start()
        second.join(timeout=0.3)
        assert second.is_alive()
        conn.execute(insert(validators).values(ROW))
        # Who only looks does not wait.
        with reading(pg) as reader:
            assert reader.execute(select(validators)).all() == []
    second.join(timeout=30)
    assert seen == [1]


def test_who_has_waited_long_enough_is_told(pg: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.db.BUSY_TIMEOUT_S", 1.0)
    hurried = connect(pg.url.render_as_string(hide_password=False))
    with pg.begin():
        begin = time.monotonic()
        with pytest.raises(StoppedError, match="lock timeout"), hurried.begin():
            pytest.fail("two write at once")
        assert 0.9 < time.monotonic() - begin < 20
    hurried.dispose()


MIGRATES = (
    "import sys; from store.db import connect, migrate; e = connect(sys.argv[1]); migrate(e); e.dispose()"
)


def test_two_processes_that_migrate_an_empty_database_at_once_make_one_schema(server: Server) -> None:
    with server.database(migrated=False) as name:
        command = [sys.executable, "-W", "error", "-c", MIGRATES, server.url(name)]
        both = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
        assert [process.wait(timeout=300) for process in both] == [0, 0]
        with closing(server.plain(name)) as conn:
            assert conn.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
