"""Short visits to sites: a few polite requests, each chosen by what the answer before it said.

    results = run_visits([Task(source, look_around)])      # look_around: `answer = yield url`, then return

A visit is a generator: it yields addresses, is sent an `Answer` for each, and returns what it learnt. So
it can be tested without a network, and it never sees Scrapy. Promises: settings, guard, robots.txt, user
agent and waiting are those of a nightly crawl; at most `Task.limit` are sent per visit, counting
robots.txt, redirects and repeats; a site that does not answer is a line of text, no traceback. Never does:
write anything that stays, or run twice in one process (Twisted's reactor cannot be started again).
"""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Self, TypeVar, cast

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Response, TextResponse
from scrapy.settings import Settings
from twisted.python.failure import Failure

from crawlers.archive import Archive
from crawlers.job import Job
from crawlers.manifest import Source
from crawlers.pace import Pace
from crawlers.politeness import RobotsForbidden, challenge_name, classify_response, is_robots
from crawlers.reactor import run_process
from crawlers.settings import TIMEOUT_S, crawl_settings, user_agent, warn_without_contact
from crawlers.urls import host_of
from store.db import connect
from store.frontier import night_of
from store.records import NetraError, Outcome, StoppedError

T = TypeVar("T")

#: Requests of one visit: robots.txt, the home page, an interface, a few feeds and sitemaps, one article.
MAX_REQUESTS = 15
#: Sources that are visited at the same time, each on hosts of its own, as in a nightly crawl.
MAX_VISITS = 8
#: The answers of so many bytes to a request for robots.txt are looked at for sitemaps.
MAX_ROBOTS_BYTES = 512 * 1024

_UNREACHABLE = (CannotResolveHostError, DownloadConnectionRefusedError)


class ProbeFailedError(NetraError):
    """The site did not give what a source needs; nothing was written."""

    exit_code = 1


class SpentError(IgnoreRequest):
    """The visit has used up its requests."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came for one address: a good response, or why there is none."""

    url: str
    response: Response | None = None
    #: None for a good response.
    outcome: Outcome | None = None
    problem: str = ""
    #: Nobody is there: no such name, or the connection was refused.
    unreachable: bool = False

    @property
    def good(self) -> bool:
        """Whether a usable response came."""
        return self.outcome is None and self.response is not None

    def text(self) -> TextResponse | None:
        """Give the response when it is good and a text."""
        return self.response if self.good and isinstance(self.response, TextResponse) else None


@dataclass(slots=True)
class Trail:
    """What a visit has left behind so far."""

    limit: int
    sent: int = 0
    #: Host -> (status, text) of its robots.txt.
    robots: dict[str, tuple[int, str]] = field(default_factory=dict)
    #: Host -> why nobody is there: no such name, or the connection was refused.
    dead: dict[str, str] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """Requests that may still be sent."""
        return self.limit - self.sent


Visit = Callable[[Trail], Generator[str, Answer, T]]


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """One visit, and the source on whose hosts it stays."""

    source: Source
    visit: Visit[T]
    limit: int = MAX_REQUESTS


