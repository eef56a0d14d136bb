"""Names in bylines: labels, dates and editors cut off, nobody's accounts, names near the headline."""

import pytest

from nlp.bylines import clean_author, find_author
from nlp.markup import parse_html


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Rani Paembonan", "Rani Paembonan"),
        ("Oleh - Rani Paembonan,", "Rani Paembonan"),
        ("Penulis: Rani Paembonan | Editor: Bayu Sempati", "Rani Paembonan"),
        ("Pewarta : Rani Paembonan Editor : Bayu Sempati Copyright © Warta 2024", "Rani Paembonan"),
        ("LAPORAN: RANI PAEMBONAN", "RANI PAEMBONAN"),
        ("by Rani Paembonan", "Rani Paembonan"),
        ("Ditulis oleh: Rani Paembonan pada 17 September", "Rani Paembonan"),
        ("Rani Paembonan - WartaJabar", "Rani Paembonan"),
        ("Rani Paembonan • 27 September 2023 10:45", "Rani Paembonan"),
        ("Kontributor Mamuju, Rani Paembonan", "Kontributor Mamuju, Rani Paembonan"),
        ("Tim Warta/Rani Paembonan", "Tim Warta/Rani Paembonan"),
        ("Byantara Oleha", "Byantara Oleha"),
        ("admin", ""),
        ("Super User", ""),
        ("Oleh:", ""),
        ("123", ""),
        ("", ""),
    ],
)
def test_a_name_is_read_out_of_a_byline(text: str, name: str) -> None:
    assert clean_author(text) == name


@pytest.mark.parametrize(
    ("html", "name"),
    [
        ("<div class=detail-author>Rani Paembonan</div>", "Rani Paembonan"),
        ("<a rel=author href=/x>Penulis: Rani Paembonan</a>", "Rani Paembonan"),
        ("<span itemprop=author><b>Rani</b> Paembonan</span>", "Rani Paembonan"),
        ("<p>Rani Paembonan | Selasa, 17/09/2024</p>", "Rani Paembonan"),
        ("<p>17 September 2024 | Ditulis oleh: Rani Paembonan</p>", "Rani Paembonan"),
        ("<p>17 September 2024 | LAPORAN: <a>RANI PAEMBONAN</a></p>", "RANI PAEMBONAN"),
        ("<p>Oleh: <b>Rani Paembonan</b></p>", "Rani Paembonan"),
        ("<p>17 September 2024</p>", ""),
        ("<div class=author-box>Rani menulis sejak 2010 tentang banyak hal di kampungnya</div>", ""),
        ("<aside class=author>Bayu Sempati</aside>", ""),
        ("<p class=author>admin</p>", ""),
    ],
)
def test_the_byline_near_the_headline_is_found(html: str, name: str) -> None:
    page = parse_html(f"<html><body><h1>Camat Hadir</h1>{html}<p>Camat hadir di lapangan.</p></body></html>")
    assert page is not None
    assert find_author(next(page.root.iter("h1"))) == name


def test_without_a_headline_nobody_is_named() -> None:
    assert find_author(None) == ""
