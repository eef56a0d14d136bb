"""Requests for correction in words, in the terminal and in the digest."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from review.corrections import corrections_table, overdue_lines
from review.digest import render_html, render_text
from review.digest_facts import end_of
from review.words import Language
from store.corrections import CorrectionRequest
from tests.review.facts import NIGHT, make_facts

CAME = datetime(2024, 9, 14, 20, tzinfo=UTC)
REQUEST = CorrectionRequest(7, "I-0123456789ab", "subject", "identity", "B-17/2024", CAME, CAME)


@pytest.mark.parametrize(("lang", "word"), [("id", "dijeda"), ("en", "paused")])
def test_the_table_shows_what_is_open_and_until_when(lang: Language, word: str) -> None:
    console = Console(width=200, record=True, file=StringIO())
    console.print(corrections_table([REQUEST], lang))
    shown = console.export_text()
    for part in (
        "7",
        "I-0123456789ab",
        "B-17/2024",
        "2024-09-15 03:00:00 WIB",
        "2024-09-18 03:00:00 WIB",
        word,
    ):
        assert part in shown


@pytest.mark.parametrize("lang", ["id", "en"])
def test_an_overdue_request_comes_with_its_next_step(lang: Language) -> None:
    (line,) = overdue_lines([REQUEST], lang)
    assert "I-0123456789ab" in line
    assert "corrections decide 7 --outcome" in line


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_digest_names_it_on_the_page_and_in_the_mail(lang: Language) -> None:
    facts = make_facts(overdue=(REQUEST,))
    for text in (
        render_html(facts, publishers={}, lang=lang),
        render_text(facts, publishers={}, lang=lang, quotes=False),
    ):
        assert "I-0123456789ab" in text
        assert "3x24" in text


def test_the_clock_of_a_digest_is_the_end_of_its_day_in_jakarta() -> None:
    assert end_of(NIGHT) == datetime(2024, 9, 19, 17, tzinfo=UTC)
