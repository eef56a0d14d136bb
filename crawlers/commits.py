"""Commits what several sources have finished together, so that the disk is waited for once and not for each.

Promises: `run` returns only after the work's transaction, and every archived response before it, is on disk;
a work that fails is undone alone and tells only the one who brought it; nobody waits longer than WAIT_S for
company, and nobody waits when all are there. Never does: use a second thread, or keep anything for later.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from crawlers.archive import Archive

T = TypeVar("T")

#: Seconds that a finished article waits for those of other sources: what eight of them take to come when
#: nothing else holds them back (benchmarks/crawl.py), and a fiftieth of the usual delay between two requests.
WAIT_S = 0.02


@dataclass(frozen=True, slots=True)
class _Waiting:
    work: Callable[[Connection], Any]
    done: "asyncio.Future[Any]"


class Commits:
    """One object for the sources that share a run, a database and an archive."""

    def __init__(self, engine: Engine, archive: Archive | None) -> None:
        self._engine = engine
        self._archive = archive
        self._waiting: list[_Waiting] = []
        self._members = 0
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def member(self) -> Iterator[None]:
        """Count as one who may bring work, for the block."""
        self._members += 1
        try:
            yield
        finally:
            self._members -= 1
            self._commit_if_all_wait()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction with that of others; gives or raises what it does, once it is on disk.

        Raises StoppedError when the disk refuses; then nothing of the whole transaction is stored.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._waiting.append(_Waiting(work, done))
        if self._timer is None:
            self._timer = loop.call_later(WAIT_S, self._commit)
        self._commit_if_all_wait()
        return await done

    def _commit_if_all_wait(self) -> None:
        if self._waiting and len(self._waiting) >= self._members:
            self._commit()

    def _commit(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._waiting = self._waiting, []
        results: list[tuple[Any, Exception | None]] = []
        try:
            if self._archive is not None:
                self._archive.sync()
            with self._engine.begin() as conn:
                results.extend(_attempt(conn, one.work) for one in batch)
        except Exception as error:  # noqa: BLE001 - it is raised where the work was brought
            results = [(None, error)] * len(batch)
        for one, (result, failure) in zip(batch, results, strict=True):
            if one.done.cancelled():
                continue
            if failure is None:
                one.done.set_result(result)
            else:
                one.done.set_exception(failure)


def _attempt(conn: Connection, work: Callable[[Connection], Any]) -> tuple[Any, Exception | None]:
    try:
        with conn.begin_nested():
            return work(conn), None
    except Exception as error:  # noqa: BLE001 - as above; the savepoint is undone, the others go on
        return None, error
