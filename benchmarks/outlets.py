"""Outlets on the loopback interface for measuring a crawl: pages as heavy as real ones, and their server.

Promises: the same numbers give the same pages; no two articles are alike; all pages are made and packed
before the first request, so that the server only looks up and sends; it stops when its standard input ends.
Never does: fetch, wait, or know who asks.

    python -m benchmarks.outlets PAGES OUTLETS PLAIN       one line with the port, then serves

The articles are texts of data/labels in the templates of saved pages (tests/pages), six with selectors and
two without; what makes real pages heavy (scripts, styles, teasers of other articles) is written around them.
Outlet number 1 is http://127.0.0.1:PORT, number 2 http://127.0.0.2:PORT and so on, each with a sitemap.
"""

import asyncio
import gzip
import html
import json
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from benchmarks.news import write_documents
from nlp.items import Item, read_items
from store.records import ExtractionRules
from tests.pages import golden_page, load_page

#: Saved pages that outlet 1, 2 ... takes its template and selectors from; the last two have no selectors.
TEMPLATES = (
    "balipost-subak",
    "detik-single-pasar",
    "cnn-kronologi-bus",
    "jawapos-jembatan",
    "pikiran-waduk",
    "viva-asn-jari",
    "okezone-beras-generic",
    "wp-jnews",
)
#: Bytes of one page before it is packed: what article pages of Indonesian outlets weigh without their images.
LIGHTEST, HEAVIEST = 30_000, 80_000
#: Share of the added weight that stands in the head, as scripts and styles; the rest is teasers in the body.
HEAD_SHARE = 0.6
#: As web servers pack answers that they make anew.
PACK_LEVEL = 6
LABELS = Path(__file__).parent.parent / "data" / "labels"
SEED = 20240917

_WORDS = (
    "config",
    "layer",
    "track",
    "slot",
    "width",
    "target",
    "render",
    "banner",
    "queue",
    "event",
    "value",
)


def outlet_of(number: int, outlets: int) -> int:
    """Give the outlet (from 1) of page `number` (from 0)."""
    return 1 + number % outlets


def rules_of(outlet: int) -> ExtractionRules:
    """Give the selectors of an outlet's template."""
    return load_page(TEMPLATES[(outlet - 1) % len(TEMPLATES)])[1]


def page_path(number: int, outlets: int) -> str:
    """Give the path of a page on its outlet."""
    return f"/{outlet_of(number, outlets)}/berita/judul-berita-yang-panjang-{number:06d}"


def sitemap_path(outlet: int) -> str:
    """Give the path of an outlet's sitemap."""
    return f"/{outlet}/sitemap.xml"


def write_pages(count: int, *, outlets: int) -> Iterator[bytes]:
    """Write `count` article pages in UTF-8, for outlets in turn, LIGHTEST to HEAVIEST bytes each."""
    items, _ = read_items(sorted(LABELS.glob("*.jsonl")), gold=True)
    news = [item for item in items if item.kind == "news"]
    documents = write_documents(news, count=count, seed=SEED)
    titles = [item.title for item in news if item.title]
    chance = random.Random(SEED)
    for number, document in enumerate(documents):
        name = TEMPLATES[(outlet_of(number, outlets) - 1) % len(TEMPLATES)]
        light = _fill(name, document)
        yield _weigh_down(light, chance.randint(LIGHTEST, HEAVIEST), chance, titles).encode()


@cache
def _template(name: str) -> tuple[str, str, tuple[str, ...]]:
    """Give a saved page, its headline, and the lines of its article that stand in it as they are."""
    golden, text = golden_page(name), load_page(name)[0].bodies[0].decode()
    return text, golden["title"], tuple(line for line in golden["text"] if line in text)


def _fill(name: str, document: Item) -> str:
    """Put an article in the place of the one that a saved page holds."""
    text, title, places = _template(name)
    text = text.replace(title, html.escape(document.title or document.text[:60]))
    lines = [html.escape(line) for line in document.text.split("\n") if line.strip()]
    # What is more than the template has paragraphs goes into the last one, line by line.
    lines[len(places) - 1 :] = ["<br><br>".join(lines[len(places) - 1 :])]
    for place, old in enumerate(places):
        text = text.replace(old, lines[place] if place < len(lines) else "")
    return text


