"""Opening, refusing and writing: one plain line for every address that does not work."""

import os
import resource
import sqlite3
import subprocess
import sys
import time
import traceback
from contextlib import closing
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import IntegrityError

from store.db import connect, migrate, reading, upsert
from store.digest import content_digest
from store.records import StoppedError, UsageError
from store.schema import validators


def row(url: str, etag: str) -> dict[str, str]:
    return {"url": url, "etag": etag, "last_modified": "", "body_sha256": ""}


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("data/var/netra.db", "is not an address"),
        ("", "is not an address"),
        ("postgresql//netra:rahasia@db.test/netra", r"'\*\*\*@db\.test/netra' is not an address"),
        ("postgresql://netra:rahasia@db.test:lima/netra", r"'\*\*\*@db\.test:lima/netra' is not an address"),
        ("rahasia@db.test", r"'\*\*\*@db\.test' is not an address"),
        ("sqlite://", "names no plain file"),
        ("sqlite:///:memory:", "names no plain file"),
        ("sqlite:///file:netra.db?mode=ro&uri=true", "names no plain file"),
        ("mysql://localhost/netra", "'mysql' is not supported"),
        ("oracle+cx_oracle://localhost/netra", "'oracle' is not supported"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_the_next_step(url: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        connect(url)
    assert "sqlite:///" in str(caught.value)
    assert "rahasia" not in "".join(traceback.format_exception(caught.value))
    assert "\n" not in str(caught.value)


def test_an_unreachable_server_is_refused_without_its_password() -> None:
    # Port 9 (discard) is closed; without the driver the refusal names the package instead.
    with pytest.raises(UsageError, match=r"cannot be reached|package 'psycopg' is missing") as caught:
        connect("postgresql+psycopg://netra:rahasia@127.0.0.1:9/netra")
    assert "rahasia" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("not a database, " * 500)
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"notes\.db cannot be used \(file is not a database\)"):
        connect(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unable to open database file"):
        connect(f"sqlite:///{tmp_path}")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        connect(f"sqlite:///{tmp_path / 'var' / 'netra.db'}")


def test_a_disk_that_takes_no_write_is_refused_before_any_data(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow: as on a full or read-only disk, and true for root as well.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(UsageError, match="cannot be used") as caught:
            connect(f"sqlite:///{tmp_path / 'netra.db'}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "free space" in str(caught.value)


def test_opening_does_not_wait_for_another_writer(engine: Engine) -> None:
    asked, wait = (
        ("PRAGMA busy_timeout", 30_000) if engine.dialect.name == "sqlite" else ("SHOW lock_timeout", "30s")
    )
    with engine.begin() as conn:
        conn.execute(insert(validators).values(row("a", "1")))
        begin = time.monotonic()
        other = connect(engine.url.render_as_string(hide_password=False))
        assert time.monotonic() - begin < 1.0
        with reading(other) as second:
            assert second.exec_driver_sql(asked).scalar() == wait
        other.dispose()


@pytest.mark.sqlite("tests/store/test_postgresql.py has those of the other one")
def test_the_promises_of_the_connection_hold(engine: Engine) -> None:
    with engine.connect() as conn:
        assert conn.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert conn.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert conn.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert conn.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
        assert "netra_probe" not in str(conn.exec_driver_sql("SELECT name FROM sqlite_master").all())


def test_the_parent_folder_is_made(tmp_path: Path) -> None:
    connect(f"sqlite:///{tmp_path / 'a' / 'b' / 'netra.db'}").dispose()
    assert (tmp_path / "a" / "b" / "netra.db").exists()


def test_the_example_of_the_docstring_runs(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    code = "from store.db import connect, migrate; migrate(connect('sqlite:///data/var/netra.db'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "data" / "var" / "netra.db").exists()


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    before = content_digest(engine)
    migrate(engine)
    assert content_digest(engine) == before
    with engine.connect() as conn:
        scripts = ScriptDirectory(str(Path(__file__).parents[2] / "store" / "migrations"))
        assert MigrationContext.configure(conn).get_current_revision() == scripts.get_current_head()


def test_a_migration_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    with engine.begin() as conn:
        # The first migration makes tables in order and meets this one half way.
        conn.exec_driver_sql("CREATE TABLE pages (page_id TEXT)")
    with pytest.raises(StoppedError, match="table pages already exists"):
        migrate(engine)
    with engine.connect() as conn:
        names = set(conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    assert names <= {"pages", "alembic_version"}
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused(engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="newer version of Netra"):
        migrate(engine)


def test_upsert_counts_what_it_wrote(engine: Engine) -> None:
    with engine.begin() as conn:
        assert upsert(conn, validators, [row("a", "1"), row("b", "1")], keys=("url",), update=False) == 2
        assert upsert(conn, validators, [row("a", "2"), row("c", "2")], keys=("url",), update=False) == 1
        assert conn.scalar(select(validators.c.etag).where(validators.c.url == "a")) == "1"
        assert upsert(conn, validators, [row("a", "3"), row("a", "4")], keys=("url",), update=True) == 1
        assert conn.scalar(select(validators.c.etag).where(validators.c.url == "a")) == "4"
        assert upsert(conn, validators, [], keys=("url",), update=True) == 0


def test_upsert_takes_more_rows_than_a_statement_has_variables(engine: Engine) -> None:
    many = [row(str(number), "x") for number in range(20_000)]
    with engine.begin() as conn:
        assert upsert(conn, validators, many, keys=("url",), update=False) == 20_000
        assert upsert(conn, validators, many, keys=("url",), update=False) == 0


def test_a_reader_sees_one_moment_and_holds_up_no_writer(engine: Engine) -> None:
    with reading(engine) as reader:
        assert reader.execute(select(validators)).all() == []
        with engine.begin() as writer:
            writer.execute(insert(validators).values(row("a", "1")))
        assert reader.execute(select(validators)).all() == []
    with reading(engine) as reader:
        assert len(reader.execute(select(validators)).all()) == 1


def test_a_database_error_in_mid_run_is_one_plain_line(engine: Engine) -> None:
    wrong = ("SELECT * FROM moon", "no such table: moon")
    if engine.dialect.name == "postgresql":
        wrong = ("SELECT pg_terminate_backend(pg_backend_pid())", "terminating connection")
    with pytest.raises(StoppedError, match=wrong[1]) as caught, engine.begin() as conn:
        conn.execute(text(wrong[0]))
    assert "\n" not in str(caught.value)
    with pytest.raises(IntegrityError), engine.begin() as conn:
        conn.execute(insert(validators), [row("a", "1"), row("a", "1")])


@pytest.mark.sqlite("a limit on the file's pages stands for the full disk")
def test_a_full_disk_stops_the_run_and_keeps_what_was_stored(engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(insert(validators).values(row("a", "1")))
        pages_used = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages_used}")
    too_much = [row(f"u{number}", "x" * 4096) for number in range(50)]
    with pytest.raises(StoppedError, match="database or disk is full"), engine.begin() as conn:
        conn.execute(insert(validators), too_much)
    engine.dispose()
    with closing(sqlite3.connect(str(engine.url.database))) as plain:
        assert plain.execute("SELECT url FROM validators").fetchall() == [("a",)]
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
