"""RSS and Atom: links and times from good, faulty and mis-declared feeds."""

from datetime import UTC, date, datetime

import pytest
from scrapy.http import Response

from crawlers.manifest import Entry, Source
from crawlers.spiders.feed import first_url, read
from crawlers.spiders.listing import Listing
from store.records import Outcome
from tests.crawlers.samples import source

NIGHT = date(2024, 9, 18)
ITEM = (
    "<item><title>T</title><link>https://w.test/{0}</link>"
    "<pubDate>Tue, 17 Sep 2024 09:11:00 +0700</pubDate></item>"
)
ENTRY = Entry(kind="feed", url="https://w.test/feed")


def listing(body: bytes | str, kind: str = "application/rss+xml") -> Listing:
    raw = body.encode() if isinstance(body, str) else body
    response = Response("https://w.test/feed", body=raw, headers={"Content-Type": kind})
    return read(ENTRY, response, source(), NIGHT)


def rss(inner: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{inner}</channel></rss>'


def test_rss_gives_links_with_times_in_utc() -> None:
    (link,) = listing(rss(ITEM.format("a"))).links
    assert link.url == "https://w.test/a"
    assert link.published == datetime(2024, 9, 17, 2, 11, tzinfo=UTC)
    assert first_url(ENTRY) == ENTRY.url


def test_atom_and_relative_links() -> None:
    found = listing(
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>T</title>'
        '<link rel="alternate" href="/b"/><updated>2024-09-17T09:11:00+07:00</updated></entry>'
        "<entry><title>tanpa tautan</title></entry></feed>",
        "application/atom+xml",
    )
    assert [link.url for link in found.links] == ["https://w.test/b"]
    assert found.faults == ("1 entries without a link",)


def test_an_empty_feed_lists_nothing_and_is_no_fault() -> None:
    assert listing(rss("<title>T</title>")) == Listing()


def test_a_broken_feed_is_malformed_but_its_entries_count() -> None:
    found = listing(rss(ITEM.format("a") + "<item><title>A & B</title></oops>"))
    assert [link.url for link in found.links] == ["https://w.test/a"]
    assert found.problem
    assert found.problem[0] is Outcome.MALFORMED
    assert "in line 1" in found.problem[1]


def test_html_entities_are_forgiven() -> None:
    found = listing(rss(ITEM.format("a").replace("<title>T", "<title>T&nbsp;U")))
    assert (len(found.links), found.problem) == (1, None)


@pytest.mark.parametrize("body", ["", "<html><body>Halo</body></html>", "bukan XML", "\x00\x01", "{}"])
def test_what_is_no_feed_is_a_value_error(body: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        listing(body, "text/html")


def test_a_lying_declaration_is_found_and_read_rightly() -> None:
    text = rss(ITEM.format("a").replace("T</title>", "caf\xe9 \x93kutip\x94</title>"))
    found = listing(text.encode("latin-1"))
    assert found.problem == (Outcome.ENCODING, "not in the encoding that it declares, read as windows-1252")
    assert len(found.links) == 1


def test_a_header_without_charset_is_no_lie() -> None:
    assert listing(rss(ITEM.format("a").replace("T</", "é</")), "text/xml").problem is None


def test_entities_are_not_expanded_and_nothing_is_fetched() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
    found = listing(bomb + f"<rss version='2.0'><channel>{ITEM.format('&b;&f;')}</channel></rss>")
    assert all(link.url.startswith("https://w.test/") and "xx" not in link.url for link in found.links)


def test_every_reader_takes_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(source(), Source)
    # A feed is read from bytes: with the network gone it is read all the same.
    monkeypatch.setattr("socket.socket", None)
    assert len(listing(rss(ITEM.format("a"))).links) == 1
