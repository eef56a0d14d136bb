"""The replay handler alone: which archived answer an address gets, and when it gets none."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse
from sqlalchemy import create_engine

from crawlers.archive import Archive, build_index, read_record
from crawlers.job import Job, job_of
from crawlers.recorder import FETCHED_AT, REF, RecorderMiddleware
from crawlers.replay import NotInArchive, ReplayHandler
from crawlers.spiders.base import SourceSpider
from tests.crawlers.samples import source


def moment(day: int) -> datetime:
    return datetime(2024, 9, day, 3, 0, 0, tzinfo=UTC)


def handler(warc: Path, night: int) -> ReplayHandler:
    crawler = Crawler(SourceSpider)
    job = Job(source(), date(2024, 9, night), create_engine("sqlite://"), None, build_index(warc))
    crawler.spider = SourceSpider(job)
    return ReplayHandler(crawler)


def ask(replay: ReplayHandler, url: str) -> tuple[int, bytes, Request]:
    request = Request(url)
    response = asyncio.run(replay.download_request(request))
    return response.status, response.body, request


def test_answers_come_in_their_order_and_the_last_one_stays(tmp_path: Path) -> None:
    with Archive(tmp_path, name="a", software="uji") as out:
        for status, body in [(429, b"tunggu"), (200, b"satu"), (200, b"dua")]:
            out.write("https://w.test/a?x=1", status=status, headers=[], body=body, fetched_at=moment(17))
        out.write("https://w.test/a?x=1", status=200, headers=[], body=b"tiga", fetched_at=moment(19))
    first = handler(tmp_path / "a.warc.gz", 18)
    answers = [ask(first, "https://w.test/a?x=1")[:2] for _ in range(4)]
    assert answers == [(429, b"tunggu"), (200, b"satu"), (200, b"dua"), (200, b"dua")]
    # Tracking parameters do not make another page; a request for a later night sees the newer one.
    status, body, request = ask(handler(tmp_path / "a.warc.gz", 19), "https://w.test/a?utm_source=u&x=1")
    assert (status, body, request.meta[FETCHED_AT]) == (200, b"tiga", moment(19))
    assert read_record(request.meta[REF]) == b"tiga"


def test_an_address_without_an_answer_is_an_error_of_its_own(tmp_path: Path) -> None:
    with Archive(tmp_path, name="a", software="uji") as out:
        out.write("https://w.test/a", status=200, headers=[], body=b"x", fetched_at=moment(19))
    replay = handler(tmp_path / "a.warc.gz", 18)
    for url in ("https://w.test/a", "https://w.test/b"):
        with pytest.raises(NotInArchive, match="is not in the archive"):
            ask(replay, url)


def test_components_run_only_under_a_job() -> None:
    with pytest.raises(TypeError, match=r"only under crawlers\.run\.crawl"):
        job_of(Crawler(SourceSpider))


def test_the_recorder_stores_before_anything_reads(tmp_path: Path) -> None:
    request = Request("https://w.test/a")
    response = HtmlResponse("https://w.test/a", headers={"X-A": ["1", "2"]}, body=b"isi")
    with Archive(tmp_path, name="a", software="uji") as out:
        assert RecorderMiddleware(out).process_response(request, response) is response
        assert read_record(request.meta[REF]) == b"isi"
    assert request.meta[FETCHED_AT].microsecond == 0
    assert request.meta[FETCHED_AT].tzinfo is UTC
