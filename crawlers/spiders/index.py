"""Dated index pages: the articles of one day, as links on one or more HTML pages. Used for looking back only.

Promises: one link per address that is an article by the manifest, in the order of the page. Never does: take
the time of publication from a list (the article carries it), or run in an ordinary night: lists in HTML cost
many requests and change their form without a word; feeds and sitemaps bring what is new.
"""

import re
from datetime import date

from scrapy.http import Response, TextResponse

from crawlers.manifest import Entry, Source
from crawlers.spiders.listing import FoundLink, Listing
from crawlers.spiders.pages import canonical_of
from crawlers.urls import absolute

#: Where the number of a page goes in the address of an index; pages are counted from 1.
PAGE_MARK = "{page}"


def day_url(entry: Entry, day: date, page: int) -> str:
    """Give the address of one page of a day's list: %Y, %m, %d and %% as strftime has them, and {page}."""
    fields = {"%Y": f"{day:%Y}", "%m": f"{day:%m}", "%d": f"{day:%d}", "%%": "%"}
    dated = re.sub(r"%[Ymd%]", lambda match: fields[match[0]], entry.url)
    return dated.replace(PAGE_MARK, str(page))


def read(entry: Entry, response: Response, source: Source, day: date, *, page: int) -> Listing:
    """List the articles of page number `page` and name the next one, if the page or the address has one.

    Raises ValueError when the response is no text.
    """
    if not isinstance(response, TextResponse):
        raise ValueError("not an HTML page")
    found: dict[str, FoundLink] = {}
    for href in _hrefs(response, entry.link):
        canonical = canonical_of(href, source, own=True)
        if canonical:
            found.setdefault(canonical, FoundLink(href))
    more: tuple[str, ...] = ()
    if entry.next:
        more = tuple(url for url in _hrefs(response, entry.next) if url != response.url)[:1]
    elif PAGE_MARK in entry.url and found:
        more = (day_url(entry, day, page + 1),)
    return Listing(links=tuple(found.values()), more=more)


def _hrefs(response: TextResponse, selector: str) -> list[str]:
    css = selector if "::" in selector else f"{selector}::attr(href)"
    urls = (absolute(response.url, href) for href in response.css(css).getall())
    return [url for url in urls if url]
