"""A crawl in a process of its own, in a network that the test makes up and watches."""

import json
import os
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from crawlers.settings import TIMEOUT_S
from tests.crawlers.outlet import NIGHT, arguments


@dataclass(frozen=True)
class World:
    """What differs from a real network: names with their answers one after the other, and short patience."""

    names: dict[str, list[list[str]]] = field(default_factory=dict)
    timeout_s: float = TIMEOUT_S
    #: Folder whose files are watched.
    watched: str = "/nowhere"
    #: File with the certificates that are trusted, instead of the system's.
    trusted: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a crawl did: its reports, the addresses and files it reached for, its log and its cost."""

    reports: dict[str, dict[str, Any]]
    connects: list[str]
    opened: list[str]
    log: str
    cpu_s: float
    peak_mib: float


def crawl_in(
    world: World, folder: Path, *, night: date = NIGHT, run: str = "1", replay: Path | None = None
) -> Outcome:
    """Crawl `folder/sources` in that world."""
    table, seen = folder / "world.json", folder / f"seen-{run}.txt"
    table.write_text(json.dumps({**asdict(world), "seen": str(seen)}))
    words = arguments(folder, night=night, run=run, replay=replay, db=f"netra-{run}.db")
    place = words.index("tests.crawlers.outlet")
    words[place : place + 1] = ["tests.hostile.world", str(table)]
    trusted = {"SSL_CERT_FILE": world.trusted} if world.trusted else {}
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        # A proxy that would take everything away, if anybody asked for one.
        env={**os.environ, "NETRA_CONTACT": "uji@netra.test", "HTTP_PROXY": "http://127.0.0.1:9", **trusted},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    *reports, cost = [json.loads(line) for line in done.stdout.splitlines()]
    lines = seen.read_text().splitlines() if seen.exists() else []
    return Outcome(
        reports={report["source_id"]: report for report in reports},
        connects=[line.removeprefix("connect ") for line in lines if line.startswith("connect ")],
        opened=[line.removeprefix("open ") for line in lines if line.startswith("open ")],
        log=done.stderr,
        cpu_s=cost["cpu_s"],
        peak_mib=cost["peak_mib"],
    )
