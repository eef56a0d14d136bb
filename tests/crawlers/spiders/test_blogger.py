"""Blogger's JSON feed: entries, paging by age and number, and the empty feed."""

import json
from datetime import date
from typing import Any

import pytest
from scrapy.http import Response

from crawlers.manifest import Entry
from crawlers.spiders.blogger import first_url, read
from crawlers.spiders.listing import Listing
from tests.crawlers.samples import source

NIGHT = date(2024, 9, 18)
ENTRY = Entry(kind="blogger", url="https://w.test/feeds/posts/default")


def post(number: int, published: str = "2024-09-17T09:11:00.001+07:00") -> dict[str, Any]:
    return {
        "id": {"$t": f"tag:blogger.com,1999:blog-1.post-{number}"},
        "published": {"$t": published},
        "title": {"$t": f"Judul {number}"},
        "link": [
            {"rel": "self", "href": "https://w.test/x"},
            {"rel": "alternate", "href": f"https://w.test/{number}"},
        ],
    }


def listing(posts: list[dict[str, Any]], *, total: int = 0, start: int = 1) -> Listing:
    feed: dict[str, Any] = {
        "openSearch$totalResults": {"$t": str(total)},
        "openSearch$startIndex": {"$t": str(start)},
    }
    if posts:
        feed["entry"] = posts
    response = Response(first_url(ENTRY), body=json.dumps({"feed": feed}).encode())
    return read(ENTRY, response, source(), NIGHT)


def test_the_address_is_the_one_that_archives_hold() -> None:
    assert first_url(ENTRY) == (
        "https://w.test/feeds/posts/default?alt=json&max-results=25&start-index=1&orderby=published"
    )


def test_entries_become_parts_of_their_alternate_link() -> None:
    (part,) = listing([post(1)], total=1).parts
    assert (part.format, part.part, part.url) == (
        "blogger",
        "tag:blogger.com,1999:blog-1.post-1",
        "https://w.test/1",
    )
    assert part.published is not None
    assert part.published.isoformat() == "2024-09-17T09:11:00.001000+07:00"
    assert json.loads(part.body)["title"]["$t"] == "Judul 1"


def test_an_absent_entry_is_an_empty_list() -> None:
    assert listing([]) == Listing()


def test_an_entry_without_address_is_named() -> None:
    found = listing([post(1) | {"link": []}, post(2)])
    assert [part.url for part in found.parts] == ["https://w.test/2"]
    assert "post-1' has no public address" in found.faults[0]


@pytest.mark.parametrize(
    ("total", "start", "published", "following"),
    [
        (26, 1, "2024-09-17T00:00:00Z", 26),
        (25, 1, "2024-09-17T00:00:00Z", None),
        (99, 26, "2024-09-17T00:00:00Z", 51),
        (99, 1, "2024-09-01T00:00:00Z", None),
        (9999, 226, "2024-09-17T00:00:00Z", None),
    ],
)
def test_paging_ends_by_number_by_age_and_by_limit(
    total: int, start: int, published: str, following: int | None
) -> None:
    found = listing([post(1, published)], total=total, start=start)
    assert [url.split("start-index=")[1].split("&")[0] for url in found.more] == (
        [str(following)] if following else []
    )


def test_what_is_no_feed_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        read(ENTRY, Response(ENTRY.url, body=b"<html>"), source(), NIGHT)
