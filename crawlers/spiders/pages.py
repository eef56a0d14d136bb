"""From fetched bytes to a `RawPage`: names, addresses, encodings, and the pages of one article.

Promises: the same response gives the same record, live or replayed. Never does: request or store.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from scrapy.http import TextResponse

from crawlers.archive import digest_bodies, digest_of
from crawlers.job import Job
from crawlers.manifest import Pages, Source
from crawlers.parts import text_of
from crawlers.recorder import FETCHED_AT, REF
from crawlers.spiders.listing import FoundPart, true_encoding
from crawlers.twins import declared_address, is_amp, is_same_article
from crawlers.urls import absolute, canonicalize, host_of, with_query, with_suffix
from store.frontier import Link
from store.records import RawPage, WarcRef

#: No article has more pages; a larger number beside a pager counts something else.
MOST_PAGES = 99


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """One page of an article as it came."""

    url: str
    status: int
    body: bytes
    encoding: str
    #: Whether the page is in the encoding that it declares.
    honest: bool
    ref: WarcRef
    fetched_at: datetime
    #: The page's own word for its address: absolute, "" when it says nothing.
    declared: str = ""
    is_amp: bool = False
    #: How many pages it says that the article has; 1 when it says nothing.
    named: int = 1


def page_id(source_id: str, canonical_url: str) -> str:
    """Name a collected page after its source and canonical address."""
    return "G-" + hashlib.sha256(f"{source_id}\n{canonical_url}".encode()).hexdigest()[:16]


def canonical_of(url: str, source: Source, *, own: bool) -> str:
    """Give the canonical address; "" for what is no address, or by the manifest no article.

    `own`: the address belongs to this outlet, so that its rules apply; posts of an export do not.
    """
    include = source.articles.include
    try:
        if not own:
            return canonicalize(url)
        if not include or re.search(include, url):
            return canonicalize(url, source.url_rules())
    except ValueError:
        pass
    return ""


def is_own(url: str, source: Source) -> bool:
    """Say whether an address lies on a host of this outlet or on one that shows the same articles."""
    return host_of(url) in {*source.hosts, *source.articles.same_host}


def request_address(url: str, pages: Pages) -> str:
    """Give the address that shows the whole article, by the manifest's page mode."""
    if pages.mode == "query":
        return with_query(url, pages.param, pages.value)
    return with_suffix(url, pages.suffix) if pages.mode == "path" else url


def fetched_page(response: TextResponse, pages: Pages) -> FetchedPage:
    """Keep what came of one page; its pager is read by the manifest's `pages`."""
    encoding, honest = true_encoding(response.body, response.encoding)
    return FetchedPage(
        url=response.url,
        status=response.status,
        body=response.body,
        encoding=encoding,
        honest=honest,
        ref=response.meta[REF],
        fetched_at=response.meta[FETCHED_AT],
        declared=absolute(response.url, declared_address(response.body)),
        is_amp=is_amp(response.body),
        named=pages_named(response, pages),
    )


def canonical_of_page(link: Link, first: FetchedPage, source: Source) -> str:
    """Give the canonical address of a fetched article: of an AMP or mobile twin, that of the article.

    It is that of `link`, unless the page names as its canonical form an address of the same outlet that has
    the same name or number (`crawlers.twins`), or to which a redirect has led.
    """
    if not is_own(first.declared, source):
        return link.canonical_url
    declared = canonical_of(first.declared, source, own=True)
    if not declared or urlsplit(declared).path == "/":
        return link.canonical_url
    trusted = is_same_article(declared, link.canonical_url, amp=first.is_amp) or declared == canonical_of(
        first.url, source, own=True
    )
    return declared if trusted else link.canonical_url


def pages_named(response: TextResponse, pages: Pages) -> int:
    """Say how many pages the article has, by its last fetched page: "Halaman 1/2" is 2, a pager up to 4 is 4.

    1 when nothing is said. A page that should show all and counts them all the same is one of several. More
    pages than the manifest allows to fetch are told, so that the article shows as incomplete.
    """
    text = " ".join(response.css(pages.total).xpath(".//text()").getall()) if pages.total else ""
    numbers = [int(number) for number in re.findall(r"\d{1,3}", text)][-1:]
    if pages.mode == "merge":
        links = response.css(pages.next.partition("::")[0])
        labels = (link.xpath("string()").get("").strip() for link in links)
        numbers += [int(label) for label in labels if re.fullmatch(r"\d{1,2}", label)]
    return min(max([1, *numbers]), MOST_PAGES)


def next_page(response: TextResponse, fetched: tuple[FetchedPage, ...], pages: Pages) -> str:
    """Give the address of the next page of an article in merge mode; "" after the last."""
    if pages.mode != "merge" or len(fetched) >= pages.max:
        return ""
    # In one spelling: a pager writes page 1 with a slash more, or with a tracking parameter.
    known = {canonicalize(page.url) for page in fetched}
    if pages.param:
        # Page 1 under its number is the page that we began with.
        known.add(canonicalize(with_query(fetched[0].url, pages.param, "1")))
    return next((url for url in page_links(response, pages) if canonicalize(url) not in known), "")


def page_links(response: TextResponse, pages: Pages) -> list[str]:
    """Give the addresses that the pager of an article in merge mode leads to, as they stand there."""
    if pages.mode != "merge":
        return []
    selector = pages.next if "::" in pages.next else f"{pages.next}::attr(href)"
    return [url for href in response.css(selector).getall() if (url := absolute(response.url, href))]


def article_page(job: Job, link: Link, fetched: tuple[FetchedPage, ...], expected: int) -> RawPage:
    """Make the record of an article that was fetched as one or more pages."""
    first = fetched[0]
    canonical_url = canonical_of_page(link, first, job.source)
    return RawPage(
        page_id=page_id(job.source.id, canonical_url),
        source_id=job.source.id,
        origin=link.origin,
        url=link.url,
        canonical_url=canonical_url,
        night=job.night,
        fetched_at=first.fetched_at,
        status=first.status,
        format="html",
        part="",
        encoding=first.encoding,
        refs=tuple(page.ref for page in fetched),
        body_sha256=digest_bodies(page.body for page in fetched),
        pages_expected=max(expected, len(fetched)),
    )


def part_page(
    job: Job, part: FoundPart, canonical_url: str, *, ref: WarcRef, fetched_at: datetime, status: int
) -> RawPage:
    """Make the record of an article or post that came inside a larger response."""
    return RawPage(
        page_id=page_id(job.source.id, canonical_url),
        source_id=job.source.id,
        origin=job.origin,
        url=part.url,
        canonical_url=canonical_url,
        night=job.night,
        fetched_at=fetched_at,
        status=status,
        format=part.format,
        part=part.part,
        encoding="utf-8",
        refs=(ref,),
        body_sha256=digest_of(part.format, [part.body]),
        content_sha256=digest_of(part.format, [text_of(part.format, part.body)]),
        modified=part.modified,
    )
