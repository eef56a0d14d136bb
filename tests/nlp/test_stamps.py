"""Stamps near a headline: what is near, what is another article's, and what ends the search."""

import pytest

from nlp.markup import parse_html
from nlp.stamps import find_stamps


def stamps(html: str) -> list[str]:
    page = parse_html(f"<html><body>{html}</body></html>")
    assert page is not None
    return list(find_stamps(page.root, next(page.root.iter("h1"), None)))


@pytest.mark.parametrize(
    ("html", "first"),
    [
        ("<h1>Camat</h1><p>Rani</p><p>17 September 2024</p>", "17 September 2024"),
        ("<div>17 September 2024</div><h1>Camat</h1><p>Lapangan itu penuh.</p>", "17 September 2024"),
        (
            "<h1>Camat</h1><time>Tayang: 17/9/2024</time><time datetime=2024-09-01></time>",
            "Tayang: 17/9/2024",
        ),
        ("<h1>Camat</h1><b class=published title='17/9/2024'>kemarin</b>", "17/9/2024"),
        ("<h1>Camat</h1><aside class=article-info><time datetime=2024-09-17>x</time></aside>", "2024-09-17"),
        (
            "<div class=elementor-widget><h1>Camat</h1></div><p class=elementor-widget>17/9/2024</p>",
            "17/9/2024",
        ),
        # Elsewhere on a page without a headline.
        ("<p>Menu 3</p><div>Tayang: Rabu, 9 Oktober 2024</div>", "Tayang: Rabu, 9 Oktober 2024"),
    ],
)
def test_the_likeliest_stamp_comes_first(html: str, first: str) -> None:
    assert stamps(html)[0] == first


@pytest.mark.parametrize(
    "html",
    [
        "<h1>Camat</h1><p>Rapat digelar 17 September 2024.</p>",
        "<h1>Camat</h1><aside>17 September 2024</aside>",
        "<h1>Camat</h1><div class=sidebar>17 September 2024</div>",
        "<h1>Camat</h1><footer>17 September 2024</footer>",
        "<h1>Camat</h1><h3>Berita Terkait</h3><p>17 September 2024</p>",
        "<h1>Camat</h1>" + "<p>Kata</p>" * 30 + "<p>17 September 2024</p>",
        f"<h1>Camat</h1><p>{'kata ' * 30}17 September 2024</p>",
        "<p>17 September 2024</p>",
        "<nav><time datetime=2024-09-17></time></nav>",
    ],
)
def test_what_is_of_something_else_is_passed_over(html: str) -> None:
    assert stamps(html) == []
