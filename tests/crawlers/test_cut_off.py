"""Crawls cut off by SIGKILL, live and replayed, and by SIGTERM: the next run completes them."""

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

from crawlers.archive import Archive, load_bodies
from store.db import connect
from store.digest import content_digest
from store.stages import pending_pages
from tests.crawlers.outlet import arguments, crawl_once, entry, manifest, outlet, rss

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
