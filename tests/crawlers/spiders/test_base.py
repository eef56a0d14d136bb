"""The spider's own judgement: why there is no response, and what a bug in a callback does."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.exceptions import CannotResolveHostError, DownloadTimeoutError
from sqlalchemy import create_engine
from twisted.python.failure import Failure

from crawlers.guard import Refused
from crawlers.job import Job, report_of
from crawlers.manifest import Entry
from crawlers.politeness import RobotsForbidden, SourceStopped
from crawlers.spiders.base import READERS, SourceSpider
from crawlers.spiders.networks import NETWORKS
from store.frontier import Link
from store.records import Outcome, StoppedError
from tests.crawlers.samples import source

FEED = Entry(kind="feed", url="https://w.test/feed", fallback=Entry(kind="sitemap", url="https://w.test/map"))


def spider() -> SourceSpider:
    return SourceSpider(Job(source(), date(2024, 9, 17), create_engine("sqlite://"), None, None))


def failure(error: Exception, **kwargs: object) -> Failure:
    found = Failure(error)
    found.request = Request("https://w.test/feed", cb_kwargs=dict(kwargs))  # type: ignore[attr-defined]  # as Scrapy does
    return found


@pytest.mark.parametrize(
    ("error", "outcome", "words"),
    [
        (DownloadTimeoutError("x"), Outcome.TIMEOUT, "https://w.test/feed did not answer in time"),
        (RobotsForbidden("https://w.test/feed is disallowed"), Outcome.ROBOTS, "is disallowed"),
        (Refused("https://w.test/feed refused: host"), Outcome.ERROR, "refused"),
        (
            CannotResolveHostError("tak dikenal\nbaris dua"),
            Outcome.ERROR,
            "CannotResolveHostError tak dikenal",
        ),
    ],
)
def test_a_missing_response_has_an_outcome_and_one_line(
    error: Exception, outcome: Outcome, words: str
) -> None:
    found, text = spider().reason_of(failure(error))
    assert found is outcome
    assert words in text
    assert "\n" not in text


def test_a_failed_entry_tries_its_fallback_and_then_says_so() -> None:
    one = spider()
    assert list(one.entry_problem(FEED, Outcome.CHALLENGE, "tantangan")) == []
    assert one.job.tally.problems == [(Outcome.CHALLENGE, "tantangan")]
    two = spider()
    assert FEED.fallback is not None
    assert list(two.entry_problem(FEED.fallback, Outcome.ERROR, "galat")) == []
    assert report_of(two.job, requests=1).message == "galat"


def test_a_stopped_source_fails_no_article() -> None:
    one = spider()
    stopped = failure(SourceStopped("cukup"), link=Link("https://w.test/a", "https://w.test/a"), earlier=())
    assert asyncio.run(one.article_failed(stopped)) == []
    assert one.job.tally.failures == []


def test_a_bug_ends_the_source_and_a_broken_disk_the_night() -> None:
    one = spider()
    one.callback_failed(Failure(RuntimeError("kutu")))
    assert report_of(one.job, requests=0).outcome is Outcome.ERROR
    assert one.job.fatal == []
    one.callback_failed(Failure(StoppedError("cakram penuh")))
    assert [str(error) for error in one.job.fatal] == ["cakram penuh"]


def test_every_kind_of_entry_has_a_reader() -> None:
    kinds = Entry.model_fields["kind"].annotation
    assert kinds is not None
    # An index is read when looking back, by a reader of its own.
    assert set(READERS) | set(NETWORKS) | {"index"} == set(kinds.__args__)
    folder = Path(__file__).parents[3] / "crawlers" / "spiders"
    assert set(READERS) <= {path.stem for path in folder.glob("*.py")}
