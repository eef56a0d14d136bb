"""From counts to one outcome word, whatever the order of the facts."""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import create_engine

from crawlers.archive import ArchiveIndex
from crawlers.job import PRECEDENCE, Job, Tally, report_of, worst
from store.frontier import Stored
from store.records import Outcome, SourceReport
from tests.crawlers.samples import source


def report(tally: Tally, **items: int) -> SourceReport:
    job = Job(source(items=items), date(2024, 9, 17), create_engine("sqlite://"), None, None, tally)
    return report_of(job, requests=3)


def test_every_outcome_has_its_rank() -> None:
    assert set(PRECEDENCE) == set(Outcome)
    for pair in itertools.permutations([Outcome.OK, Outcome.BLOCKED, Outcome.ERROR]):
        assert worst(pair) is Outcome.BLOCKED


@pytest.mark.parametrize(
    ("facts", "items", "outcome"),
    [
        ({"listed": 2, "pages": 2, "new_pages": 2}, {}, Outcome.OK),
        ({"listed": 2}, {}, Outcome.UNCHANGED),
        ({"unmodified": 1}, {}, Outcome.UNCHANGED),
        ({"unmodified": 1}, {"min": 3}, Outcome.UNCHANGED),
        ({}, {}, Outcome.EMPTY),
        ({"listed": 9, "recent": 2, "pages": 2, "new_pages": 2}, {"min": 3}, Outcome.EMPTY),
        ({"listed": 9, "recent": 3}, {"min": 3}, Outcome.UNCHANGED),
        ({"listed": 1, "stopped": "menunggu"}, {}, Outcome.RATE_LIMITED),
        ({"listed": 3, "problems": [(Outcome.MALFORMED, "x")], "new_pages": 1}, {}, Outcome.MALFORMED),
        ({"problems": [(Outcome.ERROR, "x"), (Outcome.ROBOTS, "y")]}, {}, Outcome.ROBOTS),
        ({"listed": 2, "pages": 1, "new_pages": 1, "failures": [(Outcome.ERROR, "x")]}, {}, Outcome.OK),
        ({"listed": 2, "pages": 1, "new_pages": 1, "failures": [(Outcome.BLOCKED, "x")]}, {}, Outcome.OK),
        ({"listed": 2, "failures": [(Outcome.BLOCKED, "x")]}, {}, Outcome.BLOCKED),
        ({"listed": 2, "failures": [(Outcome.ERROR, "x")]}, {}, Outcome.UNCHANGED),
        ({"listed": 2, "pages": 2, "new_pages": 2, "misdeclared": 2}, {}, Outcome.ENCODING),
        ({"listed": 2, "pages": 2, "new_pages": 2, "misdeclared": 1}, {}, Outcome.OK),
        ({"listed": 2, "pages": 2, "revisions": 1}, {}, Outcome.OK),
        ({"listed": 2, "failures": [(Outcome.UNAUTHORISED, "x")]}, {}, Outcome.UNAUTHORISED),
        ({"problems": [(Outcome.UNAVAILABLE, "x")]}, {}, Outcome.UNAVAILABLE),
    ],
)
def test_facts_become_one_outcome(facts: dict[str, Any], items: dict[str, int], outcome: Outcome) -> None:
    assert report(Tally(**facts), **items).outcome is outcome


def test_the_message_names_failures_and_counts_the_rest() -> None:
    failures = [(Outcome.ERROR, f"https://w.test/{n} answered 404") for n in range(7)]
    tally = Tally(listed=300, pages=300, new_pages=300, failures=failures, refused=2, skipped=1, unreadable=1)
    tally.note("catatan")
    tally.note("catatan")
    tally.note("aneh\x00\n\ud800")
    found = report(tally)
    assert found.failed == 8
    assert "w.test/4 answered 404" in found.message
    assert "w.test/5" not in found.message
    for words in ("2 more failed", "2 to other hosts", "1 skipped"):
        assert words in found.message
    assert found.message.count("catatan") == 1
    assert found.message.isprintable()


def test_an_empty_night_says_how_empty_it_was() -> None:
    assert report(Tally()).message == "nothing was listed"
    few = report(Tally(listed=3, recent=1), min=2)
    assert few.message == "3 items listed, 1 of them of this night or the day before (items.min = 2)"
    # A fault of the listing tells more.
    assert report(Tally(problems=[(Outcome.BLOCKED, "feed answered 403")])).message == "feed answered 403"


def test_no_outcome_stands_twice_in_the_order_of_precedence() -> None:
    assert sorted(PRECEDENCE) == sorted(Outcome)


def test_changed_texts_and_what_is_left_are_counted_and_named() -> None:
    found = report(Tally(listed=9, pages=9, new_pages=3, revisions=2, still_queued=4))
    assert (found.revisions, found.still_queued) == (2, 4)
    assert "2 texts changed since they were stored" in found.message
    assert "4 left for another night (bounds: 1000 articles, 60 minutes)" in found.message


def test_a_tally_tells_new_pages_from_changed_and_known_ones() -> None:
    tally = Tally()
    for stored in (Stored.NEW, Stored.NEW, Stored.REVISED, Stored.KNOWN):
        tally.count(stored)
    assert (tally.pages, tally.new_pages, tally.revisions) == (4, 2, 1)


def bounded(**bounds: float) -> Job:
    return Job(source(bounds=bounds), date(2024, 9, 17), create_engine("sqlite://"), None, None)


def test_a_night_has_room_until_its_articles_or_minutes_are_used_up() -> None:
    job = bounded(articles=10)
    job.tally.begin(4)
    assert job.room() == 6
    job.tally.asked += 6
    assert job.room() == 0
    late = bounded(minutes=1)
    late.tally.begin(0)
    assert late.room() == 1000
    late.tally.began -= 61
    assert late.room() == 0
    stopped = bounded()
    stopped.tally.begin(0)
    stopped.tally.stopped = "asks to wait"
    assert stopped.room() == 0


def test_a_replay_has_no_bounds() -> None:
    index = ArchiveIndex("a.warc.gz", {}, frozenset(), ())
    job = replace(bounded(articles=1), index=index)
    job.tally.begin(4)
    assert job.room() > 1_000_000
