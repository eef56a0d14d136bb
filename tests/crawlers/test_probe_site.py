"""What a visit makes of whole sites, over real HTTP and without Scrapy's engine."""

import http.client
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from scrapy import Request
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from crawlers.manifest import Entry
from crawlers.probe import MAX_REQUESTS, Answer, ProbeFailedError, Trail, answer_of
from crawlers.probe_found import Findings
from crawlers.probe_site import explore, probe_source, read_entry, twins_of
from crawlers.recorder import FETCHED_AT, REF
from crawlers.spiders.listing import Listing
from crawlers.urls import host_of
from store.records import Outcome, WarcRef
from tests.crawlers import sites
from tests.crawlers.outlet import Outlet, outlet

REFERENCE = WarcRef("uji.warc.gz", 0)


def fetch(url: str) -> Response:
    """Fetch over loopback and give what Scrapy would."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=10)
    connection.request("GET", place.path + (f"?{place.query}" if place.query else ""))
    came = connection.getresponse()
    body, headers = came.read(), Headers({"Content-Type": came.getheader("Content-Type", "")})
    connection.close()
    kind = responsetypes.from_args(headers=headers, url=url, body=body)
    request = Request(url, meta={REF: REFERENCE, FETCHED_AT: datetime(2024, 9, 17, tzinfo=UTC)})
    return kind(url, status=came.status, headers=headers, body=body, request=request)


def lead(visit: Generator[str, Answer, Findings], trail: Trail, robots: str = "") -> Findings:
    """Lead a visit to its end."""
    answer: Answer | None = None
    while True:
        try:
            url = visit.send(answer)  # type: ignore[arg-type]  # a generator begins with None
        except StopIteration as end:
            result: Findings = end.value
            return result
        trail.sent += 1
        trail.robots[host_of(url)] = (200, robots)
        answer = answer_of(fetch(url), url)


def visit(make: Callable[[Outlet], None], path: str = "/") -> tuple[Findings, Outlet, Trail]:
    with outlet() as site:
        make(site)
        trail = Trail(MAX_REQUESTS)
        return lead(explore(site.base + path, trail), trail), site, trail


def test_wordpress_gives_its_posts_its_zone_and_a_feed_as_fallback() -> None:
    findings, site, trail = visit(sites.wordpress)
    assert findings.platform == "wordpress"
    assert [entry.kind for entry in findings.entries] == ["wordpress", "feed"]
    assert (findings.zone.value, findings.zone.certain) == ("Asia/Makassar", True)
    assert findings.publisher == "Kabar Tanete"
    assert findings.include == ""
    assert [saved.format for saved in findings.article] == ["html", "wordpress"]
    assert trail.sent == len(site.asked) == 5


def test_blogger_gives_its_entries_although_the_pages_are_gone() -> None:
    findings, _, _ = visit(sites.blogger)
    assert (findings.platform, [entry.kind for entry in findings.entries]) == ("blogger", ["blogger"])
    assert [saved.format for saved in findings.article] == ["blogger"]
    assert any("kabar-0.html answered 404" in line for line in findings.unused)


def test_a_feed_that_the_page_names_is_found_with_pattern_and_page_mode() -> None:
    findings, site, _ = visit(sites.plain_feed)
    assert [(entry.kind, entry.url) for entry in findings.entries] == [("feed", site.base + "/umpan.xml")]
    assert findings.include == r"/berita/\d+/"
    assert findings.pages == {"mode": "query", "param": "page", "value": "all"}
    assert findings.article[0].url.endswith("/berita/101/kabar-101?page=all")
    assert findings.zone.value == "Asia/Makassar"
    assert not any("umpan" in path for path in site.asked if path.count("/") > 1)


def test_the_address_of_a_feed_will_do() -> None:
    findings, site, _ = visit(sites.plain_feed, path="/umpan.xml")
    assert findings.entries[0].url == site.base + "/umpan.xml"
    assert findings.publisher == "Kabar Tanete"


def test_a_page_mode_that_does_not_give_the_article_is_not_believed() -> None:
    def without(site: Outlet) -> None:
        sites.plain_feed(site)
        del site.routes["/berita/101/kabar-101?page=all"]

    findings, _, _ = visit(without)
    assert findings.pages == {}
    assert any("[pages]" in line for line in findings.unused)


def test_sitemaps_of_robots_txt_are_followed_through_their_index() -> None:
    with outlet() as site:
        sites.only_sitemap(site)
        trail = Trail(MAX_REQUESTS)
        robots = site.routes["/robots.txt"][0].body.decode()
        findings = lead(explore(site.base + "/", trail), trail, robots)
    assert [(entry.kind, entry.url) for entry in findings.entries] == [("sitemap", site.base + "/peta.xml")]
    assert len(findings.entries[0].urls) == 4


def test_a_news_sitemap_goes_before_a_feed() -> None:
    def both(site: Outlet) -> None:
        sites.plain_feed(site)
        sites.sitemap(site, "/sitemap-news.xml", [site.base + "/berita/101/kabar-101"])

    findings, _, _ = visit(both)
    assert [entry.kind for entry in findings.entries] == ["sitemap", "feed"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (sites.challenge, "challenge page (Cloudflare); the site wants a browser"),
        (sites.silent, "no entry that lists articles"),
        (lambda site: site.say("/", "tidak", 403), "answered 403; write to the publisher"),
        (lambda site: site.say("/", b"\x89PNG\x00\x01", Content_Type="image/png"), "is no page of text"),
    ],
)
def test_a_site_that_cannot_become_a_source_says_why(make: Callable[[Outlet], None], words: str) -> None:
    with pytest.raises(ProbeFailedError) as failed:
        visit(make)
    assert words in str(failed.value)
    assert failed.value.exit_code == 1


def test_articles_on_another_host_are_no_articles_of_this_source() -> None:
    def abroad(site: Outlet) -> None:
        sites.home(site)
        sites.feed(site, "/feed/", ["https://lain.test/a/1", "https://lain.test/a/2"])

    with pytest.raises(ProbeFailedError, match="list no article on this host"):
        visit(abroad)


def test_no_visit_takes_more_than_its_requests() -> None:
    def worst(site: Outlet) -> None:
        links = "".join(
            f'<link rel="alternate" type="application/rss+xml" href="/umpan/{n}">' for n in range(40)
        )
        sites.home(site, links)
        index = "<sitemapindex><sitemap><loc>{}/kosong</loc></sitemap></sitemapindex>"
        for path in ("/sitemap-news.xml", "/news-sitemap.xml", "/sitemap_news.xml", "/sitemap.xml"):
            site.say(path, index.format(site.base), Content_Type=sites.XML)

    with outlet() as site:
        worst(site)
        trail = Trail(MAX_REQUESTS)
        with pytest.raises(ProbeFailedError):
            lead(explore(site.base + "/", trail), trail)
    assert trail.sent < MAX_REQUESTS


def test_an_entry_that_is_not_what_it_should_be_is_named() -> None:
    with outlet() as site:
        site.say("/feed", "<html>bukan umpan</html>", Content_Type=sites.HTML)
        steps = read_entry(Entry(kind="feed", url=site.base + "/feed"))
        with pytest.raises(StopIteration) as end:
            steps.send(answer_of(fetch(next(steps)), ""))
    listing, response = end.value.value
    assert not isinstance(listing, Listing)
    assert (listing.outcome, response.status) == (Outcome.MALFORMED, 200)
    assert site.base + "/feed: " in listing.problem


def test_a_visit_stays_on_the_host_and_its_www_twin() -> None:
    assert probe_source("https://kabar.test/x", delay_s=2.0).hosts == ("kabar.test", "www.kabar.test")
    assert twins_of("www.kabar.test") == ["kabar.test"]
    assert twins_of("127.0.0.1") == twins_of("localhost") == twins_of("::1") == []
