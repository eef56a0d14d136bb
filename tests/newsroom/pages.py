"""Article pages: one text through the template of its outlet's platform.

Promises: navigation, metas, dates, noise and paging are those of the platform; the paragraphs are those
of the text, in order, each whole. Never does: read the clock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import jinja2

from crawlers.manifest import Source
from tests.newsroom.items import TEXTS, Article, address_of, listed_address

DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)
ZONES: Mapping[timedelta, str] = {
    timedelta(hours=7): "WIB",
    timedelta(hours=8): "WITA",
    timedelta(hours=9): "WIT",
}
#: An edit is dated this long after the first publication.
EDITED_AFTER = timedelta(hours=30)
#: Headlines out of the archive are that old.
OLDER_BY = timedelta(days=9)
#: Links in a sidebar.
SIDEBAR_ITEMS = 4


@dataclass(frozen=True, slots=True)
class Room:
    """All articles by outlet: what a page needs to know of its neighbours."""

    outlets: Mapping[str, Source]
    articles: Sequence[Article]

    def of(self, source_id: str) -> list[Article]:
        """Give the articles of one outlet."""
        return [article for article in self.articles if article.source == source_id]


def render_page(
    room: Room,
    article: Article,
    *,
    whole: bool = True,
    number: int = 1,
    amp: bool = False,
    edited: bool = False,
) -> str:
    """Render the HTML page of an article.

    `whole` = False gives the first half with links to the rest; `number` selects a page of an article
    that has a page break.
    """
    source = room.outlets[article.source]
    page = _context(room, article, edited=edited)
    blocks = page["blocks"]
    total = 2 if article.page_break else 1
    if total > 1:
        blocks = [block for block in blocks if (block["paragraph"] > article.page_break) == (number == 2)]
    elif not whole:
        blocks = [block for block in blocks if block["paragraph"] <= len(article.paragraphs) // 2]
    page |= {"blocks": blocks, "whole": whole, "number": number, "total": total, "amp": amp}
    if source.platform in ("blogger", "wordpress"):
        page["content"] = render_content(room, article, edited=edited)
    return _template(f"{source.platform}.html").render(page=page)


def render_content(room: Room, article: Article, *, edited: bool = False) -> str:
    """Render the article body alone, as Blogger and WordPress give it in their JSON."""
    platform = room.outlets[article.source].platform
    html = _template(f"{platform}-content.html").render(page=_context(room, article, edited=edited))
    return "\n".join(line for line in html.splitlines() if line.strip())


def format_date(moment: datetime, style: str) -> str:
    """Write a time as an outlet does; the zone is that of `moment`.

    Raises KeyError for an unknown style or a zone that is not Indonesian.
    """
    day, month = DAYS[moment.weekday()], MONTHS[moment.month - 1]
    zone = ZONES[moment.utcoffset() or timedelta()]
    styles = {
        "short": f"{day}, {moment:%d} {month[:3]} {moment:%Y %H:%M} {zone}",
        "long": f"{day}, {moment.day} {month} {moment:%Y %H:%M} {zone}",
        "day": f"{moment.day} {month} {moment:%Y, %H:%M} {zone}",
        "dash": f"{day}, {moment.day} {month} {moment:%Y} - {moment:%H:%M} {zone}",
        "slash": f"{moment:%d/%m/%Y, %H:%M} {zone}",
        "dot": f"{moment:%d/%m/%Y, %H.%M} {zone}",
        "jurnas": f"{day.replace('Jumat', 'Jum' + chr(39) + 'at')}, {moment:%d/%m/%Y %H:%M} {zone}",
        "header": f"{day}, {moment.day} {month} {moment:%Y}",
    }
    return styles[style]


def _context(room: Room, article: Article, *, edited: bool) -> dict[str, Any]:
    source = room.outlets[article.source]
    modified = article.published + EDITED_AFTER if edited else article.published
    canonical = address_of(article, source)
    night = article.nights[-1] if edited else article.nights[0]
    byline = article.author.rsplit(",", 1)[-1].strip()
    return {
        "key": article.key,
        "source": source.id,
        "publisher": source.publisher,
        "host": source.hosts[0],
        "title": article.title,
        "author": article.author,
        "byline": byline,
        "section": article.section,
        "caption": article.caption,
        "canonical": canonical,
        "served": f"https://{source.hosts[0]}{article.path}",
        "amphtml": f"https://{source.hosts[0]}/amp{article.path}",
        "at": article.published,
        "modified": modified,
        "unix_ms": int(article.published.timestamp()) * 1000,
        "updated_text": format_date(modified, "slash") if edited else "",
        "date_short": format_date(article.published, "short"),
        "date_long": format_date(article.published, "long"),
        "date_day": format_date(article.published, "day"),
        "date_dash": format_date(article.published, "dash"),
        "date_slash": format_date(article.published, "slash"),
        "date_dot": format_date(article.published, "dot"),
        "date_jurnas": format_date(article.published, "jurnas"),
        "date_header": format_date(article.published, "header"),
        "today": f"{DAYS[night.weekday()]}, {night.day} {MONTHS[night.month - 1]} {night.year}",
        "json_ld": _json_ld(article, source, modified, byline),
        "blocks": _blocks(room, article, edited=edited),
        "sidebar": _sidebar(room, article),
    }


def _blocks(room: Room, article: Article, *, edited: bool) -> list[dict[str, Any]]:
    """Give paragraphs and noise in reading order; each block knows the paragraph that it belongs to."""
    paragraphs = [*article.paragraphs, *([article.update] if edited else [])]
    blocks: list[dict[str, Any]] = []
    for number, text in enumerate(paragraphs, start=1):
        if number == 1:
            blocks.extend(_noise_blocks(room, article, after=0, paragraph=1))
        blocks.append(
            {
                "kind": "p",
                "paragraph": number,
                "text": text,
                "dateline": article.dateline if number == 1 else "",
                "initials": article.initials if number == len(paragraphs) else "",
            }
        )
        blocks.extend(_noise_blocks(room, article, after=number, paragraph=number))
    return blocks


def _noise_blocks(room: Room, article: Article, *, after: int, paragraph: int) -> list[dict[str, Any]]:
    targets = {other.title: listed_address(other, room.outlets[other.source]) for other in room.articles}
    elsewhere = f"https://{room.outlets[article.source].hosts[0]}/tag/terkait"
    return [
        {
            "kind": noise.kind,
            "paragraph": paragraph,
            "text": noise.text,
            "href": targets.get(noise.text, elsewhere),
        }
        for noise in article.noise
        if noise.after == after
    ]


def _sidebar(room: Room, article: Article) -> list[dict[str, str]]:
    """Give headlines that stood beside the article that night: recent ones, then some of the archive."""
    night = article.nights[0]
    known = [
        other for other in room.of(article.source) if other.key != article.key and other.nights[0] <= night
    ]
    items = [
        {
            "href": address_of(other, room.outlets[other.source]),
            "title": other.title,
            "date": format_date(other.published, "long"),
        }
        for other in sorted(known, key=lambda other: other.published, reverse=True)
    ]
    host = room.outlets[article.source].hosts[0]
    items += [
        {
            "href": f"https://{host}/arsip/{number}",
            "title": title,
            "date": format_date(article.published - OLDER_BY, "long"),
        }
        for number, title in enumerate(_older_headlines(), start=1)
    ]
    return items[:SIDEBAR_ITEMS]


def _json_ld(article: Article, source: Source, modified: datetime, byline: str) -> str:
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": address_of(article, source)},
        "headline": article.title,
        "datePublished": article.published.isoformat(),
        "dateModified": modified.isoformat(),
        "author": {"@type": "Person", "name": byline},
        "publisher": {"@type": "Organization", "name": source.publisher},
    }
    # "</script>" inside a headline would end the element.
    return json.dumps(data, ensure_ascii=False).replace("</", "<\\/")


@cache
def _older_headlines() -> tuple[str, ...]:
    return tuple((TEXTS / "older-headlines.txt").read_text(encoding="utf-8").splitlines())


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEXTS / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)
