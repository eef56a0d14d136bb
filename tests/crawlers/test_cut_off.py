"""Crawls cut off by SIGKILL, live and replayed, and by SIGTERM: the next run completes them.

The 200 blows of rule R1 need a crawl that starts in a fraction of a second: each is a fork of a launcher that
has everything imported (tests.crawlers.launcher).
"""

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

from crawlers.archive import Archive, load_bodies
from store.db import connect, migrate
from store.digest import content_digest
from store.stages import pending_pages
from tests.crawlers.launcher import Launcher, is_alive
from tests.crawlers.outlet import Outlet, arguments, crawl_once, entry, manifest, outlet, rss

LAST = date(2024, 9, 30)


def count(folder: Path, query: str = "select count(*) from pages", db: str = "netra.db") -> int:
    if not (folder / db).exists():
        return 0
    conn = sqlite3.connect(folder / db, timeout=30)
    try:
        return int(conn.execute(query).fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # not migrated yet
    finally:
        conn.close()


def cut_off(folder: Path, words: list[str], number: int, *, after: int) -> int:
    """Start a crawl and send it a signal as soon as it has stored `after` pages more; gives its exit code."""
    goal = count(folder) + after
    child = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "NO_PROXY": "*"}
    )
    deadline = time.monotonic() + 60
    while child.poll() is None and count(folder) < goal and time.monotonic() < deadline:
        time.sleep(0.002)
    child.send_signal(number)
    return child.wait(timeout=60)


def archived_nights(folder: Path) -> Path:
    """Write an archive of two nights with 60 new articles each, a few of each lost."""
    headers = [("Content-Type", "text/html; charset=utf-8")]
    with Archive(folder, name="arsip", software="uji") as out:
        for night in range(2):
            moment = datetime(2024, 9, 17 + night, 3, 0, 0, tzinfo=UTC)
            links = [f"https://w.test/{night}/{n}" for n in range(60)]
            out.write(
                "https://w.test/feed", status=200, headers=[], body=rss(links).encode(), fetched_at=moment
            )
            for n, link in enumerate(links):
                lost = n % 20 == 7
                body = f"<p>{night}-{n}</p>".encode()
                out.write(link, status=404 if lost else 200, headers=headers, body=body, fetched_at=moment)
    return folder / "arsip.warc.gz"


def test_a_replay_killed_ten_times_gives_the_undisturbed_rows(tmp_path: Path) -> None:
    warc = archived_nights(tmp_path)
    manifest(tmp_path / "sources", "warta", entry("feed", "https://w.test/feed"), hosts=["w.test"])
    crawl_once(tmp_path, night=LAST, replay=warc, db="calm.db")
    dice = random.Random(20240917)
    killed = 0
    for _ in range(10):
        code = cut_off(
            tmp_path, arguments(tmp_path, night=LAST, replay=warc), signal.SIGKILL, after=dice.randint(1, 12)
        )
        killed += code == -signal.SIGKILL
    before = count(tmp_path)
    crawl_once(tmp_path, night=LAST, replay=warc)
    assert killed == 10
    assert before < count(tmp_path) == 114
    calm, cut = (connect(f"sqlite:///{tmp_path / name}") for name in ("calm.db", "netra.db"))
    assert content_digest(cut) == content_digest(calm)


def test_a_live_crawl_killed_five_times_loses_and_repeats_nothing(tmp_path: Path) -> None:
    with outlet() as site:
        site.feed("/feed", [site.article(f"/a/{n}") for n in range(40)])
        manifest(tmp_path / "sources", "warta", entry("feed", site.base + "/feed"))
        for run in range(5):
            assert (
                cut_off(tmp_path, arguments(tmp_path, run=str(run)), signal.SIGKILL, after=3)
                == -signal.SIGKILL
            )
        crawl_once(tmp_path, run="6")
        asked = Counter(path for path in site.asked if path.startswith("/a/"))
    # Only what was under way when the blow fell is asked for again: one request at a time.
    assert len(asked) == 40
    assert sum(asked.values()) <= 55
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    with engine.begin() as conn:
        pages = pending_pages(conn, limit=None)
    assert len(pages) == 40
    for page in pages:
        load_bodies(page)


