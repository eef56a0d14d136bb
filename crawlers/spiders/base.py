"""The one spider: from the entry points of a source over the frontier to stored pages.

    entry ─▶ listing ─▶ parts ─────────────────────────▶ store
                └─▶ links ─▶ frontier ─ lease ─▶ article ─▶ its further pages ─▶ store

Promises: what an entry lists is in the frontier before the first article is asked for; a page and its
`done` are one transaction; an article that fails is named and tried again on a later night; none is fetched
twice unless its outlet says that it changed it; no more are fetched, and no longer, than the manifest allows.
Never does: raise over a bad response, or leave a lease behind.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from sqlalchemy import Connection
from twisted.python.failure import Failure

from crawlers.archive import read_record
from crawlers.commits import Commits
from crawlers.guard import refusal
from crawlers.hidden import hidden_in
from crawlers.job import Job
from crawlers.manifest import Entry
from crawlers.politeness import SourceStopped, classify_failure, classify_response
from crawlers.recorder import FETCHED_AT, REF
from crawlers.spiders import blogger, export, feed, sitemap, social, wordpress
from crawlers.spiders.listing import FoundLink, Listing, Reader, newest_first
from crawlers.spiders.pages import (
    FetchedPage,
    article_page,
    canonical_of,
    fetched_page,
    is_own,
    next_page,
    part_page,
    request_address,
)
from store import frontier
from store.frontier import Link, Stored, Validator
from store.records import Outcome, StoppedError, WarcRef
from store.schema import UnstorableError

ResponseT = TypeVar("ResponseT", bound=Response)

log = logging.getLogger(__name__)

#: How to begin and how to read each kind of entry.
READERS: Mapping[str, tuple[Callable[[Entry], str], Reader]] = {
    "feed": (feed.first_url, feed.read),
    "blogger": (blogger.first_url, blogger.read),
    "wordpress": (wordpress.first_url, wordpress.read),
    "sitemap": (sitemap.first_url, sitemap.read),
    "export": (export.first_url, export.read),
}
#: Kinds whose answer is worth asking for with If-None-Match; the others are paged or made per request.
CONDITIONAL_KINDS = frozenset({"feed", "sitemap", "export"})
#: An index names sitemaps, these name articles; a third level is not followed.
SITEMAP_DEPTH = 2
#: Articles that are leased at one time: enough to keep the wire busy, few enough that the newest come first
#: when an entry lists them late, and that the time of a night is kept.
HAND = 8
#: With more than so many in hand none are leased: four at a time cost hardly more than one.
ENOUGH = HAND // 2
#: Longer than any night; a lease of a killed run is given back at the next start in any case.
LEASE_S = 24 * 3600.0
#: Failures of an entry after which its fallback is not tried: the outlet as a whole wants us to stop.
NO_FALLBACK = frozenset({Outcome.CHALLENGE, Outcome.RATE_LIMITED})


class SourceSpider(Spider):
    """Crawls one source for one night; made by `crawlers.run.crawl` only."""

    name = "source"

    def __init__(self, job: Job) -> None:
        super().__init__(name=job.source.id)
        self.job = job
        self.commits = job.commits or Commits(job.engine, job.archive)
        self.in_hand = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.callback_failed, signals.spider_error)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Ask every entry point; files on this machine are read at once."""
        with self.job.engine.begin() as conn:
            frontier.release_leases(conn, self.job.source.id)
            fetched = frontier.count_fetched(conn, self.job.source.id, night=self.job.night)
        self.job.tally.begin(fetched)
        for request in social.start(self):
            yield request
        for entry in self.job.source.nightly_entries():
            if entry.path:
                self.read_files(entry)
            elif not social.is_social(entry):
                yield self.entry_request(entry, READERS[entry.kind][0](entry), depth=1)

    def closed(self, reason: str) -> None:
        """Give back what was leased and not fetched."""
        log.debug("%s: closed (%s)", self.job.source.id, reason)
        with self.job.engine.begin() as conn:
            frontier.release_leases(conn, self.job.source.id)
            waiting = frontier.count_waiting(conn, self.job.source.id, night=self.job.night)
        self.job.tally.still_queued = waiting

    def callback_failed(self, failure: Failure) -> None:
        """A bug or a broken store: the source ends as `error`, the night goes on unless it must not."""
        error = failure.value
        if not self.ends_the_night(error):
            log.error("%s: this is a bug", self.job.source.id, exc_info=error)
        self.job.tally.problems.append((Outcome.ERROR, f"{type(error).__name__}: {error}"))

    def ends_the_night(self, error: BaseException | None) -> bool:
        """Note an error after which no source can go on, such as a full disk; others are its own."""
        if not isinstance(error, StoppedError) or isinstance(error, UnstorableError):
            return False
        self.job.fatal.append(error)
        return True

    # --- entries -------------------------------------------------------------------------------------

    def entry_request(self, entry: Entry, url: str, *, depth: int) -> Request:
        """Build the request for one response of an entry."""
        headers = {}
        if entry.kind in CONDITIONAL_KINDS and self.job.index is None and self.job.source.conditional:
            with self.job.engine.begin() as conn:
                known = frontier.get_validator(conn, url)
            if known and known.etag:
                headers["If-None-Match"] = known.etag
            if known and known.last_modified:
                headers["If-Modified-Since"] = known.last_modified
        return Request(
            url,
            callback=self.parse_entry,
            errback=self.entry_failed,
            cb_kwargs={"entry": entry, "depth": depth},
            headers=headers,
            # Entries first: their articles are leased together, newest first.
            priority=1,
        )

    def parse_entry(self, response: Response, entry: Entry, depth: int) -> Iterator[Request]:
        """Read one response of an entry, remember what it lists, and go on from there."""
        if response.status == 304:
            self.job.tally.unmodified += 1
            yield from self.article_requests()
            return
        outcome = classify_response(response)
        if outcome:
            text = "is a challenge page" if outcome is Outcome.CHALLENGE else f"answered {response.status}"
            yield from self.entry_problem(entry, outcome, f"{entry.kind} {response.url} {text}")
            return
        response = self.as_archived(response)
        if self.is_unchanged(entry, response):
            self.job.tally.unmodified += 1
            yield from self.article_requests()
            return
        try:
            listing = READERS[entry.kind][1](entry, response, self.job.source, self.job.night)
        except ValueError as error:
            problem = f"{entry.kind} {response.url}: {error}"
            yield from self.entry_problem(entry, Outcome.MALFORMED, problem)
            return
        if listing.problem:
            outcome, text = listing.problem
            self.job.tally.problems.append((outcome, f"{entry.kind} {response.url}: {text}"))
        self.note_faults(listing)
        follow = listing.more if entry.kind != "sitemap" or depth < SITEMAP_DEPTH else ()
        # A listing with a fault is read again tomorrow, so that the fault is reported tomorrow too.
        validate = not follow and not listing.problem and entry.kind in CONDITIONAL_KINDS
        self.store_listing(listing, response, validate=validate)
        for url in follow:
            yield self.entry_request(entry, url, depth=depth + 1)
        yield from self.article_requests()

    def is_unchanged(self, entry: Entry, response: Response) -> bool:
        """Say whether an entry has answered, in full, what it answered last time."""
        if entry.kind not in CONDITIONAL_KINDS or self.job.index is not None:
            return False
        with self.job.engine.begin() as conn:
            known = frontier.get_validator(conn, response.url)
        return known is not None and known.body_sha256 == hashlib.sha256(response.body).hexdigest()

    def entry_failed(self, failure: Failure) -> Iterator[Request]:
        """An entry that gave no response."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy hangs it on
        entry: Entry = request.cb_kwargs["entry"]
        outcome, text = self.reason_of(failure)
        yield from self.entry_problem(entry, outcome, f"{entry.kind} {text}")

    def entry_problem(self, entry: Entry, outcome: Outcome, text: str) -> Iterator[Request]:
        """Try the fallback of a failed entry; without one the failure is the source's."""
        if self.job.tally.stopped:
            return
        if entry.fallback and outcome not in NO_FALLBACK:
            self.job.tally.note(f"{text}; fallback used")
            yield self.entry_request(entry.fallback, READERS[entry.fallback.kind][0](entry.fallback), depth=1)
            return
        self.job.tally.problems.append((outcome, text))

    def read_files(self, entry: Entry) -> None:
        """Read an export that lies on this machine; a file that has not changed is not read again."""
        pattern = Path(entry.path)
        paths = sorted(pattern.parent.glob(pattern.name))
        if not paths:
            # An empty inbox is no failure: nobody has exported anything.
            self.job.tally.unmodified += 1
            self.job.tally.note(f"no file {entry.path}")
        for path in paths:
            body, url = path.read_bytes(), path.resolve().as_uri()
            digest = hashlib.sha256(body).hexdigest()
            with self.job.engine.begin() as conn:
                known = frontier.get_validator(conn, url)
            if self.job.archive is None or (known and known.body_sha256 == digest):
                self.job.tally.unmodified += 1
                continue
            moment = datetime.now(UTC).replace(microsecond=0)
            try:
                listing = export.read_body(body, path.name, self.job.source)
            except ValueError as error:
                self.job.tally.problems.append((Outcome.MALFORMED, f"{path}: {error}"))
                continue
            if listing.problem:
                self.job.tally.problems.append(listing.problem)
            self.note_faults(listing)
            ref = self.job.archive.write_file(url, body, fetched_at=moment)
            self.store_parts(listing, ref, moment, 200, Validator(url, body_sha256=digest))

    def note_faults(self, listing: Listing) -> None:
        """Name what could not be read, count what was left out."""
        for fault in listing.faults:
            log.warning("%s: %s", self.job.source.id, fault)
        self.job.tally.note_faults(listing.faults)
        self.job.tally.skipped += listing.old

    def store_listing(self, listing: Listing, response: Response, *, validate: bool) -> None:
        """Store what an entry lists and only then its validators, so that a cut is made up for."""
        validator = None
        if validate and self.job.index is None:
            validator = Validator(
                response.url,
                etag=(response.headers.get("ETag") or b"").decode("latin-1"),
                last_modified=(response.headers.get("Last-Modified") or b"").decode("latin-1"),
                body_sha256=hashlib.sha256(response.body).hexdigest(),
            )
        links = [link for found in newest_first(listing.links) if (link := self.link_of(found))]
        self.job.tally.count_listed((link.published for link in listing.links), night=self.job.night)
        with self.job.engine.begin() as conn:
            hidden = hidden_in(conn)
            links = [link for link in links if not hidden.holds(link.url)]
            frontier.offer(conn, self.job.source.id, links, night=self.job.night)
            frontier.offer_changed(conn, self.job.source.id, links, night=self.job.night)
        self.store_parts(listing, response.meta[REF], response.meta[FETCHED_AT], response.status, validator)

    def store_parts(
        self, listing: Listing, ref: WarcRef, fetched_at: datetime, status: int, validator: Validator | None
    ) -> None:
        """Store the articles and posts that a response carries whole, and its validator, together."""
        source = self.job.source
        self.job.tally.count_listed((part.published for part in listing.parts), night=self.job.night)
        if self.job.archive is not None:
            self.job.archive.sync()
        with self.job.engine.begin() as conn:
            hidden = hidden_in(conn)
            for part in listing.parts:
                own = part.format != "social"
                if hidden.holds(part.url):
                    # An address that names somebody who was erased.
                    self.job.tally.skipped += 1
                    continue
                if own and not is_own(part.url, source):
                    # This text would stand for the article of another outlet.
                    self.job.tally.refused += 1
                    continue
                canonical = canonical_of(part.url, source, own=own)
                if not canonical:
                    self.job.tally.skipped += 1
                    continue
                page = part_page(self.job, part, canonical, ref=ref, fetched_at=fetched_at, status=status)
                self.job.tally.count(frontier.put_page(conn, page))
            if validator:
                frontier.put_validator(conn, validator)

    # --- articles ------------------------------------------------------------------------------------

    def article_requests(self) -> Iterator[Request]:
        """Lease what may be fetched now and ask for it."""
        with self.job.engine.begin() as conn:
            links = self.lease(conn)
        yield from self.first_requests(links)

    def lease(self, conn: Connection) -> list[Link]:
        """Fill the hand, as far as the bounds of the night allow."""
        limit = min(HAND - self.in_hand, self.job.room())
        if limit <= 0 or self.in_hand > ENOUGH:
            return []
        links = frontier.lease(
            conn,
            self.job.source.id,
            now=datetime.now(UTC),
            ttl_s=LEASE_S,
            limit=limit,
            night=self.job.night,
        )
        self.in_hand += len(links)
        self.job.tally.asked += len(links)
        return links

    def first_requests(self, links: Iterable[Link]) -> Iterator[Request]:
        """Build the request for the first page of each article."""
        for link in links:
            yield self.article_request(request_address(link.url, self.job.source.pages), link, ())

    def article_request(self, url: str, link: Link, earlier: tuple[FetchedPage, ...]) -> Request:
        """Build the request for one page of an article; `earlier` are the pages before it."""
        return Request(
            url,
            callback=self.parse_article,
            errback=self.article_failed,
            cb_kwargs={"link": link, "earlier": earlier},
        )

    async def parse_article(
        self, response: Response, link: Link, earlier: tuple[FetchedPage, ...]
    ) -> list[Request]:
        """Keep one page; ask for the next one or store the article."""
        outcome = classify_response(response)
        if outcome or not isinstance(response, TextResponse) or not response.body.strip():
            what = f"answered {response.status}" if outcome else "is no text"
            what = "is a challenge page" if outcome is Outcome.CHALLENGE else what
            reason = f"{response.url} {what}"
            return await self.give_up(link, earlier, outcome or Outcome.MALFORMED, reason)
        response = self.as_archived(response)
        pages = self.job.source.pages
        fetched = (*earlier, fetched_page(response, pages))
        following = next_page(response, fetched, pages)
        if following:
            return [self.article_request(following, link, fetched)]
        return await self.store_article(link, fetched, fetched[-1].named)

    async def article_failed(self, failure: Failure) -> list[Request]:
        """An article page that gave no response."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy hangs it on
        if isinstance(failure.value, SourceStopped):
            return []
        outcome, text = self.reason_of(failure)
        return await self.give_up(request.cb_kwargs["link"], request.cb_kwargs["earlier"], outcome, text)

    async def give_up(
        self, link: Link, earlier: tuple[FetchedPage, ...], outcome: Outcome, text: str
    ) -> list[Request]:
        """Count a failed page; of an article whose first pages came, these are stored."""
        self.job.tally.failures.append((outcome, text))
        if earlier:
            return await self.store_article(link, earlier, max(len(earlier) + 1, earlier[-1].named))

        def note(conn: Connection) -> list[Link]:
            frontier.fail(conn, self.job.source.id, link.canonical_url, reason=text, night=self.job.night)
            return self.lease(conn)

        self.in_hand -= 1
        return list(self.first_requests(await self.commits.run(note)))

    async def store_article(
        self, link: Link, fetched: tuple[FetchedPage, ...], expected: int
    ) -> list[Request]:
        """Store an article with all its pages, mark its link done and lease the next ones, all at once."""
        page = article_page(self.job, link, fetched, expected)

        def store(conn: Connection) -> tuple[Stored, list[Link]]:
            return frontier.finish(conn, page, leased=link.canonical_url), self.lease(conn)

        self.in_hand -= 1
        stored, following = await self.commits.run(store)
        self.job.tally.count(stored, left_over=link.origin == "walk" and self.job.origin == "night")
        if self.job.stored and stored is not Stored.KNOWN:
            self.job.stored(page)
        self.job.tally.misdeclared += not fetched[0].honest
        return list(self.first_requests(following))

    # --- common --------------------------------------------------------------------------------------

    def link_of(self, found: FoundLink) -> Link | None:
        """Turn a listed link into one for the frontier; None when it may not or need not be fetched."""
        if refusal(found.url, self.job.source):
            self.job.tally.refused += 1
            return None
        canonical = canonical_of(found.url, self.job.source, own=True)
        if not canonical:
            self.job.tally.skipped += 1
            return None
        return Link(found.url, canonical, found.modified, self.job.origin)

    def as_archived(self, response: ResponseT) -> ResponseT:
        """Give the response with the body that the archive gives back, which its sha256 is taken of."""
        body = response.body if self.job.index else read_record(response.meta[REF])
        return response if body == response.body else response.replace(body=body)

    def reason_of(self, failure: Failure) -> tuple[Outcome, str]:
        """Say in one outcome and one line why there is no response."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy hangs it on
        self.ends_the_night(failure.value)
        return classify_failure(request.url, failure.value)
