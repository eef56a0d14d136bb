"""Mastodon's timeline of a hashtag, on one instance: GET /api/v1/timelines/tag/NAME, 40 posts a page.

Promises: the first night walks back from the newest; every later one walks forward from the last stored
id (min_id), so that no busy night leaves a gap; an account is known by its full name, name@instance, also
where the instance writes its own members short. Never does: follow an address that an instance names.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from parsel import Selector
from scrapy.http import Response

from crawlers.parts import load_json, storable
from crawlers.spiders.posts import (
    Answer,
    Ask,
    Network,
    Post,
    Trouble,
    Walk,
    address,
    html_text,
    iso,
    node_text,
    rank,
    records_at,
    text_at,
)
from crawlers.urls import host_of
from store.records import Outcome

#: The most that an instance gives at once.
PAGE_SIZE = 40


def first(walk: Walk) -> Ask:
    """Ask for what came after the mark, or for the newest posts."""
    return (
        _page(walk, "min_id", walk.mark) if walk.mark else Ask(address(walk.entry.url, {"limit": PAGE_SIZE}))
    )


def posts(body: bytes, base: str) -> Iterator[Post]:
    """Give the posts of one page. Raises ValueError when it is no list of statuses."""
    statuses = load_json(body)
    if not isinstance(statuses, list):
        raise ValueError("not a list of Mastodon statuses")
    home = host_of(base)
    for status in statuses:
        if not isinstance(status, Mapping):
            continue
        number = text_at(status, "id")
        shown = status["reblog"] if isinstance(status.get("reblog"), Mapping) else status
        warning = text_at(shown, "spoiler_text")
        content = _text(shown, home)
        yield Post(
            id=number,
            # The one address of a status that does not name its author.
            url=f"{base}/statuses/{number}",
            text="\n".join(piece for piece in (html_text(warning) if warning else "", content) if piece),
            published=iso(text_at(shown, "created_at")),
            author=_full_name(text_at(shown, "account", "acct"), home),
            language=text_at(shown, "language"),
            listed=iso(text_at(status, "created_at")),
            order=number,
        )


def read(walk: Walk, response: Response) -> Answer:
    """Find the next page: newer ones when the request named a min_id, else older ones."""
    statuses = load_json(response.body)
    ids = [text_at(status, "id") for status in statuses]
    known = sorted((number for number in ids if number), key=rank)
    if "min_id" in parse_qs(urlsplit(response.url).query):
        return Answer(_page(walk, "min_id", known[-1]) if known else None, forward=True)
    link = (response.headers.get("Link") or b"").decode("latin-1")
    return Answer(_page(walk, "max_id", known[0]) if known and 'rel="next"' in link else None)


def trouble(response: Response) -> Trouble | None:
    """Tell an instance that shows its timelines to members only."""
    if response.status in (401, 403, 422):
        return Trouble(Outcome.UNAUTHORISED, "shows tags to members only, or refuses the token")
    return None


def _page(walk: Walk, name: str, number: str) -> Ask:
    return Ask(address(walk.entry.url, {"limit": PAGE_SIZE, name: number}))


def _full_name(acct: str, home: str) -> str:
    return acct if "@" in acct or not acct else f"{acct}@{home}"


def _text(status: Mapping[str, Any], home: str) -> str:
    """Give the text, with each mention under its full name: the page shows the first half alone."""
    content = text_at(status, "content")
    named = {
        text_at(mention, "url"): _full_name(text_at(mention, "acct"), home)
        for mention in records_at(status, "mentions")
    }
    page = Selector(text=f"<div>{storable(content)}</div>", type="html")
    for link in page.css("a.mention"):
        shown = node_text(link).lstrip("@")
        href = link.attrib.get("href", "")
        if "hashtag" in link.attrib.get("class", "").split() or not shown:
            continue
        name = named.get(href) or _full_name(shown, host_of(href) or home)
        for child in list(link.root):
            link.root.remove(child)
        link.root.text = f"@{name}"
    return node_text(page)


NETWORK = Network(first, posts, read, trouble)
