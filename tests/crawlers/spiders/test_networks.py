"""Readers of social networks: whatever an answer holds, posts or a ValueError come of it."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.http import Response

from crawlers.manifest import Entry
from crawlers.parts import key_of
from crawlers.social_manifest import NETWORK_KINDS
from crawlers.spiders.networks import NETWORKS, is_network, part_of, row_of, sound, split
from crawlers.spiders.posts import Post, Walk, html_text, iso, rank, unix
from crawlers.spiders.tiktok import conditions
from crawlers.urls import without_resume
from tests.crawlers.networks import PATHS, QUERIES
from tests.crawlers.samples import source

NIGHT = date(2024, 9, 18)
WORDS = st.sampled_from(
    [
        *(
            "id",
            "data",
            "meta",
            "posts",
            "items",
            "videos",
            "kind",
            "Listing",
            "children",
            "snippet",
            "account",
        ),
        *(
            "author",
            "record",
            "langs",
            "replies",
            "topLevelComment",
            "users",
            "includes",
            "error",
            "mentions",
        ),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


def walk(kind: str, mark: str = "", **more: Any) -> Walk:
    entry = Entry(kind=kind, url="https://w.test" + PATHS[kind], query=QUERIES.get(kind, ""), **more)  # type: ignore[arg-type]  # a parameter of the test
    return Walk(entry, NIGHT, mark)


@pytest.mark.parametrize("kind", NETWORK_KINDS)
@given(value=JSON, status=st.sampled_from([200, 400, 401, 403, 404, 500]))
@settings(max_examples=60, deadline=None)
def test_strange_answers_are_posts_or_a_value_error(kind: str, value: Any, status: int) -> None:
    body = json.dumps(value).encode()
    network = NETWORKS[kind]
    response = Response("https://w.test/", status=status, body=body)
    network.trouble(response)
    try:
        posts, _, _ = sound(network.posts(body, "https://w.test"))
    except ValueError:
        return
    network.read(walk(kind), response)
    for post in posts:
        assert json.loads(row_of(post, kind=kind, keep=()))["text"]


@pytest.mark.parametrize("kind", NETWORK_KINDS)
@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"[" * 100_000, b"<html>", b"null"])
def test_what_is_no_answer_is_a_value_error(kind: str, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(NETWORKS[kind].posts(body, "https://w.test"))


def test_a_row_is_found_again_by_its_part_alone() -> None:
    tweet = {"id": "7", "text": "halo @lembaga_ri @budi_rekaan", "author_id": "5"}
    body = json.dumps({"meta": {}, "data": [tweet, tweet, {"text": "tanpa id"}, {"id": "8"}]}).encode()
    posts, mute, faults = sound(NETWORKS["x"].posts(body, ""))
    assert (len(posts), mute, faults) == (1, 1, ["a post '' without an id"])
    keeper = source(privacy={"keep_handles": ["@Lembaga_RI"]})
    how, key = key_of("social", part_of(posts[0], kind="x", base="https://w.test", source=keeper))
    row = split(body, how)[key]
    assert row == row_of(posts[0], kind="x", keep=("@Lembaga_RI",))
    assert json.loads(row)["text"].startswith("halo @lembaga_ri @akun")
    assert is_network(how)
    assert not is_network("")
    assert not is_network('{"format": "csv"}')


def test_the_long_text_of_x_and_its_other_languages() -> None:
    tweets = [
        {"id": "1", "text": "potong…", "note_tweet": {"text": "panjang sekali"}, "lang": "in"},
        {"id": "2", "text": "?", "lang": "qme"},
        {"id": "3", "text": "kuto", "lang": "und"},
        {"id": "4", "text": "hi", "lang": "en"},
    ]
    found = list(NETWORKS["x"].posts(json.dumps({"meta": {}, "data": tweets}).encode(), ""))
    assert [(p.text, p.language) for p in found] == [
        ("panjang sekali", "id"),
        ("?", ""),
        ("kuto", ""),
        ("hi", "en"),
    ]


@pytest.mark.parametrize(
    ("mark", "back_days", "expected"),
    [
        ("", 7, ""),
        ("", 2, "start_time=2024-09-16T00%3A00%3A00Z"),
        # Written on 17 September 2024.
        ("1835872394756882432", 7, "since_id=1835872394756882432"),
        # Years before: X would answer 400.
        ("1212092628029698048", 7, ""),
    ],
)
def test_x_is_asked_from_where_it_still_knows(mark: str, back_days: int, expected: str) -> None:
    url = NETWORKS["x"].first(walk("x", mark, back_days=back_days)).url
    assert expected in url
    assert ("since_id" in url, "start_time" in url) == ("since_id" in expected, "start_time" in expected)
    assert without_resume(url) == NETWORKS["x"].first(walk("x")).url


def test_addresses_of_other_lists_keep_their_parameters() -> None:
    assert (
        without_resume("https://w.test/daftar?since=2&since_id=3")
        == "https://w.test/daftar?since=2&since_id=3"
    )


def test_a_query_of_tiktok_is_tags_or_words_in_indonesia() -> None:
    assert conditions("#a, kepala dinas ,#b,,") == {
        "and": [{"operation": "IN", "field_name": "region_code", "field_values": ["ID"]}],
        "or": [
            {"operation": "IN", "field_name": "hashtag_name", "field_values": ["a", "b"]},
            {"operation": "IN", "field_name": "keyword", "field_values": ["kepala dinas"]},
        ],
    }


def test_bluesky_pages_by_cursor_with_a_token_and_stops_where_time_stands_still() -> None:
    network = NETWORKS["bluesky"]
    post = {"uri": "at://did:plc:a/app.bsky.feed.post/1", "indexedAt": "2024-09-17T02:11:00.5Z", "record": {}}
    body = json.dumps({"cursor": "100", "posts": [post]}).encode()
    plain = network.read(walk("bluesky"), Response("https://w.test/", body=body)).more
    assert plain is not None
    assert "until=2024-09-17T02%3A11%3A01Z" in plain.url
    assert network.read(walk("bluesky"), Response(plain.url, body=body)).more is None
    known = network.read(
        Walk(walk("bluesky").entry, NIGHT, known=True), Response("https://w.test/", body=body)
    ).more
    assert known is not None
    assert "cursor=100" in known.url


def test_comments_of_reddit_are_posts() -> None:
    thing = {"id": "c1", "name": "t1_c1", "link_id": "t3_z", "body": "komentar", "created_utc": 1726539060.0}
    body = json.dumps({"kind": "Listing", "data": {"children": [{"kind": "t1", "data": thing}, 7]}}).encode()
    (post,) = NETWORKS["reddit"].posts(body, "")
    assert (post.url, post.text) == ("https://www.reddit.com/comments/z/_/c1/", "komentar")
    assert post.published == "2024-09-17T02:11:00Z"


def test_times_and_texts_and_ranks() -> None:
    assert iso("2024-09-17T09:11:00.123+07:00") == "2024-09-17T02:11:00Z"
    assert [iso("kemarin"), iso(""), unix("7"), unix(True), unix(1e300), unix(float("nan"))] == [""] * 6
    assert html_text("<p>satu<br>dua</p><p>tiga &amp; empat</p>\x00") == "satu\ndua\n\ntiga & empat"
    assert html_text("") == ""
    assert rank("99") < rank("100")
    assert sound([Post("1", "javascript:x", "a", "", "")])[2] == ["a post '1' without an address"]
