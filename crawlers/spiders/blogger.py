"""Blogger's JSON feed: whole articles, 25 a page.

Promises: one part per entry that has a public address. Never does: fetch the article's page; the feed
carries it, or the short form that its owner chose.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from scrapy.http import Response

from crawlers import parts
from crawlers.manifest import Entry, Source
from crawlers.spiders.listing import MAX_LIST_PAGES, FoundPart, Listing, is_old, parse_iso
from crawlers.urls import absolute

#: Entries a page; Blogger gives no more than 150, and 25 cover a night of any blog that we know.
PAGE_SIZE = 25


def first_url(entry: Entry) -> str:
    """Give the address of the newest page of the feed."""
    return page_url(entry, 1)


def page_url(entry: Entry, start: int) -> str:
    """Give the address of the page that begins with entry number `start` (from 1), newest first."""
    mark = "&" if "?" in entry.url else "?"
    return f"{entry.url}{mark}alt=json&max-results={PAGE_SIZE}&start-index={start}&orderby=published"


def read(entry: Entry, response: Response, source: Source, night: date) -> Listing:
    """List the articles of one page. Raises ValueError when it is no Blogger JSON feed."""
    del source
    found, faults = [], []
    for key, item in parts.blogger_entries(response.body):
        url = absolute(response.url, _address(item))
        published, modified = (parse_iso(_text(item.get(name))) for name in ("published", "updated"))
        if key and url:
            found.append(FoundPart("blogger", key, url, parts.dump(item), published, modified))
        else:
            faults.append(f"entry {key!r} has no public address")
    feed = parts.load_json(response.body)["feed"]
    start, total = _number(feed, "openSearch$startIndex", 1), _number(feed, "openSearch$totalResults", 0)
    following = start + PAGE_SIZE
    go_on = (
        bool(found)
        and following <= min(total, PAGE_SIZE * MAX_LIST_PAGES)
        and not is_old(found[-1].published, night)
    )
    more = (page_url(entry, following),) if go_on else ()
    return Listing(parts=tuple(found), more=more, faults=tuple(faults))


def _address(item: Mapping[str, Any]) -> str:
    links = item.get("link")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "alternate":
            return str(link.get("href", ""))
    return ""


def _text(field: Any) -> str:
    return str(field.get("$t", "")) if isinstance(field, dict) else ""


def _number(feed: Mapping[str, Any], name: str, default: int) -> int:
    text = _text(feed.get(name))
    return int(text) if text.isascii() and text.isdigit() else default
