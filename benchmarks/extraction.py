"""Is the article read whole and alone? Our extractor beside public ones, on the same saved pages.

Promises: every row sees the same decoded pages and is scored by the same measure (tests/pages/scores.py);
each peer runs in an environment of its own with a pinned version, made on first use; one that cannot be
installed is named and left out. Speed is CPU time on one core, ours and trafilatura's taken by turns in one
process.
Never does: fetch a page, tell a peer a selector, or mend what it gives back.

    python -m benchmarks.extraction              all peers; the first time they are installed from PyPI
    python -m benchmarks.extraction --no-peers   ours and trafilatura, which we depend on, alone
    python -m benchmarks.extraction --leaks      also name the lines that leaked

The pages are ours, written after markups that are described in public, and our extractor was mended on them:
the row "ours, no selectors" is not what it would reach on pages that nobody has seen. The rows with class and
id stripped tell how much hangs on names that it knows.
"""

import argparse
import json
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import trafilatura
from rich.console import Console
from rich.table import Table

from benchmarks.machine import cpu_name, load
from nlp.markup import decode_page
from store.records import ExtractionRules, RawPage
from tests.pages import golden_page, load_page
from tests.pages.gate import html_names, read_as_we_do, without_selectors
from tests.pages.scores import Reading, Score, score_page, summarise

PEERS_FOLDER = Path(__file__).parent.parent / "data" / "var" / "peers"
#: Newest on PyPI when the table in docs was made.
PEERS = {"newspaper4k": "0.9.6", "readability-lxml": "0.9", "jusText": "3.0.2", "news-please": "1.6.16"}
#: What a peer imports and does not ask for.
NEEDED_BY = {"jusText": ("lxml_html_clean==0.4.6",)}
#: Installing a peer takes a minute; reading all pages with the slowest, seconds.
INSTALL_SECONDS = 900
READ_SECONDS = 900
#: Turns over all pages for the speed: the median of so many, and their spread.
TURNS = 7
#: A peer's time without a zone is in that of the outlet.
ZONE = ZoneInfo("Asia/Jakarta")

_NAMES = re.compile(rb"\s(?:class|id)=(?:\"[^\"]*\"|'[^']*'|[^\s>]+)")

Page = tuple[RawPage, ExtractionRules]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `seconds` is CPU time for all pages, None where it was not taken."""

    name: str
    scores: dict[str, Score]
    seconds: float | None


def load_pages() -> dict[str, Page]:
    """Load every saved HTML page."""
    return {name: load_page(name) for name in html_names()}


def texts_of(page: RawPage) -> list[str]:
    """Decode the pages of one article as we do ourselves."""
    return [decode_page(body, page.encoding) for body in page.bodies]


def read_with_trafilatura(page: RawPage, *, precise: bool = False) -> Reading:
    """Read an article with trafilatura; a time without an hour is midnight."""
    found: list[Any] = [
        trafilatura.bare_extraction(
            text, url=page.url, with_metadata=True, include_comments=False, favor_precision=precise
        )
        for text in texts_of(page)
    ]
    first = found[0]
    if first is None:
        return Reading()
    return Reading(
        text="\n".join(part.text or "" for part in found if part is not None),
        title=first.title or "",
        author=(first.author or "").replace(";", ","),
        published_at=read_time(first.date or ""),
    )


def strip_names(page: RawPage) -> RawPage:
    """Return a page without class and id: what an extractor makes of it does not hang on known names."""
    return replace(page, bodies=tuple(_NAMES.sub(b"", body) for body in page.bodies))


def read_time(stamp: str) -> datetime | None:
    """Read a peer's time; None when it gives none, or one that Python does not know."""
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


def score_all(
    pages: dict[str, Page], read: Callable[[RawPage, ExtractionRules], Reading]
) -> dict[str, Score]:
    """Score one reader on all pages."""
    return {name: score_page(golden_page(name), read(page, rules)) for name, (page, rules) in pages.items()}


def install_peer(name: str, *, folder: Path) -> Path | str:
    """Make a peer's environment unless it is there; returns its Python, or why it cannot be had."""
    home = folder / f"{name}-{PEERS[name]}"
    python = home / "bin" / "python"
    if (home / "installed").exists():
        return python
    commands = (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [str(python), "-m", "pip", "install", "--quiet", f"{name}=={PEERS[name]}", *NEEDED_BY.get(name, ())],
    )
    for command in commands:
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)  # noqa: S603 - our own words
        except subprocess.CalledProcessError as error:
            lines: list[str] = error.stderr.strip().splitlines()
            return lines[-1] if lines else str(error)
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
    (home / "installed").touch()
    return python


