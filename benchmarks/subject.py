"""How long does it take to tell a person what is held of them? Seconds per report, people found.

Promises: the real tables in a real SQLite file, invented texts of the length of local news, fifty planted
people each in one text, its evidence and its incident. Never does: count the filling.

    python -m benchmarks.subject                      20,000 items; exit code 1 when a bound is broken
    python -m benchmarks.subject --items 1000000      the bound of the project: takes 4 GB of disk
    python -m benchmarks.subject --json               the same numbers as JSON
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, insert

from benchmarks.review import BATCH, rows_of
from store.db import connect, migrate, reading
from store.subject import report_person

#: What the project promises (issue 5, P4): items, people, seconds of a report.
ITEMS, PEOPLE, BOUND_S = 1_000_000, 50, 60.0
#: What is measured unless told otherwise: a machine that does other things, too.
SOME = 20_000
#: Reports that are timed one by one; each looks through the whole database.
TIMED = 5


def name_of(number: int) -> str:
    """An invented person; no text of `benchmarks.review` has such words."""
    syllables = ("wira", "sena", "dipa", "tara", "kusu", "mangku", "prabu", "bima")
    first, second = divmod(number, len(syllables))
    return f"Jaga{syllables[second]} Panji{syllables[first]}ningrat"


def fill(engine: Engine, items: int) -> None:
    """Write the items; every so many hold the next person."""
    every = max(1, items // PEOPLE)
    for start in range(0, items, BATCH):
        rows: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for number in range(start, min(start + BATCH, items)):
            is_planted = number % every == 0 and number // every < PEOPLE
            said = f"Demikian kata {name_of(number // every).upper()} kemarin." if is_planted else ""
            for table, row in rows_of(number):
                if said and "text" in row:
                    row["text"] += f" {said}"
                if said and "evidence" in row:
                    row["evidence"] = (said,)
                rows[table].append(row)
        with engine.begin() as conn:
            for table, some in rows.items():
                conn.execute(insert(table), some)


def measure(items: int) -> dict[str, Any]:
    """Seconds per report, and how many of the planted people were found with all their rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "netra.db"
        engine = connect(f"sqlite:///{path}")
        migrate(engine)
        fill(engine, items)
        seconds, found = [], 0
        for number in range(TIMED):
            started = time.perf_counter()
            with reading(engine) as conn:
                told = report_person(conn, [name_of(number)])
            seconds.append(time.perf_counter() - started)
            tables = {row["table"] for row in told["rows"]}
            whole = all(one["prediction"] and one["incident"] for one in told["documents"])
            found += tables == {"documents", "predictions"} and whole
        with reading(engine) as conn:
            everybody = report_person(conn, [name_of(number) for number in range(PEOPLE)])
        engine.dispose()
        size = path.stat().st_size
    good = found == TIMED and everybody["counts"]["documents"] == PEOPLE and max(seconds) < BOUND_S
    return {
        "items": items,
        "people_found": everybody["counts"]["documents"],
        "median_s": round(median(seconds), 2),
        "max_s": round(max(seconds), 2),
        "database_mb": size // 1_000_000,
        "good": good,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when somebody was not found or a report took too long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--items", type=int, default=SOME, help=f"the project's bound is for {ITEMS}")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    told = measure(chosen.items)
    if chosen.json:
        print(json.dumps(told))
    else:
        print("\n".join(f"{name}: {value}" for name, value in told.items()))
    return int(not told["good"])


if __name__ == "__main__":
    sys.exit(main())