class BudgetMiddleware:
    """Counts every request on its way to the wire, and keeps what robots.txt says."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(cast(ProbeSpider, crawler.spider).trail)

    def process_request(self, request: Request) -> None:
        if self._trail.left <= 0:
            raise SpentError(f"{request.url} not asked for: {self._trail.limit} requests were sent already")
        self._trail.sent += 1

    def process_response(self, request: Request, response: Response) -> Response:
        if is_robots(request):
            text = response.body[:MAX_ROBOTS_BYTES].decode("utf-8", "replace")
            self._trail.robots[host_of(request.url)] = (response.status, text)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, _UNREACHABLE):
            named = isinstance(exception, CannotResolveHostError)
            self._trail.dead[host_of(request.url)] = "no such host" if named else "connection refused"


class ProbeSpider(Spider):
    """Leads one visit; made by `run_visits` only."""

    name = "probe"

    def __init__(self, job: Job, task: Task[Any]) -> None:
        super().__init__(name=job.source.id)
        self.job = job
        self.trail = Trail(task.limit)
        self.steps = task.visit(self.trail)
        self.result: list[Any] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.note_bug, signals.spider_error)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the first address."""
        try:
            url = next(self.steps)
        except StopIteration as end:
            self.result.append(end.value)
            return
        yield self.ask(url)

    def ask(self, url: str) -> Request:
        """Build one request; the same address may be asked for again."""
        return Request(url, callback=self.heard, errback=self.unheard, cb_kwargs={"asked": url})

    def heard(self, response: Response, asked: str) -> Iterator[Request]:
        """Hand a response to the visit."""
        yield from self.go_on(answer_of(response, asked))

    def unheard(self, failure: Failure) -> Iterator[Request]:
        """Hand the visit the reason why nothing came."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy hangs it on
        yield from self.go_on(self.answer_of_failure(failure.value, request))

    def go_on(self, answer: Answer) -> Iterator[Request]:
        """Let the visit take its next step."""
        try:
            yield self.ask(self.steps.send(answer))
        except StopIteration as end:
            self.result.append(end.value)
        except NetraError as error:
            self.result.append(error)

    def note_bug(self, failure: Failure) -> None:
        """Keep what a visit raised by mistake; `run_visits` raises it again."""
        if failure.value is not None:
            self.result.append(failure.value)

    def answer_of_failure(self, error: BaseException | None, request: Request) -> Answer:
        """Say in one outcome and one line why there is no response."""
        asked, url, host = request.cb_kwargs["asked"], request.url, host_of(request.url)
        if why := self.trail.dead.get(host):
            problem = f"no connection to {host} ({why}); is there a network?"
            return Answer(asked, None, Outcome.ERROR, problem, unreachable=True)
        status = self.trail.robots.get(host, (0, ""))[0]
        if isinstance(error, RobotsForbidden) and status >= 500:
            return Answer(asked, None, Outcome.ERROR, f"robots.txt answered {status}: nothing may be fetched")
        if isinstance(error, RobotsForbidden):
            return Answer(asked, None, Outcome.ROBOTS, f"robots.txt of {host} disallows {url}")
        if isinstance(error, DownloadTimeoutError):
            return Answer(asked, None, Outcome.TIMEOUT, f"{url} did not answer within {TIMEOUT_S} s")
        text = str(error).split("\n", 1)[0]
        problem = text if url in text else f"{url}: {type(error).__name__} {text}"
        return Answer(asked, None, Outcome.ERROR, problem)


def answer_of(response: Response, asked: str) -> Answer:
    """Judge a response as a nightly crawl would."""
    outcome = classify_response(response)
    if outcome is None:
        return Answer(asked, response)
    what = f"answered {response.status}"
    if outcome is Outcome.CHALLENGE:
        what = f"is a challenge page ({challenge_name(response)})"
    return Answer(asked, response, outcome, f"{response.url} {what}")


def run_visits(
    tasks: Sequence[Task[T]], *, progress: Callable[[int], None] | None = None
) -> list[T | NetraError]:
    """Make all visits and give, in the order of `tasks`, what each returned or the NetraError it raised.

    Call it once per process. Raises StoppedError when a signal ended it, and whatever a visit raised that
    is no NetraError.
    """
    warn_without_contact()
    results: list[list[Any]] = [[] for _ in tasks]
    with (
        tempfile.TemporaryDirectory(prefix="netra-probe-") as folder,
        Archive(Path(folder), name="probe", software=user_agent()) as archive,
    ):
        # A nightly crawl's job has a database; a visit asks it nothing, so that it is never opened.
        engine = connect(f"sqlite:///{folder}/none.db")
        night = night_of(datetime.now(UTC))
        pace = Pace()
        jobs = [Job(task.source, night, engine, archive, None, pace=pace) for task in tasks]
        stopped_by = _run(tasks, jobs, results, progress or (lambda _: None))
        engine.dispose()
    for job in jobs:
        if job.fatal:
            raise job.fatal[0]
    for result in results:
        if result and isinstance(result[0], Exception) and not isinstance(result[0], NetraError):
            raise result[0]
    if stopped_by or not all(results):
        raise StoppedError(f"stopped by {stopped_by or 'Scrapy'} before all sites were visited; run it again")
    return [result[0] for result in results]


def _run(
    tasks: Sequence[Task[T]], jobs: Sequence[Job], results: list[list[Any]], progress: Callable[[int], None]
) -> str:
    """Start the reactor for all visits; gives the name of the signal that ended it, or ""."""
    stopped: list[str] = []
    gate = asyncio.Semaphore(MAX_VISITS)

    async def visit(process: AsyncCrawlerProcess, number: int) -> None:
        async with gate:
            if stopped:
                return
            crawler = Crawler(ProbeSpider, Settings(probe_settings()))
            try:
                await process.crawl(crawler, job=jobs[number], task=tasks[number])
            except Exception as error:  # noqa: BLE001 - the other visits go on; raised again at the end
                results[number].append(error)
            else:
                results[number].extend(cast(ProbeSpider, crawler.spider).result)
        progress(sum(1 for result in results if result))

    async def visit_all(process: AsyncCrawlerProcess) -> None:
        await asyncio.gather(*(visit(process, number) for number in range(len(tasks))))

    def stop(process: AsyncCrawlerProcess, task: "asyncio.Task[None]", number: signal.Signals) -> None:
        del process
        stopped.append(number.name)
        task.cancel()

    run_process(visit_all, on_signal=stop)
    return stopped[0] if stopped else ""


def probe_settings() -> dict[str, Any]:
    """Give the settings of a nightly crawl, with fewer repeats."""
    settings = crawl_settings(replay=False)
    middlewares = {**settings["DOWNLOADER_MIDDLEWARES"], "crawlers.probe.BudgetMiddleware": 940}
    return {
        **settings,
        "DOWNLOADER_MIDDLEWARES": middlewares,
        "RETRY_TIMES": 0,  # a visit asks once; the person who looks on can ask again
    }
