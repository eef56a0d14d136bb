"""Waiting when asked to wait, leaving when asked to leave, and telling the two from an empty page.

Promises: Retry-After is honoured up to WAIT_LIMIT_S, a longer one ends the source for this night; a 429
or 503 without it doubles the pause of its host; crawl-delay is honoured; a robots.txt that answers 5xx,
not at all, or from a host outside the manifest means no (RFC 9309, 2.3.1.4), one that answers 4xx means
yes; a challenge page is never taken for content. On replay nobody is waited for.
Never does: try again faster, with another name, or from another place.
"""

import email.utils
import logging
import re
from datetime import UTC, datetime
from typing import NoReturn, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import DownloadTimeoutError, IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

from crawlers.credentials import NETWORK_META
from crawlers.job import Job, job_of
from crawlers.pace import WAIT_LIMIT_S
from crawlers.replay import NotInArchive
from crawlers.settings import RETRIES, ROBOT_NAME
from store.records import NetraError, Outcome

log = logging.getLogger(__name__)

#: A Retry-After beyond one day is read as one day, as Media Cloud's feed fetcher does.
RETRY_AFTER_CAP_S = 86_400.0
#: Refusals (429, 503) of one host in a row without a time, after which a source leaves it alone: the pauses
#: before were 30, 60, 120 and 240 s.
REFUSALS_LIMIT = 5
#: Of a robots.txt that much is read; RFC 9309, 2.5 asks for 500 KiB at least.
ROBOTS_BYTES = 512 * 1024
#: A crawl-delay above this would stretch 200 articles over more than a night.
CRAWL_DELAY_LIMIT_S = 120.0

#: Marks of challenge pages, in lower case. Each is specific enough for a page that answers 200: an ordinary
#: page behind the same services does not carry it. Each begins with a word of its own, which is searched for
#: ten times as fast as a choice of words, or as letters of either case: every page is looked at.
CHALLENGE_MARKS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("Cloudflare", re.compile(rb"_cf_chl_opt")),
    ("Cloudflare", re.compile(rb"<title>\s*(?:just a moment\.\.\.|attention required! \| cloudflare)")),
    ("Imperva", re.compile(rb"_incapsula_resource[^>]{0,200}incident_id")),
    ("DataDome", re.compile(rb"geo\.captcha-delivery\.com")),
    ("PerimeterX", re.compile(rb"px-captcha(?<=id=[\"']px-captcha)[\"']")),
    ("Sucuri", re.compile(rb"sucuri_cloudproxy_js")),
    ("DDoS-Guard", re.compile(rb"<title>\s*ddos-guard\s*</title>")),
    ("AWS WAF", re.compile(rb"awswafintegration")),
    ("AWS WAF", re.compile(rb"gokuprops")),
    ("generic", re.compile(rb"<title>\s*checking your browser")),
)
#: The marks stand near the top of a page; articles are not searched to their end.
MARK_WINDOW_BYTES = 65_536
_CHALLENGE_STATUSES = frozenset({*range(200, 300), 403, 503})
_BLOCKED_STATUSES = frozenset({401, 403, 407, 451})
_TIMEOUT_STATUSES = frozenset({408, 504, 522, 524})


class RobotsForbidden(IgnoreRequest):
    """robots.txt disallows this address for us."""

    outcome = Outcome.ROBOTS


class RobotsUnreadable(RobotsForbidden):
    """Nobody knows what robots.txt allows, therefore nothing is fetched (RFC 9309, 2.3.1.4)."""

    def __init__(self, text: str, outcome: Outcome = Outcome.ERROR) -> None:
        super().__init__(text)
        self.outcome = outcome


class SourceStopped(IgnoreRequest):
    """The source is done for tonight; the request was not sent and its link stays queued."""


def classify_response(response: Response) -> Outcome | None:
    """Give the outcome that a response stands for, or None when it is good (any 2xx without a challenge)."""
    status = response.status
    if status in _CHALLENGE_STATUSES and challenge_name(response):
        return Outcome.CHALLENGE
    if 200 <= status < 300:
        return None
    if status in _BLOCKED_STATUSES:
        return Outcome.BLOCKED
    if status == 429:
        return Outcome.RATE_LIMITED
    return Outcome.TIMEOUT if status in _TIMEOUT_STATUSES else Outcome.ERROR


def classify_failure(url: str, error: BaseException | None) -> tuple[Outcome, str]:
    """Give the outcome that an error in place of a response stands for, and one line that says why."""
    if isinstance(error, RobotsForbidden):
        return error.outcome, str(error)
    if isinstance(error, DownloadTimeoutError):
        return Outcome.TIMEOUT, f"{url} did not answer in time"
    text = str(error).split("\n", 1)[0]
    return Outcome.ERROR, text if url in text else f"{url}: {type(error).__name__} {text}"


