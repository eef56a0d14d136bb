from datetime import date, timedelta

import pytest
from rich.console import Console

from review.status import NAMED_SOURCES, count_failing, looked_back_lines, status_table
from review.words import NEXT_STEPS, OUTCOMES, Language
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
]


def rows(lang: Language = "en") -> dict[str, list[str]]:
    """Cells of each source, in the order of the table."""
    console = Console(width=240, file=None)
    with console.capture() as capture:
        console.print(status_table(HISTORY, lang))
    lines = [line for line in capture.get().splitlines() if line.startswith("│")]
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    return {row[0]: row[1:] for row in cells}


def test_failing_sources_come_first_with_reason_and_next_step() -> None:
    shown = rows()
    assert list(shown) == ["charlie", "bravo", "alpha"]
    last, outcome, failing, _, _, why, step = shown["charlie"]
    assert (last, outcome, failing) == ("2024-09-18", "layout changed", "2")
    assert why == "watch: 0 of 10 articles have a body"
    assert step == "save a page, mend [selectors]"
    assert shown["bravo"][2] == "1"
    assert "feed answered 403" in shown["bravo"][5]
    assert "\x1b" not in shown["bravo"][5]


def test_figures_are_those_of_the_last_night_that_has_them() -> None:
    shown = rows()
    assert shown["alpha"][1:5] == ["nothing new", "", "0/40", "100%/90%/50%"]
    assert shown["bravo"][3] == "12/–"


def test_the_title_counts_what_fails_in_both_languages() -> None:
    for lang, words in (("id", "gagal: 2 dari 3"), ("en", "failing: 2 of 3")):
        assert words in str(status_table(HISTORY, lang).title)  # type: ignore[arg-type]  # two literals
    assert rows("id")["bravo"][1] == "diblokir"


def test_only_nights_in_a_row_count() -> None:
    good, bad = night("a", 0, Outcome.OK), night("a", 0, Outcome.TIMEOUT)
    assert count_failing([]) == 0
    assert count_failing([good, bad, bad]) == 0
    assert count_failing([bad, bad, good, bad]) == 2


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
