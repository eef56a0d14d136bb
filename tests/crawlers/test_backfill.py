"""Past days of loopback outlets: every kind of list, what is asked for again, bounds and faults."""

import json
import signal
import subprocess
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from crawlers.archive import load_bodies
from crawlers.backfill import dated_entries, first_steps
from crawlers.manifest import load_sources
from tests.crawlers.outlet import Outlet, crawl_once, entry, manifest, outlet
from tests.crawlers.samples import source
from tests.crawlers.test_backfill_import import count
from tests.crawlers.test_run import stored
from tests.crawlers.walker import walk, words

ARTICLES = '[articles]\ninclude = "/b/"\n'
DAYS = ("2024-09-15", "2024-09-16", "2024-09-17")


def index(site: Outlet, *, per_day: int = 3, more: str = "") -> str:
    """Let an outlet have an index of two pages a day; the second one comes again as the third."""
    for day in DAYS:
        links = [site.article(f"/b/{day}/{n}") for n in range(per_day)]
        for page, part in ((1, links[:2]), (2, links[2:]), (3, links[2:])):
            listed = "".join(f'<a href="{link}">x</a>' for link in [*part, site.base + "/menu"])
            site.say(f"/indeks?date={day}&page={page}", listed, Content_Type="text/html")
    pattern = site.base + "/indeks?date=%Y-%m-%d&page={page}"
    return entry("feed", site.base + "/feed") + entry("index", pattern) + more


def test_what_a_walk_has_left_is_no_news_of_the_night_that_fetches_it(tmp_path: Path) -> None:
    with outlet() as site:
        bounds = ARTICLES + "[bounds]\narticles = 4\n[items]\nmax = 1\n"
        manifest(tmp_path / "sources", "warta", index(site), more=bounds)
        assert "more than items.max" not in walk(tmp_path)["warta"]["message"]
        site.feed("/feed", [site.article("/b/baru")])
        ((_, night),) = crawl_once(tmp_path, run="2", night=date(2024, 9, 21)).items()
    assert night["new_pages"] == 2
    assert "1 of past days, left by `crawl --since`" in night["message"]
    assert "more than items.max" not in night["message"]
    assert Counter(page.origin for page in stored(tmp_path)) == {"walk": 5, "night": 1}


def test_days_are_walked_from_the_newest_to_the_oldest_and_once(tmp_path: Path) -> None:
    with outlet() as site:
        manifest(tmp_path / "sources", "warta", index(site), more=ARTICLES)
        report = walk(tmp_path)["warta"]
        assert (report["outcome"], report["new_pages"], report["failed"]) == ("ok", 9, 0)
        assert "walked 3 days, 9 new" in report["message"]
        lists = [path for path in site.asked if path.startswith("/indeks")]
        assert lists == [f"/indeks?date={day}&page={n}" for day in reversed(DAYS) for n in (1, 2, 3)]
        assert "/feed" not in site.asked
        site.asked.clear()
        again = walk(tmp_path, "2", last="2024-09-18")["warta"]
        asked = [path for path in site.asked if path != "/robots.txt"]
        # The day that has no list fails, stays to be walked and harms no other.
        assert asked == ["/indeks?date=2024-09-18&page=1"]
        assert (again["outcome"], again["new_pages"]) == ("error", 0)
        assert "walked 0 days, 0 new, 3 walked before" in again["message"]
    assert len(stored(tmp_path)) == 9
    assert {page.night for page in stored(tmp_path)} == {date(2024, 9, 20)}


def test_the_day_that_runs_is_asked_for_again(tmp_path: Path) -> None:
    with outlet() as site:
        manifest(tmp_path / "sources", "warta", index(site), more=ARTICLES)
        for run in "12":
            walk(tmp_path, run, night=DAYS[2], first=DAYS[1])
        asked = Counter(site.asked)
    assert asked[f"/indeks?date={DAYS[2]}&page=1"] == 2
    assert asked[f"/indeks?date={DAYS[1]}&page=1"] == 1


def test_bounds_of_a_night_hold_and_later_nights_go_on(tmp_path: Path) -> None:
    with outlet() as site:
        bounds = ARTICLES + "[bounds]\narticles = 4\n"
        manifest(tmp_path / "sources", "warta", index(site), more=bounds)
        first = walk(tmp_path)["warta"]
        assert first["new_pages"] == 4
        assert "left for another night" in first["message"]
        assert not any(DAYS[0] in path for path in site.asked)
        for day in (21, 22, 23):
            walk(tmp_path, str(day), night=f"2024-09-{day}")
        asked = Counter(path for path in site.asked if path.startswith("/b/"))
    assert len(stored(tmp_path)) == 9
    assert set(asked.values()) == {1}


def test_a_walk_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    with outlet() as site:
        manifest(tmp_path / "sources", "warta", index(site, per_day=8), more=ARTICLES)
        for run in "123":
            goal = count(tmp_path) + 4
            child = subprocess.Popen(words(tmp_path, run), stdout=subprocess.DEVNULL)
            while child.poll() is None and count(tmp_path) < goal:
                time.sleep(0.002)
            child.send_signal(signal.SIGKILL)
            assert child.wait(timeout=30) == -signal.SIGKILL
        walk(tmp_path, "4")
        asked = Counter(path for path in site.asked if path.startswith("/b/"))
    assert len(stored(tmp_path)) == len(asked) == 24
    assert sum(asked.values()) <= 24 + 3 * 3
    for page in stored(tmp_path):
        load_bodies(page)


