"""The record of access only grows, and one altered row of 10,000 is told (P3)."""

import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from store.access import (
    KEEP_DAYS,
    MAX_SUBJECT,
    Act,
    access_head,
    append_acts,
    check_acts,
    count_expired,
    list_acts,
)
from store.db import reading
from store.recorder import Recorder
from store.schema import access_acts
from tests.store.by_hand import replacing

ROWS = 10_000
AT = datetime(2024, 9, 18, tzinfo=UTC)


def make_act(number: int) -> Act:
    return Act(
        at=AT + timedelta(seconds=number),
        who=f"R-{number % 9:012x}",
        what="page: list",
        subject=f"page={number}",
        sha256=f"{number:064x}",
        shown=number % 50,
        incidents=tuple(f"I-{(number + step) % 700:012x}" for step in range(3)),
    )


@pytest.mark.sqlite("the chain is checked over values, whatever brings them; 10,000 rows once are enough")
def test_one_altered_row_of_ten_thousand_is_told(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as conn:
        append_acts(conn, [make_act(number) for number in range(ROWS)])
        assert check_acts(conn) == ""
        assert access_head(conn)[0] == ROWS
    engine.dispose()
    chance = random.Random(5)
    values = {"at": "2024-09-18 02:30:00.000001", "shown": 77, "incidents": '["I-0"]'}
    for column in (column.name for column in access_acts.c if column.name != "place"):
        place = 1 + chance.randrange(ROWS - 2)
        with closing(sqlite3.connect(tmp_path / "netra.db", isolation_level=None)) as plain:
            plain.execute("DROP TRIGGER IF EXISTS access_acts_no_update")
            (old,) = plain.execute(f"SELECT {column} FROM access_acts WHERE place = ?", (place,)).fetchone()  # noqa: S608 - a column of ours
            update = f"UPDATE access_acts SET {column} = ? WHERE place = ?"  # noqa: S608 - a column of ours
            plain.execute(update, (values.get(column, f"{old}x"), place))
            with reading(engine) as conn:
                assert check_acts(conn).startswith(f"row {place} "), column
            plain.execute(update, (old, place))
    with closing(sqlite3.connect(tmp_path / "netra.db", isolation_level=None)) as plain:
        plain.execute("DROP TRIGGER access_acts_no_delete")
        plain.execute("DELETE FROM access_acts WHERE place = 4711")
    with reading(engine) as conn:
        assert check_acts(conn) == "row 4711 is missing; the next one there is 4712"


def test_rows_cannot_be_changed_taken_out_or_replaced(engine: Engine) -> None:
    with engine.begin() as conn:
        append_acts(conn, [make_act(number) for number in range(3)])
    copied = "SELECT place, 'x', 'y', at, who, what, subject, sha256, shown, incidents FROM access_acts"
    for statement in (
        "UPDATE access_acts SET who = 'R-1' WHERE place = 1",
        "DELETE FROM access_acts WHERE place = 3",
        replacing(engine, "access_acts", f"{copied} WHERE place = 2", key="place", column="who"),
    ):
        with pytest.raises(IntegrityError, match="only grows"), engine.begin() as conn:
            conn.exec_driver_sql(statement)
    with reading(engine) as conn:
        assert (check_acts(conn), access_head(conn)[0]) == ("", 3)


def test_acts_are_found_by_day_account_and_incident(engine: Engine) -> None:
    with engine.begin() as conn:
        append_acts(conn, [])
        append_acts(conn, [make_act(number) for number in range(1_000)])
        found = list(list_acts(conn, since=AT + timedelta(seconds=10), until=AT + timedelta(seconds=20)))
        assert found == [make_act(number) for number in range(10, 20)]
        assert {act.who for act in list_acts(conn, who="R-000000000004")} == {"R-000000000004"}
        by_incident = [act.at.timestamp() - AT.timestamp() for act in list_acts(conn, incident=f"I-{5:012x}")]
        assert by_incident == [3, 4, 5, 703, 704, 705]
        # A part of an id is none.
        assert list(list_acts(conn, incident="I-0000")) == []
        assert count_expired(conn, now=AT + timedelta(days=KEEP_DAYS, seconds=7)) == 7


def test_a_long_subject_is_cut_and_the_chain_stays_whole(engine: Engine) -> None:
    with engine.begin() as conn:
        append_acts(conn, [Act(AT, "R-1", "page: list", "x" * 1_000)])
        assert [len(act.subject) for act in list_acts(conn)] == [MAX_SUBJECT]
        assert check_acts(conn) == ""


def test_ten_who_read_at_once_are_all_on_record(engine: Engine) -> None:
    recorder = Recorder(engine)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda number: recorder.note(make_act(number)), range(300)))
    with reading(engine) as conn:
        assert sorted(list_acts(conn), key=lambda act: act.at) == [make_act(n) for n in range(300)]
        assert check_acts(conn) == ""


def test_whoever_waits_learns_that_the_record_failed(engine: Engine) -> None:
    with engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE access_acts RENAME COLUMN shown TO broken")
    recorder = Recorder(engine)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(recorder.note, make_act(number)) for number in range(20)]
    assert all("shown" in str(future.exception()) for future in futures)
    with reading(engine) as conn:
        assert access_head(conn) == (0, "")
