"""From texts to files: the WARC of three nights, and the gold labels.

Promises: every address that the spiders ask for during these nights is in the archive, robots.txt
included; the same input gives the same bytes. Never does: read the clock, open a connection.
"""

import gzip
import io
import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import format_datetime
from http.client import responses

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawlers.manifest import Entry, Source
from tests.newsroom import listings
from tests.newsroom.items import (
    NIGHTS,
    SAMPLE,
    Article,
    Faults,
    FixedAnswer,
    Post,
    address_of,
    listed_address,
    load_articles,
    load_faults,
    load_outlets,
    load_posts,
)
from tests.newsroom.listings import SITEMAP_CHILD, Listed
from tests.newsroom.pages import EDITED_AFTER, Room, render_content, render_page

WARC_FILE = SAMPLE / "newsroom.warc.gz"
GOLD_FILE = SAMPLE / "newsroom-gold.jsonl"

#: The nightly crawl starts at two in the morning, Jakarta time; in UTC that is the day before.
CRAWL_TIME = time(2, 0, tzinfo=timezone(timedelta(hours=7)))
#: A news sitemap holds two days.
SITEMAP_NIGHTS = 2
NO_ROBOTS = "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>"
HTML = "text/html; charset=utf-8"
#: What the crawler adds to the entry addresses of these two kinds.
QUERIES = {
    "blogger": "alt=json&max-results=25&start-index=1&orderby=published",
    "wordpress": (
        "page=1&per_page=50&orderby=date&order=desc&_fields=id,date_gmt,modified_gmt,link,title,content,excerpt"
    ),
}
SERVERS = {"blogger": "GSE", "wordpress": "LiteSpeed", "bawaslu": "Apache", "generic": "Apache/2.4"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One response that the archive holds."""

    url: str
    night: date
    status: int
    type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def build_warc() -> bytes:
    """Build the archive of all nights: one gzip member per record, fixed dates and record ids."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    about = {"software": "netra newsroom", "format": "WARC File Format 1.0"}
    info = writer.create_warcinfo_record(WARC_FILE.name, about)
    _fix(info.rec_headers, "warcinfo", NIGHTS[0])
    writer.write_record(info)
    for number, answer in enumerate(answers()):
        moment = fetched_at(answer.night)
        fields = [
            ("Date", format_datetime(moment.astimezone(UTC), usegmt=True)),
            ("Content-Type", answer.type),
            ("Content-Length", str(len(answer.body))),
            *answer.headers,
            ("Connection", "close"),
        ]
        line = f"{answer.status} {responses[answer.status]}"
        record = writer.create_warc_record(
            answer.url,
            "response",
            payload=io.BytesIO(answer.body),
            length=len(answer.body),
            http_headers=StatusAndHeaders(line, fields, protocol="HTTP/1.1"),
        )
        _fix(record.rec_headers, f"{answer.url} {number}", answer.night)
        writer.write_record(record)
    return out.getvalue()


def build_gold() -> str:
    """Build the gold file: one line per document, in the order of the texts."""
    outlets = load_outlets()
    lines = []
    for article in load_articles():
        head = {
            "url": address_of(article, outlets[article.source]),
            "key": article.key,
            "kind": "news",
            "title": article.title,
        }
        lines.append({**head, **asdict(article.gold)})
    for post in load_posts():
        lines.append({"url": post.url, "key": post.key, "kind": "post", "title": "", **asdict(post.gold)})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def content_of(packed: bytes) -> bytes:
    """Unpack all gzip members of an archive."""
    return gzip.decompress(packed)


def fetched_at(night: date) -> datetime:
    """Give the time at which everything of one night was fetched."""
    return datetime.combine(night, CRAWL_TIME)


def answers() -> Iterator[Answer]:
    """Give all responses, night by night and outlet by outlet, in the order in which they came."""
    room = Room(load_outlets(), load_articles())
    posts, faults = load_posts(), load_faults()
    for night in NIGHTS:
        for source in room.outlets.values():
            yield _robots(source, night, faults)
            listed = [item for item in room.of(source.id) if item.nights[0] <= night]
            for entry in source.all_entries():
                fixed = [answer for answer in faults.answers if answer.url == asked_address(entry)]
                yield from (_fixed(answer, night) for answer in fixed)
                # After a 429 the second try succeeds; every other fixed answer is final.
                if all(answer.status == 429 for answer in fixed):
                    yield from _entry(room, source, entry, night, listed, posts, faults)
            yield from _dead(source, night, faults)
            for article in listed:
                if night in article.nights:
                    yield from _article(room, article, night, faults)


def asked_address(entry: Entry) -> str:
    """Give the address of an entry as the spiders ask for it."""
    query = QUERIES.get(entry.kind, "")
    return f"{entry.url}?{query}" if query else entry.url


def _robots(source: Source, night: date, faults: Faults) -> Answer:
    url = f"https://{source.hosts[0]}/robots.txt"
    text = faults.robots.get(source.id)
    if text is None:
        return Answer(url, night, 404, HTML, NO_ROBOTS.encode())
    return Answer(url, night, 200, "text/plain; charset=utf-8", text.encode())


def _fixed(answer: FixedAnswer, night: date) -> Answer:
    return Answer(
        answer.url, night, answer.status, answer.type, answer.body.encode(), tuple(answer.headers.items())
    )


def _dead(source: Source, night: date, faults: Faults) -> Iterator[Answer]:
    for dead in faults.dead:
        if dead.source == source.id and dead.night <= night:
            url = f"https://{source.hosts[0]}{dead.path}"
            body = f"<html><head><title>{dead.status}</title></head><body>{responses[dead.status]}</body>"
            for spelling in _spellings(source, url):
                yield Answer(spelling, night, dead.status, HTML, body.encode())


def _spellings(source: Source, url: str) -> list[str]:
    """Give an article's plain address and the one that asks for all its pages at once."""
    if source.pages.mode != "query":
        return [url]
    return [url, f"{url}?{source.pages.param}={source.pages.value}"]


def _entry(
    room: Room,
    source: Source,
    entry: Entry,
    night: date,
    listed: list[Article],
    posts: list[Post],
    faults: Faults,
) -> Iterator[Answer]:
    url = asked_address(entry)
    extra = _transport(source, faults)
    if entry.kind == "export":
        rows = [post for post in posts if post.source == source.id and post.nights[0] <= night]
        bad = [line for line in faults.bad_lines if line.source == source.id and line.night == night]
        is_csv = source.export is not None and source.export.format == "csv"
        text = listings.render_csv(rows, bad) if is_csv else listings.render_jsonl(rows, bad)
        kind = "text/csv; charset=utf-8" if is_csv else "application/x-ndjson"
        yield Answer(url, night, 200, kind, text.encode(), extra)
        return
    items = _listed(room, source, entry, night, listed, faults)
    if not items:
        return
    if entry.kind == "blogger":
        text, kind = listings.render_blogger(source, items), "application/json; charset=UTF-8"
    elif entry.kind == "wordpress":
        text, kind = listings.render_wordpress(items), "application/json; charset=UTF-8"
        extra = (*extra, ("X-WP-Total", str(len(items))), ("X-WP-TotalPages", "1"))
    elif entry.kind == "sitemap":
        text, kind = listings.render_sitemap(source, items), "application/xml; charset=utf-8"
        if not entry.url.endswith("_news.xml"):
            child = f"https://{source.hosts[0]}{SITEMAP_CHILD}"
            yield Answer(child, night, 200, "application/x-gzip", _pack(text.encode()))
            text = listings.render_sitemap_index(source, night)
    elif source.id == "tifa-timur":
        text, kind = listings.render_atom(source, items), "application/atom+xml; charset=utf-8"
    else:
        whole = source.platform == "wordpress"
        text = listings.render_rss(source, items, with_content=whole)
        kind = "application/rss+xml; charset=utf-8"
    body = _encode(text, source, faults)
    yield Answer(url, night, 200, kind, _pack(body) if _is_packed(source, faults) else body, extra)


def _listed(
    room: Room, source: Source, entry: Entry, night: date, listed: list[Article], faults: Faults
) -> list[Listed]:
    items = []
    for article in listed:
        if entry.kind == "sitemap" and (night - article.nights[0]).days >= SITEMAP_NIGHTS:
            continue
        edited = bool(article.update) and night > article.nights[0] and night in article.nights
        whole = source.platform in ("blogger", "wordpress")
        items.append(
            Listed(
                key=article.key,
                url=listed_address(article, source),
                title=article.title,
                author=article.author,
                section=article.section,
                published=article.published,
                modified=article.published + EDITED_AFTER if edited else article.published,
                summary=f"{article.dateline} {article.paragraphs[0]}".strip(),
                content=render_content(room, article, edited=edited) if whole else "",
            )
        )
    for dead in faults.dead:
        if dead.source == source.id and dead.night <= night:
            url, when = f"https://{source.hosts[0]}{dead.path}", dead.published
            items.append(Listed(dead.path, url, dead.title, "Redaksi", "Berita", when, when, dead.title))
    return sorted(items, key=lambda item: (item.published, item.key), reverse=True)


def _article(room: Room, article: Article, night: date, faults: Faults) -> Iterator[Answer]:
    source = room.outlets[article.source]
    edited = bool(article.update) and night > article.nights[0]
    plain = f"https://{source.hosts[0]}{article.path}"

    def answer(url: str, html: str) -> Answer:
        body = _encode(html, source, faults)
        packed = _pack(body) if _is_packed(source, faults) else body
        return Answer(url, night, 200, HTML, packed, _transport(source, faults))

    if article.page_break:
        yield answer(plain, render_page(room, article, number=1))
        yield answer(f"{plain}?page=2", render_page(room, article, number=2))
        return
    spellings = _spellings(source, plain)
    yield answer(spellings[0], render_page(room, article, whole=len(spellings) == 1, edited=edited))
    for url in spellings[1:]:
        yield answer(url, render_page(room, article, edited=edited))
    if "amp" in article.listed.split("/"):
        for url in _spellings(source, listed_address(article, source)):
            yield answer(url, render_page(room, article, amp=True, edited=edited))


def _is_packed(source: Source, faults: Faults) -> bool:
    return source.id in faults.gzip


def _transport(source: Source, faults: Faults) -> tuple[tuple[str, str], ...]:
    server = ("Server", SERVERS.get(source.platform, "nginx"))
    return (server, ("Content-Encoding", "gzip")) if _is_packed(source, faults) else (server,)


def _encode(text: str, source: Source, faults: Faults) -> bytes:
    return text.encode(faults.encoding.get(source.id, "utf-8"))


def _pack(body: bytes) -> bytes:
    # Stored, not deflated: what zlib makes of a text differs between its versions.
    return gzip.compress(body, compresslevel=0, mtime=0)


def _fix(headers: StatusAndHeaders, name: str, night: date) -> None:
    """Replace what warcio takes from clock and dice."""
    moment = fetched_at(night).astimezone(UTC)
    headers.replace_header("WARC-Date", moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    record_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{name} {night}")
    headers.replace_header("WARC-Record-ID", f"<urn:uuid:{record_id}>")
