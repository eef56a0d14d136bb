"""What one source does in one night: its task, and the tally that becomes its report.

Promises: one outcome word per source and night, the same for the same facts whatever their order.
Never does: fetch or store.
"""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from scrapy.crawler import Crawler
from sqlalchemy import Engine

from crawlers.archive import Archive, ArchiveIndex
from crawlers.commits import Commits
from crawlers.manifest import Source
from crawlers.pace import Pace
from store.frontier import Stored, night_of
from store.records import NetraError, Origin, Outcome, RawPage, SourceReport

#: Of several outcomes of one night the first in this order is reported.
PRECEDENCE: tuple[Outcome, ...] = (
    Outcome.ROBOTS,
    Outcome.CHALLENGE,
    Outcome.UNAUTHORISED,
    Outcome.BLOCKED,
    Outcome.RATE_LIMITED,
    Outcome.UNAVAILABLE,
    Outcome.TIMEOUT,
    Outcome.MALFORMED,
    Outcome.ENCODING,
    Outcome.LAYOUT_CHANGED,
    Outcome.ERROR,
    Outcome.EMPTY,
    Outcome.UNCHANGED,
    Outcome.OK,
)
#: Outcomes of single articles that say something about the outlet when no article got through.
OF_THE_OUTLET: frozenset[Outcome] = frozenset(
    {
        Outcome.ROBOTS,
        Outcome.CHALLENGE,
        Outcome.UNAUTHORISED,
        Outcome.BLOCKED,
        Outcome.RATE_LIMITED,
        Outcome.UNAVAILABLE,
        Outcome.ENCODING,
    }
)
#: The report names that many single failures; the rest is a number.
NAMED_FAILURES = 5
#: Faults of one listing that the report names.
NAMED_FAULTS = 3


