"""Limits in headers: three ways to say when they end."""

from datetime import UTC, datetime

import pytest
from scrapy.http import Response

from crawlers.ratelimit import parse_reset, told

NOW = datetime(2024, 9, 17, 2, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2024-09-17T02:05:00.000Z", 300.0),
        (str(int(NOW.timestamp()) + 900), 900.0),
        ("590", 590.0),
        ("12.5", 12.5),
        ("2024-09-17T01:00:00Z", 0.0),
        ("2024-12-17T01:00:00Z", 86_400.0),
        ("-5", 0.0),
        ("segera", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("9" * 400, 86_400.0),
    ],
)
def test_a_reset_is_seconds_from_now(value: str, seconds: float | None) -> None:
    assert parse_reset(value, now=NOW) == seconds


@pytest.mark.parametrize(
    "name", ["x-rate-limit-reset", "X-RateLimit-Reset", "RateLimit-Reset", "X-Ratelimit-Reset"]
)
def test_headers_of_all_networks_are_known(name: str) -> None:
    assert told(Response("https://a.test", headers={name: "7"}), "reset") == "7"
    assert told(Response("https://a.test", headers={name: "7"}), "remaining") == ""
