"""Works that are committed together: one transaction for all that wait, each with its own fate."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event

from crawlers import commits as module
from crawlers.archive import Archive
from crawlers.commits import Commits
from store.db import connect, migrate
from store.frontier import Validator, get_validator, put_validator


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(made)
    return made


def put(name: str, *, fails: bool = False):
    def work(conn: Connection) -> str:
        put_validator(conn, Validator(name))
        if fails:
            raise ValueError(name)
        return name

    return work


def stored(engine: Engine, name: str) -> bool:
    with engine.begin() as conn:
        return get_validator(conn, name) is not None


def test_works_of_all_members_share_a_transaction_and_wait_for_no_clock(engine, monkeypatch):
    monkeypatch.setattr(module, "WAIT_S", 60.0)
    ended: list[None] = []
    event.listen(engine, "commit", lambda _: ended.append(None))

    async def crawl() -> list[str]:
        commits = Commits(engine, None)
        with commits.member(), commits.member(), commits.member():
            return await asyncio.gather(*(commits.run(put(name)) for name in ("a", "b", "c")))

    assert asyncio.run(crawl()) == ["a", "b", "c"]
    assert len(ended) == 1
    assert all(stored(engine, name) for name in ("a", "b", "c"))


def test_a_work_waits_a_moment_for_members_that_do_not_come(engine):
    async def crawl() -> float:
        commits = Commits(engine, None)
        with commits.member(), commits.member():
            began = time.monotonic()
            await commits.run(put("a"))
            return time.monotonic() - began

    assert asyncio.run(crawl()) >= module.WAIT_S * 0.9
    assert stored(engine, "a")


def test_the_last_member_that_leaves_sets_those_who_wait_free(engine, monkeypatch):
    monkeypatch.setattr(module, "WAIT_S", 60.0)

    async def crawl() -> str:
        commits = Commits(engine, None)
        with commits.member():
            with commits.member():
                waiting = asyncio.ensure_future(commits.run(put("a")))
                await asyncio.sleep(0)
                assert not waiting.done()
            return await waiting

    assert asyncio.run(crawl()) == "a"


def test_a_work_that_fails_is_undone_alone(engine):
    async def crawl() -> list[object]:
        commits = Commits(engine, None)
        with commits.member(), commits.member():
            works = (commits.run(put("bad", fails=True)), commits.run(put("good")))
            return await asyncio.gather(*works, return_exceptions=True)

    failure, good = asyncio.run(crawl())
    assert isinstance(failure, ValueError)
    assert good == "good"
    assert stored(engine, "good")
    assert not stored(engine, "bad")


def test_what_the_disk_refuses_is_told_to_all(engine, monkeypatch):
    monkeypatch.setattr(module, "WAIT_S", 60.0)
    engine.dispose()
    event.listen(engine, "begin", lambda _: (_ for _ in ()).throw(OSError("disk")))

    async def crawl() -> list[object]:
        commits = Commits(engine, None)
        with commits.member(), commits.member():
            works = (commits.run(put("a")), commits.run(put("b")))
            return await asyncio.gather(*works, return_exceptions=True)

    assert [type(failure) for failure in asyncio.run(crawl())] == [OSError, OSError]


def test_the_archive_is_on_disk_before_the_store_knows_of_it(engine, tmp_path, monkeypatch):
    order: list[str] = []
    event.listen(engine, "commit", lambda _: order.append("commit"))
    with Archive(tmp_path, name="arsip", software="uji") as archive:
        archive.write("https://w.test/a", status=200, headers=[], body=b"isi", fetched_at=datetime.now(UTC))
        sync = archive.sync
        monkeypatch.setattr(archive, "sync", lambda: (sync(), order.append("sync")))
        asyncio.run(Commits(engine, archive).run(put("a")))
    assert order == ["sync", "commit"]
