"""A whole database moves between both kinds and through a file: everything, or nothing."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from store import moving
from store.access import Act, append_acts
from store.chain import check_chain
from store.checking import check_database, newest_version
from store.db import connect, migrate, reading
from store.digest import content_digest, whole_digest
from store.erasure import erase_texts
from store.frontier import Validator, put_validator
from store.ledger import start_run
from store.moving import check_backup, copy_all, read_backup, write_backup
from store.records import StoppedError, UsageError
from store.schema import cleared_bodies, metadata, runs, suppressed_names
from tests.store.by_hand import by_hand
from tests.store.conftest import opened
from tests.store.deciding import AT, CASE, NONE, decide
from tests.store.samples import NIGHT, put_grouped

NOW = datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC)


def fill(engine: Engine) -> None:
    """Rows of every kind of value: a night, decisions, an erasure, a run, access, bytes, an open request."""
    one, two, _ = put_grouped(engine, 1, 2, 3)
    start_run(engine, command="nightly", night=NIGHT, model_version="m")
    with engine.begin() as conn:
        decide(conn, one, CASE)
        decide(conn, two, NONE)
        erase_texts(conn, incident_id=one.incident_id, reviewer="Sri Wahyuni", reason="permintaan 12", at=AT)
        append_acts(
            conn, [Act(AT, "os:netra", "show", "ü 🙂 \u202eשלום مرحبا", incidents=(one.incident_id,))]
        )
        put_validator(conn, Validator("https://a.test/feed", etag='"1"'))
        name = {"whole": b"\x00\xff" * 16, "first_word": b"\x01" * 32, "words": 2, "at": NOW}
        conn.execute(suppressed_names.insert(), [name | {"reviewer": "R-1", "reason": "permintaan 3"}])


@pytest.fixture
def other_kind(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database of the other kind than `engine`'s."""
    kind = "sqlite" if database == "postgresql" else "postgresql"
    yield from opened(kind, tmp_path / "moved.db", request)


@pytest.mark.parametrize("through_file", [False, True])
def test_everything_moves_to_the_other_kind(
    engine: Engine, other_kind: Engine, other: Engine, tmp_path: Path, through_file: bool
) -> None:
    fill(engine)
    with reading(engine) as conn:
        before = whole_digest(conn)
    assert sum(digest.rows > 0 for digest in before.values()) == 13
    if through_file:
        file = tmp_path / "netra.backup.gz"
        assert write_backup(engine, file, at=NOW) == before == check_backup(file)
        assert file.stat().st_mode & 0o777 == 0o600
        assert read_backup(file, other_kind) == before
    else:
        assert copy_all(engine, other_kind) == before
        # And back into a third one of the first kind.
        assert copy_all(other_kind, other) == before
        with reading(other) as conn:
            assert whole_digest(conn) == before
    assert content_digest(other_kind) == content_digest(engine)
    with reading(other_kind) as conn:
        assert whole_digest(conn) == before
        assert check_database(conn).problems == ()
    # Numbers that the database gives go on behind those that came over, and registers behind their end.
    assert start_run(other_kind, command="nightly", night=NIGHT, model_version="m") == 2
    four = put_grouped(other_kind, 4)[0]
    with other_kind.begin() as conn:
        assert decide(conn, four, CASE)
        assert check_chain(conn) == ""
    with pytest.raises(UsageError, match="is not empty"):
        copy_all(engine, other_kind)


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ("validators", "has come over with 0 rows .* nothing was kept"),
        ("pages", "documents does not take a row"),
    ],
)
def test_a_row_that_is_lost_on_the_way_leaves_nothing(
    engine: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch, lost: str, told: str
) -> None:
    fill(engine)
    put = moving._put
    monkeypatch.setattr(
        moving, "_put", lambda conn, table, rows: table.name == lost or put(conn, table, rows)
    )
    with pytest.raises(StoppedError, match=told) as caught:
        copy_all(engine, other)
    assert "kabarlontara" not in str(caught.value)
    with reading(other) as conn:
        assert {digest.rows for digest in whole_digest(conn).values()} == {0}


