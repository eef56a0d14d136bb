"""A walk over past days in a process of its own, because the reactor starts once in each.

python -m tests.crawlers.walker FOLDER RUN_ID NIGHT FIRST LAST
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from crawlers.manifest import load_sources
from crawlers.run import crawl
from store.db import connect, migrate

NIGHT, FIRST, LAST = "2024-09-20", "2024-09-15", "2024-09-17"


def words(folder: Path, run: str, night: str = NIGHT, first: str = FIRST, last: str = LAST) -> list[str]:
    """Build the command line; everything lies below `folder`, as with tests.crawlers.outlet."""
    return [
        sys.executable,
        "-W",
        "error",
        "-m",
        "tests.crawlers.walker",
        str(folder),
        run,
        night,
        first,
        last,
    ]


def walk(folder: Path, run: str = "1", **days: str) -> dict[str, dict[str, Any]]:
    """Walk once; gives the reports by source id."""
    environment = {**os.environ, "NETRA_CONTACT": "uji@netra.test", "NO_PROXY": "*"}
    command = words(folder, run, **days)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return {report["source_id"]: report for report in map(json.loads, done.stdout.splitlines())}


def main(folder: Path, run: str, night: str, first: str, last: str) -> None:
    """Walk and print one report a line."""
    engine = connect(f"sqlite:///{folder / 'netra.db'}")
    migrate(engine)
    span = (date.fromisoformat(first), date.fromisoformat(last))
    reports = crawl(
        engine,
        load_sources(folder / "sources"),
        run_id=run,
        night=date.fromisoformat(night),
        span=span,
        warc_dir=folder / "warc",
    )
    for report in reports:
        print(json.dumps(asdict(report), default=str))  # noqa: T201 - this is a command


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
