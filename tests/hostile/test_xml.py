"""XML that reaches for files, for the network or for all memory (S5): it gets nothing, and in no time."""

import gzip
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from scrapy.http import Response

from crawlers import parts
from crawlers.spiders import feed, sitemap
from nlp.extract import NothingExtracted, extract_file
from tests.crawlers.outlet import entry, manifest, outlet
from tests.crawlers.samples import source
from tests.hostile.child import World, crawl_in

NIGHT = date(2024, 9, 17)
SECRET = "RAHASIA-DI-BERKAS"  # noqa: S105 - what must not get out
TEN = "".join(
    f'<!ENTITY {new} "{"".join([f"&{old};"] * 10)}">\n'
    for old, new in zip("abcdefgh", "bcdefghx", strict=True)
)
LONG = "A" * 50_000
#: name -> what stands before the root element; FILE and HOST are filled in. The root holds &x;.
DOCUMENTS: dict[str, str] = {
    "external-file": '<!DOCTYPE r [<!ENTITY x SYSTEM "file://FILE">]>',
    "external-http": '<!DOCTYPE r [<!ENTITY x SYSTEM "HOST/x.txt">]>',
    "external-public": '<!DOCTYPE r [<!ENTITY x PUBLIC "-//X//EN" "file://FILE">]>',
    "parameter-file": '<!DOCTYPE r [<!ENTITY % p SYSTEM "file://FILE"> %p;]>',
    "parameter-http": '<!DOCTYPE r [\n<!ENTITY % f SYSTEM "file://FILE">'
    '<!ENTITY % p SYSTEM "HOST/p.dtd"> %p;\n]>',
    "dtd-http": '<!DOCTYPE r SYSTEM "HOST/r.dtd">',
    "dtd-file": '<!DOCTYPE r PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "file://FILE">',
    "laughs": f'<!DOCTYPE r [\n<!ENTITY a "aaaaaaaaaa">\n{TEN}]>',
    "laughs-one-line": f'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">{TEN.replace(chr(10), "")}]>',
    "quadratic": f'<!DOCTYPE r [\n<!ENTITY x "{LONG}">\n]>',
    "quadratic-loose": f'x\n<!DOCTYPE r []>\n<!ENTITY x "{LONG}">\n',
    "hidden-in-instruction": '<?x <a ?><!DOCTYPE r [<!ENTITY x SYSTEM "file://FILE">]>',
    "hidden-in-comment": '<!-- <a --><!DOCTYPE r [<!-- ]> --><!ENTITY x SYSTEM "file://FILE">]>',
    "quoted-end": '<!DOCTYPE r SYSTEM "]>" [<!ENTITY x SYSTEM "file://FILE">]>',
    "lower-case": '<!doctype r [<!entity x SYSTEM "file://FILE">]>',
    "style-sheet": '<?xml-stylesheet type="text/xsl" href="file://FILE"?>',
}
INCLUDE = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" parse="text" href="file://FILE"/>'


def documents(root: str, path: Path, host: str) -> dict[str, bytes]:
    """Give all attacks around one root element that has {} where text goes."""
    found = {}
    for name, head in DOCUMENTS.items():
        many = 20_000 if name.startswith("quadratic") else 1
        found[name] = head + root.format("&x;" * many)
    found["xinclude"] = root.format(INCLUDE)
    filled = {name: text.replace("FILE", str(path)).replace("HOST", host) for name, text in found.items()}
    packed = {name: text.encode() for name, text in filled.items()}
    for name in ("utf-16", "utf-7"):
        head = f'<?xml version="1.0" encoding="{name}"?>'
        packed[name] = (head + filled["external-file"]).encode(name)
    return packed


FEED = (
    '<rss version="2.0"><channel><item><title>{0}</title><link>https://w.test/{0}</link>'
    "<description>{0}</description></item></channel></rss>"
)
MAP = "<urlset><url><loc>https://w.test/{0}</loc></url></urlset>"
PAGE = "<html><head><title>{0}</title></head><body><p>{0} berita</p></body></html>"
NAMES = [*DOCUMENTS, "xinclude", "utf-16", "utf-7"]


def read_feed(body: bytes) -> str:
    headers = {"Content-Type": "application/rss+xml"}
    answer = Response("https://w.test/feed", body=body, headers=headers)
    return repr(feed.read(source().entries[0], answer, source(), NIGHT))


def read_sitemap(body: bytes) -> str:
    answer = Response("https://w.test/map.xml", body=body)
    return repr(sitemap.read(source().entries[0], answer, source(), NIGHT))


def read_packed_sitemap(body: bytes) -> str:
    return read_sitemap(gzip.compress(body))


def read_parts(body: bytes) -> str:
    return repr(parts.split("feed", body, ""))


READERS: dict[str, tuple[Callable[[bytes], str], str]] = {
    "feed": (read_feed, FEED),
    "sitemap": (read_sitemap, MAP),
    "sitemap-gz": (read_packed_sitemap, MAP),
    "parts": (read_parts, FEED),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_read_expanded_or_waited_for(tmp_path: Path, name: str, reader: str) -> None:
    secret = tmp_path / "rahasia.txt"
    secret.write_text(SECRET)
    read, root = READERS[reader]
    body = documents(root, secret, "http://127.0.0.1:9")[name]
    began = time.process_time()
    try:
        found = read(body)
    except ValueError as error:
        found = str(error)
    assert time.process_time() - began < 1
    assert SECRET not in found
    assert "aaaaaaaaaa" not in found
    assert len(found) < 10 * len(body)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_gives_no_file_away_either(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "rahasia.txt"
    secret.write_text(SECRET)
    page = tmp_path / "page.html"
    page.write_bytes(documents(PAGE, secret, "http://127.0.0.1:9")[name])
    try:
        found = repr(extract_file(page, url="https://w.test/a"))
    except NothingExtracted:
        found = ""
    assert SECRET not in found
    assert len(found) < 10 * len(page.read_bytes()) + 10_000


def test_a_crawl_of_all_of_them_opens_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "rahasia" / "kunci.txt"
    secret.parent.mkdir()
    secret.write_text(SECRET)
    with outlet() as site, outlet() as canary:
        entries = ""
        for kind, root in (("feed", FEED), ("sitemap", MAP)):
            for name, body in documents(root, secret, canary.base).items():
                site.say(f"/{kind}/{name}", body, Content_Type="application/xml")
                entries += entry(kind, f"{site.base}/{kind}/{name}")
        site.feed("/good", [site.article("/good/1")])
        manifest(tmp_path / "sources", "warta", entries + entry("feed", f"{site.base}/good"))
        outcome = crawl_in(World(watched=str(secret.parent)), tmp_path)
        assert canary.asked == []
        assert len([path for path in site.asked if path.count("/") == 2]) == 2 * len(NAMES) + 1
    assert outcome.opened == []
    assert set(outcome.connects) == {site.base.removeprefix("http://")}
    assert SECRET not in (tmp_path / "netra-1.db").read_bytes().decode("latin-1")
    assert outcome.reports["warta"]["new_pages"] == 1
