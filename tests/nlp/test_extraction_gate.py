"""The extractor over its pinned floors, and how a reading is scored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import tests.pages as saved
from nlp.floors import read_floors
from store.records import ExtractionRules, RawPage
from tests.pages.__main__ import main
from tests.pages.gate import MARGIN, check_pages, html_names, measure_pages, score_pages
from tests.pages.scores import Reading, score_page, summarise

GOLDEN: dict[str, Any] = {
    "title": "Camat Hadir di Lapangan",
    "author": "Rani Paembonan",
    "published_at": "2024-09-17T02:11:00+00:00",
    "precision": "minute",
    "text": ["Camat hadir di lapangan.", "Bawaslu menelusuri kehadiran camat."],
    "removed": ["KENDARI -", "Baca juga: Lurah Lama Diperiksa", "Camat hadir", "***"],
}
TEXT = "Camat hadir di lapangan. Bawaslu menelusuri kehadiran camat."
AT = datetime(2024, 9, 17, 2, 11, 30, tzinfo=UTC)


def test_the_extractor_is_over_its_floors() -> None:
    assert check_pages(measure_pages()) == []


def test_every_measure_has_a_floor_on_both_paths() -> None:
    pinned = {(floor.metric, floor.side) for floor in read_floors(saved.FOLDER)}
    for path in ("selectors", "generic"):
        for name in ("f1", "precision", "recall", "title", "time", "author"):
            assert (f"{path}.{name}", "at_least") in pinned
        assert (f"{path}.leaked", "at_most") in pinned


def test_a_reader_that_reads_nothing_fails_every_floor() -> None:
    def read_nothing(page: RawPage, rules: ExtractionRules) -> Reading:
        del page, rules
        return Reading()

    nothing = summarise(score_pages(read_nothing).values())
    assert (nothing["pages"], nothing["f1"], nothing["title"]) == (len(html_names()), 0, 0)
    assert len(check_pages({"selectors": nothing, "generic": nothing})) >= 8


def test_a_right_reading_scores_ones() -> None:
    score = score_page(GOLDEN, Reading(TEXT, "camat hadir di lapangan", "Rani Paembonan", AT))
    assert (score.precision, score.recall, score.f1, score.leaked) == (1, 1, 1, ())
    assert (score.title, score.time, score.author) == (True, True, True)


@pytest.mark.parametrize(
    ("text", "precision", "recall", "leaked"),
    [
        ("", 0.0, 0.0, ()),
        ("Camat hadir di lapangan.", 1.0, 0.5, ()),
        (f"{TEXT} {TEXT}", 0.5, 1.0, ()),
        (f"Kendari - {TEXT}", 8 / 9, 1.0, ("KENDARI -",)),
        (f"{TEXT}\nBaca juga : lurah lama diperiksa!", 8 / 13, 1.0, ("Baca juga: Lurah Lama Diperiksa",)),
        # The words of the line, but not one behind the other.
        (f"{TEXT} Lurah lama baca juga.", 8 / 12, 1.0, ()),
    ],
)
def test_words_are_counted_and_leaks_are_named(
    text: str, precision: float, recall: float, leaked: tuple[str, ...]
) -> None:
    score = score_page(GOLDEN, Reading(text))
    assert (score.precision, score.recall, score.leaked) == (pytest.approx(precision), recall, leaked)


def test_datelines_and_signatures_are_told_from_whole_lines() -> None:
    golden = GOLDEN | {"removed": [*GOLDEN["removed"], "(abc/def)", "Puspen KDN", "Iklan:"]}
    text = f"Kendari - {TEXT} abc def Puspen KDN iklan Baca juga: lurah lama diperiksa"
    score = score_page(golden, Reading(text))
    assert set(score.leaked) - set(score.leaked_lines) == {"KENDARI -", "(abc/def)", "Puspen KDN", "Iklan:"}
    assert summarise([score])["leaked_lines"] == 1


@pytest.mark.parametrize(
    ("golden", "at", "right"),
    [
        ({}, AT, True),
        ({}, AT + timedelta(hours=7), False),
        ({}, AT + timedelta(minutes=1), False),
        ({}, None, False),
        ({"precision": "day", "published_at": "2024-09-16T17:00:00+00:00"}, AT, True),
        ({"precision": "day", "published_at": "2024-09-17T17:00:00+00:00"}, AT, False),
        ({"precision": "none", "published_at": None}, None, True),
        ({"precision": "none", "published_at": None}, AT, False),
    ],
)
def test_a_time_is_right_to_the_minute_or_to_the_day(
    golden: dict[str, Any], at: datetime | None, right: bool
) -> None:
    assert score_page(GOLDEN | golden, Reading(published_at=at)).time is right


def test_the_command_lifts_floors_and_never_lowers_one(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in saved.FOLDER.glob("detik.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    floor = '[[floor]]\nmetric = "selectors.f1"\nat_least = {}\nmeasured = 0.5\nmodel = "x"\n{}'
    tail = 'set_on = 2026-01-01\nreason = "uji"\n'
    (tmp_path / "floors.toml").write_text(floor.format(0.5, tail), encoding="utf-8")
    monkeypatch.setattr("tests.pages.FOLDER", tmp_path)
    assert main(["check"]) == main(["raise"]) == 0
    (raised,) = read_floors(tmp_path)
    assert raised.bound == pytest.approx(1 - MARGIN)
    (tmp_path / "detik.json").write_text(
        (tmp_path / "detik.json").read_text(encoding="utf-8").replace("Bawaslu", "Panwas"), encoding="utf-8"
    )
    assert main(["check"]) == 1
    assert main(["raise"]) == 2
    assert read_floors(tmp_path) == [raised]
    assert "never lowered" in capsys.readouterr().err