def run_peer(name: str, python: Path, pages: dict[str, Page]) -> Row | str:
    """Score a peer on all pages; returns its row, or why there is none."""
    asked = ({"name": key, "url": page.url, "pages": texts_of(page)} for key, (page, _) in pages.items())
    done = subprocess.run(  # noqa: S603 - the peer's Python and our own file
        [str(python), str(Path(__file__).parent / "peers.py"), name],
        input="\n".join(map(json.dumps, asked)),
        capture_output=True,
        text=True,
        timeout=READ_SECONDS,
        check=False,
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no answer"])[-1]
    *answers, last = (json.loads(line) for line in done.stdout.splitlines())
    scores = {answer["name"]: score_page(golden_page(answer["name"]), _reading(answer)) for answer in answers}
    return Row(f"{name} {PEERS[name]}", scores, last["seconds"])


def _reading(answer: dict[str, Any]) -> Reading:
    return Reading(answer["text"], answer["title"], answer["author"], read_time(answer["at"]))


def time_by_turns(runs: Sequence[Callable[[], object]], *, turns: int = TURNS) -> list[list[float]]:
    """CPU seconds of each run, taken by turns after one that warms up; one list for each run."""
    spent: list[list[float]] = [[] for _ in runs]
    for turn in range(turns + 1):
        for run, seconds in zip(runs, spent, strict=True):
            started = time.process_time()
            run()
            if turn:
                seconds.append(time.process_time() - started)
    return spent


def measure_speed(pages: dict[str, Page], *, turns: int = TURNS) -> dict[str, list[float]]:
    """CPU seconds for all pages, turn by turn: ours with and without selectors, and trafilatura.extract.

    trafilatura gets what its users give it, the bytes of a page, and makes the text alone; ours the whole
    document.
    """
    bodies = [body for page, _ in pages.values() for body in page.bodies]
    generic = [(page, without_selectors(rules)) for page, rules in pages.values()]
    runs = (
        lambda: [read_as_we_do(page, rules) for page, rules in pages.values()],
        lambda: [read_as_we_do(page, rules) for page, rules in generic],
        lambda: [trafilatura.extract(body) for body in bodies],
    )
    return dict(zip(("ours", "ours_generic", "trafilatura"), time_by_turns(runs, turns=turns), strict=True))


def measure(*, peers: bool, turns: int = TURNS) -> tuple[list[Row], dict[str, list[float]], dict[str, str]]:
    """All rows, the speeds turn by turn, and the peers that are left out with the reason."""
    pages = load_pages()
    speed = measure_speed(pages, turns=turns)
    median = {name: statistics.median(seconds) for name, seconds in speed.items()}
    rows = [
        Row("ours", score_all(pages, read_as_we_do), median["ours"]),
        Row(
            "ours, no selectors",
            score_all(pages, lambda page, rules: read_as_we_do(page, without_selectors(rules))),
            median["ours_generic"],
        ),
        Row(
            f"trafilatura {version('trafilatura')}",
            score_all(pages, lambda page, _: read_with_trafilatura(page)),
            median["trafilatura"],
        ),
        Row(
            "  favor_precision",
            score_all(pages, lambda page, _: read_with_trafilatura(page, precise=True)),
            None,
        ),
        Row(
            "ours, class and id stripped",
            score_all(pages, lambda page, rules: read_as_we_do(strip_names(page), without_selectors(rules))),
            None,
        ),
        Row(
            "trafilatura, the same",
            score_all(pages, lambda page, _: read_with_trafilatura(strip_names(page))),
            None,
        ),
    ]
    left_out: dict[str, str] = {}
    for name in PEERS if peers else ():
        python = install_peer(name, folder=PEERS_FOLDER)
        found = python if isinstance(python, str) else run_peer(name, python, pages)
        if isinstance(found, str):
            left_out[name] = found
        else:
            rows.append(found)
    return rows, speed, left_out


def show(
    rows: Sequence[Row], speed: dict[str, list[float]], left_out: dict[str, str], console: Console
) -> None:
    """Print the table, the ratio of speeds and what was left out."""
    bodies = sum(len(page.bodies) for page, _ in load_pages().values())
    console.print(
        f"{len(rows[0].scores)} articles on {bodies} pages; {cpu_name()}, "
        f"Python {platform.python_version()}, load {load()}"
    )
    table = Table(
        "extractor",
        "F1",
        "precision",
        "recall",
        "pages that leak",
        "... whole lines",
        "title",
        "time",
        "author",
        "pages/s",
    )
    for row in rows:
        found = summarise(row.scores.values())
        shares = (found[name] for name in ("leaked", "leaked_lines", "title", "time", "author"))
        table.add_row(
            row.name,
            *(f"{found[name]:.3f}" for name in ("f1", "precision", "recall")),
            *(f"{share:.1%}" for share in shares),
            f"{bodies / row.seconds:.0f}" if row.seconds else "",
        )
    console.print(table)
    for name in ("ours", "ours_generic"):
        ratios = [theirs / own for theirs, own in zip(speed["trafilatura"], speed[name], strict=True)]
        console.print(
            f"pages per second on one core beside trafilatura.extract, {name.replace('_', ', ')}: "
            f"{statistics.median(ratios):.2f} times (turns: {min(ratios):.2f} to {max(ratios):.2f})"
        )
    for name, reason in left_out.items():
        console.print(f"left out: {name} {PEERS[name]}: {reason}")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction", description=__doc__)
    parser.add_argument("--no-peers", action="store_true", help="install and run no peer")
    parser.add_argument("--leaks", action="store_true", help="name the lines that leaked")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    parser.add_argument("--turns", type=int, default=TURNS, help="turns over all pages for the speed")
    options = parser.parse_args()
    rows, speed, left_out = measure(peers=not options.no_peers, turns=options.turns)
    if options.json:
        found = {row.name.strip(): summarise(row.scores.values()) for row in rows}
        print(json.dumps({"rows": found, "seconds": speed, "left_out": left_out}, indent=1))
        return
    console = Console(width=150)
    show(rows, speed, left_out, console)
    if options.leaks:
        for row in rows:
            for name, score in row.scores.items():
                for line in score.leaked:
                    console.print(f"{row.name.strip()}: {name}: {line}", markup=False)


if __name__ == "__main__":
    main()
