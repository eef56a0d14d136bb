"""Retry-After, challenge pages, and which status means what."""

import asyncio
import email.utils
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.http import HtmlResponse
from scrapy.signalmanager import SignalManager

from crawlers.job import Job
from crawlers.pace import BACK_OFF_S, Pace
from crawlers.politeness import (
    REFUSALS_LIMIT,
    RETRY_AFTER_CAP_S,
    PolitenessMiddleware,
    SourceStopped,
    challenge_name,
    classify_response,
    parse_retry_after,
)
from store.records import Outcome
from tests.crawlers.samples import source
from tests.crawlers.test_pace import Clock

NOW = datetime(2024, 9, 17, 19, 0, 0, tzinfo=UTC)


def response(status: int = 200, body: str = "<p>Berita</p>", **headers: str) -> HtmlResponse:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return HtmlResponse("https://w.test/", status=status, body=body.encode(), headers=fields)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        (" 0 ", 0.0),
        ("Tue, 17 Sep 2024 19:01:00 GMT", 60.0),
        ("Tue, 17 Sep 2024 18:00:00 GMT", 0.0),
        ("Tue, 17 Sep 2024 19:01:00 -0000", 60.0),
        ("Fri, 20 Sep 2024 19:01:00 GMT", RETRY_AFTER_CAP_S),
        ("999999999999999999999999", RETRY_AFTER_CAP_S),
        ("", None),
        ("sebentar", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == seconds


@given(st.text(max_size=60))
def test_retry_after_never_raises_and_stays_in_bounds(value: str) -> None:
    seconds = parse_retry_after(value, now=NOW)
    assert seconds is None or 0 <= seconds <= RETRY_AFTER_CAP_S


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, None),
        (204, None),
        (301, Outcome.ERROR),
        (401, Outcome.BLOCKED),
        (403, Outcome.BLOCKED),
        (451, Outcome.BLOCKED),
        (404, Outcome.ERROR),
        (408, Outcome.TIMEOUT),
        (410, Outcome.ERROR),
        (429, Outcome.RATE_LIMITED),
        (500, Outcome.ERROR),
        (503, Outcome.ERROR),
        (504, Outcome.TIMEOUT),
    ],
)
def test_each_status_has_its_outcome(status: int, outcome: Outcome | None) -> None:
    assert classify_response(response(status)) is outcome


@pytest.mark.parametrize(
    "body",
    [
        "<html><head><title>Just a moment...</title></head></html>",
        "<script>window._cf_chl_opt={cvId:'3'}</script>",
        "<title>Attention Required! | Cloudflare</title>",
        '<iframe src="/_Incapsula_Resource?incident_id=1"></iframe>',
        '<script src="https://geo.captcha-delivery.com/c.js"></script>',
        '<div id="px-captcha"></div>',
        "<title>DDoS-Guard</title>",
        "<script>window.gokuProps={}</script>",
        "<title>Checking your browser before accessing</title>",
    ],
)
@pytest.mark.parametrize("status", [200, 202, 403, 503])
def test_challenge_pages_are_told_from_content(body: str, status: int) -> None:
    assert classify_response(response(status, body)) is Outcome.CHALLENGE


def test_a_challenge_may_stand_in_a_header() -> None:
    assert challenge_name(response(403, "", cf_mitigated="challenge")) == "Cloudflare"


@pytest.mark.parametrize(
    "body",
    [
        '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script><p>Berita</p>',
        "<p>Situs memakai Cloudflare dan captcha agar just a moment...</p>",
        '<div class="g-recaptcha"></div><p>Kolom komentar</p>',
        "x" * 70_000 + "<title>Just a moment...</title>",
    ],
)
def test_ordinary_pages_are_no_challenge(body: str) -> None:
    assert classify_response(response(200, body)) is None


