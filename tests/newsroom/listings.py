"""Entry points of the newsroom: feeds, sitemaps, Blogger and WordPress JSON, social exports.

Promises: each has the shape that the platform documents and lists what its outlet had published by that
night, newest first. Never does: fetch.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from hashlib import sha256
from html import escape

from crawlers.manifest import Source
from tests.newsroom.items import BadLine, Post

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
#: Where the sitemap index of an outlet points; compressed, as large outlets have it.
SITEMAP_CHILD = "/sitemap-news.xml.gz"


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list: an article as its outlet announces it."""

    key: str
    url: str
    title: str
    author: str
    section: str
    published: datetime
    modified: datetime
    summary: str
    #: The whole article as HTML, for lists that carry it.
    content: str = ""


def render_rss(source: Source, items: Sequence[Listed], *, with_content: bool) -> str:
    """Write an RSS 2.0 feed with dates of RFC 822."""
    lines = []
    for item in items:
        body = f"<content:encoded><![CDATA[{item.content}]]></content:encoded>" if with_content else ""
        lines.append(
            f"<item><title>{escape(item.title)}</title><link>{escape(item.url)}</link>"
            f'<guid isPermaLink="false">{item.key}</guid><pubDate>{format_datetime(item.published)}</pubDate>'
            f"<dc:creator>{escape(item.author)}</dc:creator><category>{escape(item.section)}</category>"
            f"<description>{escape(item.summary)}</description>{body}</item>\n"
        )
    return (
        f'{XML}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f"<channel><title>{escape(source.publisher)} – Terbaru</title><link>https://{source.hosts[0]}/</link>"
        f"<description>Berita terbaru</description><language>id</language><ttl>60</ttl>\n{''.join(lines)}"
        "</channel></rss>\n"
    )


def render_atom(source: Source, items: Sequence[Listed]) -> str:
    """Write an Atom feed."""
    lines = [
        f"<entry><title>{escape(item.title)}</title><id>{escape(item.url)}</id>"
        f'<link rel="alternate" href="{escape(item.url)}"/>'
        f"<published>{item.published.isoformat()}</published>"
        f"<updated>{item.modified.isoformat()}</updated><author><name>{escape(item.author)}</name></author>"
        f"<summary>{escape(item.summary)}</summary></entry>\n"
        for item in items
    ]
    updated = max(item.modified for item in items).isoformat()
    return (
        f'{XML}<feed xmlns="http://www.w3.org/2005/Atom"><title>{escape(source.publisher)}</title>'
        f"<id>https://{source.hosts[0]}/</id><updated>{updated}</updated>\n{''.join(lines)}</feed>\n"
    )


def render_sitemap(source: Source, items: Sequence[Listed]) -> str:
    """Write a news sitemap."""
    name = escape(source.publisher)
    lines = [
        f"<url><loc>{escape(item.url)}</loc><news:news><news:publication><news:name>{name}</news:name>"
        "<news:language>id</news:language></news:publication>"
        f"<news:publication_date>{item.published.isoformat()}</news:publication_date>"
        f"<news:title>{escape(item.title)}</news:title><news:keywords>pilkada, berita</news:keywords>"
        "</news:news></url>\n"
        for item in items
    ]
    return (
        f'{XML}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n'
        f"{''.join(lines)}</urlset>\n"
    )


def render_sitemap_index(source: Source, night: date) -> str:
    """Write a sitemap index that names one news sitemap."""
    return (
        f'{XML}<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"<sitemap><loc>https://{source.hosts[0]}{SITEMAP_CHILD}</loc><lastmod>{night.isoformat()}</lastmod>"
        "</sitemap>\n</sitemapindex>\n"
    )


