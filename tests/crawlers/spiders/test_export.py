"""Social exports: rows become posts, bad ones are named by file and line."""

import json
from datetime import date
from typing import Any

import pytest
from scrapy.http import Response

from crawlers.manifest import Entry, Source
from crawlers.parts import key_of, split
from crawlers.spiders.export import first_url, read, read_body
from store.records import Outcome
from tests.crawlers.samples import source

TABLE: dict[str, Any] = {
    "format": "csv",
    "platform": "x",
    "columns": {"id": "id", "url": "tautan", "text": "isi", "published": "waktu"},
}
ENTRY = Entry(kind="export", url="https://w.test/e.csv")
HEADER = "id,tautan,isi,waktu,akun\n"


def export_source(**more: Any) -> Source:
    return source(
        kind="post", platform="social", export=TABLE | more, entries=[{"kind": "export", "url": ENTRY.url}]
    )


def test_rows_become_posts_without_their_author() -> None:
    body = (HEADER + "1,https://x.test/1,Halo,2024-09-17T09:11:00Z,@siapa\n2,https://x.test/2,,,\n").encode()
    found = read(ENTRY, Response(first_url(ENTRY), body=body), export_source(), date(2024, 9, 18))
    (part,) = found.parts
    assert b"siapa" not in part.body
    assert json.loads(part.body)["platform"] == "x"
    assert found.faults == ("e.csv:3: no text (column 'isi')",)
    how, key = key_of("social", part.part)
    assert split("social", body, how)[key] == part.body


def test_a_file_without_one_good_row_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"no readable row; a\.csv:2: "):
        read_body((HEADER + "1,x,y\n").encode(), "a.csv", export_source())
    with pytest.raises(ValueError, match="no table"):
        read_body(b"", "a.csv", source())


def test_an_empty_file_is_empty() -> None:
    assert read_body(HEADER.encode(), "a.csv", export_source()).parts == ()


def test_a_wrong_encoding_is_named_and_read() -> None:
    body = (HEADER + "1,https://x.test/1,caf\xe9,,\n").encode("latin-1")
    found = read_body(body, "a.csv", export_source())
    assert found.problem == (Outcome.ENCODING, f"a.csv is not UTF-8 from byte {body.index(0xE9)} on")
    assert len(found.parts) == 1
