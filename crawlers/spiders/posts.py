"""What one answer of a social network says, in one form for all networks.

Promises: readers are pure functions of an answer; what they read is data of strangers and may be missing,
of another type or of any length without an error; ValueError means that it is no answer of its network.
Never does: request, store, decide an outcome, or hide a handle: that is `networks`, before anything is kept.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from parsel import Selector
from scrapy.http import Response

from crawlers.manifest import Entry
from crawlers.parts import load_json, storable
from crawlers.spiders.listing import parse_iso, plausible
from store.records import Outcome


@dataclass(frozen=True, slots=True)
class Post:
    """One post as its network gives it, its author's handle in clear."""

    id: str
    url: str
    #: Plain text; "" = there is nothing to read in it, such as a photo without words.
    text: str
    #: ISO 8601 with its zone; "" = unknown.
    published: str
    #: Handle; "" = unknown or deleted.
    author: str
    #: Code of the network; "" = it does not say. "in", as X writes Indonesian, is "id" here.
    language: str = ""
    #: When the network listed it, which rules the walk; "" = `published`.
    listed: str = ""
    #: What the next night goes on from; ids of one network compare by length, then by letter. "" = nothing.
    order: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: an address, and a body where it is to be posted."""

    url: str
    body: bytes = b""
    #: What the body asks for, without the days of its window, by which a replay finds the answer.
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says besides its posts."""

    #: The next page, by what the answer says.
    more: Ask | None = None
    #: Newer posts come with each page instead of older ones.
    forward: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an answer brings no posts. UNCHANGED is a normal state that nobody needs to mend."""

    outcome: Outcome
    text: str
    #: The walk is to begin anew, since the network has lost its place in it.
    again: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """What a network module may know of the walk that it serves."""

    entry: Entry
    night: date
    #: `order` of the newest post that an earlier walk reached the end of; "" = none, or a replay.
    mark: str = ""
    #: Whether a token goes along; some networks page differently without one.
    known: bool = False

    @property
    def since(self) -> date:
        """The oldest day that this walk looks back to."""
        return self.night - timedelta(days=self.entry.back_days)


@dataclass(frozen=True, slots=True)
class Network:
    """The functions of one network."""

    #: The first request of a walk.
    first: Callable[[Walk], Ask]
    #: (body, scheme and host of the entry) -> its posts in the network's order. Raises ValueError.
    posts: Callable[[bytes, str], Iterator[Post]]
    #: What else the answer says; called after `posts` has read it through.
    read: Callable[[Walk, Response], Answer]
    #: Why an answer, good or bad by its status, brings no posts; None = it does, or its status says why.
    trouble: Callable[[Response], Trouble | None]


def rank(order: str) -> tuple[int, str]:
    """Give what `Post.order` compares by: ids are numbers, some beyond what JSON can hold as one."""
    return len(order), order


def address(url: str, parameters: Mapping[str, str | int]) -> str:
    """Add parameters to an address, percent-encoded, in the order given."""
    mark = "&" if "?" in url else "?"
    return url + mark + urlencode(parameters, quote_via=quote)


def load_object(body: bytes) -> Mapping[str, Any]:
    """Read a JSON object. Raises ValueError when the body is none."""
    loaded = load_json(body)
    if not isinstance(loaded, dict):
        raise ValueError("not a JSON object")
    return loaded


def try_object(response: Response) -> Mapping[str, Any]:
    """Read a JSON object, for the reason in an error; empty when the body is none."""
    try:
        return load_object(response.body)
    except ValueError:
        return {}


def text_at(value: Any, *path: str | int) -> str:
    """Give the text or number at a path of a JSON value as text that can be stored; "" when there is none."""
    for key in path:
        if isinstance(key, str) and isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(key, int) and isinstance(value, list) and len(value) > key:
            value = value[key]
        else:
            return ""
    if isinstance(value, str):
        return storable(value).strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def records_at(value: Any, *path: str) -> Iterator[Mapping[str, Any]]:
    """Give the JSON objects of the list at a path; nothing when there is no list."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    yield from (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def utc(moment: datetime | None) -> str:
    """Write an aware time as ISO 8601 in UTC to the second, which sorts by time; "" for none."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def iso(text: str) -> str:
    """Bring a written time to the form of `utc`; "" when it is none."""
    return utc(parse_iso(text)) if text else ""


def unix(value: Any) -> str:
    """Bring seconds since 1970 to the form of `utc`; "" when they are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return ""
    try:
        return utc(plausible(datetime.fromtimestamp(value, UTC)))
    except (OverflowError, ValueError, OSError):
        return ""


def html_text(markup: str) -> str:
    """Give the text of a post's HTML: line breaks kept, paragraphs apart."""
    return node_text(Selector(text=f"<div>{storable(markup)}</div>", type="html"))


def node_text(node: Selector) -> str:
    """Give the text of an element: a line per <br>, an empty line before each <p>."""
    pieces = []
    for found in node.xpath(".//text() | .//br | .//p"):
        if isinstance(found.root, str):
            pieces.append(found.root)
        else:
            pieces.append("\n" if found.root.tag == "br" else "\n\n")
    return storable("".join(pieces)).strip()


def base_of(url: str) -> str:
    """Give scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
