"""Do time and memory stay in proportion when a night has ten, a hundred times the documents?

Promises: the functions behind the command line (screen, classify, group, export) over a real SQLite file that
keeps all its promises; each size in a process of its own, so that its peak of memory is its own; making the
documents is not in the clock. Never does: crawl or extract (benchmarks.crawl does), judge answers.

    python -m benchmarks.scale                           10,000, 100,000 and 1,000,000 documents: hours
    python -m benchmarks.scale --sizes 1000 10000        other numbers of documents
    python -m benchmarks.scale --engine torch            in float32 instead of int8
    python -m benchmarks.scale --json                    the same numbers as JSON

Documents have the length of news and are put together from texts of data/labels: CANDIDATES of them from
cases, the rest from texts about other things. They are spread evenly over DAYS days and SOURCES outlets.
Exit code 1 when a bound is broken.
"""

import argparse
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, insert, select

from benchmarks.machine import cpu_name, cpu_seconds, load
from benchmarks.news import CANDIDATES, write_documents
from nlp.items import Item, read_items
from nlp.screen import screen
from pipeline import run_classify, run_group, run_screen
from review.options import Runtime
from store.db import connect, migrate, reading
from store.queue import QueueFilter
from store.records import State
from store.rows import values_of
from store.schema import candidates, documents, pages
from verbs.places import LABELS
from verbs.sheets import write_queue

