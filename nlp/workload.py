"""What a threshold means in daily work: how many texts are screened in and flagged among unlabelled ones.

Promises: reads JSON Lines (plain or gzip) of `{"title", "text"}` piece by piece, so that memory does not grow
with the file; counts come with Wilson intervals, per 10,000 texts and per day; a line that is no text is
named and counted; the flagged texts are listed, highest score first, for a person to judge.
Never does: call a flag right or wrong, hold the whole file, choose a threshold.
"""

import gzip
import heapq
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from nlp.answers import answer_items
from nlp.classify import Classifier
from nlp.errors import excerpt
from nlp.items import Item
from nlp.metrics import rounded, wilson
from store.records import Kind, Prediction, UsageError

#: Texts that are held at once.
CHUNK = 256
#: A line longer than this is no news text; 100,000 words take about 1 MB.
MAX_LINE = 16_000_000
#: Flags that are listed and bad lines that are named; more are counted alone.
MAX_LISTED, MAX_NAMED = 1_000, 50
#: Thresholds shown beside the one in use, so that the price of another choice is plain.
GRID = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
PER = 10_000
MAGIC = b"\x1f\x8b"


def measure_workload(
    path: Path,
    classifier: Classifier,
    *,
    threshold: float,
    per_day: int,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[dict[str, Any], list[str]]:
    """(workload, one message for each line or text left out, at most `MAX_NAMED`).

    `threshold` is the one in use, which flags; `per_day` the number of texts collected on a usual day.
    Raises UsageError when the file cannot be read or holds no text at all.
    """
    problems = _Problems()
    done = screened = flagged = 0
    grid = sorted({*GRID, threshold})
    above = dict.fromkeys(grid, 0)
    best: list[tuple[float, int, dict[str, Any]]] = []
    texts = _read(path, problems)
    while chunk := list(islice(texts, CHUNK)):
        answers, failed = answer_items(chunk, classifier)
        for message in failed:
            problems.add(message)
        for answer in answers:
            done += 1
            screened += answer.candidate.candidate
            said = answer.prediction
            if said is None:
                continue
            for t in grid:
                above[t] += said.score >= t
            if said.flagged:
                flagged += 1
                # The running number keeps the order of equal scores, and dicts from being compared.
                heapq.heappush(best, (said.score, -done, _flag(answer.item, said)))
                if len(best) > MAX_LISTED:
                    heapq.heappop(best)
        progress(done)
    if not done:
        raise UsageError(f"{path}: holds no text; each line must be a JSON object with 'title' or 'text'")
    workload = {
        "file": path.name,
        "texts": done,
        "skipped": problems.count,
        "per_day_collected": per_day,
        "screened_in": _rate(screened, done, per_day),
        "flagged": _rate(flagged, done, per_day),
        "threshold": threshold,
        "by_threshold": [{"threshold": t, **_rate(above[t], done, per_day)} for t in grid],
        "flagged_texts": [found for _, _, found in sorted(best, key=lambda b: (-b[0], -b[1]))],
    }
    return workload, problems.messages(path)


def _rate(part: int, whole: int, per_day: int) -> dict[str, Any]:
    """A count with what it means for 10,000 texts and for a day, each as value, low and high (95%)."""
    shares = (part / whole, *wilson(part, whole))
    return {
        "part": part,
        "whole": whole,
        "per_10000": dict(zip(("value", "low", "high"), (rounded(PER * s) for s in shares), strict=True)),
        "per_day": dict(zip(("value", "low", "high"), (rounded(per_day * s) for s in shares), strict=True)),
    }


def _flag(item: Item, said: Prediction) -> dict[str, Any]:
    """A flagged text as a person needs it to judge the flag."""
    return {
        "id": item.id,
        "kind": item.kind,
        "score": said.score,
        "types": list(said.types),
        "title": excerpt(item.title),
        "evidence": [excerpt(e) for e in said.evidence],
        "text": excerpt(item.text),
    }


class _Problems:
    """Messages up to `MAX_NAMED`, and how many there were in all: a broken file must not fill the memory."""

    def __init__(self) -> None:
        self.count = 0
        self._named: list[str] = []

    def add(self, message: str) -> None:
        self.count += 1
        if len(self._named) < MAX_NAMED:
            self._named.append(message)

    def messages(self, path: Path) -> list[str]:
        more = self.count - len(self._named)
        return [*self._named, *([f"{path.name}: {more} more left out"] if more else [])]


def _read(path: Path, problems: _Problems) -> Iterator[Item]:
    """The texts of a file, by and by; what is wrong with the others goes to `problems`."""
    try:
        with path.open("rb") as file, closing(_unpacked(file)) as lines:
            for number, chunk in _numbered(lines):
                place = f"{path.name}:{number}"
                item, wrong = _item(chunk, place)
                if item:
                    yield item
                elif wrong:
                    problems.add(f"{place}: {wrong}; line skipped")
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path}: cannot be read ({reason}); give a JSONL or JSONL.gz file") from None


def _unpacked(file: BufferedReader) -> BinaryIO:
    """The file's text bytes, whatever its name says; gzip is known by its first bytes."""
    packed = file.peek(len(MAGIC)).startswith(MAGIC)
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file


def _numbered(lines: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """(line number, line); None for a line longer than `MAX_LINE`, which is read past in pieces."""
    number = 0
    while line := lines.readline(MAX_LINE + 1):
        number += 1
        if len(line) <= MAX_LINE or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = lines.readline(MAX_LINE)
        yield number, None


def _item(chunk: bytes | None, place: str) -> tuple[Item | None, str]:
    """(item, "") of a line, or (None, what is wrong with it); (None, "") of a blank line."""
    if chunk is None:
        return None, f"is longer than {MAX_LINE:,} bytes"
    if not chunk.strip():
        return None, ""
    try:
        line = json.loads(chunk)
    except (ValueError, RecursionError) as error:
        return None, f"is not JSON ({error})"
    if not isinstance(line, dict):
        return None, "is not a JSON object"
    title, text = line.get("title") or "", line.get("text") or ""
    if not isinstance(title, str) or not isinstance(text, str):
        return None, "'title' and 'text' must be text"
    if not f"{title}{text}".strip():
        return None, "has no text"
    # Corpora name kinds of their own; what is not called a post is read as news.
    kind: Kind = "post" if line.get("kind") == "post" else "news"
    return Item(id=str(line.get("id") or place), kind=kind, title=title, text=text), ""
