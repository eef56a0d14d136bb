"""Who is logged in: sessions in the memory of the one process that serves the page.

Promises: a session ends after IDLE_MINUTES without a click, after MAX_HOURS in any case, at logout, and when
the process ends; its token cannot be guessed and is never logged. Never does: write a session to a disk.
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

#: OWASP Session Management: an analyst's working day at most, and half an hour away from the desk.
IDLE_MINUTES: Final = 30
MAX_HOURS: Final = 10
#: OWASP asks for 64 bits of chance at least; 32 bytes are 256.
TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Session:
    """One login of one reviewer."""

    reviewer: str
    #: What every form of this session carries, so that another site cannot send one.
    csrf: str
    opened: float


@dataclass(slots=True)
class Sessions:
    """All open sessions. Safe to use from several threads."""

    clock: Callable[[], float] = monotonic
    _open: dict[str, tuple[Session, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, reviewer: str) -> str:
        """The token of a new session of a reviewer; it goes into the cookie and nowhere else."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = self.clock()
        session = Session(reviewer, secrets.token_urlsafe(TOKEN_BYTES), now)
        with self._lock:
            self._open = {t: (s, last) for t, (s, last) in self._open.items() if self._lives(s, last, now)}
            self._open[token] = (session, now)
        return token

    def find(self, token: str) -> Session | None:
        """The live session of a token; finding it counts as a click."""
        now = self.clock()
        with self._lock:
            session, last = self._open.get(token, (None, 0.0))
            if session is None:
                return None
            if not self._lives(session, last, now):
                del self._open[token]
                return None
            self._open[token] = (session, now)
            return session

    def end(self, token: str) -> None:
        """Log out; an unknown token is as good as an ended one."""
        with self._lock:
            self._open.pop(token, None)

    @staticmethod
    def _lives(session: Session, last: float, now: float) -> bool:
        return now - last < 60 * IDLE_MINUTES and now - session.opened < 3600 * MAX_HOURS
