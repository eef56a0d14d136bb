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
    canonical_of_page,
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
    [("Halaman 1/2", 2), ("Halaman 1 dari 17", 17), ("tidak ada", 1), ("", 1), ("1/999", 99), ("0", 1)],
)
def test_page_counts_are_read_and_bounded(text: str, expected: int) -> None:
    pages = Pages(total=".total")
    assert pages_named(page("https://w.test/a", f"<p class='total'>{text}</p>"), pages) == expected
    assert pages_named(page("https://w.test/a", "<p>Halaman 1/2</p>"), Pages()) == 1


#: The modes of paged articles, what the last fetched page says, and what is expected of so many fetched.
MODES = [
    # Everything came under one address.
    ({"mode": "query", "param": "page", "value": "all", "total": ".total"}, "", 1, 1),
    ({"mode": "query", "param": "single", "value": "1"}, "<a class=p>2</a>", 1, 1),
    ({"mode": "path", "suffix": "/all", "total": ".total"}, "", 1, 1),
    # The outlet did not heed the parameter and shows page 1 of 2.
    ({"mode": "query", "param": "page", "value": "all", "total": ".total"}, "<p class=total>1/2</p>", 1, 2),
    ({"mode": "path", "suffix": "/all", "total": ".total"}, "<p class=total>Halaman 1 dari 3</p>", 1, 3),
    # Merged page by page.
    ({"mode": "merge", "next": "a.p"}, "<a class=p>1</a><a class=p>2</a><a class=p>3</a>", 3, 3),
    ({"mode": "merge", "next": "a.p::attr(href)", "total": ".total"}, "<p class=total>2/2</p>", 2, 2),
    # A pager by article number: offsets of 15 are no page numbers.
    (
        {"mode": "merge", "next": "a[data-p]"},
        "<a data-p=2 href=/a/15>15</a><a data-p=3>Berikutnya</a>",
        15,
        15,
    ),
    # One page was lost, or the manifest allows no more.
    ({"mode": "merge", "next": "a.p", "total": ".total"}, "<p class=total>2/4</p>", 2, 4),
    ({"mode": "merge", "next": "a.p", "max": 2}, "<a class=p>1</a><a class=p>12</a>", 2, 12),
    ({"mode": "none"}, "<p class=total>1/2</p>", 1, 1),
]


@pytest.mark.parametrize(("pages", "html", "fetched", "expected"), MODES)
def test_pages_expected_and_fetched_are_right_in_every_mode(
    pages: dict[str, str], html: str, fetched: int, expected: int
) -> None:
    outlet = source(pages=pages)
    job = Job(outlet, date(2024, 9, 17), create_engine("sqlite://"), None, None)
    came = tuple(fetched_page(page(f"https://w.test/a?h={n}", html), outlet.pages) for n in range(fetched))
    named = pages_named(page("https://w.test/a", html), outlet.pages)
    made = article_page(job, Link("https://w.test/a", "https://w.test/a"), came, named)
    assert (made.pages_expected, len(made.refs)) == (expected, fetched)


def test_the_next_page_is_one_that_was_not_fetched() -> None:
    pages = Pages(mode="merge", next="a.p", param="page", max=3)
    links = "".join(f'<a class="p" href="/a?page={n}">{n}</a>' for n in (1, 2, 3, 4))
    first, second, third = (page(f"https://w.test/a{mark}", links) for mark in ("", "?page=2", "?page=3"))
    one, two, three = (fetched_page(each, pages) for each in (first, second, third))
    assert next_page(first, (one,), pages) == "https://w.test/a?page=2"
    assert next_page(second, (one, two), pages) == "https://w.test/a?page=3"
    assert next_page(third, (one, two, three), pages) == ""
    # A pager writes page 1 in its own way.
    back = page("https://w.test/a/2", '<a class="p" href="/a/?utm_source=pager">1</a>')
    slash = Pages(mode="merge", next="a.p")
    assert next_page(back, (one, fetched_page(back, slash)), slash) == ""
    assert next_page(first, (one,), Pages()) == ""
    assert next_page(first, (one,), Pages(mode="merge", next="a.q::attr(href)")) == ""