def polite(pace: Pace | None = None) -> tuple[PolitenessMiddleware, Job]:
    """A middleware of a live job, and that job."""
    job = Job(source(), date(2024, 9, 17), cast(Any, None), None, None, pace=pace or Pace())
    crawler = SimpleNamespace(spider=SimpleNamespace(job=job), signals=SignalManager())
    return PolitenessMiddleware(cast(Any, crawler)), job


def waits(job: Job) -> float:
    """Seconds for which the host is still left in peace."""
    host = job.pace._host("https://w.test/")
    return host.held_until - job.pace._clock()


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_without_a_time_backs_off_by_doubling(status: int) -> None:
    middleware, job = polite()
    request: Any = Request("https://w.test/a")
    for pause in (BACK_OFF_S, 2 * BACK_OFF_S):
        request = middleware.process_response(request, response(status))
        assert isinstance(request, Request)
        assert waits(job) == pytest.approx(pause, abs=1)
    # Three tries in all; what follows differs: a 429 speaks for the outlet, a 503 for one page.
    if status == 429:
        with pytest.raises(SourceStopped, match="still answers 429 after 2 waits"):
            middleware.process_response(request, response(429))
    else:
        assert middleware.process_response(request, response(503)).status == 503


def test_a_host_that_only_refuses_is_left_alone() -> None:
    middleware, job = polite()
    for n in range(REFUSALS_LIMIT - 1):
        middleware.process_response(Request(f"https://w.test/{n}"), response(503))
    with pytest.raises(SourceStopped, match="answered 503, as did 4 before it"):
        middleware.process_response(Request("https://w.test/x"), response(503))
    assert job.tally.stopped
    with pytest.raises(SourceStopped):
        middleware.process_request(Request("https://w.test/y"))


def test_an_answer_ends_the_back_off_and_a_time_replaces_it() -> None:
    middleware, job = polite()
    middleware.process_response(Request("https://w.test/1"), response(503))
    assert middleware.process_response(Request("https://w.test/2"), response(404)).status == 404
    middleware.process_response(Request("https://w.test/3"), response(503))
    assert waits(job) == pytest.approx(BACK_OFF_S, abs=1)
    middleware.process_response(Request("https://w.test/4"), response(503, Retry_After="120"))
    assert waits(job) == pytest.approx(120, abs=1)
    with pytest.raises(SourceStopped, match="asks to wait 301 s"):
        middleware.process_response(Request("https://w.test/5"), response(429, Retry_After="301"))


def test_tries_count_together_whatever_they_fail_by() -> None:
    middleware, _ = polite()
    tired = Request("https://w.test/a", meta={"retry_times": 2})
    assert middleware.process_response(tired, response(503)).status == 503


@pytest.mark.parametrize("seconds", [0, 1, 2, 37, 120, 299])
@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_is_kept_within_one_second(status: int, form: str, seconds: int) -> None:
    """R8, on a clock of the test: never asked sooner than told, and at most a second later."""
    clock = Clock()
    middleware, job = polite(Pace(clock=clock, sleep=clock.sleep))
    now = datetime.now(UTC)
    date_ = email.utils.format_datetime(now + timedelta(seconds=seconds), usegmt=True)
    told = str(seconds) if form == "seconds" else date_
    again = middleware.process_response(Request("https://w.test/a"), response(status, Retry_After=told))
    assert isinstance(again, Request)

    async def ask() -> None:
        async with job.pace.turn(again.url, gap_s=0.0, going=lambda: True) as allowed:
            assert allowed

    asyncio.run(ask())
    # A date has whole seconds: the part of a second that it leaves out counts as told.
    left_out = now.microsecond / 1e6 if form == "date" else 0.0
    passed = (datetime.now(UTC) - now).total_seconds()
    assert max(0.0, seconds - left_out - passed) <= clock.now <= seconds + 1


def test_nobody_waits_for_a_robots_txt_that_is_down() -> None:
    middleware, job = polite()
    robots = Request("https://w.test/robots.txt", meta={"dont_obey_robotstxt": True})
    assert middleware.process_response(robots, response(503)).status == 503
    assert waits(job) < 0
