"""Does grouping stay right and stay cheap when there is much to group? 1,000 to 100,000 documents.

Promises: the very function of the night (`nlp.group`), on documents whose act is known; time is that of the
processor, so that a busy machine does not count. Never does: read a database, call a model.

    python -m benchmarks.incidents                     the table; exit code 1 when a bound is broken
    python -m benchmarks.incidents --sizes 1000 3000   other numbers of documents

Documents are made from the acts of tests/nlp/incidents: for each new act one of those is taken, its persons
and places get other names, it moves to another kabupaten and day of two years, half of its other words are
replaced by words of data/word-counts.csv, in all its documents alike. So accounts of one act stay as alike as
they were, and those of different acts share what all such news shares.
"""

import argparse
import math
import random
import re
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from benchmarks.machine import cpu_name, load
from nlp.clusters import compare_groupings
from nlp.group import group, time_of
from nlp.likeness import read_counts
from nlp.names import find_names
from nlp.regions import Region, load_regions
from store.records import Document, Prediction
from tests.nlp.incidents import Told, read_told

SIZES = (1_000, 10_000, 100_000)
#: The bounds of the project: time grows with this exponent at most, a million documents take 20 minutes.
MAX_EXPONENT, MAX_MS = 1.05, 1.2
SEED = 20240917
DAYS = 730
FIRST = datetime(2023, 1, 1, tzinfo=UTC)
#: Share of ordinary words that an act replaces by its own.
REPLACED = 0.5

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table."""

    documents: int
    seconds: float
    memory_mib: float
    numbers: dict[str, float | int]

    @property
    def ms(self) -> float:
        """Milliseconds of processor time for one document."""
        return 1000 * self.seconds / self.documents


def make_documents(
    count: int, *, seed: int = SEED
) -> tuple[list[tuple[Document, Prediction]], dict[str, str]]:
    """At least `count` documents with predictions, in no order, and the act of each id."""
    dice = random.Random(seed)
    acts: dict[str, list[Told]] = {}
    for one in read_told():
        acts.setdefault(one.act, []).append(one)
    choice, words = list(acts.values()), sorted(word for word in read_counts() if word.isalpha())
    places = [region for region in load_regions() if region.kind != "provinsi"]
    made: list[tuple[Document, Prediction]] = []
    true: dict[str, str] = {}
    while len(made) < count:
        number = len(true)
        told = dice.choice(choice)
        retell = _teller(told, dice.choice(places), words, dice.getrandbits(32))
        shift = FIRST + timedelta(minutes=dice.randrange(DAYS * 24 * 60)) - time_of(told[0].document)
        for place, one in enumerate(told):
            doc_id = f"N-{number:07d}-{place}"
            made.append(_retold(one, doc_id, retell, shift))
            true[doc_id] = f"act-{number}"
    dice.shuffle(made)
    return made, true


def _retold(
    one: Told, doc_id: str, retell: Callable[[str], str], shift: timedelta
) -> tuple[Document, Prediction]:
    at = time_of(one.document) + shift
    document = replace(
        one.document,
        doc_id=doc_id,
        title=retell(one.document.title),
        text=retell(one.document.text),
        published_at=at,
        night=at.date(),
    )
    prediction = replace(
        one.prediction,
        doc_id=doc_id,
        region=retell(one.prediction.region),
        evidence=tuple(retell(sentence) for sentence in one.prediction.evidence),
    )
    return document, prediction


def _teller(told: Sequence[Told], place: Region, words: Sequence[str], seed: int) -> Callable[[str], str]:
    """A function that tells an act anew: same words give same words, within this act."""
    names = {name for one in told for name in find_names(one.document, one.prediction)}
    label = next((one.prediction.region for one in told if ", " in one.prediction.region), "")
    old_place = label.partition(", ")[0].partition(" ")[2]

    def other(match: re.Match[str]) -> str:
        word = match.group()
        dice = random.Random(f"{seed}:{word.lower()}")
        if word.lower() in names:
            return "".join(dice.choices(("ba", "ri", "tu", "lo", "ma", "ne", "sa", "wi"), k=4)).capitalize()
        if word.islower() and dice.random() < REPLACED:
            return dice.choice(words)
        return word

    def retell(text: str) -> str:
        if text and text == label:
            return place.label
        if text and label.endswith(f", {text}"):
            return place.province
        return _WORD.sub(other, text.replace(old_place, place.name) if old_place else text)

    return retell


def measure(count: int) -> Measured:
    """Group `count` documents at once and compare with their acts."""
    made, true = make_documents(count)
    started = time.process_time()
    incidents = group(made, [])
    seconds = time.process_time() - started
    found = {doc_id: incident.incident_id for incident in incidents for doc_id in incident.doc_ids}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(len(made), seconds, memory, compare_groupings(found, true))


def exponent(rows: Sequence[Measured]) -> float:
    """By which power of the number of documents the time grows, from the first row to the last."""
    first, last = rows[0], rows[-1]
    return math.log(last.seconds / first.seconds) / math.log(last.documents / first.documents)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 when a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incidents")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of documents")
    chosen = parser.parse_args(arguments)
    # The lists are read before the clock runs.
    measure(100)
    rows = [measure(size) for size in chosen.sizes]
    table = Table("documents", "acts", "incidents", "s", "ms each", "MiB", "pair P", "pair R", "B³ P", "B³ R")
    for row in rows:
        names = ("pair_precision", "pair_recall", "bcubed_precision", "bcubed_recall")
        table.add_row(
            f"{row.documents:,}",
            f"{row.numbers['acts']:,}",
            f"{row.numbers['incidents']:,}",
            f"{row.seconds:.1f}",
            f"{row.ms:.2f}",
            f"{row.memory_mib:.0f}",
            *(f"{row.numbers[name]:.3f}" for name in names),
        )
    console = Console(width=120)
    console.print(table)
    console.print(f"{cpu_name()}, one process, load {load()}; times are the processor's")
    broken = [f"{row.documents:,} documents: {row.ms:.2f} ms each" for row in rows if row.ms > MAX_MS]
    if len(rows) > 1:
        console.print(f"time grows with exponent {exponent(rows):.2f}")
        if exponent(rows) > MAX_EXPONENT:
            broken.append(f"exponent {exponent(rows):.2f}")
    for message in broken:
        console.print(f"beyond its bound: {message}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