def test_an_article_is_named_after_its_link_and_dated_after_its_first_page() -> None:
    job = Job(source(), date(2024, 9, 17), create_engine("sqlite://"), None, None)
    fetched = tuple(fetched_page(page(f"https://w.test/r{n}", f"isi {n}"), Pages()) for n in (1, 2))
    made = article_page(job, Link("https://w.test/a?utm_source=x", "https://w.test/a"), fetched, 1)
    assert made.page_id == page_id("warta", "https://w.test/a")
    assert (made.page_id[:2], len(made.page_id)) == ("G-", 18)
    assert (made.url, made.canonical_url) == ("https://w.test/a?utm_source=x", "https://w.test/a")
    assert (made.pages_expected, len(made.refs), made.fetched_at) == (2, 2, MOMENT)


AMP = '<html ⚡ lang="id"><head><link rel="canonical" href="{}"></head>'
PLAIN = "<html><head><link href='{}' rel='canonical'></head>"


@pytest.mark.parametrize(
    ("listed", "fetched", "html", "declared", "expected"),
    [
        # AMP on a host of its own, with another path; on the same host.
        (
            "https://amp.w.test/bontolu/read/1",
            "",
            AMP,
            "https://w.test/read/1/camat",
            "https://w.test/read/1/camat",
        ),
        (
            "https://w.test/camat-hadir-amp",
            "",
            AMP,
            "/2024/09/camat-hadir",
            "https://w.test/2024/09/camat-hadir",
        ),
        # Mobile and other twins: the same name, or the same long number.
        (
            "https://m.w.test/x/camat-hadir",
            "",
            PLAIN,
            "https://w.test/y/camat-hadir.html",
            "https://w.test/y/camat-hadir.html",
        ),
        (
            "https://w.test/baca?id=3",
            "https://w.test/read/77881/camat",
            PLAIN,
            "/read/77881/camat",
            "https://w.test/read/77881/camat",
        ),
        (
            "https://w.test/read/77881/lama",
            "",
            PLAIN,
            "https://w.test/read/77881/baru",
            "https://w.test/read/77881/baru",
        ),
        # What is declared wrongly is not believed.
        (
            "https://w.test/read/1/camat-hadir",
            "",
            PLAIN,
            "https://w.test/",
            "https://w.test/read/1/camat-hadir",
        ),
        (
            "https://w.test/read/1/camat-hadir",
            "",
            AMP,
            "https://w.test/",
            "https://w.test/read/1/camat-hadir",
        ),
        *(
            (
                "https://w.test/read/1/camat-hadir",
                "",
                form,
                "https://w.test/read/2/lurah-hadir",
                "https://w.test/read/1/camat-hadir",
            )
            for form in (PLAIN, AMP)
        ),
        (
            "https://w.test/read/1/camat-hadir",
            "",
            PLAIN,
            "https://lain.test/camat-hadir",
            "https://w.test/read/1/camat-hadir",
        ),
        (
            "https://w.test/read/1/camat-hadir",
            "",
            PLAIN,
            "javascript:x()",
            "https://w.test/read/1/camat-hadir",
        ),
        ("https://w.test/read/1/camat-hadir", "", "<p>{}</p>", "", "https://w.test/read/1/camat-hadir"),
    ],
)
def test_twins_of_an_article_have_one_address(
    listed: str, fetched: str, html: str, declared: str, expected: str
) -> None:
    outlet = source(
        hosts=["w.test", "amp.w.test", "m.w.test"], articles={"same_host": {"m.w.test": "w.test"}}
    )
    link = Link(listed, canonical_of(listed, outlet, own=True))
    first = fetched_page(page(fetched or listed, html.format(declared)), outlet.pages)
    assert canonical_of_page(link, first, outlet) == expected
    job = Job(outlet, date(2024, 9, 17), create_engine("sqlite://"), None, None)
    made = article_page(job, link, (first,), 1)
    assert (made.canonical_url, made.page_id) == (expected, page_id("warta", expected))


def test_a_lying_page_is_read_as_what_it_is() -> None:
    honest, lying = (
        fetched_page(page("https://w.test/a", "é"), Pages()),
        fetched_page(page("https://w.test/a", "é", "cp1252"), Pages()),
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