def _weigh_down(page: str, size: int, chance: random.Random, titles: Sequence[str]) -> str:
    """Add scripts, styles and teasers until a page has about `size` bytes."""
    missing = max(0, size - len(page))
    head, body = "", ""
    while len(head) < missing * HEAD_SHARE:
        head += chance.choice((_script, _style))(chance) + "\n"
    while len(body) < missing * (1 - HEAD_SHARE):
        body += _teasers(chance, titles) + "\n"
    return page.replace("</head>", head + "</head>", 1).replace("</body>", body + "</body>", 1)


def _script(chance: random.Random) -> str:
    calls = (
        f"window.{chance.choice(_WORDS)}=window.{chance.choice(_WORDS)}||[];"
        f"{chance.choice(_WORDS)}.push({{id:'{chance.getrandbits(40):x}',{chance.choice(_WORDS)}:"
        f"{chance.randint(0, 970)},on:function(e){{return e&&e.{chance.choice(_WORDS)}}}}});"
        for _ in range(10)
    )
    return "<script>" + "".join(calls) + "</script>"


def _style(chance: random.Random) -> str:
    rules = (
        f".{chance.choice(_WORDS)}-{chance.choice(_WORDS)}{{margin:{chance.randint(0, 32)}px auto;"
        f"color:#{chance.getrandbits(24):06x};width:{chance.randint(20, 970)}px}}"
        for _ in range(15)
    )
    return "<style>" + "".join(rules) + "</style>"


def _teasers(chance: random.Random, titles: Sequence[str]) -> str:
    rows = (
        f'<li class="teaser-item"><a href="/arsip/{chance.getrandbits(32)}" class="teaser-link">'
        f'<img class="lazy" data-src="/foto/{chance.getrandbits(48):x}.jpg" width="120" height="80" alt="">'
        f'<span class="teaser-title">{html.escape(chance.choice(titles))}</span></a></li>'
        for _ in range(8)
    )
    return '<div class="terkait"><h3>Berita Terkait</h3><ul>' + "\n".join(rows) + "</ul></div>"


def _answer(body: bytes, kind: str, *, plain: bool) -> bytes:
    packed = body if plain else gzip.compress(body, PACK_LEVEL, mtime=0)
    encoding = "" if plain else "Content-Encoding: gzip\r\n"
    fields = f"Content-Type: {kind}; charset=utf-8\r\n{encoding}Content-Length: {len(packed)}\r\n"
    return f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode() + packed


def make_answers(count: int, *, outlets: int, port: int, plain: bool) -> dict[bytes, bytes]:
    """Make every answer of the server by path: pages, sitemaps of today, a robots.txt that allows all."""
    answers = {b"/robots.txt": _answer(b"User-agent: *\nDisallow:\n", "text/plain", plain=True)}
    for number, page in enumerate(write_pages(count, outlets=outlets)):
        answers[page_path(number, outlets).encode()] = _answer(page, "text/html", plain=plain)
    today = datetime.now(UTC).isoformat(timespec="seconds")
    for outlet in range(1, outlets + 1):
        rows = (
            f"<url><loc>http://127.0.0.{outlet}:{port}{page_path(number, outlets)}</loc>"
            f"<lastmod>{today}</lastmod></url>"
            for number in range(outlet - 1, count, outlets)
        )
        listing = f'<?xml version="1.0" encoding="UTF-8"?><urlset>{"".join(rows)}</urlset>'
        answers[sitemap_path(outlet).encode()] = _answer(listing.encode(), "application/xml", plain=plain)
    return answers


class _Server(asyncio.Protocol):
    """One connection: looks the path up and sends; keeps the connection open."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers
        self._waiting = b""
        self._out: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._out = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._waiting = (self._waiting + data).split(b"\r\n\r\n")
        for request in requests:
            path = request.split(b" ", 2)[1]
            none = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            if self._out is not None:
                self._out.write(self._answers.get(path, none))


async def serve(count: int, *, outlets: int, plain: bool) -> None:
    """Serve on a free port of every loopback address until standard input ends; prints {"port", "bytes"}."""
    loop = asyncio.get_running_loop()
    answers: dict[bytes, bytes] = {}
    server = await loop.create_server(lambda: _Server(answers), "0.0.0.0", 0)  # noqa: S104 - 127.0.0.1, .2 ...
    port = server.sockets[0].getsockname()[1]
    answers |= make_answers(count, outlets=outlets, port=port, plain=plain)
    print(json.dumps({"port": port, "bytes": sum(map(len, answers.values()))}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), outlets=int(sys.argv[2]), plain=sys.argv[3] == "plain"))
