"""Paywalls: what pages tell machines, what they show, and that no free page is taken for one."""

import pytest

import tests.pages as saved
from nlp.extract import extract_page
from nlp.markup import parse_html
from nlp.paywall import is_paywalled
from nlp.structured import Described, read_json_ld

#: The saved pages of which a reader who does not pay sees the beginning only.
BEHIND_A_PAYWALL = {"jsonld", "kompas-berbayar", "tempo-berbayar", "katadata-langganan"}
ARTICLE = '<script type="application/ld+json">{{"@type":"NewsArticle","headline":"Camat",{}}}</script>'
PART = '"hasPart":{"@type":"WebPageElement","isAccessibleForFree":%s,"cssSelector":"%s"}'


def paywalled(html: str) -> bool:
    page = parse_html(f"<html><head></head><body>{html}<p class=isi>Teks</p></body></html>")
    assert page is not None
    return is_paywalled(page, read_json_ld(page, url="https://kabar.test/a"))


@pytest.mark.parametrize(
    ("json_ld", "expected"),
    [
        ('"isAccessibleForFree":false', True),
        ('"isAccessibleForFree":"False"', True),
        ('"isAccessibleForFree":"http://schema.org/False"', True),
        ('"isAccessibleForFree":true,' + PART % ("false", ".isi"), False),
        ('"isAccessibleForFree":"True"', False),
        ('"isAccessibleForFree":"mungkin"', False),
        (PART % ("false", ".isi"), True),
        (PART % ('"False"', ".lain, .isi"), True),
        (PART % ("false", ".tidak-ada"), False),
        (PART % ("true", ".isi"), False),
        (PART % ("false", "p["), False),
        ('"hasPart":[{"isAccessibleForFree":false,"cssSelector":[".x",".isi"]}]', True),
        ('"hasPart":"isi"', False),
    ],
)
def test_json_ld_says_whether_a_text_is_free(json_ld: str, expected: bool) -> None:
    assert paywalled(ARTICLE.format(json_ld)) is expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<meta property="article:content_tier" content="locked">', True),
        ('<meta property="article:content_tier" content="free">', False),
        ("<div class=paywall>Lanjutkan membaca dengan berlangganan</div>", True),
        ('<div id="gate-kgplus-2"><p>Artikel ini khusus pelanggan</p></div>', True),
        # An empty box is filled by a script for readers who have read too much, a menu offers something.
        ("<div class=paywall></div>", False),
        ("<a class=paywall-info>Tentang kami</a>", False),
        ("<div class=menu>Berlangganan</div>", False),
        ("<p>Pelanggan listrik mengeluhkan pemadaman.</p>", False),
    ],
)
def test_what_a_page_shows_of_its_paywall(html: str, expected: bool) -> None:
    assert paywalled(html) is expected


def test_what_json_ld_says_comes_before_what_is_shown() -> None:
    page = parse_html("<div class=paywall>Berlangganan</div>")
    assert page is not None
    assert not is_paywalled(page, Described(free=True))


def test_of_the_saved_pages_those_behind_a_paywall_are_flagged() -> None:
    flagged = {name for name in saved.page_names() if extract_page(*saved.load_page(name)).paywall}
    assert flagged == BEHIND_A_PAYWALL & set(saved.page_names())
