"""Tokens of social networks: from the environment onto the wire, and nowhere else.

Promises: a token is put on a request by the last middleware before the wire and taken off as soon as there
is an answer or an error, goes only to the address of an entry of its own manifest, and is blanked out of an
answer that repeats it before the archive sees that answer; so no log line, report, traceback, WARC record
or row can hold it. Never does: read a token from a file, follow a redirect with one, or name its value.
"""

import os
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawlers.job import job_of
from crawlers.manifest import Source
from crawlers.settings import CONTACT_VARIABLE, MAX_RESPONSE_BYTES

#: Key of `request.meta`: the kind of the network that is asked.
NETWORK_META = "netra_network"
#: Header and form of a token; networks that are not named take a bearer token (RFC 6750).
HEADERS: Mapping[str, tuple[str, str]] = MappingProxyType({"youtube": ("X-Goog-Api-Key", "{}")})
BEARER = ("Authorization", "Bearer {}")
#: Networks whose rules want a user agent that names its operator.
NEEDS_CONTACT = frozenset({"reddit"})
BLANK = b"(token)"
#: A shorter text would be blanked out of ordinary words.
MIN_TOKEN_CHARS = 8


def token_of(source: Source) -> str:
    """Give the token of a source; "" when its manifest names none or the variable is not set."""
    return os.environ.get(source.credentials.token, "").strip() if source.credentials else ""


def lacking(source: Source) -> str:
    """Say what the environment lacks for a source, by the names of variables; "" when nothing."""
    kinds = {entry.kind for entry in source.entries}
    if kinds & NEEDS_CONTACT and not os.environ.get(CONTACT_VARIABLE, "").strip():
        return f"{CONTACT_VARIABLE} is not set, and the network wants a user agent that names its operator"
    if source.credentials is None:
        return ""
    token, name = token_of(source), source.credentials.token
    if not token:
        return f"{name} is not set"
    # A blank or line break in a header would be another header.
    good = len(token) >= MIN_TOKEN_CHARS and token.isascii() and all("!" <= char <= "~" for char in token)
    return "" if good else f"{name} holds no token: it is too short, or has blanks or control characters"


class CredentialsMiddleware:
    """Last downloader middleware before the wire, behind the recorder."""

    def __init__(self, source: Source) -> None:
        self._token = token_of(source)
        self._places = {_place(entry.url) for entry in source.entries} if self._token else set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(job_of(crawler).source)

    def process_request(self, request: Request) -> None:
        if NETWORK_META in request.meta and _place(request.url) in self._places:
            name, form = _header(request)
            request.headers[name] = form.format(self._token)

    def process_response(self, request: Request, response: Response) -> Response:
        self._take_off(request)
        if not self._token or NETWORK_META not in request.meta:
            return response
        secret = self._token.encode("ascii")
        headers = {
            name: [value.replace(secret, BLANK) for value in values]
            for name, values in response.headers.items()
        }
        body = _plain(response)
        if body is not None and secret in body:
            headers.pop(b"Content-Encoding", None)
            return response.replace(headers=headers, body=body.replace(secret, BLANK))
        return response.replace(headers=headers)

    def process_exception(self, request: Request, exception: Exception) -> None:
        del exception
        self._take_off(request)

    def _take_off(self, request: Request) -> None:
        if NETWORK_META in request.meta:
            request.headers.pop(_header(request)[0], None)


def _header(request: Request) -> tuple[str, str]:
    return HEADERS.get(request.meta[NETWORK_META], BEARER)


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _plain(response: Response) -> bytes | None:
    """Give the body without its content encoding; None for one that is broken, whose text nobody can read.

    Raises IgnoreRequest for an encoding that was not asked for, since a token could hide in it.
    """
    encoding = (response.headers.get("Content-Encoding") or b"").strip().lower()
    if encoding in (b"", b"identity"):
        return response.body
    if encoding not in (b"gzip", b"x-gzip", b"deflate"):
        raise IgnoreRequest(f"{response.url} came in an encoding that was not asked for")
    # 32: gzip or zlib, by the first bytes; some servers mean raw deflate by "deflate".
    for window in (32 + zlib.MAX_WBITS, -zlib.MAX_WBITS):
        unpacker = zlib.decompressobj(window)
        try:
            return unpacker.decompress(response.body, MAX_RESPONSE_BYTES)
        except zlib.error:
            continue
    return None