def test_wordpress_and_blogger_are_asked_by_day(tmp_path: Path) -> None:
    with outlet() as site:
        for day, before, after in (("15", "14", "16"), ("16", "15", "17"), ("17", "16", "18")):
            asked = (
                f"after=2024-09-{before}T23%3A59%3A59&before=2024-09-{after}T00%3A00%3A00&page={{page}}"
                "&per_page=50&orderby=date&order=desc&_fields=id,date_gmt,modified_gmt,link,title,content,excerpt"
            )
            for page in (1, 2):
                post = {"id": int(day) * 10 + page, "date_gmt": f"2024-09-{day}T03:00:00"}
                post["link"] = f"{site.base}/b/{day}-{page}"
                path = "/wp?" + asked.format(page=page)
                site.say(path, json.dumps([post]), X_WP_TotalPages="2")
            span = [
                f"published-{n}=2024-09-{d}T00%3A00%3A00%2B07%3A00" for n, d in (("min", day), ("max", after))
            ]
            item = {"id": {"$t": day}, "published": {"$t": f"2024-09-{day}T03:00:00Z"}}
            item["link"] = [{"rel": "alternate", "href": f"{site.base}/c/{day}"}]
            query = "&".join([*span, "alt=json", "max-results=25", "start-index=1", "orderby=published"])
            site.say("/blog?" + query, json.dumps({"feed": {"entry": [item]}}))
        manifest(tmp_path / "sources", "wp", entry("wordpress", site.base + "/wp"))
        manifest(tmp_path / "sources", "blog", entry("blogger", site.base + "/blog"))
        reports = walk(tmp_path)
    assert "walked 3 days, 6 new" in reports["wp"]["message"], reports
    assert "walked 3 days, 3 new" in reports["blog"]["message"], reports
    assert {reports["wp"]["outcome"], reports["blog"]["outcome"]} == {"ok"}
    for page in stored(tmp_path):
        load_bodies(page)


def test_sitemaps_are_filtered_by_date(tmp_path: Path) -> None:
    def url(path: str, day: str) -> str:
        return f"<url><loc>{site.article(path)}</loc><lastmod>2024-09-{day}T02:00:00+07:00</lastmod></url>"

    with outlet() as site:
        one = [url("/b/14", "14"), url("/b/15", "15"), url("/b/17", "17"), url("/b/18", "18")]
        site.say("/s1.xml", f"<urlset>{''.join(one)}<url><loc>{site.base}/b/0</loc></url></urlset>")
        site.say("/s0.xml", "<urlset/>")
        children = f"<sitemap><loc>{site.base}/s1.xml</loc></sitemap>"
        children += f"<sitemap><loc>{site.base}/s0.xml</loc><lastmod>2024-09-01</lastmod></sitemap>"
        site.say("/map.xml", f"<sitemapindex>{children}</sitemapindex>")
        manifest(tmp_path / "sources", "warta", entry("sitemap", site.base + "/map.xml"))
        report = walk(tmp_path)["warta"]
        walk(tmp_path, "2")
        asked = Counter(site.asked)
    assert report["new_pages"] == 2, report
    assert (asked["/map.xml"], asked["/s1.xml"], asked["/s0.xml"]) == (2, 1, 0)
    assert [page.url.rsplit("/", 1)[1] for page in stored(tmp_path)] == ["15", "17"]


def test_an_outlet_that_does_not_answer_is_left_alone(tmp_path: Path) -> None:
    with outlet() as site:
        manifest(tmp_path / "sources", "warta", entry("wordpress", site.base + "/wp"))
        report = walk(tmp_path, first="2024-08-01")["warta"]
        asked = [path for path in site.asked if path.startswith("/wp")]
    assert (report["outcome"], len(asked)) == ("error", 3)
    assert "45 left for another night" in report["message"]


def test_a_day_without_links_is_looked_at_again(tmp_path: Path) -> None:
    with outlet() as site:
        for run in "12":
            manifest(tmp_path / "sources", "warta", index(site, per_day=0), more=ARTICLES)
            report = walk(tmp_path, run, first=DAYS[2])["warta"]
            assert (report["outcome"], report["new_pages"]) == ("empty", 0)
        assert site.asked.count(f"/indeks?date={DAYS[2]}&page=1") == 2


def test_shipped_sources_are_walked_by_their_best_list() -> None:
    shipped = {s.id: s for s in load_sources(Path(__file__).parents[2] / "data" / "sources")}
    span = (date(2024, 9, 1), date(2024, 9, 1))
    first = {
        name: first_steps(shipped[name], span)[0].url for name in shipped if dated_entries(shipped[name])
    }
    assert first["detik"] == "https://news.detik.com/indeks?date=09/01/2024&page=1"
    assert first["kompas"] == "https://indeks.kompas.com/?site=all&date=2024-09-01&page=1"
    assert first["katadata"] == "https://katadata.co.id/indeks/search/-/01-09-2024/01-09-2024"
    assert first["wartaekonomi"] == "https://www.wartaekonomi.co.id/indeks/20240901/1"
    assert len(first) > 300


@pytest.mark.parametrize("kind", ["feed", "export"])
def test_what_has_no_dates_is_not_walked(kind: str) -> None:
    assert dated_entries(source(entries=[{"kind": "feed", "url": "https://w.test/feed"}])) == []
    if kind == "export":
        export = {
            "format": "csv",
            "platform": "x",
            "columns": dict.fromkeys(("id", "url", "text", "published"), "a"),
        }
        made = source(kind="post", entries=[{"kind": "export", "path": "x.csv"}], export=export)
        assert dated_entries(made) == []
