"""From counts to one outcome word, whatever the order of the facts."""

import itertools
from datetime import date
from typing import Any

import pytest
from sqlalchemy import create_engine

from crawlers.job import PRECEDENCE, Job, Tally, report_of, worst
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
    for words in ("2 more failed", "2 to other hosts", "1 skipped", "more than items.max = 200"):
        assert words in found.message
    assert found.message.count("catatan") == 1
    assert found.message.isprintable()
