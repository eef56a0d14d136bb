"""The benchmark of extraction: peers in a child process, times without a zone, turns, what is left out."""

import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.extraction import (
    PEERS,
    Row,
    install_peer,
    measure_speed,
    read_time,
    read_with_trafilatura,
    run_peer,
    show,
    strip_names,
    time_by_turns,
)
from tests.pages import load_page

PAGES = {name: load_page(name) for name in ("kompas", "tribun")}


def test_a_peer_is_run_as_a_child_and_scored_like_us() -> None:
    # jusText comes with trafilatura, so that no environment of its own is needed here.
    row = run_peer("jusText", Path(sys.executable), PAGES)
    assert isinstance(row, Row)
    assert (row.name, set(row.scores)) == ("jusText 3.0.2", set(PAGES))
    assert row.seconds is not None


def test_a_peer_that_is_not_there_is_left_out_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = run_peer("news-please", Path(sys.executable), PAGES)
    assert isinstance(missing, str)
    assert "newsplease" in missing
    monkeypatch.setitem(PEERS, "jusText", "0.0.0.dev0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    reason = install_peer("jusText", folder=tmp_path)
    assert isinstance(reason, str)
    assert not list(tmp_path.glob("*/installed"))
    row = run_peer("jusText", Path(sys.executable), PAGES)
    assert isinstance(row, Row)
    console = Console(width=130, record=True, file=StringIO())
    show([row], {"ours": [1.0], "ours_generic": [2.0], "trafilatura": [3.0]}, {"jusText": reason}, console)
    text = console.export_text()
    assert "left out: jusText" in text
    assert "ours: 3.00 times" in text


def test_trafilatura_reads_the_same_pages() -> None:
    reading = read_with_trafilatura(PAGES["kompas"][0])
    assert "Bawaslu Kabupaten Mamuju" in reading.text
    assert reading.title


def test_a_page_without_names_is_the_same_page() -> None:
    bare = strip_names(PAGES["kompas"][0])
    assert b"class=" not in bare.bodies[0]
    assert b"Bawaslu Kabupaten Mamuju" in bare.bodies[0]


def test_a_time_without_a_zone_is_in_jakarta() -> None:
    assert read_time("2024-09-17T09:11:00") == datetime(2024, 9, 17, 2, 11, tzinfo=UTC)
    assert read_time("2024-09-17T09:11:00Z") == datetime(2024, 9, 17, 9, 11, tzinfo=UTC)
    assert read_time("kemarin") is read_time("") is None


def test_runs_take_turns() -> None:
    done: list[str] = []
    spent = time_by_turns([lambda: done.append("a"), lambda: done.append("b")], turns=2)
    assert done == ["a", "b"] * 3
    assert [len(seconds) for seconds in spent] == [2, 2]
    assert {len(seconds) for seconds in measure_speed(PAGES, turns=1).values()} == {1}
