"""The outbound guard: only http(s), only the hosts of the manifest, on every single request.

Promises: start addresses, feed links, sitemaps, robots.txt and each hop of a redirect pass here before
anything is sent; what is refused is counted in the report. Never does: decide by content.
The check of the address that a host name resolves to belongs into `refusal` too, once there is one.
"""

import logging
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from crawlers.job import Job, job_of
from crawlers.manifest import Source

log = logging.getLogger(__name__)

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Refused(IgnoreRequest):
    """The request would have left the hosts of its manifest."""


def refusal(url: str, source: Source) -> str:
    """Say why an address may not be requested for this source; "" when it may.

    A port other than the default is allowed where an entry of the manifest names it with that host.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "not an address"
    if parts.scheme not in _DEFAULT_PORTS:
        return f"scheme {parts.scheme!r} is not http or https"
    if parts.username or parts.password:
        return "address with a user name"
    if host not in source.hosts:
        return f"host {host!r} is not in the manifest"
    if port in (None, *_DEFAULT_PORTS.values()):
        return ""
    named = {(p.hostname, p.port) for p in (urlsplit(entry.url) for entry in source.all_entries())}
    return "" if (host, port) in named else f"port {port} of {host!r} is not in the manifest"


class GuardMiddleware:
    """First downloader middleware: refuses before robots.txt is even asked for."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(job_of(crawler))

    def process_request(self, request: Request) -> None:
        reason = refusal(request.url, self._job.source)
        if reason:
            self._job.tally.refused += 1
            log.warning("%s: %s refused: %s", self._job.source.id, request.url, reason)
            raise Refused(f"{request.url} refused: {reason}")
