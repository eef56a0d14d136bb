from datetime import date

from rich.console import Console

from review.tables import flagged_table, sources_table
from store.records import Outcome, SourceReport
from tests.review.test_sheet import ROW, row_with


def rendered(table) -> str:
    console = Console(width=200, record=True, file=None)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_flagged_table_says_dugaan_and_shows_where_it_comes_from():
    text = rendered(flagged_table([ROW], publishers={"kabar-uji": "Kabar Uji"}, lang="id"))
    assert "dugaan: hadir" in text
    assert "Kabar Uji" in text


def test_markup_in_a_crawled_title_stays_text():
    text = rendered(flagged_table([row_with("[bold]Judul[/bold] [/]")], publishers={}, lang="id"))
    assert "[bold]Judul[/bold] [/]" in text


def test_sources_table_uses_the_analysts_words():
    report = SourceReport("a", date(2024, 9, 17), Outcome.RATE_LIMITED, 1, 0, 0, 1, "429")
    assert "dibatasi" in rendered(sources_table([report], {}, "id"))
    assert "rate limited" in rendered(sources_table([report], {}, "en"))


def test_what_a_site_wrote_cannot_steer_the_terminal():
    hostile = "answered \x1b[2J\x1b]0;t\x07 500"
    report = SourceReport("a", date(2024, 9, 17), Outcome.ERROR, 1, 0, 0, 1, hostile)
    assert "\x1b" not in rendered(sources_table([report], {}, "id"))
    assert "\x1b" not in rendered(flagged_table([row_with(hostile)], publishers={}, lang="id"))
