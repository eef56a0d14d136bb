"""WordPress REST: posts, times in GMT, paging by header and age."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from scrapy.http import Response

from crawlers.manifest import Entry
from crawlers.spiders.listing import Listing
from crawlers.spiders.wordpress import first_url, page_url, read
from tests.crawlers.samples import source

NIGHT = date(2024, 9, 18)
ENTRY = Entry(kind="wordpress", url="https://w.test/wp-json/wp/v2/posts")
POST = {
    "id": 7,
    "date_gmt": "2024-09-17T02:11:00",
    "link": "https://w.test/2024/09/a/",
    "title": {"rendered": "A"},
}


def listing(posts: Any, *, page: int = 1, pages: str = "1") -> Listing:
    response = Response(
        page_url(ENTRY, page), body=json.dumps(posts).encode(), headers={"X-WP-TotalPages": pages}
    )
    return read(ENTRY, response, source(), NIGHT)


def test_the_address_is_the_one_that_archives_hold() -> None:
    assert first_url(ENTRY) == (
        "https://w.test/wp-json/wp/v2/posts?page=1&per_page=50&orderby=date&order=desc"
        "&_fields=id,date_gmt,modified_gmt,link,title,content,excerpt"
    )


def test_posts_become_parts_with_times_in_gmt() -> None:
    found = listing([POST, {"id": 8, "link": "javascript:x"}])
    assert [(part.part, part.url) for part in found.parts] == [("7", "https://w.test/2024/09/a/")]
    assert found.parts[0].published == datetime(2024, 9, 17, 2, 11, tzinfo=UTC)
    assert found.faults == ("post '8' has no address",)


@pytest.mark.parametrize(
    ("page", "pages", "day", "more"),
    [(1, "3", 17, 1), (3, "3", 17, 0), (1, "3", 1, 0), (10, "400", 17, 0), (1, "banyak", 17, 0)],
)
def test_paging_ends_by_header_by_age_and_by_limit(page: int, pages: str, day: int, more: int) -> None:
    found = listing([POST | {"date_gmt": f"2024-09-{day:02}T00:00:00"}], page=page, pages=pages)
    assert found.more == ((page_url(ENTRY, page + 1),) if more else ())


def test_a_post_behind_a_password_is_left_out() -> None:
    locked = POST | {"id": 9, "content": {"rendered": "", "protected": True}}
    found = listing([POST | {"content": {"rendered": "<p>Isi.</p>", "protected": False}}, locked])
    assert ([part.part for part in found.parts], found.old, found.faults) == (["7"], 1, ())


def test_an_empty_list_is_empty() -> None:
    assert listing([]) == Listing()


@pytest.mark.parametrize("body", [{"code": "rest_no_route"}, "teks", 1])
def test_what_is_no_list_of_posts_is_a_value_error(body: Any) -> None:
    with pytest.raises(ValueError, match="not a list"):
        listing(body)
