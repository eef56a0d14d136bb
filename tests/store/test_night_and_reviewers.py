"""A night runs while two reviewers decide: every decision that was taken stands, and the night is whole."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, func, select

from store.chain import chain_head, check_chain
from store.db import reading
from store.labels import current_labels
from store.schema import documents, frontier, incidents, pages
from tests.store.deciding import CASE, decide
from tests.store.night import ITEMS
from tests.store.samples import put_grouped

ROOT = Path(__file__).parents[2]
#: Incidents of an earlier night, beside the numbers of the one that runs.
EARLIER = range(ITEMS, ITEMS + 10)


def test_two_reviewers_and_a_night_lose_nothing(engine: Engine) -> None:
    waiting = put_grouped(engine, *EARLIER)
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.store.night", url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, bufsize=0) as night:
        assert night.stdout is not None
        night.stdout.read(1)

        def review(name: str) -> list[str]:
            said = []
            # Until the night is over, and ten times at least.
            while night.poll() is None or len(said) < len(waiting):
                incident = waiting[len(said) % len(waiting)]
                with engine.begin() as conn:
                    event = decide(conn, incident, replace(CASE, note=f"{name} {len(said)}"), reviewer=name)
                    assert event is not None
                said.append(event.event_id)
                # Nobody reads as quickly as that; without it the two would keep the night from its turn.
                time.sleep(0.02)
            return said

        with ThreadPoolExecutor(3) as pool:
            drained = pool.submit(night.stdout.read)
            one, two = (pool.submit(review, name) for name in ("Sri Wahyuni", "Budi"))
            said = one.result() + two.result()
            drained.result()
        assert night.wait(timeout=120) == 0
    with reading(engine) as conn:
        assert check_chain(conn) == ""
        assert chain_head(conn)[0] == len(said) == len(set(said))
        assert len(current_labels(conn)) == len(waiting)
        # As assert_whole of test_crash.py counts the night, and the earlier ones beside it.
        for table, rows in ((pages, ITEMS + 10), (frontier, ITEMS), (documents, 280), (incidents, 24)):
            assert conn.scalar(select(func.count()).select_from(table)) == rows
