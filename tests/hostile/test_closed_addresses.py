"""Server-side request forgery: 64 targets by 6 ways in, and not one connection (S1, S3).

One crawl asks for all of them. Names are the outlet's own, in its manifest, and lead to closed addresses:
so the check of the host lets them pass, and what stops them is the check of the address itself.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crawlers.manifest import load_source
from store.records import UsageError
from tests.crawlers.outlet import Outlet, entry, manifest, outlet, rss
from tests.hostile.child import Outcome, World, crawl_in

WAYS = ("start", "link", "redirect", "refresh", "sitemap", "feed")
#: Addresses as hosts, in every form that some library reads.
NUMERIC = (
    *("127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "0177.0.0.1", "0177.1", "0x7f.0.0.1", "0x7f.1"),
    *("2130706433", "0x7f000001", "017700000001", "0x7F000001", "127.0.0.1.", "0", "0.0.0.0", "0x0"),  # noqa: S104 - a target, or a canary on all of them
    *("10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe"),
    *(
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[fc00::1]",
    ),
    *("[fd00:ec2::254]", "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "[ff02::1]"),
)
#: What the outlet's own names answer; of two answers in a row the second is for who asks again.
ANSWERS = (
    *([[address]] for address in ("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.31.255.254")),  # noqa: S104 - a target, or a canary on all of them
    *([[address]] for address in ("192.168.1.1", "100.64.0.1", "100.127.255.254", "169.254.169.254")),
    *([[address]] for address in ("192.0.0.1", "198.18.0.1", "224.0.0.251", "240.0.0.1", "255.255.255.255")),
    *([[address]] for address in ("::1", "::", "fc00::1", "fd00:ec2::254", "fe80::1", "::ffff:10.0.0.1")),
    *(
        [[address]]
        for address in ("::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::1", "2001::1", "ff02::1")
    ),
    [["127.0.0.1", "10.0.0.1", "::1"]],
    # Mixed: the open one is tried (and stopped by the test), the closed ones are not.
    [["127.0.0.1", "8.8.8.8", "::1"]],
    # Rebinding: the answer is open once, closed for every later question.
    [["8.8.4.4"], ["127.0.0.1"]],
)
#: S3: schemes that are not for outlets.
SCHEMES = ("file:///{}", "data:text/html,<p>x", "ftp://127.0.0.1:{}/", "gopher://127.0.0.1:{}/")
SCHEMES += ("javascript:fetch('http://127.0.0.1:{}')", "s3://rahasia/{}", "telnet://127.0.0.1:{}/")
SCHEMES += ("jar:file:///{}!/x", "unix:///{}", "//127.0.0.1:{}/")
OPEN_ADDRESSES = {"8.8.8.8:80", "8.8.4.4:80"}


class Canary:
    """A port on both loopback addresses that counts who comes."""

    def __init__(self) -> None:
        self.hits: list[str] = []
        self.port = 0


@contextmanager
def canary() -> Iterator[Canary]:
    """Listen until the block ends."""
    bird, sockets = Canary(), []
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")):  # noqa: S104 - a target, or a canary on all of them
        try:
            server = socket.create_server((host, bird.port), family=family)
        except OSError:
            continue  # a machine without IPv6
        bird.port = server.getsockname()[1]
        sockets.append(server)

        def listen(server: socket.socket = server) -> None:
            while True:
                try:
                    caller, address = server.accept()
                except OSError:
                    return
                bird.hits.append(str(address))
                caller.close()

        threading.Thread(target=listen, daemon=True).start()
    try:
        yield bird
    finally:
        for server in sockets:
            server.shutdown(socket.SHUT_RDWR)
            server.close()


def targets(way: str, port: int, secret: Path) -> list[str]:
    """Give the addresses that one way in is tried with."""
    numeric = [f"http://{host}:{port}/{way}" for host in NUMERIC]
    names = [f"http://{way}-{n}.test/" for n in range(len(ANSWERS))]
    schemes = [form.format(str(secret).lstrip("/") if "file" in form else port) for form in SCHEMES]
    # The entries of a manifest are checked when it is read, see below.
    return names if way == "start" else numeric + names + schemes


def offer(site: Outlet, way: str, urls: list[str]) -> str:
    """Let the outlet lead to the targets in one way; gives the entries of its source."""
    if way == "start":
        return "".join(entry("feed", url) for url in urls)
    if way == "feed":
        site.feed("/feed.xml", urls)
        return entry("feed", f"{site.base}/feed.xml")
    if way == "sitemap":
        locs = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
        site.say("/map.xml", f"<urlset>{locs}</urlset>", Content_Type="application/xml")
        parts = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls[::4])
        site.say("/index.xml", f"<sitemapindex>{parts}</sitemapindex>", Content_Type="application/xml")
        return entry("sitemap", f"{site.base}/map.xml") + entry("sitemap", f"{site.base}/index.xml")
    pages = [f"{site.base}/{way}/{n}" for n in range(len(urls))]
    for n, url in enumerate(urls):
        page = f"<p>Berita</p><a class='next' href='{url}'>2</a>"
        if way == "refresh":
            page = f"<meta http-equiv='refresh' content='0;url={url}'><p>Berita</p>"
        if way == "redirect":
            site.say(f"/{way}/{n}", "", 302, Location=url)
        else:
            site.say(f"/{way}/{n}", f"<html>{page}</html>", Content_Type="text/html")
    site.say(f"/{way}.xml", rss(pages), Content_Type="application/rss+xml")
    return entry("feed", f"{site.base}/{way}.xml")


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outcome, Outlet, Canary]]:
    """One night with a source per way in, and one that proves that names and the way out work."""
    folder = tmp_path_factory.mktemp("ssrf")
    secret = folder / "rahasia" / "kunci.txt"
    secret.parent.mkdir()
    secret.write_text("RAHASIA")
    names = {f"{way}-{n}.test": list(answers) for way in WAYS for n, answers in enumerate(ANSWERS)}
    names["mirror.test"] = [["127.0.0.1"]]
    with outlet() as site, canary() as bird:
        for way in WAYS:
            entries = offer(site, way, targets(way, bird.port, secret))
            hosts = ["127.0.0.1", *(f"{way}-{n}.test" for n in range(len(ANSWERS)))]
            merge = '[pages]\nmode = "merge"\nnext = "a.next"\n'
            manifest(folder / "sources", way, entries, hosts=hosts, more=merge)
        mirror = site.base.replace("127.0.0.1", "mirror.test")
        site.feed("/mirror.xml", [site.article("/mirror/1").replace("127.0.0.1", "mirror.test")])
        manifest(
            folder / "sources",
            "mirror",
            entry("feed", f"{mirror}/mirror.xml"),
            hosts=["mirror.test"],
            private_hosts=["mirror.test"],
        )
        outcome = crawl_in(World(names=names, watched=str(secret.parent)), folder)
        yield outcome, site, bird


@pytest.mark.parametrize("way", WAYS)
def test_no_way_in_leads_to_a_closed_address(attack: tuple[Outcome, Outlet, Canary], way: str) -> None:
    outcome, site, bird = attack
    own = site.base.removeprefix("http://")
    assert bird.hits == []
    assert outcome.opened == []
    assert set(outcome.connects) <= {own, *OPEN_ADDRESSES}
    # Each target was really offered: its page was fetched, or what lists it was.
    if way in ("link", "redirect", "refresh"):
        asked = {path for path in site.asked if path.startswith(f"/{way}/")}
        assert len(asked) == len(targets(way, 1, Path("/x")))
    if way in ("link", "redirect"):
        assert sum(f"/{way}" in line and "refused" in line for line in outcome.log.splitlines()) >= len(
            NUMERIC
        )
    if way in ("start", "link", "redirect", "sitemap", "feed"):
        closed = [f"http://{way}-{n}.test/" for n in range(len(ANSWERS) - 2)]
        assert [url for url in closed if f"{url}robots.txt refused" not in outcome.log] == []


def test_the_test_can_fail(attack: tuple[Outcome, Outlet, Canary]) -> None:
    outcome, site, _ = attack
    assert outcome.reports["mirror"]["outcome"] == "ok"
    assert site.base.removeprefix("http://") in outcome.connects
    # The open one of mixed answers and the first of a rebinding name were tried, and none in their place.
    assert set(outcome.connects) > OPEN_ADDRESSES
    assert "private_hosts opens this machine's network to mirror.test" in outcome.log
    assert (len(NUMERIC) + len(ANSWERS)) * len(WAYS) >= 360


@pytest.mark.parametrize("url", [f"http://{host}/" for host in NUMERIC] + [f.format(1) for f in SCHEMES])
def test_a_manifest_cannot_start_there(tmp_path: Path, url: str) -> None:
    host = url.split("/")[2].strip("[]") if url.startswith("http") else "w.test"
    path = manifest(tmp_path, "warta", entry("feed", url), hosts=[host], private_hosts=[])
    with pytest.raises(UsageError, match=r"an address, not a name|not a bare host name|not an http"):
        load_source(path)
