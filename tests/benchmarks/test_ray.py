"""The benchmark of distribution: stages take its pages, seconds add up, a table tells the verdict."""

from io import StringIO

import pytest
from rich.console import Console

from benchmarks.ray import FEW, OUTLETS, Worked, run_night, show, store_pages

TOLD = {
    "pages": 1000,
    "workers": 2,
    "local": {
        "seconds": {"extract": 20.0, "screen": 5.0, "classify": 30.0, "group": 1.0},
        "begin_s": 1.5,
        "per_second": 17.57,
        "share_of_work": {"extract": 0.95, "screen": 0.9, "classify": 0.98, "group": 0.0},
    },
    "ray": {
        "seconds": {"extract": 11.0, "screen": 5.0, "classify": 16.0, "group": 1.0},
        "begin_s": 25.0,
        "per_second": 29.8,
        "share_of_work": {"extract": 0.9, "screen": 0.9, "classify": 0.9, "group": 0.0},
    },
    "ratio": 1.7,
    "scales_out": 0.86,
    "same_rows": True,
    "good": True,
}


def test_the_local_engine_takes_every_page_through_every_stage(tmp_path):
    pages = store_pages(tmp_path / "warc", OUTLETS)
    reports, worked, digest = run_night(tmp_path / "n.db", pages, None)
    assert (reports["extract"].items_out, reports["classify"].items_out) == (OUTLETS, OUTLETS)
    assert 0 < worked["extract"] <= reports["extract"].seconds
    assert 0 < worked["classify"] <= reports["classify"].seconds
    assert run_night(tmp_path / "again.db", pages, None)[2] == digest


def test_time_of_work_is_counted_also_when_it_breaks():
    worked = Worked()
    with pytest.raises(ZeroDivisionError):
        worked.timed("extract", lambda n: 1 / n)(0)
    assert worked.seconds["extract"] > 0


@pytest.mark.parametrize(("changes", "said"), [({}, ": good"), ({"good": False}, ": TOO LITTLE")])
def test_the_table_tells_ratio_shares_and_verdict(changes, said):
    console = Console(width=120, record=True, file=StringIO())
    show(TOLD | changes, console)
    text = console.export_text()
    assert "ratio 1.70 (at least 0.9)" + said in text
    assert "86% scales out" in text
    assert f"a night of {FEW} pages" in text
    assert "stays" in text
