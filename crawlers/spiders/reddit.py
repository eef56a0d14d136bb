"""Reddit's listings of a community: /r/NAME/new, /r/NAME/comments, /r/NAME/search; newest first, 100 a page.

Promises: asked with a token and under a user agent that names its operator, as Reddit's rules want it; a
post that was deleted or removed keeps only what is still shown. Never does: read a page of the website.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from scrapy.http import Response

from crawlers.spiders.posts import (
    Answer,
    Ask,
    Network,
    Post,
    Trouble,
    Walk,
    address,
    load_object,
    records_at,
    text_at,
    try_object,
    unix,
)
from store.records import Outcome

#: The most that one request may ask for.
PAGE_SIZE = 100
#: What stands where a post or a name stood.
_GONE = frozenset({"[deleted]", "[removed]", "[unavailable]"})
_CLOSED = frozenset({"private", "banned", "quarantined", "gold_only"})


def first(walk: Walk) -> Ask:
    """Ask for the newest posts."""
    return Ask(_address(walk, ""))


def posts(body: bytes, base: str) -> Iterator[Post]:
    """Give the posts and comments of one page. Raises ValueError when it is no listing."""
    del base
    answer = load_object(body)
    if answer.get("kind") != "Listing":
        raise ValueError("not a listing of Reddit")
    for child in records_at(answer, "data", "children"):
        thing = child.get("data")
        if child.get("kind") not in ("t1", "t3") or not isinstance(thing, Mapping):
            continue
        number, name = text_at(thing, "id"), text_at(thing, "name")
        above = text_at(thing, "link_id").removeprefix("t3_")
        place = f"{above}/_/{number}" if child["kind"] == "t1" else number
        pieces = [text_at(thing, key) for key in ("body",)]
        if child["kind"] == "t3":
            pieces = [text_at(thing, key) for key in ("title", "selftext")]
        author = text_at(thing, "author")
        yield Post(
            id=name if number else "",
            # Not the permalink: in the community of an account it holds the account's name.
            url=f"https://www.reddit.com/comments/{place}/",
            text="\n\n".join(piece for piece in pieces if piece and piece not in _GONE),
            published=unix(thing.get("created_utc")),
            author="" if author in _GONE else author,
            order=number,
        )


def read(walk: Walk, response: Response) -> Answer:
    """Find the next page."""
    after = text_at(load_object(response.body), "data", "after")
    return Answer(Ask(_address(walk, after)) if after else None)


def trouble(response: Response) -> Trouble | None:
    """Tell a community that is closed or does not exist from a token that is refused."""
    if 300 <= response.status < 400:
        target = (response.headers.get("Location") or b"").decode("latin-1")
        if "/subreddits/search" in urlsplit(target).path:
            return Trouble(Outcome.UNAVAILABLE, "does not exist")
    if response.status in (403, 404):
        reason = text_at(try_object(response), "reason")
        if reason in _CLOSED:
            return Trouble(Outcome.UNAVAILABLE, f"is {reason}")
    return None


def _address(walk: Walk, after: str) -> str:
    # raw_json: without it Reddit escapes <, > and & in texts.
    parameters: dict[str, str | int] = {"limit": PAGE_SIZE, "raw_json": 1}
    if walk.entry.query:
        parameters |= {"q": walk.entry.query, "sort": "new", "restrict_sr": 1}
    if after:
        parameters["after"] = after
    return address(walk.entry.url, parameters)


NETWORK = Network(first, posts, read, trouble)
