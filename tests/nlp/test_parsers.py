"""Earlier markups: a page is read with the selectors of its own day, or with those that fit it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from nlp.extract import extract_page
from nlp.markup import parse_html
from nlp.parsers import choose_rules
from store.records import ExtractionRules, Parser
from tests.nlp.test_extract import raw

RULES = ExtractionRules(
    "contoh",
    title=("h1.baru",),
    body=(".baru-isi",),
    parsers=(
        Parser(date(2021, 6, 30), body=(".isi",), author=(".penulis",), remove=(".sisip",)),
        Parser(date(2018, 12, 31), body=("#detail",)),
    ),
)
OLD, MIDDLE, NEW = ("#detail",), (".isi",), (".baru-isi",)
SENTENCE = "Camat Bontolu diduga hadir dalam deklarasi pasangan calon di lapangan kecamatan pada Selasa."


@pytest.mark.parametrize(
    ("fetched", "published", "html", "body"),
    [
        (date(2018, 12, 31), None, "<i id=detail>a</i><i class=isi>b</i><i class=baru-isi>c</i>", OLD),
        (date(2019, 1, 1), None, "<i id=detail>a</i><i class=isi>b</i><i class=baru-isi>c</i>", MIDDLE),
        (date(2024, 9, 1), None, "<i id=detail>a</i><i class=isi>b</i><i class=baru-isi>c</i>", NEW),
        # Outlets leave old articles in their old markup.
        (date(2024, 9, 1), date(2017, 5, 1), "<i id=detail>a</i><i class=isi>b</i>", OLD),
        (date(2024, 9, 1), date(2024, 8, 30), "<i id=detail>a</i><i class=isi>b</i>", MIDDLE),
        (date(2024, 9, 1), None, "<i id=detail>a</i>", OLD),
        # What was announced for June was shown in July.
        (date(2021, 6, 1), None, "<i class=baru-isi>c</i>", NEW),
        (date(2024, 9, 1), date(2017, 5, 1), "<p>lain</p>", NEW),
    ],
)
def test_the_markup_of_the_day_is_taken_if_it_fits(
    fetched: date, published: date | None, html: str, body: tuple[str, ...]
) -> None:
    page = parse_html(html)
    assert page is not None
    assert choose_rules(page, RULES, fetched=fetched, published=published).body == body


def test_a_page_of_2019_is_read_with_the_markup_of_2019() -> None:
    html = (
        f"<h1>Camat Hadir</h1><b class=penulis>Rani Paembonan</b><div class=isi><p>{SENTENCE}</p>"
        f"<p class=sisip>Potongan harga untuk pelanggan baru.</p><p>{SENTENCE.replace('Selasa', 'Rabu')}</p>"
        "</div>"
        f"<div class=baru-isi><p>Bukan berita ini, melainkan berita lain di bawahnya. {SENTENCE}</p></div>"
    )
    page = replace(raw(html), fetched_at=datetime(2019, 9, 17, 3, 0, tzinfo=UTC))
    document = extract_page(page, RULES)
    assert (document.author, document.extractor) == ("Rani Paembonan", "selectors")
    assert document.text.split("\n") == [SENTENCE, SENTENCE.replace("Selasa", "Rabu")]


def test_selectors_of_two_markups_are_not_mixed() -> None:
    page = parse_html("<h1 class=baru>Baru</h1><div class=isi>b</div>")
    assert page is not None
    chosen = choose_rules(page, RULES, fetched=date(2024, 9, 1), published=None)
    assert (chosen.title, chosen.author, chosen.remove) == ((), (".penulis",), (".sisip",))
    assert chosen.parsers == ()
