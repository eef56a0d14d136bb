"""Headlines: told or shown, whole, without the outlet's name, and the element that shows them."""

import pytest

from nlp.dateline import Outlet
from nlp.headline import find_headline
from nlp.markup import parse_html
from nlp.structured import Described
from store.records import ExtractionRules

OUTLET = Outlet(("Warta Bontolu", "www.wartabontolu.test"))
TITLE = "Camat Hadir di Lapangan"


@pytest.mark.parametrize(
    ("html", "told", "text", "tag"),
    [
        (f"<h1>{TITLE}</h1>", "", TITLE, "h1"),
        (f"<h1>{TITLE}</h1>", "Camat Hadir, Bawaslu Turun", "Camat Hadir, Bawaslu Turun", "h1"),
        # On blogs the h1 is the name of the blog.
        (f"<h1>Warta Bontolu</h1><h2>{TITLE}</h2>", "", TITLE, "h2"),
        (f"<title>Koran » Arsip » {TITLE}</title><h1>Koran</h1><h2>{TITLE}</h2>", "", TITLE, "h2"),
        (f"<h2>Berita Terkait</h2><h2>{TITLE}</h2>", "", TITLE, "h2"),
        (f"<nav><h2>Menu Utama Kami</h2></nav><h2>{TITLE}</h2>", "", TITLE, "h2"),
        # Told as the outlet's name, cut off, or with something behind it.
        (f"<h1>{TITLE}</h1>", "Warta Bontolu", TITLE, "h1"),
        (f"<h1>{TITLE}</h1>", "Camat Hadir di ...", TITLE, "h1"),
        (f"<h1>{TITLE}</h1>", f"{TITLE} - Warta Bontolu", TITLE, "h1"),
        (f"<h1>{TITLE}</h1>", f"{TITLE} - Radio Bontolu", TITLE, "h1"),
        (f"<h1>{TITLE}</h1>", f"{TITLE} Halaman all", TITLE, "h1"),
        # Shown in an element of any name.
        (f"<table><tr><td>{TITLE}</td></tr></table>", TITLE, TITLE, "td"),
        (f"<title>{TITLE} | Warta Bontolu</title><p>Teks</p>", "", TITLE, None),
        ("<p>Teks</p>", "", "", None),
    ],
)
def test_where_the_headline_comes_from(html: str, told: str, text: str, tag: str | None) -> None:
    page = parse_html(f"<html><body>{html}</body></html>")
    assert page is not None
    found = find_headline(page, ExtractionRules("contoh"), (Described(title=told),), OUTLET)
    assert found.text == text
    assert (None if found.element is None else found.element.tag) == tag
