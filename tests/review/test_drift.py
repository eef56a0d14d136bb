"""The drift table shows a dash for what cannot be said."""

from io import StringIO

import pytest
from rich.console import Console

from review.drift import drift_table, histogram
from store.drift import WeekDrift


@pytest.mark.parametrize(
    ("counts", "drawn"), [([], ""), ([0, 0], ""), ([1, 0, 1000], "▁ █"), ([500, 1000], "▄█")]
)
def test_a_histogram_shows_whatever_is_there(counts: list[int], drawn: str) -> None:
    assert histogram(counts) == drawn


def test_a_week_is_a_line() -> None:
    console = Console(width=160, file=StringIO())
    console.print(drift_table([WeekDrift("2024-W38", documents=10)], {"2024-W38": [("BKN", 4)]}, "id"))
    assert isinstance(console.file, StringIO)
    line = next(line for line in console.file.getvalue().splitlines() if "2024-W38" in line)
    assert "BKN 4" in line
    assert line.count("–") == 2
