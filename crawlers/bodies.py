"""What a response may weigh and how it may be packed, live and on replay alike.

Promises: a body that reaches a reader has at most MAX_RESPONSE_BYTES unpacked, came in one encoding at
most, one that we asked for and that the archive can undo, and names no character set that only Python
knows. Never does: unpack past the limit to find out how large a bomb is.
"""

import zlib
from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse

from crawlers.archive import UNPACKED_ENCODINGS
from crawlers.charset import is_web_encoding
from crawlers.settings import MAX_RESPONSE_BYTES


class BodyRefused(IgnoreRequest):
    """The body is too large, or packed in a way that was not asked for."""


class BodyMiddleware(HttpCompressionMiddleware):
    """Scrapy's decompression within our bounds."""

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Response:
        """Give the response unpacked. Raises BodyRefused."""
        del spider
        fields = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1").lower()
        packed = [name for name in map(str.strip, fields.split(",")) if name not in ("", "identity")]
        if len(packed) > 1 or not UNPACKED_ENCODINGS.issuperset(packed):
            raise BodyRefused(f"{request.url} is packed as {', '.join(packed)[:80]!r}, not asked for")
        try:
            plain = super().process_response(request, response)
        except IgnoreRequest:
            plain = None
        except (OSError, EOFError, zlib.error) as error:
            raise BodyRefused(f"{request.url} is not {packed[0]}: {error}") from None
        if not isinstance(plain, Response) or len(plain.body) > MAX_RESPONSE_BYTES:
            size = MAX_RESPONSE_BYTES // 1024**2
            raise BodyRefused(f"{request.url} unpacks to more than {size} MiB")
        if isinstance(plain, TextResponse) and not is_web_encoding(plain.encoding):
            return plain.replace(encoding="utf-8")
        return plain