@dataclass(slots=True)
class Tally:
    """Counts of one source in one night while it runs."""

    pages: int = 0
    new_pages: int = 0
    #: Those of them that an earlier look back had named and left for another night.
    left_over: int = 0
    #: Known articles that came with another text.
    revisions: int = 0
    #: Articles asked for in this night, by this run and earlier ones.
    asked: int = 0
    #: When this run began to ask (time.monotonic); 0 = it has not.
    began: float = 0.0
    #: Links that wait for another night.
    still_queued: int = 0
    #: Items that the entries listed, new or known.
    listed: int = 0
    #: Those of them that were published this night or the day before, or name no time.
    recent: int = 0
    #: Entries that answered "not modified", or the same bytes as last time.
    unmodified: int = 0
    #: Requests and links to other hosts or schemes, not followed.
    refused: int = 0
    #: Links that are no articles by the manifest, or older than a nightly crawl looks back.
    skipped: int = 0
    #: Lines and items of entries that could not be read.
    unreadable: int = 0
    #: Pages that are not in the encoding that they declare.
    misdeclared: int = 0
    #: Why no further request may be sent; "" = go on.
    stopped: str = ""
    problems: list[tuple[Outcome, str]] = field(default_factory=list)
    failures: list[tuple[Outcome, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def begin(self, fetched: int) -> None:
        """Start the clock; `fetched` articles came in earlier runs of this night."""
        self.began, self.asked = time.monotonic(), fetched

    def count(self, stored: Stored, *, left_over: bool = False) -> None:
        """Count a page that was handed to the store; `left_over`: a look back had named it."""
        self.pages += 1
        self.new_pages += stored is Stored.NEW
        self.left_over += left_over and stored is Stored.NEW
        self.revisions += stored is Stored.REVISED

    def count_listed(self, times: Iterable[datetime | None], *, night: date) -> None:
        """Count items that an entry lists, and those of them that are of this night or the day before."""
        since = night - timedelta(days=1)
        for published in times:
            self.listed += 1
            self.recent += published is None or night_of(published) >= since

    def note_faults(self, faults: Sequence[str]) -> None:
        """Count what could not be read in a listing, and name the first ones."""
        self.unreadable += len(faults)
        for fault in faults[:NAMED_FAULTS]:
            self.note(fault)
        if len(faults) > NAMED_FAULTS:
            self.note(f"{len(faults)} unreadable items in all")

    def note(self, text: str) -> None:
        """Add a remark to the message of the report, once."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass(frozen=True, slots=True)
class Job:
    """One source in one night, with all that its spider needs."""

    source: Source
    night: date
    engine: Engine
    #: Where responses are stored; None on replay.
    archive: Archive | None
    #: Where responses come from on replay; None on a live crawl.
    index: ArchiveIndex | None
    tally: Tally = field(default_factory=Tally)
    #: Commits finished articles of all jobs of a run together; None = each job's on their own.
    commits: Commits | None = None
    #: When each host may be asked; one for all jobs of a run.
    pace: Pace = field(default_factory=Pace)
    #: Told of each article that was stored, once it is on disk.
    stored: Callable[[RawPage], None] | None = None
    #: Errors that must end the whole night, such as a full disk; shared by all jobs of a run.
    fatal: list[NetraError] = field(default_factory=list)
    #: First and last day of the lists to walk; None = an ordinary night.
    span: tuple[date, date] | None = None
    #: What brings the pages of this job.
    origin: Origin = "night"

    def room(self) -> int:
        """How many more articles may be asked for now, by the bounds of the manifest.

        A replay has none: it asks no server, and must give the same rows however often it is cut off.
        """
        if self.tally.stopped:
            return 0
        if self.index is not None:
            return sys.maxsize
        bounds = self.source.bounds
        if time.monotonic() - self.tally.began >= bounds.minutes * 60:
            return 0
        return bounds.articles - self.tally.asked


def job_of(crawler: Crawler) -> Job:
    """Give the job of a running crawler; middlewares and handlers get at it this way."""
    job = getattr(crawler.spider, "job", None)
    if not isinstance(job, Job):
        raise TypeError("this component runs only under crawlers.run.crawl")
    return job


def report_of(job: Job, *, requests: int) -> SourceReport:
    """Sum up a finished job; `requests` counts every one sent, also robots.txt and retries."""
    tally = job.tally
    return SourceReport(
        source_id=job.source.id,
        night=job.night,
        outcome=_outcome(job),
        requests=requests,
        pages=tally.pages,
        new_pages=tally.new_pages,
        failed=len(tally.failures) + tally.unreadable,
        message=_message(job),
        revisions=tally.revisions,
        still_queued=tally.still_queued,
    )


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Give the outcome that stands first in PRECEDENCE."""
    return min(outcomes, key=PRECEDENCE.index)


def _outcome(job: Job) -> Outcome:
    tally = job.tally
    found = [outcome for outcome, _ in tally.problems]
    if tally.stopped:
        found.append(Outcome.RATE_LIMITED)
    if not tally.pages:
        found.extend(outcome for outcome, _ in tally.failures if outcome in OF_THE_OUTLET)
    if tally.misdeclared and tally.misdeclared == tally.pages:
        found.append(Outcome.ENCODING)
    if _emptiness(job):
        found.append(Outcome.EMPTY)
    found.append(Outcome.OK if tally.new_pages or tally.revisions else Outcome.UNCHANGED)
    return worst(found)


def _emptiness(job: Job) -> str:
    """Say how little the entries of a source listed; "" when it was enough, or when they had not changed.

    Counted by their dates and not by what is new to the store: a re-run of a night must say the same.
    """
    tally, least = job.tally, job.source.items.min
    fresh = max(tally.recent, tally.new_pages - tally.left_over)
    if tally.unmodified or (tally.listed and fresh >= least):
        return ""
    if not tally.listed:
        return "nothing was listed"
    return (
        f"{tally.listed} items listed, {fresh} of them of this night or the day before (items.min = {least})"
    )


def _message(job: Job) -> str:
    tally = job.tally
    lines = [text for _, text in tally.problems]
    if tally.stopped:
        lines.append(tally.stopped)
    # Where a listing has failed, its fault tells more than that nothing was listed.
    if not lines and (emptiness := _emptiness(job)):
        lines.append(emptiness)
    lines.extend(text for _, text in tally.failures[:NAMED_FAILURES])
    if len(tally.failures) > NAMED_FAILURES:
        lines.append(f"{len(tally.failures) - NAMED_FAILURES} more failed")
    if tally.refused:
        lines.append(f"{tally.refused} to other hosts refused")
    if tally.skipped:
        lines.append(f"{tally.skipped} skipped (no article, or too old)")
    if tally.revisions:
        lines.append(f"{tally.revisions} texts changed since they were stored")
    if tally.still_queued:
        bounds = job.source.bounds
        lines.append(
            f"{tally.still_queued} left for another night (bounds: {bounds.articles} articles, "
            f"{bounds.minutes:g} minutes)"
        )
    if tally.left_over:
        lines.append(f"{tally.left_over} of past days, left by `crawl --since`")
    text = "; ".join(dict.fromkeys([*lines, *tally.notes]))
    # Parts of it come from outlets; a report is one line of text that any database and terminal takes.
    return "".join(char if char.isprintable() else " " for char in text)
