"""The wire: Scrapy's HTTP/1.1 handler, with a check between the answer for a name and the socket.

Promises: a socket is opened only to an address that was checked, the very one that it is opened to (no
name is looked up a second time, so an answer that changes gains nothing); one request has
DOWNLOAD_TIMEOUT in all, from the name to the last byte; status and headers of a response have at most
MAX_HEAD_BYTES. Never does: use a proxy (it would look names up where nobody checks), or send twice.
"""

import logging
from datetime import UTC, date, datetime
from typing import Any, cast

from OpenSSL import SSL
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
    _ScrapyAgent,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError, IgnoreRequest
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IAddress, IReactorPluggableNameResolver, IReactorTCP, IReactorTime
from twisted.web.client import Agent
from zope.interface import implementer  # type: ignore[import-untyped]  # ships no types

from crawlers.addresses import address_fault
from crawlers.certificates import CheckedCertificates, tls_options
from crawlers.job import job_of
from crawlers.politeness import SourceStopped
from crawlers.urls import host_of
from store.frontier import night_of

log = logging.getLogger(__name__)

#: Status line and headers of one response, interim ones included; servers allow requests 8 to 64 KiB.
MAX_HEAD_BYTES = 256 * 1024


class AddressRefused(IgnoreRequest):
    """The name has no address that this source may connect to."""


class CertificateRefused(IgnoreRequest):
    """The server could not prove that it is the host of the manifest."""


class GuardedHandler(HTTP11DownloadHandler):
    """Downloads http and https for one source, over addresses that its manifest allows."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._job = job_of(crawler)
        self._pool._factory = _BoundedFactory
        # Twisted would send a request again at once on a new connection; Scrapy's retry keeps the pace.
        self._pool.retryAutomatically = False
        self._tls_options = tls_options()
        for pin in self._job.source.tls:
            if not pin.ended(_today()):
                self._job.tally.note(f"certificate of {pin.host} excepted until {pin.until}: {pin.reason}")

    async def download_request(self, request: Request) -> Response:
        """Fetch one response when it is its host's turn.

        Raises SourceStopped or AddressRefused before anything is sent, CertificateRefused, else what
        Scrapy raises.
        """
        gap_s, tally = self._job.source.delay_s, self._job.tally
        async with self._job.pace.turn(request.url, gap_s=gap_s, going=self._is_going) as allowed:
            if not allowed:
                raise SourceStopped(f"{request.url}: {tally.stopped or 'the run is being stopped'}")
            return await self._fetch(request)

    def _is_going(self) -> bool:
        return self._crawler.crawling and not self._job.tally.stopped

    async def _fetch(self, request: Request) -> Response:
        from twisted.internet import reactor

        if request.meta.get("proxy"):
            raise AddressRefused(f"{request.url} refused: proxies are not used")
        private = host_of(request.url) in self._job.source.private_hosts
        checked = _CheckedReactor(reactor, private=private)
        certificates = CheckedCertificates(self._tls_options, self._job.source.tls, _today())
        agent = _GuardedAgent(
            checked,
            contextFactory=certificates,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=self._fail_on_dataloss,
            crawler=self._crawler,
        )
        try:
            with wrap_twisted_exceptions():
                return await maybe_deferred_to_future(agent.download_request(request))
        except DownloadFailedError as error:
            if reason := "; ".join(certificates.faults):
                raise CertificateRefused(f"{request.url} has no valid certificate: {reason}") from error
            if not (reason := _tls_fault(error)):
                raise
            raise CertificateRefused(f"{request.url}: no TLS connection: {reason}") from error
        except Exception as error:
            if checked.tried or not checked.refused:
                raise
            self._job.tally.refused += 1
            text = f"{request.url} refused: {', '.join(dict.fromkeys(checked.refused))}"
            log.warning("%s: %s", self._job.source.id, text)
            raise AddressRefused(text) from error


class _GuardedAgent(_ScrapyAgent):
    """Scrapy's agent on a reactor that checks; every connection is made by `_get_agent`'s agent."""

    def __init__(self, checked: "_CheckedReactor", **options: Any) -> None:
        super().__init__(**options)
        self._checked = checked

    def _get_agent(self, request: Request, timeout: float) -> Agent:
        del request
        # Twisted's constructors carry no types.
        agent: Agent = cast(Any, Agent)(self._checked, self._contextFactory, timeout, None, self._pool)
        return agent


@implementer(IReactorTCP, IReactorTime, IReactorPluggableNameResolver)
class _CheckedReactor:
    """What Twisted's endpoint needs of a reactor for one request; `connectTCP` is its one way out."""

    def __init__(self, reactor: Any, *, private: bool) -> None:
        self._private = private
        self._connect = reactor.connectTCP
        self.nameResolver = reactor.nameResolver
        self.callLater = reactor.callLater
        self.seconds = reactor.seconds
        #: Why addresses were refused, and how many were not.
        self.refused: list[str] = []
        self.tried = 0

    def connectTCP(self, host: str, *args: Any, **options: Any) -> Any:  # noqa: N802 - Twisted's name
        """Connect to an IP address, or raise ConnectError when this source may not reach it."""
        fault = address_fault(host, private=self._private)
        if fault:
            self.refused.append(fault)
            raise cast(Any, ConnectError)(string=fault)
        self.tried += 1
        return self._connect(host, *args, **options)


class _BoundedParser(_LenientHTTPClientParser):
    """Twisted bounds a header line, but not how many of them come."""

    _head_bytes = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        self._head_bytes += len(line)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError(f"more than {MAX_HEAD_BYTES} bytes of headers")
        super().lineReceived(line)


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    """Puts the bounded parser where Scrapy puts its lenient one, in the same way."""

    def request(self, request: Any) -> Any:
        sent = super().request(request)
        if self._parser is not None:
            self._parser.__class__ = _BoundedParser
        return sent


class _BoundedFactory(_LenientHTTP11ClientFactory):
    """Makes connections with bounded headers."""

    def buildProtocol(self, addr: IAddress | None) -> _BoundedProtocol:  # noqa: N802 - Twisted's name
        del addr
        return cast(_BoundedProtocol, cast(Any, _BoundedProtocol)(self._quiescentCallback))


def _today() -> date:
    """Give the night that is running: an exception holds through the whole of its last day in Jakarta."""
    return night_of(datetime.now(UTC))


def _tls_fault(error: Exception) -> str:
    """Give OpenSSL's reason when a failed download failed by TLS, else ""."""
    for failure in getattr(error.__cause__, "reasons", []):
        if isinstance(failure.value, SSL.Error):
            reasons = [entry[-1] for entry in failure.value.args[0]] if failure.value.args else []
            return ", ".join(map(str, reasons)) or "the handshake failed"
    return ""
