"""Visits by Scrapy itself: polite, bounded, and a line of text for every site that does not answer."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

import pytest

from crawlers.probe import MAX_REQUESTS, probe_settings
from crawlers.settings import crawl_settings
from tests.crawlers import sites
from tests.crawlers.outlet import Outlet, outlet


def robots_down(site: Outlet) -> None:
    sites.plain_feed(site)
    site.say("/robots.txt", "galat", 503)


def slow_lane(site: Outlet) -> None:
    """An interface that always sends on to another address of its own: the visit must end all the same."""
    sites.home(site)
    for path in ("/feed/", "/rss.xml", "/rss", sites.SETTINGS):
        for hop in range(6):
            at = path if hop == 0 else f"{path}{hop}"
            site.say(at, "", 302, Location=f"{site.base}{path}{hop + 1}")


KINDS = {
    "wordpress": sites.wordpress,
    "blogger": sites.blogger,
    "feed": sites.plain_feed,
    "sitemap": sites.only_sitemap,
    "forbidden": sites.forbidden,
    "challenge": sites.challenge,
    "silent": sites.silent,
    "robots-down": robots_down,
    "slow-lane": slow_lane,
}


@pytest.fixture(scope="module")
def visited() -> dict[str, dict[str, Any]]:
    """One run over a site of each kind, one that sends us elsewhere, one where nobody listens."""
    with ExitStack() as stack:
        found = {name: stack.enter_context(outlet()) for name in KINDS}
        for name, make in KINDS.items():
            make(found[name])
        canary = stack.enter_context(outlet("localhost"))
        found["moved"] = stack.enter_context(outlet())
        found["moved"].say("/", "", 301, Location=canary.base + "/")
        with outlet() as gone:
            urls = {name: site.base + "/" for name, site in found.items()}
            urls |= {"gone": gone.base + "/", "nowhere": "http://tidak-ada.invalid/"}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.crawlers.probing", *urls.values()],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "NETRA_CONTACT": "uji@netra.test", "NO_PROXY": "*"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        results = dict(zip(urls, lines, strict=True))
        for name, site in found.items():
            results[name] |= {"asked": site.asked, "headers": site.sent_headers, "base": site.base}
        results["canary"] = {"asked": canary.asked}
    return results


@pytest.mark.parametrize(
    ("name", "platform", "entries"),
    [
        ("wordpress", "wordpress", ["/wp-json/wp/v2/posts", "/feed/"]),
        ("blogger", "blogger", ["/feeds/posts/default"]),
        ("feed", "generic", ["/umpan.xml"]),
        ("sitemap", "generic", ["/peta.xml"]),
    ],
)
def test_sites_that_offer_something_are_understood(
    visited: dict[str, dict[str, Any]], name: str, platform: str, entries: list[str]
) -> None:
    result = visited[name]
    assert "failed" not in result, result
    assert (result["platform"], result["entries"]) == (platform, [result["base"] + path for path in entries])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("forbidden", "robots.txt of 127.0.0.1 disallows"),
        ("challenge", "is a challenge page (Cloudflare)"),
        ("silent", "no entry that lists articles"),
        ("robots-down", "robots.txt answered 503: nothing may be fetched"),
        ("moved", "refused"),
        ("gone", "no connection to 127.0.0.1 (connection refused)"),
        ("nowhere", "no connection to tidak-ada.invalid (no such host); is there a network?"),
    ],
)
def test_sites_that_do_not_say_why(visited: dict[str, dict[str, Any]], name: str, words: str) -> None:
    assert words in visited[name]["failed"]
    assert visited[name]["exit_code"] == 1


def test_visits_are_polite_and_bounded(visited: dict[str, dict[str, Any]]) -> None:
    assert visited["forbidden"]["asked"] == ["/robots.txt"]
    assert visited["robots-down"]["asked"] == ["/robots.txt"]
    assert visited["challenge"]["asked"] == ["/robots.txt", "/"]
    assert visited["canary"]["asked"] == []
    for name in [*KINDS, "moved"]:
        assert len(visited[name]["asked"]) <= MAX_REQUESTS, name
        assert visited[name]["asked"][0] == "/robots.txt"
        for headers in visited[name]["headers"]:
            assert headers["User-Agent"].startswith("Netra/")
            assert "uji@netra.test" in headers["User-Agent"]
            assert not {"Cookie", "Referer", "Authorization"} & set(headers)


def test_a_visit_has_the_settings_of_a_crawl_but_for_its_bounds() -> None:
    mine, theirs = probe_settings(), crawl_settings(replay=False)
    changed = {key for key in mine if mine[key] != theirs[key]}
    assert changed == {"DOWNLOADER_MIDDLEWARES", "RETRY_TIMES"}
    assert theirs["DOWNLOADER_MIDDLEWARES"].items() < mine["DOWNLOADER_MIDDLEWARES"].items()
