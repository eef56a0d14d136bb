"""What does distribution cost, and what does it win? The same stages here and on a Ray cluster, in one run.

Promises: the same pages, model and stage functions both ways, each with a new database; the time that
workers and models take to start is told apart, as that of a night of FEW pages; both ways must end with the
same rows.
Never does: crawl, or count the making of the pages.

    python -m benchmarks.ray                     1,000 pages, 2 workers; exit code 1 when a bound is broken
    python -m benchmarks.ray --pages 200
    python -m benchmarks.ray --address HOST:PORT  a cluster that runs already
    python -m benchmarks.ray --json              the same numbers as JSON

The local engine is what `nightly` runs: one process that reads and classifies one text after the other.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from benchmarks.machine import cpu_name, load
from benchmarks.outlets import outlet_of, rules_of, write_pages
from crawlers.archive import Archive, digest_bodies
from nlp.answers import load_classifier
from nlp.extract import EXTRACTOR_VERSION
from nlp.group import GROUP_VERSION, group
from nlp.screen import screen, screen_version
from store.db import connect, migrate
from store.digest import content_digest
from store.frontier import night_of, put_page
from store.records import Prediction, RawPage, StageReport
from store.work import classify_documents, extract_pages, group_documents, screen_documents
from verbs.ahead import Reading, read_stored
from verbs.cluster import Cluster, connected
from verbs.spread import PageReaders
from verbs.spread_model import ClusterClassifier, Screened, waiting_candidates

#: Issue 6: Ray with 2 workers makes at least this share of the local engine's documents per second.
BOUND = 0.9
PAGES, FEW, OUTLETS = 1_000, 16, 8
#: Stages whose work workers can do.
SPREAD = ("extract", "classify")

Asked = TypeVar("Asked")
Made = TypeVar("Made")


class Worked:
    """Seconds that a stage spent in the work that it hands on, as opposed to reading and saving."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, stage: str, work: Callable[[Asked], Made]) -> Callable[[Asked], Made]:
        """Give `work` with its time counted for a stage."""
        self.seconds[stage] = 0.0

        def run(asked: Asked) -> Made:
            started = time.perf_counter()
            try:
                return work(asked)
            finally:
                self.seconds[stage] += time.perf_counter() - started

        return run


def store_pages(folder: Path, count: int) -> list[RawPage]:
    """Put `count` pages of the length of real ones into an archive; gives them as a crawl would."""
    now = datetime.now(UTC).replace(microsecond=0)
    found = []
    with Archive(folder, name="ukur", software="netra") as archive:
        for number, body in enumerate(write_pages(count, outlets=OUTLETS)):
            source = rules_of(outlet_of(number, OUTLETS)).source_id
            url = f"https://{source}.test/{number}"
            found.append(
                RawPage(
                    page_id=f"{source}-{number:016d}",
                    source_id=source,
                    url=url,
                    canonical_url=url,
                    night=night_of(now),
                    fetched_at=now,
                    status=200,
                    format="html",
                    part="",
                    encoding="utf-8",
                    refs=(archive.write(url, status=200, headers=[], body=body, fetched_at=now),),
                    body_sha256=digest_bodies([body]),
                )
            )
        archive.sync()
    return found


