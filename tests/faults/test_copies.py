"""The files of the database as they lie on the disk at 500 moments: whole, and no decision lost (R6)."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from tests.store.samples import put_grouped

ROOT = Path(__file__).parents[2]
INSTANTS = 500
#: Decides over and over, and says after each commit how many decisions are on the disk.
WRITER = """
import sys
from datetime import UTC, datetime
from itertools import count
from store.db import connect
from store.labels import append_event
from store.decisions import Decision
url, *ids = sys.argv[1:]
engine = connect(url)
with engine.connect() as conn:
    assert conn.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"
    assert conn.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
for number in count(1):
    with engine.begin() as conn:
        append_event(conn, incident_id=ids[number % len(ids)], new=Decision("case", note=f"nomor {number}"),
                     seen=None, reviewer="Budi", origin="page", at=datetime.now(UTC))
        if number % 50 == 0:
            conn.exec_driver_sql("SELECT 1")
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
    if number % 40 == 0:
        with engine.connect() as conn:
            conn.connection.driver_connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
"""


def test_what_lies_on_the_disk_is_at_every_moment_a_whole_database(engine: Engine, tmp_path: Path) -> None:
    ids = [incident.incident_id for incident in put_grouped(engine, *range(20))]
    url, source = str(engine.url), tmp_path / "netra.db"
    engine.dispose()
    told = tmp_path / "told.txt"
    chance = random.Random(6)
    seen = set()
    with told.open("wb") as out:
        writer = subprocess.Popen([sys.executable, "-c", WRITER, url, *ids], cwd=ROOT, stdout=out)
        try:
            while not told.read_text():
                assert writer.poll() is None
                time.sleep(0.01)
            for number in range(INSTANTS):
                time.sleep(chance.uniform(0, 0.004))
                # Stopped, so that both files are of one moment, as they are after a power cut.
                os.kill(writer.pid, signal.SIGSTOP)
                os.waitpid(writer.pid, os.WUNTRACED)
                said = told.read_text()
                copy = tmp_path / "copy.db"
                shutil.copy(source, copy)
                shutil.copy(f"{source}-wal", f"{copy}-wal")
                os.kill(writer.pid, signal.SIGCONT)
                seen.add(
                    check(copy, at_least=int(said[: said.rfind("\n")].rpartition("\n")[2]), number=number)
                )
                for left in tmp_path.glob("copy.db*"):
                    left.unlink()
        finally:
            writer.kill()
            writer.wait(60)
    assert len(seen) > INSTANTS // 10


def check(copy: Path, *, at_least: int, number: int) -> int:
    """Assert that a copy holds the first n decisions, none of those that were reported missing; gives n."""
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",), number
        rows = database.execute(
            "SELECT place, text, previous, label_events.event_id FROM label_events "
            "LEFT JOIN label_texts ON digest = new_note ORDER BY place"
        )
        events = rows.fetchall()
        decided = database.execute("SELECT count(*) FROM incidents WHERE state = 'reviewed'").fetchone()[0]
    n = len(events)
    assert [(place, note) for place, note, _, _ in events] == [(i, f"nomor {i}") for i in range(1, n + 1)]
    assert [previous for _, _, previous, _ in events[1:]] == [event_id for *_, event_id in events[:-1]]
    # An event and the state that follows from it are never apart.
    assert decided == min(n, 20)
    assert n >= at_least, number
    return n
