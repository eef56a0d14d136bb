"""Walks the dated lists of a source back in time: index pages, WordPress, Blogger, sitemaps.

    newest day ─ list, page after page ─▶ frontier ─▶ articles ... ─▶ the day before ─▶ ... ─▶ oldest day

Promises: one list at a time, the newest day first, never a day before the oldest; as polite and as bounded
as a night (the same spider, delays, guard and `bounds`); a day whose whole list was read is not asked for
again, and what it named waits in the frontier; a day that has not ended is never taken for read.
Never does: ask for what is new (a night does), or go on with an outlet that does not answer.
"""

import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.job import Job
from crawlers.manifest import Entry, Source
from crawlers.politeness import SourceStopped, classify_response
from crawlers.spiders import blogger, index, sitemap, wordpress
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.listing import Listing
from crawlers.spiders.pages import canonical_of
from store import frontier
from store.frontier import Validator
from store.records import Outcome

log = logging.getLogger(__name__)

#: Kinds of entries that can be asked for a day, the most exact first; a source is walked by its best kind.
DATED_KINDS = ("index", "wordpress", "blogger", "sitemap")
#: So many days without an answer, one after the other, and the source is left alone.
FAILED_DAYS = 3
#: Behind the address of a list in `validators`: it was read to its end. No server ever sees it.
WALKED = "#walked"


@dataclass(frozen=True, slots=True)
class Step:
    """One response to ask for: a page of a day's list, or a sitemap (`day` None) for all days."""

    entry: Entry
    url: str
    day: date | None
    #: The address under which the list is remembered as read.
    mark: str
    page: int = 1
    depth: int = 1
    #: Canonical addresses that earlier pages of this day named.
    seen: frozenset[str] = frozenset()


def dated_entries(source: Source) -> list[Entry]:
    """Give the entries by which a source can be walked back; empty when it has none."""
    if source.kind != "news":
        return []
    for kind in DATED_KINDS:
        if found := [entry for entry in source.all_entries() if entry.kind == kind]:
            return found
    return []


def first_steps(source: Source, span: tuple[date, date]) -> list[Step]:
    """Give the first page of every list of the days from `span[1]` back to `span[0]`."""
    first, last = span
    steps: list[Step] = []
    for entry in dated_entries(source):
        if entry.kind == "sitemap":
            steps.append(Step(entry, entry.url, None, f"{entry.url}{WALKED} {first} {last}"))
    for back in range((last - first).days + 1):
        day = last - timedelta(days=back)
        for entry in dated_entries(source):
            if entry.kind != "sitemap":
                url = _day_url(entry, source, day)
                steps.append(Step(_of_day(entry, source, day), url, day, url + WALKED))
    return steps


