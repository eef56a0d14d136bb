"""What does Netra's care cost a crawl? Pages per second of the whole way beside a bare Scrapy spider.

Promises: both fetch the same pages (30 to 80 kB of HTML) from one loopback server in a process of its own,
from as many outlets at a time, one request to each, without delay; each run is a fresh process with an empty
folder; the two take turns, so that a busy moment of the machine meets both alike. The server alone is
measured first, by a client that only reads: it must be well ahead of both. Bare: fetch and save the body.
Ours: guard, robots.txt, frontier, archive, store, and the extract stage up to the last document.
Never does: leave out the start of a crawl, or count a page that did not become a document.

    python -m benchmarks.crawl              the table; exit code 1 when the ratio is below the bound
    python -m benchmarks.crawl --profile    also one run of ours under cProfile: the share of each part
    python -m benchmarks.crawl --plain      the server does not pack its pages

Delays are switched off by `delay_s = 0` in the manifests, which is what an operator could write.
"""

import argparse
import asyncio
import json
import platform
import pstats
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import cpu_name, load
from benchmarks.outlets import page_path, rules_of, sitemap_path
from store.frontier import night_of

#: Pages of one run, and outlets that they are spread over: as many as a night crawls at a time.
PAGES, OUTLETS = 2_400, 8
#: Turns of the two; the first is not counted: it warms the disk's caches up.
ROUNDS = 5
#: The bound of the project.
RATIO = 0.6
#: Seconds that one run may take.
PATIENCE_S = 600

ROOT = Path(__file__).parent.parent
SELECTORS = ("title", "body", "published", "author", "remove")
#: Whose code a function is, by a part of its path, the first that fits. What is in no room (built-in
#: functions, the standard library) counts for those that called it.
ROOMS: Mapping[str, str] = {
    "/crawlers/archive.py": "archive",
    "/warcio/": "archive",
    "/sqlalchemy/": "store",
    "/store/": "store",
    "/nlp/": "extraction",
    "/trafilatura/": "extraction",
    "/lxml/": "extraction",
    "/parsel/": "extraction",
    "/crawlers/": "spider, guard, politeness",
    "/scrapy/": "Scrapy and Twisted",
    "/twisted/": "Scrapy and Twisted",
    "/asyncio/": "Scrapy and Twisted",
}
#: Rounds of handing time up to callers: deeper than the standard library calls itself.
DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Round:
    """Pages per second of one turn, and the share of our time that was the crawl (the rest: extract)."""

    bare: float
    ours: float
    crawl_share: float

    @property
    def ratio(self) -> float:
        """Ours by the bare one's."""
        return self.ours / self.bare


def run_child(words: Sequence[str], *, cwd: Path = ROOT) -> dict[str, Any]:
    """Run a Python process and give the JSON object that it prints last."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, *words], cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{words[:2]} failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def server(pages: int, *, outlets: int, plain: bool) -> Iterator[int]:
    """Run the loopback server in a process of its own until the block ends; gives its port."""
    words = ["-m", "benchmarks.outlets", str(pages), str(outlets), "plain" if plain else "gzip"]
    with subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdout is None:
            raise RuntimeError("the server has no standard output")
        yield int(json.loads(process.stdout.readline())["port"])
        # Its standard input ends with the block, and so does it.


async def read_all(port: int, pages: int, *, outlets: int) -> float:
    """Read every page once over one connection to each outlet, doing nothing else; gives pages per second."""

    async def read(outlet: int) -> None:
        reader, writer = await asyncio.open_connection(f"127.0.0.{outlet}", port)
        for number in range(outlet - 1, pages, outlets):
            writer.write(
                f"GET {page_path(number, outlets)} HTTP/1.1\r\nHost: 127.0.0.{outlet}\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.rpartition(b"Content-Length: ")[2]))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(read(outlet) for outlet in range(1, outlets + 1)))
    return pages / (time.perf_counter() - began)


def write_manifests(folder: Path, port: int, *, outlets: int, pages: int) -> None:
    """Write the manifest of each outlet: no delay, room for all its pages, the selectors of its template."""
    folder.mkdir(parents=True)
    for outlet in range(1, outlets + 1):
        host, rules = f"127.0.0.{outlet}", rules_of(outlet)
        selectors = {name: getattr(rules, name) for name in SELECTORS}
        lines = [
            f'id = "outlet-{outlet}"\npublisher = "Warta {outlet}"\nhosts = ["{host}"]',
            f'private_hosts = ["{host}"]\nplatform = "generic"\nkind = "news"\ndelay_s = 0.0',
            f'[[entries]]\nkind = "sitemap"\nurl = "http://{host}:{port}{sitemap_path(outlet)}"',
            f"[bounds]\narticles = {pages}\n[items]\nmax = {pages}\n[selectors]",
            *(f"{name} = {json.dumps(list(found))}" for name, found in selectors.items()),
            '[legal]\nbasis = "uji"\npurpose = "uji"\nretention_days = 1\n',
        ]
        (folder / f"outlet-{outlet}.toml").write_text("\n".join(lines), encoding="utf-8")


def run_bare(port: int, pages: int, *, outlets: int) -> float:
    """One run of the bare spider in a fresh process; gives pages per second."""
    with tempfile.TemporaryDirectory() as folder:
        maps = [f"http://127.0.0.{outlet}:{port}{sitemap_path(outlet)}" for outlet in range(1, outlets + 1)]
        found = run_child(["benchmarks/bare.py", f"{folder}/saved", *maps])
    if found["pages"] != pages:
        raise RuntimeError(f"the bare spider saved {found['pages']} of {pages} pages")
    return pages / float(found["seconds"])


def run_ours(port: int, pages: int, *, outlets: int, profile: Path | None = None) -> tuple[float, float]:
    """One run of ours in a fresh process; gives pages per second and the crawl's share of the time."""
    with tempfile.TemporaryDirectory() as folder:
        write_manifests(Path(folder) / "sources", port, outlets=outlets, pages=pages)
        words = ["-m", "benchmarks.whole", folder, night_of(datetime.now(UTC)).isoformat()]
        found = run_child([*words, *([str(profile)] if profile else [])])
    if (found["pages"], found["documents"]) != (pages, pages):
        raise RuntimeError(
            f"of {pages} pages {found['pages']} were stored, {found['documents']} became documents"
        )
    return pages / found["seconds"], found["crawl_seconds"] / found["seconds"]


