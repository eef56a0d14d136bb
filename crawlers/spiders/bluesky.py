"""Bluesky's search for posts: GET /xrpc/app.bsky.feed.searchPosts, newest first, 100 a page.

Promises: a post's own time is believed up to the time at which the network indexed it, since clients set
it freely; its address names the account by its identifier, not by its handle. Without a token the network
gives no second page under its cursor; older posts are then asked for by time.
Never does: filter by language: the label is often missing or wrong.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from scrapy.http import Response

from crawlers.spiders.listing import parse_iso
from crawlers.spiders.posts import (
    Answer,
    Ask,
    Network,
    Post,
    Trouble,
    Walk,
    address,
    iso,
    load_object,
    records_at,
    text_at,
    try_object,
    utc,
)
from store.records import Outcome

#: The most that one request may ask for.
PAGE_SIZE = 100
_URI = re.compile(r"at://(did:[a-z]+:[\w.:%-]+)/app\.bsky\.feed\.post/([\w.~:-]+)", re.ASCII)
_REFUSALS = frozenset({"AuthMissing", "AuthenticationRequired", "ExpiredToken", "InvalidToken", "Forbidden"})


def first(walk: Walk) -> Ask:
    """Ask for the newest posts."""
    return Ask(_address(walk, "", ""))


def posts(body: bytes, base: str) -> Iterator[Post]:
    """Give the posts of one page, newest first. Raises ValueError when it is no answer of the search."""
    del base
    answer = load_object(body)
    if not isinstance(answer.get("posts"), list):
        raise ValueError("not an answer of Bluesky's search: no `posts`")
    for post in records_at(answer, "posts"):
        uri = _URI.fullmatch(text_at(post, "uri"))
        indexed, created = iso(text_at(post, "indexedAt")), iso(text_at(post, "record", "createdAt"))
        handle, did = text_at(post, "author", "handle"), text_at(post, "author", "did")
        record = post.get("record")
        spoken = record.get("langs") if isinstance(record, dict) else None
        languages = [text_at(code) for code in spoken] if isinstance(spoken, list) else []
        yield Post(
            id=uri[0] if uri else "",
            url=f"https://bsky.app/profile/{uri[1]}/post/{uri[2]}" if uri else "",
            text=text_at(post, "record", "text"),
            published=min(filter(None, (created, indexed)), default=""),
            # An account whose name cannot be verified is shown under this one.
            author=did if handle == "handle.invalid" else handle,
            language="id" if "id" in languages else next(iter(languages), ""),
            listed=indexed,
            order=indexed,
        )


def read(walk: Walk, response: Response) -> Answer:
    """Find the way to the older posts: by cursor with a token, else by the time of the oldest post."""
    cursor = text_at(load_object(response.body), "cursor")
    if not cursor:
        return Answer()
    if walk.known:
        return Answer(Ask(_address(walk, "cursor", cursor)))
    times = [post.published for post in posts(response.body, "") if post.published]
    oldest = parse_iso(min(times, default=""))
    # `until` is exclusive and ours is cut to the second: one second of overlap, known posts change nothing.
    until = utc(oldest + timedelta(seconds=1)) if oldest else ""
    asked = (parse_qs(urlsplit(response.url).query).get("until") or [""])[0]
    return Answer(Ask(_address(walk, "until", until)) if until and until != asked else None)


def trouble(response: Response) -> Trouble | None:
    """Read the name of an error."""
    if response.status in (401, 403):
        return Trouble(Outcome.UNAUTHORISED, "refuses this search, or the token")
    if response.status != 400:
        return None
    answer = try_object(response)
    name, message = text_at(answer, "error"), text_at(answer, "message")
    outcome = Outcome.UNAUTHORISED if name in _REFUSALS else Outcome.ERROR
    return Trouble(outcome, f"answered 400 {name} {message}".rstrip())


def _address(walk: Walk, name: str, value: str) -> str:
    more = {name: value} if name else {}
    since = f"{walk.since.isoformat()}T00:00:00Z"
    parameters: dict[str, str | int] = {
        "q": walk.entry.query,
        "sort": "latest",
        "since": since,
        "limit": PAGE_SIZE,
    }
    return address(walk.entry.url, parameters | more)


NETWORK = Network(first, posts, read, trouble)
