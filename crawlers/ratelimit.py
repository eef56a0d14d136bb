"""Limits that interfaces of social networks tell in headers of their own: read, and kept.

Promises: a 429 waits until the moment that its reset header names, by way of PolitenessMiddleware's
Retry-After; an answer that says that nothing is left holds the next request back until then; a wait
longer than a night allows ends the source for this night. A replay comes to the same end without waiting.
Never does: send a request to try whether a limit is over.
"""

import asyncio
import math
import time
from datetime import UTC, datetime
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.credentials import NETWORK_META
from crawlers.job import Job, job_of
from crawlers.pace import WAIT_LIMIT_S, WAKE_S
from crawlers.politeness import RETRY_AFTER_CAP_S, SourceStopped
from crawlers.recorder import FETCHED_AT
from crawlers.spiders.listing import parse_iso

#: The names before -Limit, -Remaining, -Reset: X; Mastodon, Reddit; Bluesky (an IETF draft).
PREFIXES = ("x-rate-limit", "x-ratelimit", "ratelimit")
#: A number from here on (September 2001) is a moment in seconds since 1970, a smaller one a wait in seconds.
UNIX_FROM = 1_000_000_000
#: A website may be asked again after a pause; an interface that says 429 and no more has used up its quota.
WEBSITES = frozenset({"telegram"})


def parse_reset(value: str, *, now: datetime) -> float | None:
    """Read when a limit ends, as seconds from `now`: ISO 8601, seconds since 1970, or seconds to wait.

    At least 0, at most one day; None when it is none of the three.
    """
    text = value.strip()
    try:
        number = float(text[:20])
    except ValueError:
        moment = parse_iso(text)
        seconds = (moment - now).total_seconds() if moment else math.nan
    else:
        seconds = number - now.timestamp() if number >= UNIX_FROM else number
    return min(max(seconds, 0.0), RETRY_AFTER_CAP_S) if math.isfinite(seconds) else None


def told(response: Response, what: str) -> str:
    """Give the value of the limit header "remaining" or "reset", under any of its names; "" for none."""
    for prefix in PREFIXES:
        value = response.headers.get(f"{prefix}-{what}")
        if value is not None:
            return value.decode("latin-1")
    return ""


class RateLimitMiddleware:
    """Nearer to the wire than PolitenessMiddleware, so that it can tell it how long to wait."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._job: Job = job_of(crawler)
        self._wait_s = 0.0
        self._resume_at = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Hold a request back while the network's limit is used up; end the source when that takes long."""
        if NETWORK_META not in request.meta:
            return
        if self._wait_s > WAIT_LIMIT_S:
            reason = f"the limit of the interface is used up for {self._wait_s:.0f} s"
            self._job.tally.stopped = f"{request.url} {reason}"
            raise SourceStopped(self._job.tally.stopped)
        while self._job.index is None and time.monotonic() < self._resume_at:
            if not self._crawler.crawling:
                raise SourceStopped(f"{request.url}: the run is being stopped")
            await asyncio.sleep(min(WAKE_S, max(self._resume_at - time.monotonic(), 0.0)))

    def process_response(self, request: Request, response: Response) -> Response:
        """Remember what is left; turn a reset header into the Retry-After that others send."""
        kind = request.meta.get(NETWORK_META)
        if kind is None:
            return response
        # On replay the moment of the archived answer, so that both come to the same end.
        now = request.meta.get(FETCHED_AT) or datetime.now(UTC)
        reset = parse_reset(told(response, "reset"), now=now)
        if response.status == 429:
            if "Retry-After" not in response.headers and (reset is not None or kind not in WEBSITES):
                response.headers["Retry-After"] = str(
                    math.ceil(RETRY_AFTER_CAP_S if reset is None else reset)
                )
            return response
        left = told(response, "remaining").strip()
        spent = reset is not None and left.replace(".", "", 1).isdigit() and float(left[:20]) < 1
        self._wait_s = reset if reset is not None and spent else 0.0
        self._resume_at = time.monotonic() + self._wait_s
        return response
