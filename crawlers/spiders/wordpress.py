"""WordPress REST: whole articles, 50 a page, newest first.

Promises: one part per post with an address that its readers can read; times are read from `date_gmt`, since
`date` names no zone.
Never does: fetch the article's page.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scrapy.http import Response

from crawlers import parts
from crawlers.manifest import Entry, Source
from crawlers.spiders.listing import MAX_LIST_PAGES, FoundPart, Listing, is_old, parse_iso
from crawlers.urls import absolute

#: Posts a page; WordPress allows 100, half of it keeps an answer with full texts below 1 MiB.
PAGE_SIZE = 50
#: Only what the extractor reads; authors are numbers here and are not asked for.
FIELDS = "id,date_gmt,modified_gmt,link,title,content,excerpt"


def first_url(entry: Entry) -> str:
    """Give the address of the newest page of posts."""
    return page_url(entry, 1)


def page_url(entry: Entry, page: int) -> str:
    """Give the address of page number `page` (from 1), newest first."""
    mark = "&" if "?" in entry.url else "?"
    return f"{entry.url}{mark}page={page}&per_page={PAGE_SIZE}&orderby=date&order=desc&_fields={FIELDS}"


def read(entry: Entry, response: Response, source: Source, night: date) -> Listing:
    """List the posts of one page. Raises ValueError when it is no list of posts in JSON."""
    del source
    found, faults, locked = [], [], 0
    for key, post in parts.wordpress_posts(response.body):
        if is_locked(post):
            locked += 1
            continue
        url = absolute(response.url, str(post.get("link", "")))
        if url:
            published, modified = (
                parse_iso(str(post.get(name, ""))) for name in ("date_gmt", "modified_gmt")
            )
            found.append(FoundPart("wordpress", key, url, parts.dump(post), published, modified))
        else:
            faults.append(f"post {key!r} has no address")
    page = int((parse_qs(urlsplit(response.url).query).get("page") or ["1"])[-1])
    total = (response.headers.get("X-WP-TotalPages") or b"1").decode("latin-1")
    last = int(total[:6]) if total.isascii() and total.isdigit() else 1
    go_on = bool(found) and page < min(last, MAX_LIST_PAGES) and not is_old(found[-1].published, night)
    more = (page_url(entry, page + 1),) if go_on else ()
    return Listing(parts=tuple(found), more=more, faults=tuple(faults), old=locked)


def is_locked(post: Mapping[str, Any]) -> bool:
    """Say whether a post wants a password; WordPress lists it all the same, with an empty text."""
    content = post.get("content")
    return isinstance(content, Mapping) and content.get("protected") is True
