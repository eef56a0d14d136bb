"""Dated index pages: addresses of a day, links that are articles, the way to the next page."""

from datetime import date

import pytest
from scrapy.http import HtmlResponse, Response

from crawlers.manifest import Entry
from crawlers.spiders.index import day_url, read
from tests.crawlers.samples import source

DAY = date(2024, 9, 7)
NUMBERED = Entry(kind="index", url="https://w.test/indeks?date=%m/%d/%Y&page={page}", link="article a")
LINKED = Entry(kind="index", url="https://w.test/indeks/%Y%m%d", next="a.next")
SOURCE = source(articles={"include": "/b/"})
BODY = """<nav><a href="/b/menu">m</a></nav>
<article><a href="/b/1?utm_source=x">1</a> <a href="/b/1">1</a>
<a href="b/2">2</a> <a href="/tag/x">t</a></article>
<a class="next" href="/indeks/20240907">1</a> <a class="next" href="/indeks/20240907?p=2">2</a>"""


def page(url: str = "https://w.test/indeks/20240907", body: str = BODY) -> HtmlResponse:
    return HtmlResponse(url, body=body.encode(), encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("https://w.test/indeks?date=%m/%d/%Y&page={page}", "https://w.test/indeks?date=09/07/2024&page=3"),
        ("https://w.test/%Y/%m/%d/", "https://w.test/2024/09/07/"),
        ("https://w.test/?d=%d%%2F%m%%2F%Y", "https://w.test/?d=07%2F09%2F2024"),
    ],
)
def test_the_day_goes_into_the_address(pattern: str, expected: str) -> None:
    assert day_url(Entry(kind="index", url=pattern), DAY, 3) == expected


def test_links_are_articles_once_and_pages_are_numbered() -> None:
    listing = read(NUMBERED, page(), SOURCE, DAY, page=1)
    assert [link.url for link in listing.links] == [
        "https://w.test/b/1?utm_source=x",
        "https://w.test/indeks/b/2",
    ]
    assert [link.published for link in listing.links] == [None, None]
    assert listing.more == ("https://w.test/indeks?date=09/07/2024&page=2",)
    assert read(NUMBERED, page(body="<a href=/tag/x>"), SOURCE, DAY, page=9).more == ()


def test_a_link_to_the_next_page_is_followed_where_it_leads_on() -> None:
    listing = read(LINKED, page(), SOURCE, DAY, page=1)
    assert listing.more == ("https://w.test/indeks/20240907?p=2",)
    assert len(listing.links) == 3
    assert read(LINKED, page(body="<p>habis</p>"), SOURCE, DAY, page=2).more == ()


def test_a_list_without_pages_has_one() -> None:
    assert read(Entry(kind="index", url="https://w.test/%Y%m%d"), page(), SOURCE, DAY, page=1).more == ()


def test_what_is_no_text_is_no_list() -> None:
    with pytest.raises(ValueError, match="not an HTML page"):
        read(LINKED, Response("https://w.test/indeks", body=b"\x89PNG"), SOURCE, DAY, page=1)
