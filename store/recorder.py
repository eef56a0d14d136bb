"""Writes the record of access for a process in which many read at once: the review page.

Whoever comes while another's row is being written waits, and then all who wait are written in one
transaction: ten reviewers who click together cost one or two commits, not ten, and hold the writer's place
for one INSERT.

Promises: `note` returns when the row is on the disk, and raises when it is not. Never does: keep a row for
later, or drop one.
"""

import threading
from dataclasses import dataclass, field

from sqlalchemy import Engine

from store.access import Act, append_acts


@dataclass(slots=True)
class _Ticket:
    act: Act
    done: bool = False
    error: Exception | None = None


@dataclass(slots=True)
class Recorder:
    """The record of access of one database. Safe to use from several threads."""

    engine: Engine
    _waiting: list[_Ticket] = field(default_factory=list)
    _list: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def note(self, act: Act) -> None:
        """Write an act, together with those of others who wait. Raises what the database raised."""
        ticket = _Ticket(act)
        with self._list:
            self._waiting.append(ticket)
        with self._turn:
            # Whoever had the turn before may have taken this one along.
            if not ticket.done:
                self._write_waiting()
        if ticket.error is not None:
            raise ticket.error

    def _write_waiting(self) -> None:
        with self._list:
            batch, self._waiting = self._waiting, []
        error: Exception | None = None
        try:
            with self.engine.begin() as conn:
                append_acts(conn, [ticket.act for ticket in batch])
        except Exception as raised:  # noqa: BLE001 - whatever it is, each one who waits has to learn of it
            error = raised
        for ticket in batch:
            ticket.done, ticket.error = True, error
