"""The drift report as a table: one week a line, so that an eye that runs down a column sees a change.

Promises: what cannot be said (nothing decided) is a dash, never a nought. Never does: judge.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.table import Table

from review.words import Language
from store.drift import WeekDrift

#: Rows of the queue that an analyst reads on one day (docs/method.md, workload).
TOP: Final = 20
#: Heights of a histogram's columns, lowest first.
_BARS: Final = " ▁▂▃▄▅▆▇█"

_WORDS: Final[Mapping[Language, str]] = {
    "id": "minggu|dokumen|kandidat|ditandai|skor 0-100|diputuskan|ragu|presisi 20 teratas|nama baru",
    "en": "week|documents|candidates|flagged|scores 0-100|decided|unsure|precision of top 20|new names",
}


def drift_table(
    weeks: Sequence[WeekDrift], new_names: Mapping[str, Sequence[tuple[str, int]]], lang: Language
) -> Table:
    """One line a week, oldest first."""
    table = Table()
    for column in _WORDS[lang].split("|"):
        table.add_column(column)
    for week in weeks:
        table.add_row(
            week.week,
            str(week.documents),
            _share(week.candidates / week.documents if week.documents else None),
            str(week.flagged),
            histogram(week.scores),
            str(sum(week.decisions.values())),
            _share(week.unsure),
            _share(week.precision_at(TOP)),
            ", ".join(f"{name} {n}" for name, n in new_names.get(week.week, ())[:3]),
        )
    return table


def histogram(counts: Sequence[int]) -> str:
    """One character a bin; a bin with anything in it shows."""
    most = max(counts, default=0)
    steps = len(_BARS) - 1
    return "".join(_BARS[-(-n * steps // most)] if n else _BARS[0] for n in counts) if most else ""


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