def challenge_name(response: Response) -> str:
    """Name the service whose challenge page this is; "" when it is none."""
    if response.headers.get("cf-mitigated") == b"challenge":
        return "Cloudflare"
    top = response.body[:MARK_WINDOW_BYTES].lower()
    return next((name for name, mark in CHALLENGE_MARKS if mark.search(top)), "")


def parse_retry_after(value: str, *, now: datetime) -> float | None:
    """Read a Retry-After header (seconds or HTTP date) as seconds from `now`, at most one day.

    A date in the past is 0; None when it is neither.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        # Twelve digits are 31,000 years; int() of a header of a million digits would take its time.
        return min(float(text[:12]), RETRY_AFTER_CAP_S)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), RETRY_AFTER_CAP_S)


def is_robots(request: Request) -> bool:
    """Say whether this is Scrapy's own request for a robots.txt."""
    return bool(request.meta.get("dont_obey_robotstxt")) and NETWORK_META not in request.meta


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's robots.txt middleware with names for its refusals, closed where Scrapy's is open."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unread: dict[str, Exception] = {}

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Raise RobotsForbidden when the address is disallowed, or its robots.txt could not be read."""
        netloc = urlparse_cached(request).netloc
        if error := self._unread.get(netloc):
            if isinstance(error, SourceStopped | NetraError):
                raise error
            outcome = Outcome.TIMEOUT if isinstance(error, DownloadTimeoutError) else Outcome.ERROR
            reason = str(error).split("\n", 1)[0]
            raise RobotsUnreadable(f"{reason}: nothing may be fetched from {netloc}", outcome)
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest:
            raise RobotsForbidden(f"{request.url} is disallowed by robots.txt") from None

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            raise RobotsUnreadable(f"robots.txt answered {response.status}")
        body = response.body
        if response.status >= 300:
            # An error page is no robots.txt, whatever stands in it.
            body = b""
        elif len(body) > ROBOTS_BYTES:
            body = body[:ROBOTS_BYTES].rpartition(b"\n")[0]
        await super()._parse_robots(response.replace(body=body), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        # An archive without it was not made by us, or before there was one.
        if not isinstance(exc, NotInArchive):
            self._unread[netloc] = exc
        super()._robots_error(exc, netloc)


class PolitenessMiddleware:
    """Gives Retry-After, back-off and crawl-delay to the pace, and stops a source that must not go on."""

    def __init__(self, crawler: Crawler) -> None:
        self._job: Job = job_of(crawler)
        self._live = self._job.index is None
        crawler.signals.connect(self._apply_crawl_delay, signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Refuse the request when the source is stopped."""
        if self._job.tally.stopped:
            raise SourceStopped(f"{request.url}: {self._job.tally.stopped}")

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Ask again after a pause for a 429 or 503; the pause is the host's, for every source."""
        told = (response.headers.get("Retry-After") or b"").decode("latin-1")
        wait = parse_retry_after(told, now=datetime.now(UTC))
        if response.status not in (429, 503):
            self._job.pace.answered(request.url)
            return response
        if wait is None and response.status == 503 and is_robots(request):
            # A site that is down: Scrapy's retry asks again, nobody waits for it.
            return response
        return self._wait_for(request, response, wait)

    def _wait_for(self, request: Request, response: Response, wait: float | None) -> Response | Request:
        refusals = 0
        if wait is None:
            refusals, wait = self._job.pace.refused(request.url)
        if wait > WAIT_LIMIT_S:
            self._stop(request, f"asks to wait {wait:.0f} s, more than {WAIT_LIMIT_S:.0f} s")
        if refusals >= REFUSALS_LIMIT:
            self._stop(request, f"answered {response.status}, as did {refusals - 1} before it")
        # Counted with Scrapy's own retries: three tries in all, whatever they fail by.
        tries = request.meta.get("retry_times", 0)
        if tries >= RETRIES:
            if response.status != 429:
                return response
            self._stop(request, f"still answers 429 after {tries} waits")
        if self._live:
            log.info("%s: %s is asked again in %.0f s", self._job.source.id, request.url, wait)
            self._job.pace.hold(request.url, wait)
        again = request.replace(dont_filter=True, priority=request.priority + 1)
        again.meta["retry_times"] = tries + 1
        return again

    def _stop(self, request: Request, reason: str) -> NoReturn:
        self._job.tally.stopped = f"{request.url} {reason}"
        raise SourceStopped(self._job.tally.stopped)

    def _apply_crawl_delay(self, robotparser: RobotParser, request: Request) -> None:
        delay = robotparser.crawl_delay(ROBOT_NAME) if self._live else None
        if not delay:
            return
        if delay > CRAWL_DELAY_LIMIT_S:
            self._job.tally.stopped = (
                f"robots.txt asks for {delay:.0f} s between requests, too long for a night"
            )
            return
        self._job.pace.slow_down(request.url, delay)
