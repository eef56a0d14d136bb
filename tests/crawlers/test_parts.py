"""Entries of larger responses: found, given as JSON, and bad ones named."""

import json

import pytest

from crawlers.parts import (
    RowMapping,
    blogger_entries,
    export_rows,
    feed_entries,
    key_of,
    load_json,
    row_part,
    split,
    wordpress_posts,
)

COLUMNS = {"id": "tweet_id", "url": "permalink", "text": "full_text", "published": "created_at"}
JSONL = RowMapping("jsonl", ",", "x", COLUMNS)
CSV = RowMapping("csv", ";", "facebook", COLUMNS)


def line(**fields: object) -> str:
    good = {"tweet_id": "1", "permalink": "https://x.test/1", "full_text": "Halo", "created_at": "2024-09-17"}
    return json.dumps(good | fields, ensure_ascii=False)


def test_rows_carry_our_five_names_and_no_author() -> None:
    (row,) = export_rows(line(username="siapa", likes=9).encode(), JSONL)
    assert row.fault == ""
    assert row.fields == {
        "id": "1",
        "url": "https://x.test/1",
        "text": "Halo",
        "published": "2024-09-17",
        "platform": "x",
    }


def test_bad_lines_of_jsonl_are_named_and_the_rest_is_read() -> None:
    body = "\n".join(
        [
            line(full_text="satu \u2028 dua"),
            "{bukan json",
            "[1]",
            line(tweet_id=""),
            line(tweet_id="2", permalink="javascript:x"),
            line(tweet_id="1"),
            line(tweet_id=3, full_text=None),
            "",
            line(tweet_id=1831234567890123456, full_text="\x00ya"),
        ]
    ).encode()
    rows = list(export_rows(body, JSONL))
    assert [(row.line, row.fault) for row in rows] == [
        (1, ""),
        (2, "not JSON"),
        (3, "not a JSON object"),
        (4, "no id (column 'tweet_id')"),
        (5, "url is not an http(s) address"),
        (6, "id '1' occurs a second time"),
        (7, "no text (column 'full_text')"),
        (9, ""),
    ]
    assert rows[-1].fields["id"] == "1831234567890123456"
    assert rows[-1].fields["text"] == "ya"


def test_bad_lines_of_csv_are_named_by_their_first_line() -> None:
    body = (
        "\ufefftweet_id;username;permalink;full_text;created_at\n"
        '1;a;https://f.test/1;"dua\nbaris; satu sel";2024-09-17\n'
        "2;b;https://f.test/2;kurang\n"
        "\n"
        "3;c;https://f.test/3;baik;2024-09-17\n"
    ).encode()
    rows = list(export_rows(body, CSV))
    assert [(row.line, row.fault) for row in rows] == [
        (2, ""),
        (4, "4 cells where the header has 5"),
        (6, ""),
    ]
    assert rows[0].fields["text"] == "dua\nbaris; satu sel"


def test_a_csv_without_its_columns_is_one_fault() -> None:
    rows = list(export_rows(b"id;text\n1;a\n2;b\n", CSV))
    assert [row.fault for row in rows] == [
        "the header lacks the column created_at, full_text, permalink, tweet_id"
    ]


def test_an_empty_export_has_no_rows() -> None:
    assert list(export_rows(b"", CSV)) == []
    assert list(export_rows(b"\n\n", JSONL)) == []


def test_a_row_is_found_again_by_its_part_alone() -> None:
    body = (line() + "\n" + line(tweet_id="7", full_text="tujuh")).encode()
    how, key = key_of("social", row_part(JSONL, "7"))
    assert json.loads(split("social", body, how)[key])["text"] == "tujuh"


def test_blogger_entries_and_their_absence() -> None:
    feed = {"feed": {"entry": [{"id": {"$t": "tag:1"}, "title": {"$t": "A"}}, {"title": "no id"}, 7]}}
    assert [key for key, _ in blogger_entries(json.dumps(feed).encode())] == ["tag:1"]
    assert list(blogger_entries(b'{"feed": {}}')) == []
    assert json.loads(split("blogger", json.dumps(feed).encode(), "")["tag:1"])["title"] == {"$t": "A"}


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b"\xff", b'{"feed": 1}', b"[" * 100_000])
def test_what_is_no_blogger_feed_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(blogger_entries(body))


def test_what_no_database_takes_is_dropped() -> None:
    body = json.dumps([{"id": "a\x00b\ud800", "title": "\ud800"}]).encode()
    assert split("wordpress", body, "")["ab"] == b'{"id": "a\\u0000b?", "title": "?"}'
    (row,) = export_rows(
        json.dumps(json.loads(line()) | {"tweet_id": "1\x00\udfff", "full_text": "ya\ud83d"}).encode(), JSONL
    )
    assert (row.fields["id"], row.fields["text"]) == ("1", "ya")


@pytest.mark.parametrize("entry", ["null", "7", '"x"', "{}"])
def test_a_blogger_feed_with_a_strange_entry_is_empty(entry: str) -> None:
    assert list(blogger_entries(f'{{"feed": {{"entry": {entry}}}}}'.encode())) == []


def test_wordpress_posts() -> None:
    body = b'\xef\xbb\xbf[{"id": 5, "link": "https://w.test/a"}, {"no": 1}]'
    assert [key for key, _ in wordpress_posts(body)] == ["5"]
    with pytest.raises(ValueError, match="not a list"):
        list(wordpress_posts(b'{"code": "rest_forbidden"}'))
    assert load_json(b"[1]") == [1]


def test_feed_entries_carry_their_content() -> None:
    body = b"""<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><item>
      <title>T</title><link>https://w.test/a</link><guid>g1</guid>
      <content:encoded><![CDATA[<p>isi</p>]]></content:encoded></item></channel></rss>"""
    assert json.loads(split("feed", body, "")["g1"])["content"] == "<p>isi</p>"
    assert [key for key, _ in feed_entries(body)] == ["g1"]
