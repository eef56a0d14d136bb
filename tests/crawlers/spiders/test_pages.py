"""From fetched pages to records: names, page counts, next pages."""

from datetime import UTC, date, datetime

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse
from sqlalchemy import create_engine

from crawlers.job import Job
from crawlers.manifest import Pages
from crawlers.recorder import FETCHED_AT, REF
from crawlers.spiders.pages import (
    article_page,
    canonical_of,
    fetched_page,
    next_page,
    page_id,
    pages_named,
    request_address,
)
from store.frontier import Link
from store.records import WarcRef
from tests.crawlers.samples import source

MOMENT = datetime(2024, 9, 17, 3, 0, tzinfo=UTC)


def page(url: str, body: str = "", encoding: str = "utf-8") -> HtmlResponse:
    request = Request(url, meta={REF: WarcRef("a.warc.gz", 0), FETCHED_AT: MOMENT})
    return HtmlResponse(url, body=body.encode(encoding), encoding="utf-8", request=request)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Halaman 1/2", 2), ("Halaman 1 dari 7", 7), ("tidak ada", 1), ("", 1), ("1/999", 10), ("0", 0)],
)
def test_page_counts_are_read_and_bounded(text: str, expected: int) -> None:
    pages = Pages(total=".total")
    assert pages_named(page("https://w.test/a", f"<p class='total'>{text}</p>"), pages) == expected
    assert pages_named(page("https://w.test/a", "<p>Halaman 1/2</p>"), Pages()) == 1


def test_the_next_page_is_one_that_was_not_fetched() -> None:
    pages = Pages(mode="merge", next="a.p", param="page", max=3)
    links = "".join(f'<a class="p" href="/a?page={n}">{n}</a>' for n in (1, 2, 3, 4))
    first, second, third = (page(f"https://w.test/a{mark}", links) for mark in ("", "?page=2", "?page=3"))
    one, two, three = fetched_page(first), fetched_page(second), fetched_page(third)
    assert next_page(first, (one,), pages) == "https://w.test/a?page=2"
    assert next_page(second, (one, two), pages) == "https://w.test/a?page=3"
    assert next_page(third, (one, two, three), pages) == ""
    assert next_page(first, (one,), Pages()) == ""
    assert next_page(first, (one,), Pages(mode="merge", next="a.q::attr(href)")) == ""


def test_an_article_is_named_after_its_link_and_dated_after_its_first_page() -> None:
    job = Job(source(), date(2024, 9, 17), create_engine("sqlite://"), None, None)
    fetched = tuple(fetched_page(page(f"https://w.test/r{n}", f"isi {n}")) for n in (1, 2))
    made = article_page(job, Link("https://w.test/a?utm_source=x", "https://w.test/a"), fetched, 1)
    assert made.page_id == page_id("warta", "https://w.test/a")
    assert (made.page_id[:2], len(made.page_id)) == ("G-", 18)
    assert (made.url, made.canonical_url) == ("https://w.test/a?utm_source=x", "https://w.test/a")
    assert (made.pages_expected, len(made.refs), made.fetched_at) == (2, 2, MOMENT)


def test_a_lying_page_is_read_as_what_it_is() -> None:
    honest, lying = (
        fetched_page(page("https://w.test/a", "é")),
        fetched_page(page("https://w.test/a", "é", "cp1252")),
    )
    assert (honest.encoding, honest.honest) == ("utf-8", True)
    assert (lying.encoding, lying.honest) == ("windows-1252", False)


def test_canonical_addresses_follow_the_manifest() -> None:
    outlet = source(articles={"include": "/berita/"}, pages={"mode": "path", "suffix": "/all"})
    assert canonical_of("https://w.test/berita/1/all", outlet, own=True) == "https://w.test/berita/1"
    assert canonical_of("https://w.test/foto/1", outlet, own=True) == ""
    assert canonical_of("https://x.test/foto/1/all", outlet, own=False) == "https://x.test/foto/1/all"
    assert canonical_of("bukan alamat", outlet, own=False) == ""
    assert request_address("https://w.test/berita/1", outlet.pages) == "https://w.test/berita/1/all"
