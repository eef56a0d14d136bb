"""Nothing is fetched outside the hosts of the manifest, by whatever redirect it comes (S2)."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.crawlers.outlet import Outlet, crawl_once, entry, manifest, outlet

WAYS = ("start", "twice", "retried", "waited", "sitemap", "child-sitemap", "article", "robots", "fallback")
#: More than REDIRECT_MAX_TIMES.
HOPS = 9


def mislead(site: Outlet, way: str, away: str) -> str:
    """Let an outlet send us away in one manner; gives its entries."""
    entries = entry("sitemap" if "sitemap" in way else "feed", f"{site.base}/{way}")
    site.feed("/good", [site.article("/good/1")])
    if way == "twice":
        site.say(f"/{way}", "", 301, Location="/hop")
        site.say("/hop", "", 307, Location=away)
    elif way == "retried":
        site.say(f"/{way}", "", 500)
        site.say(f"/{way}", "", 302, Location=away)
    elif way == "waited":
        site.say(f"/{way}", "", 429, Retry_After="0")
        site.say(f"/{way}", "", 302, Location=away)
    elif way == "child-sitemap":
        site.say("/child", "", 302, Location=away)
        site.say(f"/{way}", f"<sitemapindex><sitemap><loc>{site.base}/child</loc></sitemap></sitemapindex>")
    elif way == "article":
        site.say("/moved", "", 308, Location=away)
        site.feed(f"/{way}", [f"{site.base}/moved"])
    elif way == "robots":
        site.say("/robots.txt", "", 302, Location=away)
        site.feed(f"/{way}", [site.article("/robots/1")])
    elif way == "fallback":
        site.say(f"/{way}", "", 404)
        site.say("/other", "", 302, Location=away)
        entries += f'[entries.fallback]\nkind = "feed"\nurl = "{site.base}/other"\n'
    else:
        site.say(f"/{way}", "", 302, Location=away)
    return entries


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Each manner twice: to another host, and to another port of the same host; and an endless chain."""
    folder = tmp_path_factory.mktemp("offsite")
    with ExitStack() as stack:
        away = {"host": stack.enter_context(outlet("localhost")), "port": stack.enter_context(outlet())}
        for bird in away.values():
            bird.feed("/feed", [bird.article("/a/1")])
        for way in WAYS:
            for place, bird in away.items():
                site = stack.enter_context(outlet())
                entries = mislead(site, way, f"{bird.base}/feed") + entry("feed", f"{site.base}/good")
                manifest(folder / "sources", f"{way}-{place}", entries)
        chain = stack.enter_context(outlet())
        for hop in range(HOPS):
            chain.say(f"/chain/{hop}", "", 302, Location=f"/chain/{hop + 1}")
        manifest(folder / "sources", "chain", entry("feed", f"{chain.base}/chain/0"))
        reports: dict[str, Any] = {name: report for (name, _), report in crawl_once(folder).items()}
        reports["away"] = {place: bird.asked for place, bird in away.items()}
        reports["chain"]["asked"] = chain.asked
        yield reports


@pytest.mark.parametrize("place", ["host", "port"])
@pytest.mark.parametrize("way", WAYS)
def test_no_redirect_leads_away(night: dict[str, Any], way: str, place: str) -> None:
    assert night["away"][place] == []
    report = night[f"{way}-{place}"]
    assert "1 to other hosts refused" in report["message"]
    if way == "robots":
        # What stands behind the redirect may forbid everything.
        assert "nothing may be fetched" in report["message"]
        assert report["new_pages"] == 0
    else:
        assert report["new_pages"] == 1


def test_a_chain_of_redirects_ends(night: dict[str, Any]) -> None:
    assert night["chain"]["asked"] == ["/robots.txt", *(f"/chain/{hop}" for hop in range(6))]
    assert night["chain"]["outcome"] == "error"
