"""News sitemaps: links and times, gzip, indexes, limits and attacks."""

import gzip
from datetime import date

import pytest
from scrapy.http import Response

from crawlers.manifest import Entry
from crawlers.spiders.listing import Listing
from crawlers.spiders.sitemap import MAX_CHILDREN, MAX_LINKS, first_url, read
from store.records import Outcome
from tests.crawlers.samples import source

NIGHT = date(2024, 9, 18)
ENTRY = Entry(kind="sitemap", url="https://w.test/sitemap.xml")
SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)


def url(name: str, when: str = "2024-09-17T09:11:00+07:00") -> str:
    return (
        f"<url><loc>https://w.test/{name}</loc><image:image><image:loc>https://w.test/f.jpg</image:loc></image:image>"
        f"<news:news><news:publication_date>{when}</news:publication_date></news:news></url>"
    )


def urlset(inner: str) -> bytes:
    return f"<?xml version='1.0'?><urlset {SPACES}>{inner}</urlset>".encode()


def listing(body: bytes) -> Listing:
    return read(ENTRY, Response(ENTRY.url, body=body), source(), NIGHT)


def test_links_come_newest_first_and_old_ones_are_counted() -> None:
    found = listing(
        urlset(url("a", "2024-09-16") + url("b") + url("lama", "2024-08-01") + "<url><loc>/c</loc></url>")
    )
    assert [link.url for link in found.links] == ["https://w.test/b", "https://w.test/a", "https://w.test/c"]
    assert (found.old, found.problem) == (1, None)
    assert first_url(ENTRY) == ENTRY.url


def test_gzip_is_unpacked_and_a_bomb_is_not() -> None:
    assert len(listing(gzip.compress(urlset(url("a")))).links) == 1
    with pytest.raises(ValueError, match="when unpacked"):
        listing(gzip.compress(b"<urlset>" + b" " * (11 * 1024 * 1024)))
    with pytest.raises(ValueError, match="not gzip"):
        listing(b"\x1f\x8bxxxxxxxxxxxxxxxx")


def test_an_index_names_its_newest_sitemaps() -> None:
    inner = "".join(
        f"<sitemap><loc>https://w.test/s{day}.xml</loc><lastmod>2024-09-{day:02}</lastmod></sitemap>"
        for day in (16, 17, 1)
    )
    found = listing(f"<sitemapindex {SPACES}>{inner}</sitemapindex>".encode())
    assert found.more == ("https://w.test/s17.xml", "https://w.test/s16.xml")
    many = "".join(f"<sitemap><loc>https://w.test/{n}</loc></sitemap>" for n in range(99))
    assert len(listing(f"<sitemapindex>{many}</sitemapindex>".encode()).more) == MAX_CHILDREN


def test_a_cut_off_sitemap_is_malformed_but_its_links_count() -> None:
    found = listing(urlset(url("a") + url("b"))[:-30])
    assert len(found.links) == 1
    assert found.problem
    assert found.problem[0] is Outcome.MALFORMED


def test_too_many_links_are_named() -> None:
    found = listing(urlset("".join(url(str(n)) for n in range(MAX_LINKS + 5))))
    assert found.problem == (Outcome.MALFORMED, f"more than {MAX_LINKS} recent addresses")


@pytest.mark.parametrize("body", [b"", b"teks", b"<html><body/></html>", b"<rss/>"])
def test_what_is_no_sitemap_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        listing(body)


def test_an_empty_sitemap_is_empty() -> None:
    assert listing(urlset("")) == Listing()


def test_no_entity_is_expanded_and_no_file_read() -> None:
    attack = b'<!DOCTYPE urlset [<!ENTITY f SYSTEM "file:///etc/hostname"><!ENTITY b "bbbb">]>'
    body = attack + b"<urlset><url><loc>https://w.test/a&f;&b;</loc></url></urlset>"
    with pytest.raises(ValueError, match="not well-formed"):
        listing(body)
