"""Runs the crawl of a night, live or replayed: one process, several sources at a time.

    reports = crawl(engine, sources, run_id="7", night=date(2024, 9, 17), warc_dir=Path("data/var/warc"))

Promises: every source ends with one outcome per night, whatever happens to the others; what was stored
stays on SIGINT, SIGTERM and kill -9, and the next run goes on from there; a replay gives the same rows
however its sources interleave and however often it was cut off. Never does: run twice in one process
(Twisted's reactor cannot be started again).
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings
from sqlalchemy import Engine

from crawlers.archive import Archive, ArchiveIndex, build_index
from crawlers.backfill import BackfillSpider
from crawlers.commits import Commits
from crawlers.job import Job, report_of
from crawlers.limits import SOURCES_AT_ONCE
from crawlers.manifest import Source
from crawlers.pace import Pace
from crawlers.privacy import handle_key
from crawlers.reactor import run_process
from crawlers.settings import crawl_settings, user_agent, warn_without_contact
from crawlers.spiders.base import SourceSpider
from store.records import NetraError, Outcome, RawPage, SourceReport, StoppedError

log = logging.getLogger(__name__)

#: Called with the report of a source as soon as it has finished a night.
Progress = Callable[[SourceReport], None]


@dataclass(slots=True)
class _Night:
    """What the tasks of one call of `crawl` share."""

    gate: asyncio.Semaphore
    commits: Commits
    progress: Progress | None
    reports: list[SourceReport] = field(default_factory=list)
    fatal: list[NetraError] = field(default_factory=list)
    stopped_by: str = ""


def plan(
    sources: Sequence[Source], *, night: date, index: ArchiveIndex | None
) -> list[tuple[date, list[Source]]]:
    """Say which sources run on which nights, oldest night first.

    Live: all, on `night`. Replay: on each archived night up to `night`, those with an archived host.
    """
    if index is None:
        return [(night, list(sources))]
    known = [source for source in sources if any(host in index.hosts for host in source.hosts)]
    return [(past, known) for past in index.nights if past <= night]


def crawl(
    engine: Engine,
    sources: Sequence[Source],
    *,
    run_id: str,
    night: date,
    replay: Path | None = None,
    span: tuple[date, date] | None = None,
    warc_dir: Path,
    max_sources: int = SOURCES_AT_ONCE,
    progress: Progress | None = None,
    stored: Callable[[RawPage], None] | None = None,
) -> list[SourceReport]:
    """Crawl the sources for a night and give their reports, by night and source id.

    `span` (first and last day) walks dated lists instead of the entries of a night (crawlers.backfill).
    `stored` is told of each article once it is on disk. Live responses go to `warc_dir`/NIGHT-RUN.warc.gz; a
    replay writes nothing there. Call it once per process, under the run lock. Raises UsageError for an
    unreadable archive or key of handles, and StoppedError when it was stopped by a signal or a broken disk;
    everything stored stays.
    """
    if any(source.kind == "post" for source in sources):
        # A key that cannot be read stops the run before anything is fetched.
        handle_key()
    index = build_index(replay) if replay else None
    if index is None:
        warn_without_contact()
    with Archive(warc_dir, name=f"{night.isoformat()}-{run_id}", software=user_agent()) as archive:
        pace, commits = Pace(), Commits(engine, None if index else archive)
        nights = [
            [
                Job(
                    *(source, past, engine, None if index else archive, index),
                    commits=commits,
                    pace=pace,
                    stored=stored,
                    span=span,
                    origin="walk" if span else "night",
                )
                for source in chosen
            ]
            for past, chosen in plan(sources, night=night, index=index)
        ]
        shared = _run(nights, commits, max_sources=max_sources, progress=progress)
    if shared.fatal:
        raise shared.fatal[0]
    if shared.stopped_by:
        raise StoppedError(
            f"crawl stopped by {shared.stopped_by}; what was stored stays, run the same command again"
        )
    return sorted(shared.reports, key=lambda report: (report.night, report.source_id))


def _run(
    nights: Sequence[Sequence[Job]], commits: Commits, *, max_sources: int, progress: Progress | None
) -> _Night:
    shared = _Night(asyncio.Semaphore(max_sources), commits, progress)

    async def run_nights(process: AsyncCrawlerProcess) -> None:
        for jobs in nights:
            await asyncio.gather(*(_run_source(shared, process, job) for job in jobs))

    run_process(run_nights, on_signal=partial(_stop, shared))
    return shared


async def _run_source(shared: _Night, process: AsyncCrawlerProcess, job: Job) -> None:
    """Crawl one source for one night; nothing that it does reaches the others."""
    async with shared.gate:
        if shared.fatal or shared.stopped_by:
            return
        settings = crawl_settings(replay=job.index is not None)
        crawler = Crawler(BackfillSpider if job.span else SourceSpider, Settings(settings))
        try:
            with shared.commits.member():
                await process.crawl(crawler, job=job)
        except Exception as error:  # noqa: BLE001 - a source that raises must not take the night down
            log.error("%s: %s: %s", job.source.id, type(error).__name__, error)
            job.tally.problems.append((Outcome.ERROR, f"{type(error).__name__}: {error}"))
    shared.fatal.extend(job.fatal)
    if shared.fatal or shared.stopped_by:
        return
    requests = int(crawler.stats.get_value("downloader/request_count", 0))
    report = report_of(job, requests=requests)
    shared.reports.append(report)
    if shared.progress:
        shared.progress(report)


def _stop(
    shared: _Night, process: AsyncCrawlerProcess, task: "asyncio.Task[None]", number: signal.Signals
) -> None:
    """First signal: let the requests under way end. Second: end at once."""
    if shared.stopped_by:
        task.cancel()
        return
    shared.stopped_by = number.name
    log.warning("%s: finishing the requests under way, then stopping", number.name)
    stopping = asyncio.get_event_loop().create_task(process.stop())
    # A reference, or the task may be collected before it has run.
    task.add_done_callback(lambda _: stopping.cancel())