def run_night(
    database: Path, pages: Sequence[RawPage], cluster: Cluster | None
) -> tuple[dict[str, StageReport], dict[str, float], dict[str, str]]:
    """Stages over these pages: their reports, the seconds of their work alone, and the digest of the rows."""
    rules = {rules_of(number).source_id: rules_of(number) for number in range(1, OUTLETS + 1)}
    worked = Worked()
    engine = connect(f"sqlite:///{database}")
    migrate(engine)
    with engine.begin() as conn:
        for page in pages:
            put_page(conn, page)
    readers = PageReaders(cluster, engine, rules) if cluster else None

    def read(page: RawPage) -> Reading:
        return (readers.take(page) if readers else None) or read_stored(page, rules)

    def quiet(_: int) -> None:
        pass

    read_timed = worked.timed("extract", read)
    extracted = extract_pages(engine, read_timed, version=EXTRACTOR_VERSION, progress=quiet)
    screened = screen_documents(
        engine, worked.timed("screen", screen), version=screen_version(), progress=quiet
    )
    classifier = (
        ClusterClassifier(cluster, None, waiting_candidates(engine), {}) if cluster else load_classifier(None)
    )

    def classify(pair: Screened) -> Prediction | None:
        return classifier.classify(*pair)

    answer = worked.timed("classify", classify)
    classified = classify_documents(
        engine, lambda d, c: answer((d, c)), model=classifier.version, progress=quiet
    )
    reports = (extracted, screened, classified, group_documents(engine, group, version=GROUP_VERSION))
    digest = content_digest(engine)
    engine.dispose()
    seconds = {report.stage: report for report in reports}
    return seconds, worked.seconds, digest


def measure(pages: int, address: str) -> dict[str, Any]:
    """Seconds by stage both ways, without what starting took; the ratio; the shares that scale out."""
    with tempfile.TemporaryDirectory() as place, connected("ray", address) as cluster:
        assert cluster is not None  # noqa: S101 - with "ray" there is one
        folder = Path(place)
        stored = store_pages(folder / "warc", pages)
        ways: dict[str, Any] = {}
        digests = []
        for name, where in (("local", None), ("ray", cluster)):
            few, _, _ = run_night(folder / f"{name}-few.db", stored[:FEW], where)
            all_of_it, worked, digest = run_night(folder / f"{name}.db", stored, where)
            digests.append(digest)
            seconds = {s: max(r.seconds - few[s].seconds, 1e-9) for s, r in all_of_it.items()}
            ways[name] = {
                "seconds": {s: round(t, 3) for s, t in seconds.items()},
                "begin_s": round(sum(r.seconds for r in few.values()), 2),
                "per_second": round((pages - FEW) / sum(seconds.values()), 2),
                "share_of_work": {
                    s: round(min(1.0, worked.get(s, 0.0) / r.seconds), 3) for s, r in all_of_it.items()
                },
            }
        local = ways["local"]
        whole = sum(local["seconds"].values())
        spread = sum(local["seconds"][s] * local["share_of_work"][s] for s in SPREAD)
        ratio = ways["ray"]["per_second"] / local["per_second"]
        return {
            "pages": pages,
            "workers": cluster.workers,
            **ways,
            "ratio": round(ratio, 3),
            "scales_out": round(spread / whole, 3),
            "same_rows": digests[0] == digests[1],
            "good": ratio >= BOUND and digests[0] == digests[1],
        }


def show(told: dict[str, Any], console: Console) -> None:
    """Print the table of one measurement."""
    table = Table(title=f"{told['pages']} pages, {told['workers']} Ray workers beside the local engine")
    for column in ("stage", "local s", "Ray s", "share of the local stage that scales out"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage, seconds in told["local"]["seconds"].items():
        share = f"{told['local']['share_of_work'][stage]:.0%}" if stage in SPREAD else "stays"
        table.add_row(stage, f"{seconds:.2f}", f"{told['ray']['seconds'][stage]:.2f}", share)
    console.print(table)
    verdict = "good" if told["good"] else "TOO LITTLE"
    console.print(
        f"documents a second: local {told['local']['per_second']}, Ray {told['ray']['per_second']}; ratio "
        f"{told['ratio']:.2f} (at least {BOUND}): {verdict}\n"
        f"a night of {FEW} pages, which is starting: local {told['local']['begin_s']} s, "
        f"Ray {told['ray']['begin_s']} s\n"
        f"of the local stages' time {told['scales_out']:.0%} scales out; rows "
        f"{'the same' if told['same_rows'] else 'DIFFER'}\n{cpu_name()}, load {load()}",
        highlight=False,
    )


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether the bound holds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--address", default="")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    told = measure(options.pages, options.address)
    if options.json:
        print(json.dumps(told))
    else:
        show(told, Console())
    return 0 if told["good"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
