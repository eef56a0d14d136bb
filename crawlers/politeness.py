"""Waiting when asked to wait, leaving when asked to leave, and telling the two from an empty page.

Promises: Retry-After is honoured up to WAIT_LIMIT_S, a longer one ends the source for this night;
crawl-delay is honoured; a robots.txt that answers 5xx means no (RFC 9309, 2.3.1.4), one that answers
4xx means yes; a challenge page is never taken for content. On replay nobody is waited for.
Never does: try again faster, with another name, or from another place.
"""

import asyncio
import email.utils
import logging
import re
import time
from datetime import UTC, datetime
from typing import NoReturn, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from crawlers.credentials import NETWORK_META
from crawlers.job import Job, job_of
from crawlers.settings import RETRIES, ROBOT_NAME
from store.records import Outcome

log = logging.getLogger(__name__)

#: A Retry-After beyond one day is read as one day, as Media Cloud's feed fetcher does.
RETRY_AFTER_CAP_S = 86_400.0
#: The longest wait that fits into a night; a server that asks for more is left alone until tomorrow.
WAIT_LIMIT_S = 300.0
#: A 429 without Retry-After: the pause that Media Cloud's story fetcher makes.
UNTOLD_WAIT_S = 30.0
#: A crawl-delay above this would stretch 200 articles over more than a night.
CRAWL_DELAY_LIMIT_S = 120.0
#: While waiting, look that often whether the run is being stopped.
WAKE_S = 0.5

#: Marks of challenge pages. Each is specific enough for a page that answers 200: an ordinary page
#: behind the same services does not carry it.
CHALLENGE_MARKS: dict[str, re.Pattern[bytes]] = {
    "Cloudflare": re.compile(
        rb"_cf_chl_opt|<title>\s*(just a moment\.\.\.|attention required! \| cloudflare)", re.IGNORECASE
    ),
    "Imperva": re.compile(rb"_incapsula_resource[^>]{0,200}incident_id", re.IGNORECASE),
    "DataDome": re.compile(rb"geo\.captcha-delivery\.com", re.IGNORECASE),
    "PerimeterX": re.compile(rb"id=[\"']px-captcha[\"']", re.IGNORECASE),
    "Sucuri": re.compile(rb"sucuri_cloudproxy_js", re.IGNORECASE),
    "DDoS-Guard": re.compile(rb"<title>\s*ddos-guard\s*</title>", re.IGNORECASE),
    "AWS WAF": re.compile(rb"awswafintegration|gokuprops", re.IGNORECASE),
    "generic": re.compile(rb"<title>\s*checking your browser", re.IGNORECASE),
}
#: The marks stand near the top of a page; articles are not searched to their end.
MARK_WINDOW_BYTES = 65_536
_CHALLENGE_STATUSES = frozenset({*range(200, 300), 403, 503})
_BLOCKED_STATUSES = frozenset({401, 403, 407, 451})
_TIMEOUT_STATUSES = frozenset({408, 504, 522, 524})

_WAITS = "netra_waits"


class RobotsForbidden(IgnoreRequest):
    """robots.txt disallows this address for us."""


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


def challenge_name(response: Response) -> str:
    """Name the service whose challenge page this is; "" when it is none."""
    if response.headers.get("cf-mitigated") == b"challenge":
        return "Cloudflare"
    top = response.body[:MARK_WINDOW_BYTES]
    return next((name for name, mark in CHALLENGE_MARKS.items() if mark.search(top)), "")


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
    """Scrapy's robots.txt middleware with a name for its refusal."""

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest:
            raise RobotsForbidden(f"{request.url} is disallowed by robots.txt") from None


class PolitenessMiddleware:
    """Waits for Retry-After and crawl-delay, and stops a source that must not go on."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._job: Job = job_of(crawler)
        self._live = self._job.index is None
        self._resume_at = 0.0
        crawler.signals.connect(self._apply_crawl_delay, signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Hold the request back while the server wants peace; refuse it when the source is stopped."""
        while not self._job.tally.stopped and time.monotonic() < self._resume_at:
            if not self._crawler.crawling:
                raise SourceStopped(f"{request.url}: the run is being stopped")
            await asyncio.sleep(min(WAKE_S, max(self._resume_at - time.monotonic(), 0.0)))
        if self._job.tally.stopped:
            raise SourceStopped(f"{request.url}: {self._job.tally.stopped}")

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Ask again after the wanted pause for a 429, or a 503 that names one."""
        told = response.headers.get("Retry-After")
        if response.status == 429 or (response.status == 503 and told is not None):
            return self._wait_for(request, response, (told or b"").decode("latin-1"))
        return self._read_robots(response) if is_robots(request) else response

    def _wait_for(self, request: Request, response: Response, told: str) -> Response | Request:
        wait = parse_retry_after(told, now=datetime.now(UTC))
        wait = UNTOLD_WAIT_S if wait is None else wait
        waits = request.meta.get(_WAITS, 0)
        if wait > WAIT_LIMIT_S:
            self._stop(request, f"asks to wait {wait:.0f} s, more than {WAIT_LIMIT_S:.0f} s")
        if waits >= RETRIES:
            if response.status != 429:
                return response
            self._stop(request, f"still answers 429 after {waits} waits")
        if self._live:
            log.info("%s: %s asks to wait %.0f s", self._job.source.id, request.url, wait)
            self._resume_at = max(self._resume_at, time.monotonic() + wait)
        again = request.replace(dont_filter=True, priority=request.priority + 1)
        again.meta[_WAITS] = waits + 1
        return again

    def _stop(self, request: Request, reason: str) -> NoReturn:
        self._job.tally.stopped = f"{request.url} {reason}"
        raise SourceStopped(self._job.tally.stopped)

    def _read_robots(self, response: Response) -> Response:
        if response.status >= 500:
            self._job.tally.robots_down = response.status
            return response.replace(body=b"User-agent: *\nDisallow: /\n")
        # An error page is no robots.txt, whatever stands in it.
        return response.replace(body=b"") if response.status >= 400 else response

    def _apply_crawl_delay(self, robotparser: RobotParser, request: Request) -> None:
        delay = robotparser.crawl_delay(ROBOT_NAME) if self._live else None
        if not delay:
            return
        if delay > CRAWL_DELAY_LIMIT_S:
            self._job.tally.stopped = (
                f"robots.txt asks for {delay:.0f} s between requests, too long for a night"
            )
            return
        downloader = self._crawler.engine.downloader
        key = downloader.get_slot_key(request)
        wanted = max(delay, self._job.source.delay_s)
        # The slot may be dropped when idle and made anew, therefore both.
        downloader.per_slot_settings[key] = {"delay": wanted, "jitter": 0.0}
        if slot := downloader.slots.get(key):
            slot.delay, slot.jitter = wanted, 0.0
