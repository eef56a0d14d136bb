"""RSS and Atom feeds: links to articles, by feedparser on bytes.

Promises: every entry with a link is given, also those of a feed that is not well-formed; the fault is
named then. Never does: fetch (feedparser gets a stream, never an address), or use the text of an entry:
feeds cut it at will, the page is fetched.
"""

import calendar
import io
from datetime import UTC, date, datetime
from typing import Any

import feedparser
from scrapy.http import Response

from crawlers.manifest import Entry, Source
from crawlers.spiders.listing import (
    FoundLink,
    Listing,
    content_type,
    declared_xml_encoding,
    plausible,
    true_encoding,
)
from crawlers.urls import absolute
from store.records import Outcome

#: Faults of feeds that lose nothing: HTML entities such as &nbsp;, which XML does not know.
HARMLESS_FAULTS: tuple[str, ...] = ("undefined entity",)


def first_url(entry: Entry) -> str:
    """Give the address of the feed."""
    return entry.url


def read(entry: Entry, response: Response, source: Source, night: date) -> Listing:
    """List the entries of a feed, as the feed orders them.

    Raises ValueError when the response is no feed at all.
    """
    del entry, source, night
    encoding, honest = true_encoding(response.body, declared_xml_encoding(response))
    body = response.body if honest else response.body.decode(encoding, "replace").encode("utf-8")
    # The charset in a made-up header outranks a prolog that lies.
    headers = {"content-type": content_type(response) if honest else "application/xml; charset=utf-8"}
    feed = feedparser.parse(
        io.BytesIO(body), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
    )
    links = [
        FoundLink(url, _published(item), _moment(dict.get(item, "updated_parsed")))
        for item in feed.entries
        if (url := absolute(response.url, str(item.get("link", ""))))
    ]
    fault = _fault(feed)
    if not feed.get("version") and not links:
        raise ValueError(fault or "neither RSS nor Atom")
    problem = (Outcome.MALFORMED, f"not well-formed: {fault}") if fault else None
    if not honest:
        problem = (Outcome.ENCODING, f"not in the encoding that it declares, read as {encoding}")
    without = len(feed.entries) - len(links)
    faults = (f"{without} entries without a link",) if without else ()
    return Listing(links=tuple(links), faults=faults, problem=problem)


def _fault(feed: Any) -> str:
    """Say what the XML parser stumbled over; "" when it did not, or over something harmless."""
    error = feed.get("bozo_exception") if feed.bozo else None
    # Only a parser's error has a line; the others are opinions on headers and encodings.
    if error is None or not hasattr(error, "getLineNumber"):
        return ""
    text = str(error.getMessage())
    return "" if text in HARMLESS_FAULTS else f"{text} in line {error.getLineNumber()}"


def _published(item: Any) -> datetime | None:
    # dict.get: feedparser's own warns when it answers "updated" with "published".
    return _moment(item.get("published_parsed") or dict.get(item, "updated_parsed"))


def _moment(parsed: Any) -> datetime | None:
    return plausible(datetime.fromtimestamp(calendar.timegm(parsed), UTC)) if parsed else None
