from datetime import date, timedelta

import pytest
from rich.console import Console

from review.status import DRAWN_NIGHTS, NAMED_SOURCES, looked_back_lines, status_lines, status_table
from review.words import NEXT_STEPS, OUTCOMES, Language
from store.ledger import Streak
from store.records import GOOD_OUTCOMES, Outcome, SourceReport

NIGHT = date(2024, 9, 17)


def night(source_id: str, number: int, outcome: Outcome, message: str = "", **more: float) -> SourceReport:
    made = {"items": 12, "looked_at": 10, "with_title": 10, "with_body": 9, "with_time": 5} | more
    return SourceReport(source_id, NIGHT + timedelta(days=number), outcome, 9, 8, 7, 0, message, **made)  # type: ignore[arg-type]  # figures by name


HISTORY = [
    night("alpha", 0, Outcome.OK, median_items=40.0),
    night("alpha", 1, Outcome.UNCHANGED, median_items=40.0, items=0, looked_at=0),
    night("bravo", 0, Outcome.OK),
    night("bravo", 1, Outcome.BLOCKED, "feed answered 403 \x1b[2J"),
    night("charlie", 0, Outcome.EMPTY),
    night("charlie", 1, Outcome.LAYOUT_CHANGED, "watch: 0 of 10 articles have a body"),
    night("delta", 1, Outcome.OK),
]
#: Charlie has failed for longer than the history goes back.
STREAKS = {"bravo": Streak(date(2024, 9, 18), 1), "charlie": Streak(date(2024, 9, 1), 12)}


def rows(lang: Language = "en") -> dict[str, list[str]]:
    """Cells of each source, in the order of the table."""
    console = Console(width=240, file=None)
    with console.capture() as capture:
        console.print(status_table(HISTORY, STREAKS, lang))
    lines = [line for line in capture.get().splitlines() if line.startswith("│")]
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    return {row[0]: row[1:] for row in cells}


def test_what_fails_is_told_in_sentences_the_longest_failure_first() -> None:
    lines = status_lines(HISTORY, STREAKS, {"alpha": "0 new articles", "bravo": "odd too"}, "en")
    assert lines == [
        "Failing: 2 of 4 sources",
        "charlie: layout changed (layout_changed), failing since 2024-09-01 (nights: 12)",
        "    why:  watch: 0 of 10 articles have a body",
        "    next: save a page, mend [selectors]",
        "bravo: blocked, failing since 2024-09-18 (nights: 1)",
        "    why:  feed answered 403 [2J",
        "    next: write to the publisher; no disguise",
        "Worth a look: 1",
        "alpha: 0 new articles",
    ]


@pytest.mark.parametrize(
    ("lang", "said"), [("id", "Tidak ada yang gagal dari 4 sumber"), ("en", "None of 4 sources is failing")]
)
def test_a_good_night_is_one_line(lang: Language, said: str) -> None:
    assert status_lines(HISTORY, {}, {}, lang) == [said]


def test_a_source_that_did_not_run_lately_is_not_counted() -> None:
    gone = STREAKS | {"echo": Streak(date(2024, 1, 1), 9)}
    assert status_lines(HISTORY, gone, {"echo": "odd"}, "en")[0] == "Failing: 2 of 4 sources"
    assert "echo" not in str(status_lines(HISTORY, gone, {"echo": "odd"}, "en"))


def test_the_table_has_failing_sources_first_and_draws_the_nights() -> None:
    shown = rows()
    assert list(shown) == ["charlie", "bravo", "alpha", "delta"]
    assert shown["charlie"][:4] == ["2024-09-18", "layout changed", "2024-09-01", "XX"]
    assert shown["bravo"][2:4] == ["2024-09-18", ".X"]
    assert (shown["alpha"][3], shown["delta"][3]) == ("..", "-.")
    assert rows("id")["bravo"][1] == "diblokir"


def test_figures_are_those_of_the_last_night_that_has_them() -> None:
    shown = rows()
    assert shown["alpha"][4:] == ["0/40", "100%/90%/50%"]
    assert shown["bravo"][4] == "12/–"


def test_a_long_history_is_drawn_by_its_last_nights() -> None:
    table = status_table([night("a", number, Outcome.OK) for number in range(40)], {}, "en")
    assert list(table.columns[4].cells) == ["." * DRAWN_NIGHTS]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_words_and_a_next_step_in_both_languages(outcome: Outcome) -> None:
    for lang in ("id", "en"):
        assert OUTCOMES[lang][outcome]
        assert bool(NEXT_STEPS[lang][outcome]) == (outcome not in GOOD_OUTCOMES)


def test_what_looking_back_has_brought_is_a_line_of_its_own() -> None:
    many = {f"s{number}": number for number in range(1, NAMED_SOURCES + 3)}
    lines = looked_back_lines({"import": many, "walk": {"a": 4}}, "en")
    assert lines == [
        "imported from archives, not counted above: 28 pages (s7 7, s6 6, s5 5, s4 4, s3 3, +2)",
        "from lists of past days, not counted above: 4 pages (a 4)",
    ]
    assert looked_back_lines({"import": {}, "walk": {}}, "id") == []
    assert "diimpor" in looked_back_lines({"import": {"a": 1}}, "id")[0]
