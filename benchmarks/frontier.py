"""Does a long queue cost more? Time per page and memory of the frontier, from 1,000 to 100,000 URLs.

Promises: the very functions of the crawl (`store.frontier`), on a real database on this disk with all that it
promises (WAL, synchronous FULL), one transaction per page, as the spider does it. Never does: fetch.

    python -m benchmarks.frontier                      the table; exit code 1 when a bound is broken
    python -m benchmarks.frontier --sizes 1000 20000   other lengths of the queue

For each length the links are offered in lists of 1,000 (a large sitemap), as one night; then pages are leased
and finished one by one. The lengths take turns, page by page, so that a slow moment of the disk meets all of
them alike.
"""

import argparse
import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from store.db import connect, migrate
from store.frontier import Link, finish, lease, night_of, offer
from store.records import RawPage, WarcRef

#: The two ends that the project promises to be alike.
SIZES = (1_000, 10_000, 100_000)
#: Links of one list: Google allows 1,000 in a news sitemap.
LISTED = 1_000
#: Pages that are timed at each length; the first ones warm the caches up and are not counted.
PAGES, WARM = 600, 100
#: The bounds of the project: time per page within 10 %, memory below 400 MiB.
TOLERANCE, MEMORY_MIB = 0.10, 400.0

SOURCE = "koran"
NOW = datetime(2024, 9, 17, 3, 0, tzinfo=UTC)
NIGHT = night_of(NOW)


def links(start: int, count: int) -> list[Link]:
    """Make links as outlets write them: long, alike at the beginning, in no order of their letters."""
    made = []
    for number in range(start, start + count):
        name = hashlib.sha256(str(number).encode()).hexdigest()
        url = f"https://www.koran.test/2024/09/17/{name[:20]}-judul-berita-yang-panjang-{number}"
        made.append(Link(url, url))
    return made


def filled(folder: Path, size: int) -> tuple[Engine, float]:
    """Give a database with `size` queued links, and the seconds that offering each 1,000 of them took."""
    engine = connect(f"sqlite:///{folder / f'{size}.db'}")
    migrate(engine)
    seconds = []
    for start in range(0, size, LISTED):
        batch = links(start, min(LISTED, size - start))
        began = time.perf_counter()
        with engine.begin() as conn:
            offer(conn, SOURCE, batch, night=NIGHT)
        seconds.append(time.perf_counter() - began)
    return engine, median(seconds[-10:])


def pages(engine: Engine) -> Iterator[float]:
    """Lease and finish page after page; gives the seconds of each."""
    with engine.begin() as conn:
        hand = lease(conn, SOURCE, now=NOW, ttl_s=3600, limit=1)
    while hand:
        page = page_of(hand[0])
        began = time.perf_counter()
        with engine.begin() as conn:
            finish(conn, page)
            hand = lease(conn, SOURCE, now=NOW, ttl_s=3600, limit=1)
        yield time.perf_counter() - began


def page_of(link: Link) -> RawPage:
    """Make the record of a fetched page."""
    digest = hashlib.sha256(link.canonical_url.encode()).hexdigest()
    return RawPage(
        page_id="G-" + digest[:16],
        source_id=SOURCE,
        url=link.url,
        canonical_url=link.canonical_url,
        night=NIGHT,
        fetched_at=NOW,
        status=200,
        format="html",
        part="",
        encoding="utf-8",
        refs=(WarcRef("data/var/warc/2024-09-17-1.warc.gz", int(digest[:7], 16)),),
        body_sha256=digest,
    )


def resident_mib() -> float:
    """The most memory that this process has held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a bound is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--folder", type=Path, help="where the databases lie (default: a temporary folder)")
    options = parser.parse_args(words)
    times: dict[int, list[float]] = {size: [] for size in options.sizes}
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        offered = {}
        walks = {}
        for size in options.sizes:
            engine, offered[size] = filled(folder, size)
            stack.callback(engine.dispose)
            walks[size] = pages(engine)
        # As many as the shortest queue has: the others are then as long as they were, but for these.
        for turn in range(min(options.pages, *options.sizes)):
            for size, walk in walks.items():
                seconds = next(walk)
                if turn >= WARM:
                    times[size].append(seconds)
    return report(times, offered)


def report(times: dict[int, list[float]], offered: dict[int, float]) -> int:
    """Print the table and the verdict; 1 when a bound is broken."""
    table = Table("URLs queued", "ms per page (median)", "p95", "ms per 1,000 offered", title="frontier")
    for size, seconds in times.items():
        cells = (median(seconds), quantiles(seconds, n=20)[-1], offered[size])
        table.add_row(f"{size:,}", *(f"{cell * 1000:.2f}" for cell in cells))
    first, last = (median(times[size]) for size in (min(times), max(times)))
    growth, memory = last / first - 1, resident_mib()
    good = growth <= TOLERANCE and memory < MEMORY_MIB
    console = Console()
    console.print(table)
    console.print(
        f"time per page from {min(times):,} to {max(times):,}: {growth:+.1%} (at most {TOLERANCE:+.0%}); "
        f"memory {memory:.0f} MiB (below {MEMORY_MIB:.0f}): {'good' if good else 'BROKEN'}"
    )
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
