"""Whole crawls of loopback outlets: outcomes, page modes, politeness, second runs, files."""

import gzip
import json
import sqlite3
import subprocess
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.archive import Archive, build_index, load_bodies
from crawlers.run import plan
from store.db import connect
from store.digest import content_digest
from store.frontier import night_of
from store.records import RawPage
from store.stages import pending_pages
from tests.crawlers.outlet import (
    AT_ONCE,
    NIGHT,
    Outlet,
    Reply,
    arguments,
    crawl_once,
    entry,
    manifest,
    outlet,
    rss,
)
from tests.crawlers.samples import source

TODAY = NIGHT.isoformat()


def stored(folder: Path, db: str = "netra.db") -> list[RawPage]:
    engine = connect(f"sqlite:///{folder / db}")
    with engine.begin() as conn:
        pages = pending_pages(conn, limit=None)
    engine.dispose()
    return sorted(pages, key=lambda page: page.canonical_url)


def only(reports: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    (report,) = reports.values()
    return report


def good_feed(site: Outlet) -> None:
    site.feed("/feed", [site.article("/a/1"), site.article("/a/2")])


def hostile(name: str, site: Outlet) -> str:
    """Let an outlet misbehave in one way; gives its entries."""
    feed = entry("feed", site.base + "/feed")
    if name == "robots":
        site.say("/robots.txt", "User-agent: netra\nDisallow: /feed\n")
    elif name == "robots-down":
        site.say("/robots.txt", "galat", 503)
    elif name == "challenge":
        site.say("/feed", "<html><title>Just a moment...</title></html>", Content_Type="text/html")
    elif name == "blocked":
        site.say("/feed", "tidak boleh", 403)
    elif name == "down":
        site.say("/feed", "galat", 500)
    elif name == "too-long":
        site.say("/feed", "", 429, Retry_After="3600")
    elif name == "patient":
        site.say("/feed", "", 429, Retry_After="1")
    elif name == "never":
        site.say("/feed", "", 429, Retry_After="0")
    elif name == "empty":
        site.feed("/feed", [])
    elif name == "malformed":
        site.say("/feed", rss([site.article("/a/1")]).replace("</channel>", "</oops>"))
    elif name == "encoding":
        site.say("/feed", rss([site.article("/a/1")]).replace("Berita", "caf\xe9").encode("latin-1"))
    elif name == "wordpress":
        feed = (
            entry("wordpress", site.base + "/wp")
            + f'[entries.fallback]\nkind = "feed"\nurl = "{site.base}/feed"\n'
        )
    elif name == "articles-blocked":
        site.say("/a/1", "", 403)
        site.say("/a/2", "<title>Just a moment...</title>", Content_Type="text/html")
    elif name == "loop":
        site.say("/feed", "", 302, Location=site.base + "/feed")
    if name in ("robots", "patient", "wordpress", "articles-blocked"):
        good_feed(site)
    return feed


OUTCOMES = {
    "robots": "robots",
    "robots-down": "error",
    "challenge": "challenge",
    "blocked": "blocked",
    "down": "error",
    "too-long": "rate_limited",
    "patient": "ok",
    "never": "rate_limited",
    "empty": "empty",
    "malformed": "malformed",
    "encoding": "encoding",
    "wordpress": "ok",
    "articles-blocked": "challenge",
    "loop": "error",
}


@pytest.fixture(scope="module")
def hostile_night(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """One night over an outlet of each kind, all at once, and one that nobody listens at."""
    folder = tmp_path_factory.mktemp("hostile")
    with ExitStack() as stack:
        sites = {name: stack.enter_context(outlet()) for name in OUTCOMES}
        for name, site in sites.items():
            manifest(folder / "sources", name, hostile(name, site))
        with outlet() as gone:
            manifest(folder / "sources", "gone", entry("feed", gone.base + "/feed"))
        reports = crawl_once(folder)
        found = {name: reports[name, TODAY] for name in [*OUTCOMES, "gone"]}
        for name, site in sites.items():
            found[name]["asked"] = site.asked
    return found


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_fault_has_its_outcome(hostile_night: dict[str, dict[str, Any]], name: str) -> None:
    assert hostile_night[name]["outcome"] == OUTCOMES[name], hostile_night[name]
    assert (OUTCOMES[name] == "ok") == (hostile_night[name]["new_pages"] == 2)
    assert hostile_night[name]["message"] or name == "patient" or name == "empty"


def test_faults_are_met_politely(hostile_night: dict[str, dict[str, Any]]) -> None:
    assert hostile_night["gone"]["outcome"] == "error"
    assert "/feed" not in hostile_night["robots"]["asked"]
    assert "/feed" not in hostile_night["robots-down"]["asked"]
    assert "robots.txt answered 503" in hostile_night["robots-down"]["message"]
    assert hostile_night["down"]["asked"].count("/feed") == 3
    assert hostile_night["too-long"]["asked"].count("/feed") == 1
    assert hostile_night["never"]["asked"].count("/feed") == 3
    assert hostile_night["loop"]["asked"].count("/feed") == 6
    assert "fallback used" in hostile_night["wordpress"]["message"]
    assert hostile_night["articles-blocked"]["failed"] == 2
    assert hostile_night["malformed"]["new_pages"] == 1


def test_nothing_leaves_the_hosts_of_the_manifest(tmp_path: Path) -> None:
    with outlet() as site, outlet("localhost") as canary:
        site.say("/moved", "", 301, Location=canary.base + "/feed")
        site.say("/a/1", "", 302, Location=canary.base + "/a")
        site.say("/a/2", f'<a class="next" href="{canary.base}/b">2</a>', Content_Type="text/html")
        site.feed("/feed", [site.base + "/a/1", site.base + "/a/2", canary.base + "/x", "file:///etc/passwd"])
        sitemap = f"<sitemapindex><sitemap><loc>{canary.base}/s.xml</loc></sitemap></sitemapindex>"
        site.say("/map", sitemap, Content_Type="application/xml")
        entries = "".join(
            entry(kind, site.base + path)
            for kind, path in [("feed", "/moved"), ("feed", "/feed"), ("sitemap", "/map")]
        )
        manifest(tmp_path / "sources", "warta", entries, more='[pages]\nmode = "merge"\nnext = "a.next"\n')
        report = only(crawl_once(tmp_path))
        assert canary.asked == []
    assert report["outcome"] == "error"
    # The moved feed, the moved article, the second page, the listed link, the sitemap.
    assert "5 to other hosts refused" in report["message"]
    assert [page.pages_expected for page in stored(tmp_path)] == [2]


def test_an_article_is_fetched_once_and_tried_again_on_later_nights(tmp_path: Path) -> None:
    with outlet() as site:
        site.feed("/feed", [site.article("/a/1"), site.base + "/a/lost"])
        manifest(tmp_path / "sources", "warta", entry("feed", site.base + "/feed"))
        first = only(crawl_once(tmp_path))
        assert (first["outcome"], first["new_pages"], first["failed"]) == ("ok", 1, 1)
        assert "/a/lost answered 404" in first["message"]
        second = only(crawl_once(tmp_path, run="2"))
        assert (second["outcome"], second["failed"]) == ("unchanged", 0)
        for night in (18, 19, 20):
            crawl_once(tmp_path, run=str(night), night=date(2024, 9, night))
        assert site.asked.count("/a/1") == 1
        assert site.asked.count("/a/lost") == 3


def test_page_modes_fetch_the_whole_article(tmp_path: Path) -> None:
    with outlet() as site:
        for mode, more in {
            "query": 'param = "page"\nvalue = "all"',
            "path": 'suffix = "/all"',
            "merge": 'next = "a.next"\ntotal = ".total"',
        }.items():
            site.feed(f"/{mode}.xml", [f"{site.base}/{mode}/1"])
            entries = entry("feed", f"{site.base}/{mode}.xml")
            manifest(tmp_path / "sources", mode, entries, more=f'[pages]\nmode = "{mode}"\n{more}\n')
        site.say("/query/1?page=all", "<p>semua</p>", Content_Type="text/html")
        site.say("/path/1/all", "<p>semua</p>", Content_Type="text/html")
        total = "<span class='total'>Halaman 1/3</span>"
        site.say("/merge/1", f"{total}<a class='next' href='?page=2'>2</a>", Content_Type="text/html")
        site.say("/merge/1?page=2", "<a class='next' href='?page=3'>3</a>", Content_Type="text/html")
        site.say(
            "/merge/1?page=3", "<p>habis</p><a class='next' href='/merge/1'>1</a>", Content_Type="text/html"
        )
        reports = crawl_once(tmp_path)
        assert {report["outcome"] for report in reports.values()} == {"ok"}
    merge, path, query = (load_bodies(page) for page in stored(tmp_path))
    assert (merge.canonical_url, merge.pages_expected, len(merge.refs)) == (f"{site.base}/merge/1", 3, 3)
    assert merge.bodies[2].startswith(b"<p>habis")
    assert (path.url, path.canonical_url) == (f"{site.base}/path/1", f"{site.base}/path/1")
    assert (query.url, query.canonical_url) == (f"{site.base}/query/1", f"{site.base}/query/1")


def test_a_live_night_and_its_replay_give_the_same_rows(tmp_path: Path) -> None:
    night = night_of(datetime.now(UTC))
    with outlet() as site:
        packed = gzip.compress(b"<html><body><p>Isi " + "é🙂".encode() + b"</p></body></html>")
        site.say("/a/gz", packed, Content_Type="text/html; charset=utf-8", Content_Encoding="gzip")
        site.say("/a/slow", "", 500)
        site.article("/a/slow")
        site.feed(
            "/feed", [site.article("/a/1"), site.base + "/a/gz", site.base + "/a/slow", site.base + "/a/404"]
        )
        post = {"id": {"$t": "tag:1"}, "link": [{"rel": "alternate", "href": site.base + "/b/1"}]}
        blog = json.dumps({"feed": {"entry": [post]}})
        site.say("/blog?alt=json&max-results=25&start-index=1&orderby=published", blog)
        manifest(tmp_path / "sources", "warta", entry("feed", site.base + "/feed"))
        manifest(tmp_path / "sources", "blog", entry("blogger", site.base + "/blog"))
        live = crawl_once(tmp_path, night=night)
    warc = tmp_path / "warc" / f"{night.isoformat()}-1.warc.gz"
    # The outlet is gone: whatever comes now comes from the archive.
    replayed = crawl_once(tmp_path, night=night, replay=warc, db="replay.db")
    assert replayed == live
    assert stored(tmp_path, "replay.db") == stored(tmp_path)
    assert len(stored(tmp_path)) == 4
    for page in stored(tmp_path):
        load_bodies(page)
    assert sorted(path.name for path in warc.parent.iterdir()) == [warc.name]


def test_a_feed_that_has_not_changed_is_not_sent_again(tmp_path: Path) -> None:
    with outlet() as site:
        feed = rss([site.article("/a/1")])
        site.say("/feed", feed, ETag='"satu"', Last_Modified="Tue, 17 Sep 2024 00:00:00 GMT")
        site.say("/feed", "", 304)
        manifest(tmp_path / "sources", "warta", entry("feed", site.base + "/feed"), more="[items]\nmin = 1\n")
        crawl_once(tmp_path)
        report = only(crawl_once(tmp_path, run="2"))
        sent = site.sent_headers[len(site.asked) - 1]
    assert (report["outcome"], report["requests"]) == ("unchanged", 2)
    assert sent["If-None-Match"] == '"satu"'
    assert sent["If-Modified-Since"] == "Tue, 17 Sep 2024 00:00:00 GMT"


def test_requests_are_honest_and_bare(tmp_path: Path) -> None:
    with outlet() as site:
        site.say("/robots.txt", "User-agent: Netra\nCrawl-delay: 1\n", Set_Cookie="a=b")
        good_feed(site)
        manifest(tmp_path / "sources", "warta", entry("feed", site.base + "/feed"))
        before = datetime.now(UTC)
        crawl_once(tmp_path)
        took = (datetime.now(UTC) - before).total_seconds()
    assert took > 2.5
    for headers in site.sent_headers:
        assert headers["User-Agent"].startswith("Netra/")
        assert "uji@netra.test" in headers["User-Agent"]
        assert not {"Cookie", "Referer", "Authorization"} & set(headers)


def test_exports_on_this_machine_are_read_and_archived(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.csv").write_text("i;u;t;w;akun\n1;https://x.test/1;Halo;2024-09-17;@a\n2;https://x.test/2\n")
    table = '[export]\nformat = "csv"\ndelimiter = ";"\nplatform = "x"\n[export.columns]\n'
    table += 'id = "i"\nurl = "u"\ntext = "t"\npublished = "w"\n'
    entries = f'[[entries]]\nkind = "export"\npath = "{inbox}/*.csv"\n'
    manifest(tmp_path / "sources", "sosial", entries, hosts=[], more=table)
    first = only(crawl_once(tmp_path))
    assert (first["outcome"], first["new_pages"], first["failed"]) == ("ok", 1, 1)
    assert "a.csv:3: 2 cells where the header has 5" in first["message"]
    (page,) = stored(tmp_path)
    assert json.loads(load_bodies(page).bodies[0])["text"] == "Halo"
    assert only(crawl_once(tmp_path, run="2"))["outcome"] == "unchanged"
    (inbox / "a.csv").unlink()
    third = only(crawl_once(tmp_path, run="3"))
    assert (third["outcome"], third["failed"]) == ("unchanged", 0)
    assert "no file" in third["message"]


def test_a_replay_plays_night_after_night(tmp_path: Path) -> None:
    archived = tmp_path / "arsip.warc.gz"
    headers = [("Content-Type", "text/html; charset=utf-8")]
    with Archive(tmp_path, name="arsip", software="uji") as out:
        for day in (17, 18):
            moment = datetime(2024, 9, day, 3, 0, 0, tzinfo=UTC)
            if day == 17:
                wait = [("Retry-After", "30")]
                out.write("https://w.test/feed", status=429, headers=wait, body=b"", fetched_at=moment)
            feed = rss([f"https://w.test/{n}" for n in range(day - 15)]).encode()
            out.write("https://w.test/feed", status=200, headers=[], body=feed, fetched_at=moment)
            for n in range(day - 16):
                body = b"<p>%d-%d</p>" % (day, n)
                out.write(f"https://w.test/{n}", status=200, headers=headers, body=body, fetched_at=moment)
    manifest(tmp_path / "sources", "warta", entry("feed", "https://w.test/feed"), hosts=["w.test"])
    manifest(tmp_path / "sources", "lain", entry("feed", "https://lain.test/feed"), hosts=["lain.test"])
    reports = crawl_once(tmp_path, night=date(2024, 9, 30), replay=archived)
    assert {
        key: (report["outcome"], report["new_pages"], report["failed"]) for key, report in reports.items()
    } == {
        ("warta", "2024-09-17"): ("ok", 1, 1),
        ("warta", "2024-09-18"): ("ok", 1, 1),
    }
    assert "https://w.test/1 is not in the archive" in reports["warta", "2024-09-17"]["message"]
    assert [load_bodies(page).bodies[0] for page in stored(tmp_path)] == [b"<p>17-0</p>", b"<p>18-1</p>"]
    assert [page.fetched_at.day for page in stored(tmp_path)] == [17, 18]
    # Only the nights that were asked for.
    assert len(crawl_once(tmp_path, night=date(2024, 9, 17), replay=archived, db="b.db")) == 1
    index = build_index(archived)
    assert plan([source(hosts=["lain.test"])], night=NIGHT, index=index) == [(NIGHT, [])]


def test_an_unreadable_archive_is_exit_code_2(tmp_path: Path) -> None:
    manifest(tmp_path / "sources", "warta", entry("feed", "https://w.test/feed"), hosts=["w.test"])
    words = arguments(tmp_path, replay=tmp_path / "tiada.warc.gz")
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "tiada.warc.gz: cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_archive_disk_stops_the_night_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / "warc").write_text("bukan folder")
    with outlet() as site:
        good_feed(site)
        manifest(tmp_path / "sources", "warta", entry("feed", site.base + "/feed"))
        done = subprocess.run(arguments(tmp_path), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 4, done.stderr
    assert "the archive cannot be written" in done.stderr
    assert content_digest(connect(f"sqlite:///{tmp_path / 'netra.db'}"))["pages"]
    assert stored(tmp_path) == []


def test_a_bug_in_one_source_does_not_reach_the_others(tmp_path: Path) -> None:
    with outlet() as site:
        good_feed(site)
        manifest(tmp_path / "sources", "warta", entry("feed", site.base + "/feed"))
        # A namespace that no page declares: a good selector, until it is used.
        site.feed("/other", [site.article("/a/3")])
        more = '[pages]\nmode = "merge"\nnext = "ns|a"\n'
        manifest(tmp_path / "sources", "kutu", entry("feed", site.base + "/other"), more=more)
        words = arguments(tmp_path)
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    reports = {report["source_id"]: report for report in map(json.loads, done.stdout.splitlines())}
    assert (reports["warta"]["outcome"], reports["kutu"]["outcome"]) == ("ok", "error")
    assert "kutu: this is a bug" in done.stderr
    assert count_leased(tmp_path) == 0


def count_leased(folder: Path) -> int:
    conn = sqlite3.connect(folder / "netra.db")
    try:
        return int(conn.execute("select count(*) from frontier where state = 'leased'").fetchone()[0])
    finally:
        conn.close()


@pytest.mark.parametrize("at_once", [1, 3])
def test_as_many_outlets_are_crawled_at_once_as_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setenv(AT_ONCE, str(at_once))
    with ExitStack() as stack:
        sites = [stack.enter_context(outlet()) for _ in range(3)]
        for number, site in enumerate(sites):
            site.routes["/robots.txt"] = [Reply(status=404, after_s=1.0)]
            good_feed(site)
            manifest(tmp_path / "sources", f"warta-{number}", entry("feed", site.base + "/feed"))
        crawl_once(tmp_path)
        begun = sorted(site.asked_at[site.asked.index("/robots.txt")] for site in sites)
        answered = min(site.asked_at[site.asked.index("/feed")] for site in sites)
    assert sum(moment < answered for moment in begun) == at_once
