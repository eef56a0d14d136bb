"""Ages, machine times and true encodings."""

from datetime import UTC, date, datetime

import pytest
from scrapy.http import Response

from crawlers.spiders.listing import declared_xml_encoding, is_old, parse_iso, true_encoding


@pytest.mark.parametrize(
    ("body", "declared", "expected"),
    [
        ("biasa é".encode(), "utf-8", ("utf-8", True)),
        ("caf\xe9".encode("latin-1"), "utf-8", ("windows-1252", False)),
        ("“bagus” é".encode() + b"\xff", "utf-8", ("utf-8", True)),
        (b"\x93kutip\x94", "windows-1252", ("windows-1252", True)),
        (b"halo", "x-tidak-ada", ("utf-8", False)),
        (b"", "utf-8", ("utf-8", True)),
    ],
)
def test_true_encoding(body: bytes, declared: str, expected: tuple[str, bool]) -> None:
    assert true_encoding(body, declared) == expected


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b'<?xml version="1.0" encoding="ISO-8859-1"?>', "text/xml; charset=utf-8", "ISO-8859-1"),
        (b"<rss/>", "text/xml; charset=windows-1252", "windows-1252"),
        (b"<rss/>", "", "utf-8"),
    ],
)
def test_declared_encoding(body: bytes, kind: str, expected: str) -> None:
    response = Response("https://w.test/", body=body, headers={"Content-Type": kind} if kind else {})
    assert declared_xml_encoding(response) == expected


def test_times_and_ages() -> None:
    night = date(2024, 9, 18)
    assert parse_iso("2024-09-17T02:11:00") == datetime(2024, 9, 17, 2, 11, tzinfo=UTC)
    assert parse_iso("2024-09-17") == datetime(2024, 9, 17, tzinfo=UTC)
    assert parse_iso("kemarin") is None
    assert parse_iso("9999-12-31T23:59:59-12:00") is None
    assert parse_iso("0001-01-01") is None
    assert is_old(datetime(2024, 9, 1, tzinfo=UTC), night)
    assert not is_old(datetime(2024, 9, 12, tzinfo=UTC), night)
    assert not is_old(None, night)
