"""Retry-After, challenge pages, and which status means what."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawlers.politeness import RETRY_AFTER_CAP_S, challenge_name, classify_response, parse_retry_after
from store.records import Outcome

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
