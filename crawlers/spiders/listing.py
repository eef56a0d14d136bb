"""What an entry point lists, in one form for all kinds of entries, and the encoding of a body.

Promises: readers are pure functions from a response to a `Listing`; they raise ValueError when the
response is not of their kind. Never does: request, store, or decide the outcome of a source.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from scrapy.http import Response

from crawlers.charset import is_web_encoding
from crawlers.manifest import Entry, Source
from crawlers.safe_xml import declared_encoding
from store.records import Outcome

#: Lists are read back that far: a night that failed for a week is still made up for.
LOOK_BACK = timedelta(days=7)
#: The web began in 1991; beyond 2100 a time is a mistake of the outlet.
MIN_YEAR, MAX_YEAR = 1991, 2100
#: Pages of one paged list (Blogger, WordPress) in one night.
MAX_LIST_PAGES = 10

PartFormat = Literal["blogger", "wordpress", "social"]


@dataclass(frozen=True, slots=True)
class FoundLink:
    """One article that an entry lists; it is fetched as a page of its own."""

    url: str
    published: datetime | None = None
    #: When the outlet says that it changed the article last.
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class FoundPart:
    """One article or post that the entry carries whole."""

    format: PartFormat
    #: The name of the entry inside the response, as `RawPage.part`.
    part: str
    url: str
    body: bytes
    published: datetime | None = None
    #: When the outlet says that it changed the entry last.
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """All that one response of an entry point says."""

    links: tuple[FoundLink, ...] = ()
    parts: tuple[FoundPart, ...] = ()
    #: Further responses of the same entry: the next page of a list, the sitemaps of an index.
    more: tuple[str, ...] = ()
    #: Lines or items that could not be read, each named.
    faults: tuple[str, ...] = ()
    #: Items that were left out: older than LOOK_BACK, or locked by a password.
    old: int = 0
    #: What is wrong with the response although items were found in it.
    problem: tuple[Outcome, str] | None = None


#: (entry, response, source, night) -> Listing
Reader = Callable[[Entry, Response, Source, date], Listing]


def is_old(published: datetime | None, night: date) -> bool:
    """Say whether an item is older than a nightly crawl looks back; an unknown time is not old."""
    return published is not None and published.date() < night - LOOK_BACK


def newest_first(links: Iterable[FoundLink]) -> list[FoundLink]:
    """Order links by time of publication, newest first; those without a time come first, as listed."""
    return sorted(links, key=lambda link: -link.published.timestamp() if link.published else -math.inf)


def parse_iso(text: str) -> datetime | None:
    """Read a machine-written time or date as an aware time (UTC where it names no zone)."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return plausible(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def plausible(moment: datetime) -> datetime | None:
    """Give a time that news can have, else None: a year 1 or 9999 is a mistake, and no zone can hold it."""
    return moment if MIN_YEAR <= moment.year <= MAX_YEAR else None


def content_type(response: Response) -> str:
    """Give the Content-Type header as text, "" when there is none."""
    return (response.headers.get("Content-Type") or b"").decode("latin-1").lower()


def declared_xml_encoding(response: Response) -> str:
    """Give the encoding that an XML response claims: in its header, else in its prolog, else UTF-8."""
    header = re.search(r"charset=[\"']?([\w.:-]+)", content_type(response))
    # RFC 7303 puts the header first; feeds put the truth into the prolog more often than not.
    return declared_encoding(response.body) or (header[1] if header else "utf-8")


def true_encoding(body: bytes, declared: str) -> tuple[str, bool]:
    """Give the encoding to read a body with, and whether its declaration was true.

    A page that claims UTF-8 but holds more broken than good sequences is Windows-1252, as browsers and
    old Indonesian CMS write it; a stray broken byte in a UTF-8 page changes nothing.
    """
    if not is_web_encoding(declared):
        return true_encoding(body, "utf-8")[0], False
    try:
        body.decode(declared)
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
        broken = text.count("\ufffd")
        good = sum(1 for char in text if ord(char) > 127) - broken
        return ("utf-8", True) if good > broken else ("windows-1252", False)
    return declared.lower(), True