class BackfillSpider(SourceSpider):
    """Walks one source over `job.span`; made by `crawlers.run.crawl` only."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        if job.span is None:
            raise TypeError("a backfill needs its first and last day")
        self.span = job.span
        self.steps = deque(first_steps(job.source, job.span))
        #: Days (or sitemaps) read now, read in an earlier run, and left for a later one.
        self.walked: set[date | str] = set()
        self.before: set[date | str] = set()
        self.failed_in_turn = 0
        #: Articles that came whole inside a list, which `Job.room` does not count.
        self.carried = 0

    async def start(self) -> AsyncIterator[Request]:
        """Go on with what waits, then ask for the newest list."""
        with self.job.engine.begin() as conn:
            frontier.release_leases(conn, self.job.source.id)
            fetched = frontier.count_fetched(conn, self.job.source.id, night=self.job.night)
        self.job.tally.begin(fetched)
        # Nothing is expected of past days, and an old day without news is no empty source.
        self.job.tally.unmodified += 1
        for request in [*self.article_requests(), *self.next_list()]:
            yield request

    def closed(self, reason: str) -> None:
        """Say how far it came."""
        left = {step.day or step.url for step in self.steps}
        text = f"walked {len(self.walked)} {self._unit()}, {self.job.tally.new_pages} new"
        if self.before:
            text += f", {len(self.before)} walked before"
        if left:
            text += f", {len(left)} left for another night"
        self.job.tally.note(text)
        super().closed(reason)

    def next_list(self) -> Iterator[Request]:
        """Ask for the next list that was not read before, while the bounds of the night allow it."""
        while self.steps and not self.job.tally.stopped:
            step = self.steps[0]
            with self.job.engine.begin() as conn:
                known = frontier.get_validator(conn, step.mark) is not None
                waiting = frontier.count_waiting(conn, self.job.source.id, night=self.job.night)
            if known and step.page == 1:
                self.before.add(step.day or step.url)
                self.steps.popleft()
                continue
            if self.job.room() - waiting - self.carried <= 0:
                return
            self.steps.popleft()
            # As for entries: the list goes before the articles of the day before.
            yield Request(
                step.url, self.parse_list, errback=self.list_failed, cb_kwargs={"step": step}, priority=1
            )
            return

    def parse_list(self, response: Response, step: Step) -> Iterator[Request]:
        """Read one response of a list, remember what it names, and go on from there."""
        outcome = classify_response(response)
        if outcome:
            text = "is a challenge page" if outcome is Outcome.CHALLENGE else f"answered {response.status}"
            yield from self.list_problem(outcome, f"{step.entry.kind} {response.url} {text}")
            return
        response = self.as_archived(response)
        try:
            listing = self.read(response, step)
        except ValueError as error:
            problem = f"{step.entry.kind} {response.url}: {error}"
            yield from self.list_problem(Outcome.MALFORMED, problem)
            return
        self.failed_in_turn = 0
        self.note_faults(listing)
        before = self.job.tally.new_pages
        self.store_listing(listing, response, validate=False)
        self.carried += self.job.tally.new_pages - before
        further = self.further(listing, step)
        self.steps.extendleft(reversed(further))
        if listing.problem:
            fault, text = listing.problem
            self.job.tally.problems.append((fault, f"{step.entry.kind} {response.url}: {text}"))
        elif not further or step.day is None:
            self.note_walked(step, listing)
        yield from self.article_requests()
        yield from self.next_list()

    def read(self, response: Response, step: Step) -> Listing:
        """Read a response by the kind of its list. Raises ValueError when it is none."""
        source, day = self.job.source, step.day
        if day is None:
            return sitemap.read_span(response, source, self.span)
        if step.entry.kind == "index":
            return index.read(step.entry, response, source, day, page=step.page)
        reader = wordpress.read if step.entry.kind == "wordpress" else blogger.read
        # Its own night: nothing of this day is too old for it.
        return reader(step.entry, response, source, day)

    def further(self, listing: Listing, step: Step) -> list[Step]:
        """Give what is to be asked for next: the next page of the day, or the sitemaps of an index."""
        if step.day is None:
            if step.depth > 1:
                return []
            first, last = self.span
            return [
                replace(step, url=url, mark=f"{url}{WALKED} {first} {last}", depth=2) for url in listing.more
            ]
        named = {canonical_of(link.url, self.job.source, own=True) for link in listing.links}
        if step.entry.kind == "index" and not named - step.seen:
            # Behind the last page some outlets show it again, others the newest articles of all days.
            return []
        if listing.more and step.page >= step.entry.pages:
            self.job.tally.note(f"{step.day}: more than {step.entry.pages} pages, the rest is left out")
            return []
        return [replace(step, url=url, page=step.page + 1, seen=step.seen | named) for url in listing.more]

    def note_walked(self, step: Step, listing: Listing) -> None:
        """Remember that a list was read to its end, if it can name no more from now on."""
        first_empty = step.page == 1 and not listing.links and not listing.parts
        if step.entry.kind == "index" and first_empty:
            # No news on a whole day, or links of another form: it is looked at again.
            self.job.tally.problems.append((Outcome.EMPTY, f"{step.url}: no article in the list"))
            return
        self.walked.add(step.day or step.url)
        # An index of sitemaps is asked again: it is one request, and those below are remembered.
        if (step.day or self.span[1]) < self.job.night and not (step.day is None and listing.more):
            with self.job.engine.begin() as conn:
                frontier.put_validator(conn, Validator(step.mark))

    def list_failed(self, failure: Failure) -> Iterator[Request]:
        """A list that gave no response."""
        if isinstance(failure.value, SourceStopped):
            return
        step: Step = failure.request.cb_kwargs["step"]  # type: ignore[attr-defined]  # Scrapy hangs it on
        outcome, text = self.reason_of(failure)
        yield from self.list_problem(outcome, f"{step.entry.kind} {text}")

    def list_problem(self, outcome: Outcome, text: str) -> Iterator[Request]:
        """Name a day that failed; it stays to be walked. After some in turn the source is left alone."""
        log.warning("%s: %s", self.job.source.id, text)
        self.failed_in_turn += 1
        if self.failed_in_turn <= FAILED_DAYS:
            self.job.tally.problems.append((outcome, text))
        if self.failed_in_turn < FAILED_DAYS and outcome is not Outcome.CHALLENGE:
            yield from self.next_list()

    def _unit(self) -> str:
        return "sitemaps" if any(e.kind == "sitemap" for e in dated_entries(self.job.source)) else "days"


def _of_day(entry: Entry, source: Source, day: date) -> Entry:
    """Give the entry with the bounds of one day of the outlet's zone in its address."""
    zone = ZoneInfo(source.timezone)
    begins, ends = (datetime.combine(day + timedelta(days=n), time(), zone) for n in (0, 1))
    if entry.kind == "blogger":
        bounds = {"published-min": begins.isoformat(), "published-max": ends.isoformat()}
    elif entry.kind == "wordpress":
        # `after` excludes its moment; WordPress reads a time without zone in the outlet's own.
        bounds = {
            "after": f"{begins - timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}",
            "before": f"{ends:%Y-%m-%dT%H:%M:%S}",
        }
    else:
        return entry
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in bounds.items())
    mark = "&" if "?" in entry.url else "?"
    return entry.model_copy(update={"url": f"{entry.url}{mark}{query}"})


def _day_url(entry: Entry, source: Source, day: date) -> str:
    if entry.kind == "index":
        return index.day_url(entry, day, 1)
    first = wordpress.first_url if entry.kind == "wordpress" else blogger.first_url
    return first(_of_day(entry, source, day))
