"""Tokens: what the environment lacks, where a token goes, and what becomes of an answer that repeats it."""

import gzip
import zlib

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawlers.credentials import NETWORK_META, CredentialsMiddleware, lacking, token_of
from crawlers.manifest import Source
from tests.crawlers.networks import CANARY
from tests.crawlers.samples import source

URL = "https://api.test/2/tweets/search/recent"


def x_source() -> Source:
    entry = {"kind": "x", "url": URL, "query": "netralitas"}
    return source(kind="post", hosts=["api.test"], entries=[entry], credentials={"token": "NETRA_UJI_TOKEN"})


def middleware(monkeypatch: pytest.MonkeyPatch) -> CredentialsMiddleware:
    monkeypatch.setenv("NETRA_UJI_TOKEN", CANARY)
    return CredentialsMiddleware(x_source())


def asked(url: str = URL) -> Request:
    return Request(url, meta={NETWORK_META: "x"})


@pytest.mark.parametrize(
    ("value", "said"),
    [("", "is not set"), ("pendek", "holds no token"), ("ada spasi di dalam", "holds no token")],
)
def test_a_missing_or_impossible_token_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    monkeypatch.setenv("NETRA_UJI_TOKEN", value)
    assert lacking(x_source()).startswith("NETRA_UJI_TOKEN")
    assert said in lacking(x_source())
    assert not value or value not in lacking(x_source())


def test_reddit_wants_a_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"kind": "reddit", "url": "https://oauth.test/r/rekaan/new"}
    reddit = source(
        kind="post", hosts=["oauth.test"], entries=[entry], credentials={"token": "NETRA_UJI_TOKEN"}
    )
    monkeypatch.setenv("NETRA_UJI_TOKEN", CANARY)
    monkeypatch.delenv("NETRA_CONTACT", raising=False)
    assert lacking(reddit).startswith("NETRA_CONTACT is not set")
    monkeypatch.setenv("NETRA_CONTACT", "uji@netra.test")
    assert lacking(reddit) == ""
    assert token_of(source()) == ""


def test_a_token_is_on_the_request_only_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    found = middleware(monkeypatch)
    request = asked()
    found.process_request(request)
    assert request.headers["Authorization"] == f"Bearer {CANARY}".encode()
    found.process_response(request, Response(URL))
    assert "Authorization" not in request.headers
    found.process_request(request)
    found.process_exception(request, OSError("putus"))
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    "request_",
    [
        asked("http://api.test/2/tweets/search/recent"),
        asked("https://lain.test/2/tweets/search/recent"),
        asked("https://api.test:8443/"),
        Request(URL),
    ],
)
def test_a_token_goes_nowhere_else(monkeypatch: pytest.MonkeyPatch, request_: Request) -> None:
    middleware(monkeypatch).process_request(request_)
    assert "Authorization" not in request_.headers


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("", bytes),
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda b: zlib.compress(b)[2:-4]),
    ],
)
def test_an_answer_that_repeats_it_is_blanked(
    monkeypatch: pytest.MonkeyPatch, encoding: str, pack: object
) -> None:
    assert callable(pack)
    headers = {"X-Echo": CANARY} | ({"Content-Encoding": encoding} if encoding else {})
    response = Response(URL, headers=headers, body=pack(f"kata {CANARY} lagi".encode()))
    answer = middleware(monkeypatch).process_response(asked(), response)
    assert answer.body == b"kata (token) lagi"
    assert answer.headers["X-Echo"] == b"(token)"
    assert "Content-Encoding" not in answer.headers


def test_other_answers_stay_as_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"kata")
    response = Response(URL, headers={"Content-Encoding": "gzip"}, body=packed)
    assert middleware(monkeypatch).process_response(asked(), response).body == packed
    broken = Response(URL, headers={"Content-Encoding": "gzip"}, body=b"rusak")
    assert middleware(monkeypatch).process_response(asked(), broken).body == b"rusak"
    with pytest.raises(IgnoreRequest, match="not asked for"):
        middleware(monkeypatch).process_response(asked(), Response(URL, headers={"Content-Encoding": "br"}))
