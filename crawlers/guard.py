"""The outbound guard: only http(s), only the hosts of the manifest, on every single request.

Promises: start addresses, feed links, sitemaps, robots.txt and each hop of a redirect pass here before
anything is sent; what is refused is counted in the report. Never does: decide by content, or look names
up: the address that a name leads to is checked where the socket is opened, in `crawlers.connect`.
"""

import logging
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from crawlers.addresses import is_numeric_host, is_plain_address
from crawlers.job import Job, job_of
from crawlers.manifest import Source

log = logging.getLogger(__name__)

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Refused(IgnoreRequest):
    """The request would have left the hosts of its manifest."""


def refusal(url: str, source: Source) -> str:
    """Say why an address may not be requested for this source; "" when it may.

    An IP address is allowed as one of the `private_hosts` only, in its plain form. A port other than the
    default is allowed where an entry of the manifest names it with that host.
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
    if is_numeric_host(host) and not (host in source.private_hosts and is_plain_address(host)):
        return f"host {host!r} is an address, not a name"
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
        job = job_of(crawler)
        if job.source.private_hosts and job.index is None:
            log.warning(
                "%s: private_hosts opens this machine's network to %s; take it out unless a mirror is there",
                job.source.id,
                ", ".join(job.source.private_hosts),
            )
        return cls(job)

    def process_request(self, request: Request) -> None:
        reason = refusal(request.url, self._job.source)
        if reason:
            self._job.tally.refused += 1
            log.warning("%s: %s refused: %s", self._job.source.id, request.url, reason)
            raise Refused(f"{request.url} refused: {reason}")
