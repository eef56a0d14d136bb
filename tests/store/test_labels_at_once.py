"""Two writers at once and a kill in the middle: nothing is lost, event and state are never apart."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from store.chain import chain_head, check_chain
from store.db import connect, reading
from store.decisions import ConflictError
from store.digest import content_digest
from store.labels import events_of
from store.reviewers import list_reviewers
from tests.store.deciding import CASE, decide
from tests.store.samples import put_grouped

ROOT = Path(__file__).parents[2]


def test_two_threads_lose_nothing(engine: Engine) -> None:
    incidents_ = put_grouped(engine, *range(12))

    both = Barrier(2)

    def work(name: str) -> list[str]:
        won = []
        for incident in incidents_:
            both.wait(timeout=60)
            try:
                with engine.begin() as conn:
                    new = replace(CASE, note=name)
                    if decide(conn, incident, new, reviewer=name, expected=""):
                        won.append(incident.incident_id)
            except ConflictError:
                continue
        return won

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(work, ["Sri Wahyuni", "Budi"])
    assert sorted(one + two) == sorted(incident.incident_id for incident in incidents_)
    with reading(engine) as conn:
        assert check_chain(conn) == ""
        assert chain_head(conn)[0] == len(incidents_)


WRITER = """
import sys
from datetime import UTC, datetime
from store.db import connect
from store.labels import append_event
from store.decisions import Decision
url, name, *ids = sys.argv[1:]
engine = connect(url)
for number in range(3):
    for incident_id in ids:
        with engine.begin() as conn:
            new = Decision("case", note=f"{name} {number}")
            append_event(conn, incident_id=incident_id, new=new, seen=None, reviewer=name, origin="page",
                         at=datetime.now(UTC))
"""


def test_two_processes_lose_nothing(engine: Engine) -> None:
    ids = [incident.incident_id for incident in put_grouped(engine, *range(6))]
    command = [sys.executable, "-c", WRITER, str(engine.url)]
    running = [subprocess.Popen([*command, name, *ids], cwd=ROOT) for name in ("Sri Wahyuni", "Budi")]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    with reading(engine) as conn:
        assert check_chain(conn) == ""
        assert chain_head(conn)[0] == 2 * 3 * len(ids)
        for incident_id in ids:
            events = events_of(conn, incident_id)
            assert [event.old for event in events] == [None, *(event.new for event in events[:-1])]


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from sqlalchemy import event
from store.db import connect
from store.labels import append_event
from store.decisions import Decision
url, incident_id, moment = sys.argv[1:]
engine = connect(url)
@event.listens_for(engine, "before_cursor_execute")
def look(conn, cursor, statement, parameters, context, many):
    if statement.startswith(moment):
        os.kill(os.getpid(), signal.SIGKILL)
@event.listens_for(engine, "commit")
def commit(conn):
    if moment == "COMMIT":
        os.kill(os.getpid(), signal.SIGKILL)
with engine.begin() as conn:
    append_event(conn, incident_id=incident_id, new=Decision("case"), seen=None, reviewer="Budi",
                 origin="page", at=datetime.now(UTC))
"""


@pytest.mark.parametrize(
    "moment", ["INSERT INTO label_events", "UPDATE incidents", "UPDATE documents", "COMMIT"]
)
def test_a_kill_between_event_and_state_leaves_neither(engine: Engine, moment: str) -> None:
    (incident,) = put_grouped(engine, 1)
    before = content_digest(engine)
    command = [sys.executable, "-c", KILLED, str(engine.url), incident.incident_id, moment]
    assert subprocess.run(command, cwd=ROOT, timeout=120, check=False).returncode == -9
    again = connect(str(engine.url))
    assert content_digest(again) == before
    with again.begin() as conn:
        assert list_reviewers(conn) == []
        assert decide(conn, incident, CASE)
        assert check_chain(conn) == ""
    again.dispose()