def share_time(stats: Mapping[Any, Any]) -> dict[str, float]:
    """Share the time of a profile (`pstats.Stats.stats`) among ROOMS; gives fractions that add up to 1.

    Time in no room goes to the callers, in proportion to the time that was spent on behalf of each.
    """

    def room_of(path: str) -> str:
        return next((room for part, room in ROOMS.items() if part in path), "")

    waiting: Counter[Any] = Counter()
    shared: Counter[str] = Counter()
    for function, (_, _, own, _, _) in stats.items():
        waiting[function] = own
    for _ in range(DEEPEST):
        handed: Counter[Any] = Counter()
        for function, seconds in waiting.items():
            room = room_of(function[0])
            callers = {caller: edge[3] for caller, edge in stats[function][4].items() if caller in stats}
            total = sum(callers.values())
            if room or not total:
                shared[room or "the rest"] += seconds
                continue
            for caller, spent in callers.items():
                handed[caller] += seconds * spent / total
        waiting = handed
    if left := sum(waiting.values()):
        shared["the rest"] += left
    total = sum(shared.values())
    return {room: seconds / total for room, seconds in shared.most_common()}


def measure(
    pages: int, *, outlets: int, rounds: int, plain: bool, profile: bool
) -> tuple[float, list[Round], dict[str, float]]:
    """Give the server's own pages per second, the rounds, and the shares of the profile (or none)."""
    found: list[Round] = []
    shares: dict[str, float] = {}
    with server(pages, outlets=outlets, plain=plain) as port:
        alone = asyncio.run(read_all(port, pages, outlets=outlets))
        for turn in range(rounds + 1):
            bare = run_bare(port, pages, outlets=outlets)
            ours, share = run_ours(port, pages, outlets=outlets)
            if turn:
                found.append(Round(bare, ours, share))
        if profile:
            with tempfile.TemporaryDirectory() as folder:
                run_ours(port, pages, outlets=outlets, profile=Path(folder) / "profile")
                # A dump is read as it was written, by this very Python.
                stats: Any = pstats.Stats(str(Path(folder) / "profile"))
                shares = share_time(stats.stats)
    return alone, found, shares


def show(alone: float, rounds: Sequence[Round], shares: Mapping[str, float], console: Console) -> None:
    """Print the table, the ratio and where the time goes."""
    console.print(f"{cpu_name()}, Python {platform.python_version()}, load {load()}")
    table = Table("pages per second", "median", "least", "most", title="crawl")
    rows = {
        "bare Scrapy: fetch, save": [turn.bare for turn in rounds],
        "Netra: fetch to document": [turn.ours for turn in rounds],
        "  of it, the crawl alone": [turn.ours / turn.crawl_share for turn in rounds],
        "  of it, extraction alone": [turn.ours / (1 - turn.crawl_share) for turn in rounds],
    }
    for name, cells in rows.items():
        table.add_row(name, *(f"{cell:.0f}" for cell in (median(cells), min(cells), max(cells))))
    table.add_row("the server, only read", f"{alone:.0f}", "", "")
    console.print(table)
    ratios = [turn.ratio for turn in rounds]
    console.print(
        f"Netra beside bare Scrapy, {len(rounds)} rounds: {median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}; at least {RATIO}): "
        f"{'good' if is_good(rounds) else 'BELOW'}"
    )
    for room, share in shares.items():
        console.print(f"{share:6.1%}  {room}")


def is_good(rounds: Sequence[Round]) -> bool:
    """Whether the median of the ratios keeps the project's bound."""
    return median(turn.ratio for turn in rounds) >= RATIO


def main(words: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print; 1 when the ratio is below the bound."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.crawl", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--pages", type=int, default=PAGES, help="pages of one run")
    parser.add_argument("--outlets", type=int, default=OUTLETS, help="outlets that are crawled at a time")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="turns of the two, after one that warms up"
    )
    parser.add_argument("--plain", action="store_true", help="the server does not pack its pages")
    parser.add_argument("--profile", action="store_true", help="one more run of ours, under cProfile")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    options = parser.parse_args(words)
    alone, rounds, shares = measure(
        options.pages,
        outlets=options.outlets,
        rounds=options.rounds,
        plain=options.plain,
        profile=options.profile,
    )
    if options.json:
        turns = [asdict(turn) | {"ratio": turn.ratio} for turn in rounds]
        print(json.dumps({"server": alone, "rounds": turns, "shares": shares}, indent=1))
    else:
        show(alone, rounds, shares, Console(width=110))
    return int(not is_good(rounds))


if __name__ == "__main__":
    sys.exit(main())