def render_blogger(source: Source, items: Sequence[Listed]) -> str:
    """Write a Blogger JSON feed."""
    blog = f"tag:blogger.com,1999:blog-{number_of(source.id, 19)}"
    entries = [
        {
            "id": {"$t": f"{blog}.post-{number_of(item.key, 19)}"},
            "published": {"$t": item.published.isoformat(timespec="milliseconds")},
            "updated": {"$t": item.modified.isoformat(timespec="milliseconds")},
            "category": [{"scheme": "http://www.blogger.com/atom/ns#", "term": item.section}],
            "title": {"type": "text", "$t": item.title},
            "content": {"type": "html", "$t": item.content},
            "link": [
                {"rel": "replies", "type": "application/atom+xml", "href": f"{item.url}#comments"},
                {"rel": "alternate", "type": "text/html", "href": item.url, "title": item.title},
            ],
            "author": [{"name": {"$t": item.author}}],
        }
        for item in items
    ]
    feed = {
        "version": "1.0",
        "encoding": "UTF-8",
        "feed": {
            "id": {"$t": blog},
            "title": {"type": "text", "$t": source.publisher},
            "openSearch$totalResults": {"$t": str(len(entries))},
            "openSearch$startIndex": {"$t": "1"},
            "openSearch$itemsPerPage": {"$t": "25"},
            "entry": entries,
        },
    }
    return json.dumps(feed, ensure_ascii=False)


def render_wordpress(items: Sequence[Listed]) -> str:
    """Write the answer of WordPress' REST list of posts, with the fields that the crawler asks for."""
    posts = [
        {
            "id": number_of(item.key, 5),
            "date_gmt": _gmt(item.published),
            "modified_gmt": _gmt(item.modified),
            "link": item.url,
            "title": {"rendered": escape(item.title, quote=False).replace("&amp;", "&#038;")},
            "content": {"rendered": item.content, "protected": False},
            "excerpt": {"rendered": f"<p>{escape(item.summary)} [&hellip;]</p>\n", "protected": False},
        }
        for item in items
    ]
    return json.dumps(posts)


def render_jsonl(posts: Sequence[Post], bad: Sequence[BadLine]) -> str:
    """Write the export of an X monitor: one JSON object per line, with columns that nobody asked for."""
    rows = [
        json.dumps(
            {
                "tweet_id": post.id,
                "permalink": post.url,
                "created_at": f"{_gmt(post.published)}.000Z",
                "username": post.account,
                "full_text": post.text,
                "lang": "in",
                "retweet_count": number_of(post.key, 2),
                "favorite_count": number_of(post.id, 3),
            },
            ensure_ascii=False,
        )
        for post in posts
    ]
    return "".join(f"{row}\n" for row in _with_bad(rows, bad))


def render_csv(posts: Sequence[Post], bad: Sequence[BadLine]) -> str:
    """Write the export of a Facebook and TikTok monitor: semicolons, BOM, Windows line ends."""
    header = ["id_konten", "jenis", "tautan", "isi", "waktu_tayang", "nama_akun", "suka", "bagikan"]
    rows = [_csv_row(header)]
    for post in posts:
        # TikTok counts in Unix seconds, Facebook's monitor writes the wall clock of Jakarta.
        kind, when = "facebook", f"{post.published:%Y-%m-%d %H:%M}"
        if post.account.startswith("@"):
            kind, when = "tiktok", str(int(post.published.timestamp()))
        cells = [post.id, kind, post.url, post.text, when, post.account]
        rows.append(_csv_row([*cells, str(number_of(post.key, 2)), str(number_of(post.id, 1))]))
    return "\ufeff" + rows[0] + "".join(_with_bad(rows[1:], [_ended(line) for line in bad]))


def number_of(name: str, digits: int) -> int:
    """Give a number of that many digits, always the same for the same name."""
    low: int = 10 ** (digits - 1)
    span: int = 9 * low
    return low + int(sha256(name.encode()).hexdigest(), 16) % span


def _with_bad(rows: Sequence[str], bad: Sequence[BadLine]) -> list[str]:
    mixed = list(rows)
    for line in sorted(bad, key=lambda one: -one.before):
        mixed.insert(line.before, line.text)
    return mixed


def _ended(line: BadLine) -> BadLine:
    return BadLine(line.source, line.night, line.before, line.text + "\r\n")


def _csv_row(cells: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _gmt(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
