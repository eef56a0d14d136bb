"""A look at a known source: does every entry of its manifest answer, and does one article come?

Promises: each entry is asked once, as a nightly crawl asks it, and one article is fetched; what fails is
one line that names the entry. Never does: send a request by itself (it is a visit of `crawlers.probe`),
write, or change a manifest.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime

from crawlers.guard import refusal
from crawlers.manifest import Source
from crawlers.probe import Answer, Trail
from crawlers.probe_found import SavedPage
from crawlers.probe_site import LISTS, read_entry, saved_page
from crawlers.recorder import FETCHED_AT
from crawlers.spiders.listing import LOOK_BACK, Listing
from crawlers.spiders.pages import canonical_of, request_address

#: What one entry may cost: a redirect, the entry, a sitemap of an index, the robots.txt of its host.
REQUESTS_PER_ENTRY = 4
#: The article, a redirect of it, the robots.txt of its host and one redirect of that.
REQUESTS_PER_ARTICLE = 4


@dataclass(frozen=True, slots=True)
class LiveResult:
    """What became of one source: nothing failed when `faults` is empty."""

    source_id: str
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    #: One article as it came; it is still to be read.
    page: SavedPage | None = None


def live_limit(source: Source) -> int:
    """Give the number of requests that a look at a source may take."""
    return REQUESTS_PER_ENTRY * len(source.all_entries()) + REQUESTS_PER_ARTICLE


def visit_source(source: Source, trail: Trail) -> Generator[str, Answer, LiveResult]:
    """Ask each entry of a source and one article."""
    faults: list[str] = []
    notes: list[str] = []
    links: list[str] = []
    page: SavedPage | None = None
    for entry in source.all_entries():
        if entry.kind not in LISTS:
            notes.append(f"{entry.kind} is not looked at live")
            continue
        listing, last = yield from read_entry(entry)
        if not isinstance(listing, Listing):
            if listing.unreachable:
                return LiveResult(source.id, (listing.problem,))
            faults.append(f"{entry.kind}: {listing.problem}")
            continue
        if listing.problem:
            faults.append(f"{entry.kind} {entry.url}: {listing.problem[1]}")
        count = len(listing.links) + len(listing.parts)
        if not count:
            faults.append(f"{entry.kind} {entry.url} lists nothing")
            continue
        notes.append(f"{entry.kind} {count} items{_age(listing)}")
        links += [found.url for found in listing.links]
        for part in listing.parts:
            if page is None and canonical_of(part.url, source, own=True):
                moment = last.meta[FETCHED_AT] if last else datetime.now(UTC)
                page = SavedPage(part.url, part.body, "utf-8", moment, part.format, part.part)
    if page is None and links:
        page = yield from _fetch_article(source, links, faults)
    robots = {status for status, _ in trail.robots.values()}
    notes.insert(0, "robots.txt " + (", ".join(map(str, sorted(robots))) or "did not answer"))
    return LiveResult(source.id, tuple(faults), tuple(notes), page)


def _fetch_article(
    source: Source, links: list[str], faults: list[str]
) -> Generator[str, Answer, SavedPage | None]:
    """Fetch the first link that the manifest takes for an article."""
    good = [url for url in links if not refusal(url, source) and canonical_of(url, source, own=True)]
    if not good:
        faults.append(
            f"none of {len(links)} links is an article by [articles] include and hosts, such as {links[0]}"
        )
        return None
    answer = yield request_address(good[0], source.pages)
    text = answer.text()
    if text is None:
        faults.append(f"article {answer.problem or good[0] + ' is no text'}")
        return None
    return saved_page(text)


def _age(listing: Listing) -> str:
    """Tell the date of the newest item when a nightly crawl would no longer look at it."""
    times = [link.published for link in listing.links] + [part.published for part in listing.parts]
    newest = max((time for time in times if time), default=None)
    return f", newest of {newest:%Y-%m-%d}" if newest and datetime.now(UTC) - newest > LOOK_BACK else ""
