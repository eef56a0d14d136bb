"""Second nights: what has not changed is not fetched, what has changed is, and no night takes too much."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.archive import load_bodies
from store.db import connect
from store.stages import pending_pages
from tests.crawlers.outlet import NIGHT, crawl_once, entry, manifest, outlet, rss

DAY = timedelta(days=1)
#: A change counts when it is later than our own fetch, which is now.
SOON = datetime.now(UTC) + timedelta(hours=1)
EARLIER = datetime(2024, 9, 16, 12, 0, tzinfo=UTC)


def only(reports: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    (report,) = reports.values()
    return report


def rows(folder: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "netra.db")) as conn:
        return conn.execute(query).fetchall()


def atom(items: Sequence[tuple[str, datetime]], *, note: str = "") -> str:
    """Write an Atom feed of (link, updated)."""
    entries = "".join(
        f'<entry><title>Berita</title><id>{link}</id><link rel="alternate" href="{link}"/>'
        f"<published>{EARLIER.isoformat()}</published><updated>{updated.isoformat()}</updated></entry>"
        for link, updated in items
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Warta{note}</title>{entries}</feed>'


def sitemap(items: Sequence[tuple[str, datetime]], *, note: str = "") -> str:
    """Write a sitemap of (link, lastmod)."""
    entries = "".join(
        f"<url><loc>{link}</loc><lastmod>{changed.isoformat()}</lastmod></url>" for link, changed in items
    )
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><!--{note}-->{entries}</urlset>'


@pytest.mark.parametrize(("kind", "write"), [("feed", atom), ("sitemap", sitemap)])
def test_an_article_is_fetched_again_when_its_list_says_that_it_changed(
    tmp_path: Path, kind: str, write: Any
) -> None:
    # A sitemap dates an article by its last change; an older one would not be looked at.
    before = datetime(2024, 9, 17, 1, 0, tzinfo=UTC)
    with outlet() as site:
        first, second = site.article("/a/1", "Teks lama."), site.article("/a/2")
        site.article("/a/1", "Teks baru.")
        site.say("/list", write([(first, before), (second, before)]))
        site.say("/list", write([(first, SOON), (second, before)]))
        site.say("/list", write([(first, SOON), (second, before)], note=" (lain)"))
        manifest(tmp_path / "sources", "warta", entry(kind, site.base + "/list"))
        reports = [only(crawl_once(tmp_path, run=str(run), night=NIGHT + run * DAY)) for run in range(3)]
        assert (site.asked.count("/a/1"), site.asked.count("/a/2")) == (2, 1)
    assert [(r["outcome"], r["new_pages"], r["revisions"]) for r in reports] == [
        ("ok", 2, 0),
        ("ok", 0, 1),
        ("unchanged", 0, 0),
    ]
    assert "1 texts changed" in reports[1]["message"]
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    with engine.begin() as conn:
        waiting = {page.page_id: load_bodies(page).bodies[0] for page in pending_pages(conn, limit=None)}
    engine.dispose()
    ((old_id,),) = rows(tmp_path, "select revision_id from revisions")
    assert b"Teks lama." in waiting[old_id]
    assert b"Teks baru." in waiting[old_id.partition("#")[0]]


def post(number: int, text: str, modified: str) -> dict[str, Any]:
    return {
        "id": number,
        "date_gmt": "2024-09-16T12:00:00",
        "modified_gmt": modified,
        "link": f"https://w.test/2024/09/{number}",
        "title": {"rendered": f"Judul {number}"},
        "content": {"rendered": f"<p>{text}</p>"},
    }


def test_an_edited_post_is_one_revision_and_a_template_that_counts_is_none(tmp_path: Path) -> None:
    old, new = "2024-09-16T12:00:00", "2024-09-17T20:00:00"
    nights = [
        [post(n, f"Isi {n}.", old) for n in range(1, 6)],
        # One edited; one saved without a change of text; one whose counter moves by itself.
        [post(1, "Isi 1, diperbarui.", new), post(2, "Isi 2.", new), post(3, "Isi 3. Dibaca 9 kali.", old)],
    ]
    with outlet() as site:
        listed = "/wp?page=1&per_page=50&orderby=date&order=desc"
        listed += "&_fields=id,date_gmt,modified_gmt,link,title,content,excerpt"
        for posts in nights:
            site.say(listed, json.dumps(posts))
        manifest(
            tmp_path / "sources",
            "warta",
            entry("wordpress", site.base + "/wp"),
            hosts=["127.0.0.1", "w.test"],
        )
        first = only(crawl_once(tmp_path))
        second = only(crawl_once(tmp_path, run="2", night=NIGHT + DAY))
        again = only(crawl_once(tmp_path, run="3", night=NIGHT + DAY))
    assert (first["new_pages"], first["revisions"]) == (5, 0)
    assert (second["outcome"], second["new_pages"], second["revisions"]) == ("ok", 0, 1)
    assert (again["outcome"], again["revisions"]) == ("unchanged", 0)
    assert rows(tmp_path, "select part from revisions") == [("1",)]


def test_an_answer_with_the_same_bytes_is_unchanged(tmp_path: Path) -> None:
    with outlet() as site:
        site.feed("/feed", [site.article("/a/1")])
        more = "[items]\nmin = 1\n"
        manifest(tmp_path / "sources", "warta", entry("feed", site.base + "/feed"), more=more)
        assert only(crawl_once(tmp_path))["outcome"] == "ok"
        # Five nights later nothing in it is recent any more: read again, it would be `empty`.
        later = only(crawl_once(tmp_path, run="2", night=NIGHT + 5 * DAY))
        assert (later["outcome"], site.asked.count("/feed")) == ("unchanged", 2)


def test_a_broken_feed_is_reported_every_night(tmp_path: Path) -> None:
    with outlet() as site:
        site.say("/feed", rss([site.article("/a/1")]).replace("</channel>", "</oops>"), ETag='"satu"')
        manifest(tmp_path / "sources", "warta", entry("feed", site.base + "/feed"))
        outcomes = [only(crawl_once(tmp_path, run=str(run)))["outcome"] for run in range(2)]
        assert "If-None-Match" not in str(site.sent_headers)
    assert outcomes == ["malformed"] * 2


def test_a_server_with_wrong_304s_is_asked_in_full(tmp_path: Path) -> None:
    with outlet() as site:
        etag = {"ETag": '"tetap"', "Last_Modified": "Tue, 17 Sep 2024 00:00:00 GMT"}
        site.say("/feed", rss([site.article("/a/1")]), **etag)
        site.say("/feed", rss([site.article("/a/1"), site.article("/a/2")]), **etag)
        entries = "conditional = false\n" + entry("feed", site.base + "/feed")
        manifest(tmp_path / "sources", "warta", entries)
        found = [only(crawl_once(tmp_path, run=str(run)))["new_pages"] for run in range(3)]
        sent = {name.lower() for headers in site.sent_headers for name in headers}
    assert found == [1, 1, 0]
    assert not sent & {"if-none-match", "if-modified-since"}


def test_a_night_takes_the_newest_and_leaves_the_rest(tmp_path: Path) -> None:
    with outlet() as site:
        # Listed in any order; the number is the hour of publication.
        hours = (3, 9, 1, 7, 5)
        items = "".join(
            f"<item><title>Berita</title><link>{site.article(f'/a/{hour}')}</link>"
            f"<pubDate>Mon, 16 Sep 2024 0{hour}:00:00 +0000</pubDate></item>"
            for hour in hours
        )
        site.say("/feed", f'<rss version="2.0"><channel>{items}</channel></rss>')
        manifest(
            tmp_path / "sources", "warta", entry("feed", site.base + "/feed"), more="[bounds]\narticles = 2\n"
        )
        first = only(crawl_once(tmp_path))
        # The same night again: its two articles have been had.
        again = only(crawl_once(tmp_path, run="2"))
        second = only(crawl_once(tmp_path, run="3", night=NIGHT + DAY))
        third = only(crawl_once(tmp_path, run="4", night=NIGHT + 2 * DAY))
        asked = [path for path in site.asked if path.startswith("/a/")]
    # Two are under way at a time: their order is no promise, their night is.
    assert (sorted(asked[:2]), sorted(asked[2:4]), asked[4:]) == (
        ["/a/7", "/a/9"],
        ["/a/3", "/a/5"],
        ["/a/1"],
    )
    assert [(r["new_pages"], r["still_queued"]) for r in (first, again, second, third)] == [
        (2, 3),
        (0, 3),
        (2, 1),
        (1, 0),
    ]
    assert "3 left for another night (bounds: 2 articles, 60 minutes)" in first["message"]


def test_a_night_ends_when_its_minutes_are_over(tmp_path: Path) -> None:
    with outlet() as site:
        site.feed("/feed", [site.article(f"/a/{n}") for n in range(40)])
        path = manifest(
            tmp_path / "sources",
            "warta",
            entry("feed", site.base + "/feed"),
            more="[bounds]\nminutes = 0.02\n",
        )
        path.write_text(path.read_text().replace("delay_s = 0.0", "delay_s = 0.1"))
        report = only(crawl_once(tmp_path))
        # 1.2 s at 0.1 s each, and what was in hand then.
        assert report["new_pages"] <= 21
        assert report["new_pages"] + report["still_queued"] == 40
        assert "0.02 minutes" in report["message"]
    assert rows(tmp_path, "select count(*) from frontier where state = 'leased'") == [(0,)]