def test_sigterm_ends_cleanly_and_the_next_run_goes_on(tmp_path: Path) -> None:
    with outlet() as site:
        site.feed("/feed", [site.article(f"/a/{n}") for n in range(20)])
        path = manifest(tmp_path / "sources", "warta", entry("feed", site.base + "/feed"))
        path.write_text(path.read_text().replace("delay_s = 0.0", "delay_s = 0.2"))
        began = time.monotonic()
        code = cut_off(tmp_path, arguments(tmp_path), signal.SIGTERM, after=2)
        assert code == 4
        assert time.monotonic() - began < 20
        assert 2 <= count(tmp_path) < 20
        assert count(tmp_path, "select count(*) from frontier where state = 'leased'") == 0
        path.write_text(path.read_text().replace("delay_s = 0.2", "delay_s = 0.0"))
        crawl_once(tmp_path, run="2")
        assert count(tmp_path) == 20
        assert Counter(site.asked)["/a/0"] == 1


#: As the reliability rule R1 asks; two lanes at a time, one for each core.
KILLS, LANES, KILL_SEED = 200, 2, 20240917
ARTICLES = 60


def strike(folder: Path, site: Outlet, kills: int, seed: int) -> int:
    """Start and kill a crawl that many times, then let one finish; gives how many were killed at work."""
    dice = random.Random(seed)
    killed = 0
    with Launcher() as launcher:
        for run in range(kills):
            # Blows fall at the start, at robots.txt, at the feed, and between and inside articles.
            goal = len(site.asked) + dice.choice((0, 1, 2, 3, 3, 4, 4, 5))
            pid = launcher.start(arguments(folder, run=str(run))[5:])
            deadline = time.monotonic() + 30
            while len(site.asked) < goal and time.monotonic() < deadline and is_alive(pid):
                time.sleep(0.001)
            time.sleep(dice.uniform(0, 0.02))
            killed += launcher.kill(pid)
    crawl_once(folder, run=str(kills))
    return killed


def test_a_live_crawl_killed_200_times_equals_one_left_in_peace(tmp_path: Path) -> None:
    """R1 for the crawl stage: nothing lost, nothing twice, the database sound."""
    with ExitStack() as stack, ThreadPoolExecutor(LANES) as pool:
        lanes = []
        for lane in range(LANES):
            site = stack.enter_context(outlet())
            site.feed("/feed", [site.article(f"/a/{n}", f"Isi {n}.") for n in range(ARTICLES)])
            for name in ("calm", "cut"):
                manifest(tmp_path / f"{lane}{name}" / "sources", "warta", entry("feed", site.base + "/feed"))
            crawl_once(tmp_path / f"{lane}calm")
            site.asked.clear()
            # Migrated before: the launcher's crawls go straight to work.
            engine = connect(f"sqlite:///{tmp_path / f'{lane}cut' / 'netra.db'}")
            migrate(engine)
            engine.dispose()
            lanes.append((tmp_path / f"{lane}cut", site, KILLS // LANES, KILL_SEED + lane))
        killed = sum(pool.map(lambda lane: strike(*lane), lanes))
    assert killed >= KILLS * 0.9
    for lane, (folder, site, _, _) in enumerate(lanes):
        calm, cut = (
            connect(f"sqlite:///{place / 'netra.db'}") for place in (tmp_path / f"{lane}calm", folder)
        )
        assert content_digest(cut) == content_digest(calm)
        with cut.connect() as conn:
            assert conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        with cut.begin() as conn:
            pages = pending_pages(conn, limit=None)
        assert len(pages) == ARTICLES
        for page in pages:
            load_bodies(page)
        # A blow repeats what was under way at that moment: two requests at most.
        articles = Counter(path for path in site.asked if path.startswith("/a/"))
        assert len(articles) == ARTICLES
        assert sum(articles.values()) <= ARTICLES + 2 * KILLS // LANES
        calm.dispose()
        cut.dispose()
