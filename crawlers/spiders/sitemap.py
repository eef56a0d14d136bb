"""News sitemaps and indexes of sitemaps, read as a stream, gzip or not.

Promises: one link per address that is not older than LOOK_BACK; no entity is expanded, nothing outside
the response is read, memory stays small whatever the file holds. Never does: follow an index into a
third level.
"""

import io
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from lxml import etree  # type: ignore[import-untyped]  # ships no types
from scrapy.http import Response

from crawlers.manifest import Entry, Source
from crawlers.safe_xml import declared_encoding, plain_xml
from crawlers.settings import MAX_RESPONSE_BYTES
from crawlers.spiders.listing import FoundLink, Listing, is_old, parse_iso, true_encoding
from crawlers.urls import absolute
from store.records import Outcome

#: Google allows 1,000 articles in a news sitemap and 50,000 addresses in any.
MAX_LINKS = 1_000
#: Sitemaps of one index that are read in one night, the newest first.
MAX_CHILDREN = 20

_FIELDS = frozenset({"loc", "lastmod", "publication_date"})


def first_url(entry: Entry) -> str:
    """Give the address of the sitemap or index."""
    return entry.url


def read(entry: Entry, response: Response, source: Source, night: date) -> Listing:
    """List the articles of a sitemap, newest first, or the sitemaps of an index.

    Raises ValueError when the response is neither.
    """
    del entry, source
    links: list[FoundLink] = []
    children: list[FoundLink] = []
    old, fault = 0, ""
    try:
        for kind, place, published, modified in _items(_unpacked(response)):
            url = absolute(response.url, place)
            if is_old(published, night):
                old += 1
            elif url:
                (links if kind == "url" else children).append(FoundLink(url, published, modified))
            if len(links) > MAX_LINKS:
                fault = f"more than {MAX_LINKS} recent addresses"
                break
    except etree.XMLSyntaxError as error:
        fault = f"not well-formed: {error.msg}"
    return _listing(sorted(links, key=_by_time, reverse=True), children, MAX_CHILDREN, old, fault)


def read_span(response: Response, source: Source, span: tuple[date, date]) -> Listing:
    """List the articles of the days of `span` (first, last), and the sitemaps that may name such.

    Days are those of the outlet's zone. An address without a date is left out and counted as old. Raises
    ValueError when the response is no sitemap.
    """
    first, last = span
    zone = ZoneInfo(source.timezone)
    links: list[FoundLink] = []
    children: list[FoundLink] = []
    outside, fault = 0, ""
    try:
        for kind, place, published, modified in _items(_unpacked(response)):
            url = absolute(response.url, place)
            day = published.astimezone(zone).date() if published else None
            if kind == "sitemap":
                # What was changed last before the first day holds nothing later.
                if url and (day is None or day >= first):
                    children.append(FoundLink(url, published, modified))
            elif url and day and first <= day <= last:
                links.append(FoundLink(url, published, modified))
            else:
                outside += 1
    except etree.XMLSyntaxError as error:
        fault = f"not well-formed: {error.msg}"
    return _listing(links, children, None, outside, fault)


def _listing(
    links: list[FoundLink], children: list[FoundLink], most: int | None, old: int, fault: str
) -> Listing:
    """Sum up a sitemap; of its children the newest `most`. Raises ValueError where a fault left nothing."""
    if fault and not links and not children:
        raise ValueError(fault)
    newest = sorted(children, key=_by_time, reverse=True)[:most]
    problem = (Outcome.MALFORMED, fault) if fault else None
    return Listing(links=tuple(links), more=tuple(c.url for c in newest), old=old, problem=problem)


def _by_time(link: FoundLink) -> float:
    return link.published.timestamp() if link.published else 0.0


def _unpacked(response: Response) -> bytes:
    """Give the XML of a sitemap as harmless UTF-8. Raises ValueError."""
    body = _unzipped(response.body)
    encoding, _ = true_encoding(body, declared_encoding(body) or "utf-8")
    return plain_xml(body, encoding)


def _unzipped(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(body, MAX_RESPONSE_BYTES)
    except zlib.error as error:
        raise ValueError(f"not gzip: {error}") from None
    if unpacker.unconsumed_tail:
        raise ValueError(f"more than {MAX_RESPONSE_BYTES} bytes when unpacked")
    return plain


def _items(body: bytes) -> Iterator[tuple[str, str, datetime | None, datetime | None]]:
    """Give ("url" or "sitemap", address, published or else modified, modified) in the order of the file."""
    values: dict[str, str] = {}
    root = ""
    steps = etree.iterparse(
        io.BytesIO(body), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False
    )
    for event, element in steps:
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if event == "start":
            root = root or name
            if root not in ("urlset", "sitemapindex"):
                raise ValueError(f"root element <{name}> is not that of a sitemap")
            continue
        if name in _FIELDS:
            # Image and video extensions have a `loc` of their own; the first one is the article's.
            values.setdefault(name, (element.text or "").strip())
        elif name in ("url", "sitemap"):
            modified = values.get("lastmod", "")
            published = values.get("publication_date") or modified
            yield name, values.get("loc", ""), parse_iso(published), parse_iso(modified)
            values = {}
            element.clear()
            # Cleared elements stay children of the root unless they are cut off.
            while element.getprevious() is not None:
                del element.getparent()[0]
