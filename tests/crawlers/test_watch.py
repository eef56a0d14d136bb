"""Counts of a night become a verdict: layout, hours, the trailing median."""

from datetime import date

import pytest

from crawlers.watch import FEWEST_NIGHTS, judge, warnings_of
from store.ledger import NightCounts
from store.records import Outcome, SourceReport
from tests.crawlers.samples import source

NIGHT = date(2024, 9, 17)


def report(outcome: Outcome = Outcome.OK, message: str = "", new_pages: int = 10) -> SourceReport:
    return SourceReport("warta", NIGHT, outcome, 12, 10, new_pages, 0, message)


def counts(looked_at: int = 10, *, title: int = -1, body: int = -1, time: int = -1) -> NightCounts:
    filled = (looked_at if share < 0 else share for share in (title, body, time))
    return NightCounts(looked_at, looked_at, *filled)


@pytest.mark.parametrize(
    ("found", "outcome", "said"),
    [
        (counts(), Outcome.OK, ""),
        (counts(0), Outcome.OK, ""),
        (counts(title=9, body=9, time=5), Outcome.OK, ""),
        (counts(title=8), Outcome.LAYOUT_CHANGED, "watch: 8 of 10 articles have a title (fill.title = 0.9)"),
        (counts(body=8), Outcome.LAYOUT_CHANGED, "8 of 10 articles have a body of 200 characters"),
        (counts(time=4), Outcome.OK, "watch: warning: 4 of 10 articles have a time of day (fill.time = 0.5)"),
        # One odd page is no layout, two of two are.
        (counts(3, body=2), Outcome.OK, ""),
        (counts(1, title=0, body=0, time=0), Outcome.OK, ""),
        (counts(2, body=0), Outcome.LAYOUT_CHANGED, "0 of 2 articles have a body"),
    ],
)
def test_what_is_missing_from_a_night_changes_its_outcome(
    found: NightCounts, outcome: Outcome, said: str
) -> None:
    judged = judge(report(), source(), found, [])
    assert judged.outcome is outcome
    assert said in judged.message
    assert bool(judged.message) == bool(said)
    assert (judged.items, judged.looked_at, judged.with_body) == (
        found.items,
        found.looked_at,
        found.with_body,
    )


def test_a_manifest_may_ask_for_less_or_more() -> None:
    lax = source(fill={"title": 0.0, "body": 0.5})
    assert judge(report(), lax, counts(title=0, body=5), []).outcome is Outcome.OK
    strict = source(fill={"time": 1.0})
    assert "warning: 8 of 10" in judge(report(), strict, counts(time=8), []).message


def test_posts_have_no_title_and_are_short() -> None:
    export = {"format": "csv", "platform": "x"}
    export["columns"] = dict.fromkeys(("id", "url", "text", "published"), "a")  # type: ignore[assignment]  # a table in a table
    posts = source(kind="post", entries=[{"kind": "export", "path": "a.csv"}], export=export)
    assert judge(report(), posts, counts(title=0, body=0, time=0), []).outcome is Outcome.OK
    asked = posts.model_copy(update={"fill": source(fill={"body": 0.5}).fill})
    assert judge(report(), asked, counts(body=0), []).outcome is Outcome.LAYOUT_CHANGED


def test_a_source_that_fails_for_another_reason_keeps_it() -> None:
    judged = judge(report(Outcome.BLOCKED, "answered 403"), source(), counts(body=0), [50] * 9)
    assert judged.outcome is Outcome.BLOCKED
    assert judged.message.startswith("answered 403; watch: 0 of 10 articles have a body")
    assert "median" not in judged.message


@pytest.mark.parametrize(
    ("earlier", "usual", "warned"),
    [
        ([40, 30, 50], 40.0, True),
        ([40, 30, 50, 34], 37.0, True),
        ([30, 30, 30], 30.0, False),
        ([40] * (FEWEST_NIGHTS - 1), None, False),
        ([0, 0, 0], 0.0, False),
    ],
)
def test_a_night_far_below_the_trailing_median_is_named(
    earlier: list[int], usual: float | None, warned: bool
) -> None:
    judged = judge(report(), source(), counts(), earlier)
    assert (judged.outcome, judged.median_items) == (Outcome.OK, usual)
    assert ("warning: 10 new articles, the median of the last" in judged.message) == warned


def test_a_verdict_is_the_same_when_it_is_asked_for_again() -> None:
    once = judge(report(message="1 skipped"), source(), counts(body=0), [40, 40, 40])
    assert judge(once, source(), counts(body=0), [40, 40, 40]) == once
    mended = judge(once, source(), counts(), [10, 10, 10])
    assert (mended.outcome, mended.message) == (Outcome.OK, "1 skipped")
    quiet = judge(report(Outcome.UNCHANGED, new_pages=0), source(), counts(body=0), [])
    assert judge(quiet, source(), counts(), []).outcome is Outcome.UNCHANGED


def test_more_than_expected_is_a_warning_that_can_be_told_apart() -> None:
    judged = judge(report(message="1 skipped"), source(items={"max": 9}), counts(time=4), [])
    assert judged.outcome is Outcome.OK
    assert warnings_of(judged) == (
        "4 of 10 articles have a time of day (fill.time = 0.5); 10 new articles, more than items.max = 9"
    )
    assert warnings_of(judge(report(message="warning: none"), source(), counts(body=0), [])) == ""
