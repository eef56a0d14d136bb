"""The pace of each host, held across all sources of a run.

Promises: one request to a host at a time; between the end of one and the start of the next lies the
longest gap that any source or robots.txt of that host asks for, so that arrivals at the server are never
closer; a host that asked for peace is left in peace by every source. Never does: send anything itself.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

#: While waiting, look that often whether the run is being stopped.
WAKE_S = 0.5
#: First pause after a 429 or 503 that names none: what Media Cloud's story fetcher waits.
BACK_OFF_S = 30.0
#: The longest wait that fits into a night.
WAIT_LIMIT_S = 300.0

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    gap_s: float = 0.0
    #: Clock times: the last request ended, the host wants peace until.
    ended_at: float = float("-inf")
    held_until: float = float("-inf")
    #: Refusals without a time in a row.
    refusals: int = 0


class Pace:
    """When each host may be asked next; one object per run."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, url: str, *, gap_s: float, going: Callable[[], bool]) -> AsyncIterator[bool]:
        """Wait for this host's turn and keep it for the block; gives False when `going` has ended.

        `gap_s` is what the asking source wants between two requests; a smaller one than before changes
        nothing.
        """
        self.slow_down(url, gap_s)
        host = self._host(url)
        async with host.lock:
            while going() and (wait := max(host.ended_at + host.gap_s, host.held_until) - self._clock()) > 0:
                await self._sleep(min(wait, WAKE_S))
            if not going():
                yield False
                return
            try:
                yield True
            finally:
                host.ended_at = self._clock()

    def slow_down(self, url: str, gap_s: float) -> None:
        """Leave at least `gap_s` seconds between two requests to this host from now on."""
        host = self._host(url)
        host.gap_s = max(host.gap_s, gap_s)

    def hold(self, url: str, wait_s: float) -> None:
        """Ask nothing of this host for `wait_s` seconds."""
        host = self._host(url)
        host.held_until = max(host.held_until, self._clock() + wait_s)

    def refused(self, url: str) -> tuple[int, float]:
        """Count a refusal that names no time; gives their number in a row and the pause to make.

        The pause doubles from BACK_OFF_S up to WAIT_LIMIT_S.
        """
        host = self._host(url)
        host.refusals += 1
        return host.refusals, min(BACK_OFF_S * 2.0 ** (host.refusals - 1), WAIT_LIMIT_S)

    def answered(self, url: str) -> None:
        """Forget the refusals: the host has given an answer."""
        self._host(url).refusals = 0

    def _host(self, url: str) -> _Host:
        parts = urlsplit(url)
        port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
        return self._hosts.setdefault((parts.hostname or "").rstrip(".") + port, _Host())
