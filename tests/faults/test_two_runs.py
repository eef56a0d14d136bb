"""Two runs at once, fifty times over, while reviewers read and decide (R4)."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from store.chain import chain_head, check_chain
from store.db import reading
from store.decisions import Decision
from store.labels import append_event, current_labels
from store.listing import ListFilter, count_listed
from store.reviewers import list_reviewers
from tests.store.samples import put_grouped

ROOT = Path(__file__).parents[2]
STARTS, READS, DECISIONS = 50, 10_000, 500
#: How soon the run that comes too late must have left (R4), and what its exit code is.
SOON_S, LOCKED = 2.0, 3
#: Two processes that begin at one moment, STARTS times: forked, so that nothing but the start is measured.
RACE = """
import json, os, sys, time
from datetime import UTC, datetime
from store import frontier
from store.records import NetraError
from store.session import opened
from tests.store.samples import make_page
url, starts = sys.argv[1], int(sys.argv[2])

def run(number, begin, started, other_left):
    os.read(begin, 1)
    at = time.monotonic()
    try:
        with opened(url, exclusive=True) as engine:
            with engine.begin() as conn:
                frontier.put_page(conn, make_page(1000 + number))
            os.read(other_left, 1)
            with engine.begin() as conn:
                frontier.put_page(conn, make_page(2000 + number))
        code = 0
    except NetraError as error:
        code = error.exit_code
    os.write(started, json.dumps([code, time.monotonic() - at]).encode() + b"\\n")
    os._exit(0)

for number in range(starts):
    begin_r, begin_w = os.pipe()
    told_r, told_w = os.pipe()
    left_r, left_w = os.pipe()
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            os.close(begin_w)
            run(number, begin_r, told_w, left_r)
        children.append(child)
    os.write(begin_w, b"gg")
    late = os.read(told_r, 4096)
    os.write(left_w, b"g")
    for child in children:
        os.waitpid(child, 0)
    rest = os.read(told_r, 4096)
    told = [json.loads(line) for line in (late + rest).splitlines()]
    print(json.dumps(told), flush=True)
    for handle in (begin_r, begin_w, told_r, told_w, left_r, left_w):
        os.close(handle)
"""


def test_one_works_the_other_leaves_and_the_reviewers_notice_nothing(engine: Engine) -> None:
    planted = put_grouped(engine, *range(100))
    command = [sys.executable, "-c", RACE, str(engine.url), str(STARTS)]
    race = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def read(times: int) -> int:
        for number in range(times):
            with reading(engine) as conn:
                if number % 10:
                    assert current_labels(conn, [planted[number % 100].incident_id]) is not None
                else:
                    assert count_listed(conn, ListFilter(state="")) == 100
        return times

    def decide(name: str, share: int) -> int:
        for number in range(share, DECISIONS, 2):
            incident = planted[number % 100]
            with engine.begin() as conn:
                assert append_event(
                    conn,
                    incident_id=incident.incident_id,
                    new=Decision("case", note=f"{name} {number}"),
                    seen=None,
                    reviewer=name,
                    origin="page",
                    at=datetime.now(UTC),
                )
            # As a reviewer does: the writers of the run get their turn, too.
            time.sleep(0.001)
        return len(range(share, DECISIONS, 2))

    with ThreadPoolExecutor(4) as pool:
        # A locked database would raise StoppedError here.
        done = [pool.submit(read, READS // 2), pool.submit(read, READS // 2)]
        done += [pool.submit(decide, "Sri Wahyuni", 0), pool.submit(decide, "Budi", 1)]
        assert [job.result(timeout=500) for job in done] == [READS // 2, READS // 2, 250, 250]
    out, _ = race.communicate(timeout=300)
    assert race.returncode == 0
    starts = [json.loads(line) for line in out.splitlines()]
    assert len(starts) == STARTS
    for pair in starts:
        assert sorted(code for code, _ in pair) == [0, LOCKED]
        assert all(seconds < SOON_S for code, seconds in pair if code == LOCKED)
    with reading(engine) as conn:
        assert check_chain(conn) == ""
        assert chain_head(conn)[0] == DECISIONS
        assert len(list_reviewers(conn)) == 2
        assert conn.exec_driver_sql("SELECT count(*) FROM pages").scalar() == 100 + 2 * STARTS