def drop_a_row(lines: list[bytes]) -> list[bytes]:
    last = max(number for number, line in enumerate(lines) if line.startswith(b"["))
    return lines[:last] + lines[last + 1 :]


def change_a_row(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"nightly"', b'"crawl"') for line in lines]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (drop_a_row, "are not what was written"),
        (change_a_row, "table runs are not what was written"),
        (lambda lines: lines[:-1], "a line between tables is missing"),
        (lambda lines: [*lines, b"{}\n"], "its end is not where it should be"),
        (lambda lines: lines[1:], "no backup of Netra"),
        (lambda lines: [lines[0].replace(newest_version().encode(), b"0003"), *lines[1:]], "of schema 0003"),
        (lambda _: [b"hello\n"], "damaged"),
        (lambda _: [], "damaged"),
    ],
)
@pytest.mark.sqlite("what is wrong with a file is told before a database is asked")
def test_a_file_that_is_not_whole_is_refused(
    engine: Engine,
    other: Engine,
    tmp_path: Path,
    damage: Callable[[list[bytes]], list[bytes]],
    told: str,
) -> None:
    fill(engine)
    file = tmp_path / "netra.backup.gz"
    write_backup(engine, file, at=NOW)
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    assert json.loads(lines[0])["at"] == NOW.isoformat()
    file.write_bytes(gzip.compress(b"".join(damage(lines))))
    with pytest.raises(UsageError, match=told):
        read_backup(file, other)
    with reading(other) as conn:
        assert {digest.rows for digest in whole_digest(conn).values()} == {0}


@pytest.mark.sqlite("what is wrong with a file is told before a database is asked")
def test_a_file_that_is_cut_off_or_none_is_refused(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    file = tmp_path / "netra.backup.gz"
    write_backup(engine, file, at=NOW)
    whole = file.read_bytes()
    for size in (0, 1, 20, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:size])
        with pytest.raises(UsageError, match="damaged"):
            check_backup(file)
    file.write_text("bukan cadangan")
    with pytest.raises(UsageError, match="damaged"):
        check_backup(file)
    with pytest.raises(UsageError, match="no such file"):
        check_backup(tmp_path / "none.gz")


def test_what_is_wrong_with_a_database_is_told(engine: Engine) -> None:
    fill(engine)
    with reading(engine) as conn:
        found = check_database(conn)
        assert (found.problems, found.version, found.counts["pages"]) == ((), newest_version(), 3)
        assert (found.decisions[0], found.acts[0]) == (2, 1)
    with by_hand(engine) as conn:
        conn.exec_driver_sql("UPDATE label_events SET reviewer = 'R-0' WHERE place = 2")
        conn.exec_driver_sql("UPDATE access_acts SET who = 'os:lain'")
    with reading(engine) as conn:
        decisions, acts = check_database(conn).problems
    assert "register of decisions is not as it was written: event 2" in decisions
    assert "register of access is not as it was written: row 1" in acts
    with engine.begin() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0009'")
        assert check_database(conn).problems == (
            f"it is of schema 0009; this program has {newest_version()}",
        )


def test_rows_that_refer_to_nothing_are_told(engine: Engine) -> None:
    row = {"page_id": "G-0", "body_sha256": "0", "rule": "unread", "at": NOW}
    with by_hand(engine) as conn:
        conn.execute(cleared_bodies.insert(), [row])
    with reading(engine) as conn:
        (problem,) = check_database(conn).problems
    assert problem == "1 rows of cleared_bodies refer to pages that are not there"


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    with reading(engine) as conn:
        assert "holds nothing of Netra yet" in check_database(conn).problems[0]
    migrate(engine)
    with reading(engine) as conn:
        assert conn.scalar(select(func.count()).select_from(runs)) == 0
        assert set(check_database(conn).counts) == set(metadata.tables)
    engine.dispose()
