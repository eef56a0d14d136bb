"""XML from strangers, made harmless before any parser sees it.

Promises: what `plain_xml` gives is UTF-8 without a DOCTYPE, so that no entity, DTD or file is ever named
in it; what it gives has at most MAX_TAGS tags; `parse_feed` ends within PARSE_CPU_S of computing, whatever
the feed holds. Never does: open a file or an address.
"""

import io
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import feedparser

from crawlers.charset import is_web_encoding

#: Tags of one feed or sitemap. The protocol allows 50,000 addresses in a sitemap, about 400,000 tags; a
#: news sitemap has 1,000 addresses, a feed of 100 whole articles some 50,000 tags.
MAX_TAGS = 500_000
#: The 253 entities of HTML, declared one by one, are 12 KiB.
MAX_DOCTYPE_CHARS = 32 * 1024
#: feedparser is written in Python and on some inputs quadratic; an ordinary feed takes it 0.1 s.
PARSE_CPU_S = 5.0

_DECLARED = re.compile(rb"[^<]{0,8}<\?xml[^>]{0,200}?encoding=[\"']([\w.:-]+)[\"']")
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
# What may stand before the root element: white space, comments, processing instructions.
_MISC = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
# Inside a DOCTYPE: quoted text, comments and instructions hide brackets.
_INSIDE = re.compile(r"\"[^\"]*\"|'[^']*'|<!--.*?-->|<\?.*?\?>|[\[\]<>]", re.DOTALL)
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)


class ParseLimitError(BaseException):
    """The parser has used up its time; no `except Exception` inside it may swallow this."""


def declared_encoding(body: bytes) -> str:
    """Give the encoding that an XML declaration in ASCII names; "" when there is none."""
    found = _DECLARED.match(body)
    return found[1].decode("ascii") if found else ""


def plain_xml(body: bytes, encoding: str) -> bytes:
    """Give an XML document as UTF-8 with a declaration of its own and no DOCTYPE; lines keep their numbers.

    `encoding` is what the document is said to be in; UTF-8 where that is none of the web. Broken
    sequences become U+FFFD. Raises ValueError when a declaration of an entity remains (feedparser
    gathers them from outside the DOCTYPE too), for a DOCTYPE beyond MAX_DOCTYPE_CHARS and for more than
    MAX_TAGS tags.
    """
    text = body.decode(encoding if is_web_encoding(encoding) else "utf-8", "replace").lstrip("\ufeff")
    place = 0
    while True:
        if misc := _MISC.match(text, place):
            place = misc.end()
        elif _DOCTYPE.match(text, place):
            place = _end_of_doctype(text, place)
        else:
            break
    if _ENTITY.search(text, place):
        raise ValueError("declares an entity outside the DOCTYPE")
    if text.count("<", place) > MAX_TAGS:
        raise ValueError(f"more than {MAX_TAGS} tags")
    lines = "\n" * text.count("\n", 0, place)
    return f"{_DECLARATION}{lines}{text[place:]}".encode("utf-8", "replace")


def _end_of_doctype(text: str, place: int) -> int:
    depth = 0
    for step in _INSIDE.finditer(text, place, place + MAX_DOCTYPE_CHARS):
        if step[0] in "<[":
            depth += 1
        elif step[0] in ">]":
            depth -= 1
            if depth == 0:
                return step.end()
    raise ValueError(f"a DOCTYPE that does not end within {MAX_DOCTYPE_CHARS} characters")


def parse_feed(body: bytes, encoding: str) -> Any:
    """Parse an RSS or Atom feed, also one that is not well-formed; gives feedparser's dictionary.

    Raises ValueError as `plain_xml` does, and when it takes longer than PARSE_CPU_S.
    """
    # The charset of a made-up header outranks all guesses. A stream, never text: feedparser would take a
    # text for an address and fetch it.
    headers = {"content-type": "application/xml; charset=utf-8"}
    stream = io.BytesIO(plain_xml(body, encoding))
    try:
        with cpu_limit(PARSE_CPU_S):
            return feedparser.parse(
                stream, response_headers=headers, resolve_relative_uris=False, sanitize_html=False
            )
    except ParseLimitError:
        raise ValueError(f"takes more than {PARSE_CPU_S:.0f} s to read") from None


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise ParseLimitError in the block when the process has computed that long; main thread only.

    Computing, not waiting, so that a busy machine does not change what a crawl finds. For blocks of
    Python: a single call into C is not interrupted.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise ParseLimitError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
