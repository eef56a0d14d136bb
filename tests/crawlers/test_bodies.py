"""Bodies: packed as we asked, small enough, in an encoding that exists."""

import codecs
import gzip
import zlib
from types import SimpleNamespace
from typing import Any, cast

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager

from crawlers.bodies import BodyMiddleware, BodyRefused
from crawlers.charset import is_web_encoding
from crawlers.settings import MAX_RESPONSE_BYTES, crawl_settings

PAGE = "<p>Berita é</p>".encode()


@pytest.fixture(scope="module")
def middleware() -> BodyMiddleware:
    settings = Settings(crawl_settings(replay=False))
    crawler = SimpleNamespace(settings=settings, stats=None, signals=SignalManager())
    return BodyMiddleware(crawler=cast(Any, crawler))


def given(body: bytes, packing: str = "", kind: str = "text/html; charset=utf-8") -> Response:
    headers = {"Content-Type": kind, **({"Content-Encoding": packing} if packing else {})}
    return HtmlResponse("https://w.test/", body=body, headers=headers)


GOOD = {
    "plain": (PAGE, ""),
    "identity": (PAGE, "identity"),
    "gzip": (gzip.compress(PAGE), "gzip"),
    "upper": (gzip.compress(PAGE), "GZIP"),
    "cut": (gzip.compress(PAGE)[:-6], "gzip"),
    "deflate": (zlib.compress(PAGE), "deflate"),
    "raw-deflate": (zlib.compress(PAGE)[2:-4], "deflate"),
}
TOO_LARGE = bytes(MAX_RESPONSE_BYTES + 1)
BAD = {
    "brotli": (PAGE, "br", "not asked for"),
    "zstd": (PAGE, "zstd", "not asked for"),
    "strange": (PAGE, "aes128gcm", "not asked for"),
    "twice": (gzip.compress(gzip.compress(PAGE)), "gzip, gzip", "not asked for"),
    "no-gzip": (PAGE, "gzip", "is not gzip"),
    "no-deflate": (PAGE, "deflate", "is not deflate"),
    "large-gzip": (gzip.compress(TOO_LARGE), "gzip", "more than 10 MiB"),
    "large-deflate": (zlib.compress(TOO_LARGE), "deflate", "more than 10 MiB"),
    "large": (TOO_LARGE, "", "more than 10 MiB"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_was_asked_for_is_unpacked(middleware: BodyMiddleware, name: str) -> None:
    assert middleware.process_response(Request("https://w.test/"), given(*GOOD[name])).body == PAGE


@pytest.mark.parametrize("name", BAD)
def test_the_rest_is_refused_by_name(middleware: BodyMiddleware, name: str) -> None:
    body, packing, words = BAD[name]
    with pytest.raises(BodyRefused, match=words):
        middleware.process_response(Request("https://w.test/"), given(body, packing))


@pytest.mark.parametrize(
    "name", ["punycode", "idna", "rot13", "zlib", "unicode_escape", "utf-7", "undefined"]
)
def test_encodings_of_python_alone_are_not_believed(middleware: BodyMiddleware, name: str) -> None:
    assert not is_web_encoding(name)
    plain = middleware.process_response(
        Request("https://w.test/"), given(PAGE, kind=f"text/html; charset={name}")
    )
    assert isinstance(plain, HtmlResponse)
    assert plain.encoding == "utf-8"


@pytest.mark.parametrize(
    "name", ["utf-8", "UTF8", "windows-1252", "latin-1", "utf-16", "gb18030", "shift_jis"]
)
def test_encodings_of_the_web_are(name: str) -> None:
    assert is_web_encoding(name)
    assert codecs.lookup(name)