ROOT = Path(__file__).resolve().parents[1]
SIZES = (10_000, 100_000, 1_000_000)
#: The bounds of the project: exponent of time, memory, seconds of grouping.
MAX_EXPONENT, MAX_MIB, MAX_GROUP_S = 1.05, 1_500, 1_200
SEED, SOURCES, DAYS = 20240927, 150, 365
FIRST = datetime(2024, 1, 1, 12, tzinfo=UTC)
#: Documents made and stored at once.
BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One size: seconds on the clock and of the processor by stage, what came out, the peak of memory."""

    documents: int
    candidates: int
    flagged: int
    incidents: int
    seconds: dict[str, float]
    cpu_seconds: dict[str, float]
    memory_mib: float
    database_mib: float


def make_news(count: int) -> Iterator[list[Item]]:
    """`count` documents in blocks, a share of CANDIDATES of them made of texts about cases."""
    items, _ = read_items(sorted(LABELS.glob("*.jsonl")), gold=True)
    cases = [item for item in items if item.label == "case"]
    # Without a candidate, party or election in them, no two of these make a candidate for screening together.
    others = [
        item
        for item in items
        if item.tag == "off_topic"
        and not any(reason.startswith("object:") for reason in screen(item.document()).reasons)
    ]
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        told = round(size * CANDIDATES)
        block = write_documents(cases, count=told, seed=SEED + start)
        block += write_documents(others, count=size - told, seed=SEED + start + 1)
        random.Random(SEED + start).shuffle(block)
        yield [replace(item, id=f"D-{start + place:07d}") for place, item in enumerate(block)]


def fill(url: str, *, size: int) -> None:
    """Make a database with `size` extracted documents and their pages."""
    engine = connect(url)
    migrate(engine)
    number = 0
    for block in make_news(size):
        page_rows, document_rows = [], []
        for item in block:
            at = FIRST + timedelta(days=number * DAYS // size, seconds=number % 3600)
            source = f"koran-{number % SOURCES}"
            address = f"https://{source}.test/{item.id}"
            document = replace(
                item.document(),
                page_id=item.id.replace("D", "P"),
                source_id=source,
                night=at.date(),
                url=address,
                canonical_url=address,
                published_at=at - timedelta(hours=4),
                published_precision="minute",
                language="id",
                fetched_at=at,
            )
            document_rows.append(values_of(document, state=State.EXTRACTED, scored_by="", grouped_by=""))
            page_rows.append(
                {
                    **{name: document_rows[-1][name] for name in ("page_id", "source_id", "url", "night")},
                    **{name: document_rows[-1][name] for name in ("canonical_url", "fetched_at")},
                    "status": 200,
                    "format": "html",
                    "part": "",
                    "encoding": "utf-8",
                    "refs": (),
                    "body_sha256": sha256(item.id.encode()).hexdigest(),
                    "pages_expected": 1,
                    "state": State.EXTRACTED,
                    "reason": "",
                    "extractor_version": "1",
                }
            )
            number += 1
        with engine.begin() as conn:
            conn.execute(insert(pages), page_rows)
            conn.execute(insert(documents), document_rows)
    engine.dispose()


def work(folder: Path, *, runtime: Runtime) -> Measured:
    """Take the documents of a filled database to the sheet, in this process."""
    engine = connect(_database(folder))
    # The lexicon is read before the clock runs; the model's coming up belongs to each night.
    screen(Item(id="first", kind="news", title="", text="Camat").document())
    seconds: dict[str, float] = {}
    cpu: dict[str, float] = {}

    @contextmanager
    def timed(stage: str) -> Iterator[None]:
        began, spent = time.perf_counter(), cpu_seconds()
        yield
        seconds[stage], cpu[stage] = time.perf_counter() - began, cpu_seconds() - spent

    with timed("screen"):
        screened = run_screen(engine)
    with timed("classify"):
        run_classify(engine, (), None, runtime, "cpu")
    with timed("group"):
        grouped = run_group(engine)
    with timed("export"):
        _, rows = write_queue(
            engine,
            folder,
            (FIRST + timedelta(days=DAYS)).date(),
            queue="new",
            filters=QueueFilter(),
            threshold=None,
            publishers={},
            form="csv",
            lang="id",
            separator=",",
        )
    with reading(engine) as conn:
        told = conn.scalar(select(func.count()).where(candidates.c.candidate)) or 0
    engine.dispose()
    return Measured(
        documents=screened.items_out,
        candidates=told,
        flagged=grouped.items_in,
        incidents=len(rows),
        seconds=seconds,
        cpu_seconds=cpu,
        memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        database_mib=(folder / "netra.db").stat().st_size / 2**20,
    )


def _database(folder: Path) -> str:
    return f"sqlite:///{folder / 'netra.db'}"


def measure(size: int, *, runtime: Runtime) -> Measured:
    """Fill a database with `size` documents and work them off, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for step in ("fill", "work"):
            command = [sys.executable, "-m", "benchmarks.scale", "--step", step, "--folder", folder]
            done = subprocess.run(  # noqa: S603 - this module
                [*command, "--sizes", str(size), "--engine", runtime],
                cwd=ROOT,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
        return Measured(**json.loads(done.stdout.splitlines()[-1]))


def exponent(rows: Sequence[Measured], seconds: Callable[[Measured], float]) -> float:
    """By which power of the number of documents the seconds grow, from the first row to the last."""
    first, last = rows[0], rows[-1]
    return math.log(seconds(last) / seconds(first)) / math.log(last.documents / first.documents)


def broken_bounds(rows: Sequence[Measured]) -> list[str]:
    """What the project promises and these rows do not keep, one line each."""
    broken = [
        f"{row.documents:,} documents: {row.memory_mib:.0f} MiB" for row in rows if row.memory_mib > MAX_MIB
    ]
    broken += [
        f"{row.documents:,} documents: grouped in {row.seconds['group']:.0f} s"
        for row in rows
        if row.seconds["group"] > MAX_GROUP_S
    ]
    if len(rows) > 1 and exponent(rows, total) > MAX_EXPONENT:
        broken.append(f"time grows with exponent {exponent(rows, total):.2f}")
    return broken


def total(row: Measured) -> float:
    """Seconds of all stages."""
    return sum(row.seconds.values())


def seconds_in(stage: str) -> Callable[[Measured], float]:
    """What gives the seconds of one stage."""
    return lambda row: row.seconds[stage]


def show(rows: Sequence[Measured], console: Console) -> None:
    """Print the table."""
    stages = list(rows[0].seconds)
    table = Table(
        "documents", "candidates", "flagged", "incidents", *stages, "all, s", "ms each", "MiB", "db MiB"
    )
    for row in rows:
        table.add_row(
            *(f"{number:,}" for number in (row.documents, row.candidates, row.flagged, row.incidents)),
            *(f"{row.seconds[stage]:.1f}" for stage in stages),
            f"{total(row):.1f}",
            f"{1000 * total(row) / row.documents:.2f}",
            f"{row.memory_mib:.0f}",
            f"{row.database_mib:.0f}",
        )
    console.print(table)
    console.print(f"{cpu_name()}, {os.cpu_count()} cores, load {load()}")
    if len(rows) > 1:
        grown = ", ".join(f"{stage} {exponent(rows, seconds_in(stage)):.2f}" for stage in stages)
        console.print(f"time grows with exponent {exponent(rows, total):.2f} ({grown})")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of documents")
    parser.add_argument("--engine", choices=get_args(Runtime), default="onnx", help="what classifies")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    parser.add_argument("--step", choices=("fill", "work"), help="what a process of its own does")
    parser.add_argument("--folder", type=Path, help="where it does so")
    chosen = parser.parse_args(arguments)
    if chosen.step == "fill":
        fill(_database(chosen.folder), size=chosen.sizes[0])
        return 0
    if chosen.step == "work":
        print(json.dumps(asdict(work(chosen.folder, runtime=chosen.engine))))
        return 0
    rows = [measure(size, runtime=chosen.engine) for size in chosen.sizes]
    broken = broken_bounds(rows)
    if chosen.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], "broken": broken}, indent=1))
    else:
        console = Console(width=140)
        show(rows, console)
        for line in broken:
            console.print(f"BOUND BROKEN: {line}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
