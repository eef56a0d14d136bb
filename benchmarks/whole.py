"""Netra's whole way from address to document, once: the child process that benchmarks.crawl measures.

Promises: the functions of the command line and nothing else (frontier, guard, robots.txt, archive, store and
the extract stage), on a database that keeps all its promises; delays are off by the manifests alone.
Never does: skip a step that a night takes up to its documents.

    python -m benchmarks.whole FOLDER NIGHT [PROFILE]      FOLDER/sources holds the manifests

Prints {"pages", "documents", "seconds", "cpu_seconds", "crawl_seconds"}: from the first source to the last
document committed, without the start of Python and the making of the database. PROFILE names a file for
cProfile's counts.
"""

import cProfile
import json
import os
import sys
import time
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import crawlers.connect  # noqa: F401 - Scrapy loads it by its name; here before the clock runs, as in bare.py
from benchmarks.machine import cpu_seconds
from crawlers.manifest import load_sources
from crawlers.run import crawl
from pipeline import run_extract
from store.db import connect, migrate
from verbs.ahead import reading_ahead  # brings the extractor before the clock runs, as Scrapy comes before it


def main(folder: Path, night: date, profile: Path | None) -> None:
    """Crawl and extract once and print how long it took."""
    os.environ.setdefault("NETRA_CONTACT", "tolok ukur")
    sources = load_sources(folder / "sources")
    engine = connect(f"sqlite:///{folder / 'netra.db'}")
    migrate(engine)
    # CPU time, so that what else runs on the machine does not show as ours.
    profiler = cProfile.Profile(time.process_time) if profile else nullcontext()
    began, cpu = time.perf_counter(), cpu_seconds()
    with profiler, reading_ahead(sources) as readers:
        reports = crawl(
            engine, sources, run_id="1", night=night, warc_dir=folder / "warc", stored=readers.offer
        )
        crawled = time.perf_counter()
        stage = run_extract(engine, sources, readers)
        ended = time.perf_counter()
    if profile and isinstance(profiler, cProfile.Profile):
        profiler.dump_stats(profile)
    found = {
        "pages": sum(report.new_pages for report in reports),
        "documents": stage.items_out,
        "seconds": ended - began,
        "cpu_seconds": cpu_seconds() - cpu,
        "crawl_seconds": crawled - began,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
