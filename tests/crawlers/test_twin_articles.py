"""Twins of one article are one document, however they come; no page takes the place of another article."""

import json
from datetime import date
from pathlib import Path

from crawlers.archive import load_bodies
from crawlers.spiders.wordpress import FIELDS
from store.records import RawPage
from tests.crawlers.foreign import bring_in, foreign
from tests.crawlers.outlet import NIGHT, Outlet, Reply, crawl_once, entry, manifest, outlet, rss
from tests.crawlers.test_run import stored

SLUG = "camat-hadir-di-deklarasi"
AMP, PLAIN = "<html amp>", "<html>"


def say(site: Outlet, path: str, claim: str, text: str, *, form: str = PLAIN, after_s: float = 0.0) -> str:
    """Let a page claim an address as its canonical one; gives its own."""
    page = f"{form}<head><link rel=canonical href='{claim}'></head><body><p>{text}</p></body></html>"
    fields = {"Content-Type": "text/html; charset=utf-8"}
    site.routes.setdefault(path, []).append(Reply(page.encode(), headers=fields, after_s=after_s))
    return site.base + path


def twins(site: Outlet, name: str) -> tuple[str, str]:
    """Add an article and its AMP twin; the second one that is fetched comes more than a second later."""
    own = f"{site.base}/{name}/{SLUG}"
    say(site, f"/{name}/{SLUG}", own, "teks", after_s=1.1)
    return own, say(site, f"/{name}/{SLUG}-amp", own, "teks AMP", form=AMP, after_s=1.1)


def nights(site: Outlet, folder: Path, name: str, *listed: list[str]) -> None:
    """Let a source list these links, night after night."""
    for links in listed:
        site.say(f"/{name}.xml", rss(links), Content_Type="application/rss+xml")
    include = f'[articles]\ninclude = "/{"read" if name == "a-warta" else name}/"\n'
    manifest(folder / "sources", name, entry("feed", f"{site.base}/{name}.xml"), more=include)


def of(folder: Path, name: str) -> list[RawPage]:
    return [page for page in stored(folder) if page.source_id == name]


def text_of(page: RawPage) -> str:
    return load_bodies(page).bodies[0].decode()


def test_twins_give_one_document_in_whatever_order_they_come(tmp_path: Path) -> None:
    names = ("own-first", "amp-first", "own-then-amp", "amp-then-own", "imported-first", "imported-last")
    with outlet() as site:
        pairs = {name: twins(site, name) for name in names}
        for name, (own, amp) in pairs.items():
            first = {"own-first": [own, amp], "amp-first": [amp, own], "own-then-amp": [own]}.get(name, [amp])
            second = [own] if name == "imported-first" else [own, amp]
            nights(site, tmp_path, name, [] if name == "imported-first" else first, second)
        with foreign(tmp_path / "a.warc.gz") as out:
            own, amp = pairs["imported-first"]
            out.add(amp, f"{AMP}<link rel=canonical href='{own}'><p>AMP</p>".encode())
            out.add(
                own,
                f"<link rel=canonical href='{own}'><p>sendiri</p>".encode(),
                moment="2024-09-18T00:00:00Z",
            )
        assert bring_in(tmp_path, tmp_path / "a.warc.gz", run="a").counts == {"stored": 1, "known": 1}
        crawl_once(tmp_path)
        with foreign(tmp_path / "b.warc.gz") as out:
            own, amp = pairs["imported-last"]
            out.add(
                own,
                f"<link rel=canonical href='{own}'><p>sendiri</p>".encode(),
                moment="2026-09-19T00:00:00Z",
            )
        assert bring_in(tmp_path, tmp_path / "b.warc.gz", run="b").counts == {"known": 1}
        reports = crawl_once(tmp_path, run="2", night=date(2024, 9, 18))
        for name, (own, _) in pairs.items():
            (page,) = of(tmp_path, name)
            assert page.canonical_url == own, name
            report = reports[name, "2024-09-18"]
            assert (report["new_pages"], report["revisions"]) == (0, 0), report


def test_no_page_takes_the_place_of_another_article(tmp_path: Path) -> None:
    with outlet() as site, outlet("localhost") as other:
        victim = site.base + "/read/1/camat-hadir"
        stranger = other.base + "/read/9/lurah-hadir"
        claims = [
            (victim, "/read/2/banner-lurah", PLAIN),
            (victim, "/read/3/banner-kades", AMP),
            (victim, "/read/4/camat-hadir", AMP),
            (stranger, "/read/9/lurah-hadir", PLAIN),
            (stranger, "/read/9/lurah-hadir/amp-lain", AMP),
        ]
        hostile = [say(site, path, claim, f"palsu {path}", form=form) for claim, path, form in claims]
        say(site, "/read/1/camat-hadir", victim, "asli")
        say(other, "/read/9/lurah-hadir", stranger, "asli")
        nights(site, tmp_path, "a-warta", [*hostile, victim])
        feed = entry("feed", other.base + "/lain.xml")
        other.say("/lain.xml", rss([stranger]), Content_Type="application/rss+xml")
        manifest(tmp_path / "sources", "lain", feed, hosts=["localhost"])
        # An interface whose posts give the addresses of another outlet.
        text = {"rendered": "palsu"}
        posts = json.dumps([{"id": 1, "link": stranger, "title": text, "content": text}])
        site.say("/wp?page=1&per_page=50&orderby=date&order=desc&_fields=" + FIELDS, posts)
        manifest(tmp_path / "sources", "wp", entry("wordpress", site.base + "/wp"))
        reports = crawl_once(tmp_path)
        with foreign(tmp_path / "a.warc.gz") as out:
            for claim, path, form in claims:
                body = f"{form}<link rel=canonical href='{claim}'><p>palsu</p>"
                out.add(f"{site.base}{path}", body.encode(), moment="2026-09-20T00:00:00Z")
        assert bring_in(tmp_path, tmp_path / "a.warc.gz", run="b").counts == {"known": len(claims)}
    found = {page.canonical_url: text_of(page) for page in stored(tmp_path)}
    assert sorted(found) == sorted([*hostile, victim, stranger])
    assert "asli" in found[victim]
    assert "asli" in found[stranger]
    assert all("palsu" in found[url] for url in hostile)
    report = reports["wp", NIGHT.isoformat()]
    assert (report["new_pages"], report["outcome"]) == (0, "unchanged"), report
    assert "1 to other hosts refused" in report["message"]
