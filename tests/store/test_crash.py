"""kill -9 at random moments of a night, then a plain re-run: the same content as a night left in peace."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Engine, func, select

from store.db import connect
from store.digest import content_digest
from store.schema import documents, frontier, incidents, pages
from tests.store.night import ITEMS

ROOT = Path(__file__).parents[2]
KILLS = 30
#: The night makes 1,183 commits; kills are spread over all but the last, which a delayed one might overrun.
LAST_KILL = 1_050
#: Commits at the start of every run that are no progress: schema, releases, offer.
START_COMMITS = 3
#: A transaction takes one to a few milliseconds here: the kill falls before, in and after one.
DELAY_S = 0.005
SEED = 20240917


@contextmanager
def running(url: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.night", url], cwd=ROOT, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def kill_after(url: str, *, commits: int, delay_s: float) -> bool:
    """Run the night and kill it `delay_s` seconds after a number of commits; True when it was still going."""
    with running(url) as process:
        assert process.stdout is not None
        for _ in range(commits):
            if process.stdout.read(1) == b"":
                return False
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        return process.wait(timeout=30) == -signal.SIGKILL


def finish_night(url: str) -> None:
    with running(url) as process:
        assert process.stdout is not None
        while process.stdout.read(4096):
            pass
        assert process.wait(timeout=120) == 0


def assert_whole(engine: Engine) -> None:
    with engine.connect() as conn:
        assert conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        # 40 of the 300 are flagged (a multiple of 6, not of 10), three to an incident.
        for table, rows in ((pages, ITEMS), (frontier, ITEMS), (documents, 270), (incidents, 14)):
            assert conn.scalar(select(func.count()).select_from(table)) == rows


def test_a_night_killed_30_times_ends_like_one_left_in_peace(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / name / 'netra.db'}" for name in ("peace", "killed")]
    finish_night(urls[0])
    dice = random.Random(SEED)
    # The first one falls into the start: interpreter, probe, schema.
    killed = [kill_after(urls[1], commits=0, delay_s=dice.uniform(0.2, 0.8))]
    moments = sorted(dice.sample(range(1, LAST_KILL), KILLS - 1))
    for before, moment in pairwise([0, *moments]):
        commits = moment - before + START_COMMITS
        killed.append(kill_after(urls[1], commits=commits, delay_s=dice.uniform(0, DELAY_S)))
    assert killed == [True] * KILLS
    finish_night(urls[1])
    engines = [connect(url) for url in urls]
    for engine in engines:
        assert_whole(engine)
    assert content_digest(engines[0]) == content_digest(engines[1])
    for engine in engines:
        engine.dispose()
