"""How near a reading of the saved pages comes to their golden files: text, boilerplate, title, time, author.

Promises: a text is judged by its words alone, so that a peer that keeps no paragraphs loses nothing; a page
of which nothing was read counts with zeros. Never does: look at how a reading was made.

    text     F1 of words: each word counts as often as it stands in both texts
    leaked   whether the words of a line that the golden file removed stand in the text, one behind the other,
             though they do not in the golden text; told apart are whole lines such as "Baca juga: ...", since
             to leave datelines and signatures in a text is a choice that other readers make
    time     to the minute where the page shows it, else the day in Jakarta
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

_WORD = re.compile(r"\w+")
#: A dateline ends in a dash or a colon, a signature stands in brackets or is a word or two.
_EDGE = re.compile(r"[-–—:]\s?\Z|\A[(\[*]|\A\S+(?:\s\S+)?\Z")
_JAKARTA = ZoneInfo("Asia/Jakarta")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of one page; what it does not tell is None or empty."""

    text: str = ""
    title: str = ""
    author: str = ""
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One page: shares between 0 and 1, the lines that leaked, and what was right."""

    precision: float
    recall: float
    f1: float
    leaked: tuple[str, ...]
    title: bool
    time: bool
    author: bool

    @property
    def leaked_lines(self) -> tuple[str, ...]:
        """The leaks that are neither a dateline nor a signature."""
        return tuple(line for line in self.leaked if not _EDGE.search(line))


def words(text: str) -> list[str]:
    """Return the words of a text, case-folded."""
    return _WORD.findall(text.casefold())


def score_page(golden: Mapping[str, Any], reading: Reading) -> Score:
    """Compare one reading with the golden file of its page."""
    wanted, got = words("\n".join(golden["text"])), words(reading.text)
    common = (Counter(wanted) & Counter(got)).total()
    precision = common / len(got) if got else 0.0
    recall = common / len(wanted) if wanted else 0.0
    return Score(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if common else 0.0,
        leaked=tuple(line for line in golden["removed"] if _leaks(line, wanted, got)),
        title=words(golden["title"]) == words(reading.title),
        time=_same_time(golden, reading.published_at),
        author=words(golden["author"]) == words(reading.author),
    )


def _leaks(line: str, wanted: list[str], got: list[str]) -> bool:
    line_words = words(line)
    return bool(line_words) and _holds(got, line_words) and not _holds(wanted, line_words)


def _holds(text: list[str], run: list[str]) -> bool:
    return f" {' '.join(run)} " in f" {' '.join(text)} "


def _same_time(golden: Mapping[str, Any], at: datetime | None) -> bool:
    if golden["published_at"] is None or at is None:
        return golden["published_at"] is None and at is None
    wanted = datetime.fromisoformat(golden["published_at"])
    if golden["precision"] == "day":
        return wanted.astimezone(_JAKARTA).date() == at.astimezone(_JAKARTA).date()
    return wanted.replace(second=0, microsecond=0) == at.replace(second=0, microsecond=0)


def summarise(scores: Iterable[Score]) -> dict[str, float]:
    """Return means over pages: text's precision, recall and F1, shares of pages leaked and right."""
    scores = list(scores)
    return {
        "pages": len(scores),
        "precision": fmean(score.precision for score in scores),
        "recall": fmean(score.recall for score in scores),
        "f1": fmean(score.f1 for score in scores),
        "leaked": fmean(bool(score.leaked) for score in scores),
        "leaked_lines": fmean(bool(score.leaked_lines) for score in scores),
        "title": fmean(score.title for score in scores),
        "time": fmean(score.time for score in scores),
        "author": fmean(score.author for score in scores),
    }
