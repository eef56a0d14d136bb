"""X API v2, recent search: GET /2/tweets/search/recent, the last seven days, newest first, 100 a page.

Promises: after the first night only what is newer than the last stored id is asked for, since X counts
every post that it gives; `data` that is absent is an empty answer; Indonesian, which X writes "in", is
"id". Never does: ask for names, places or biographies of accounts.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from scrapy.http import Response

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
)
from store.records import Outcome

#: The most that one request may ask for.
PAGE_SIZE = 100
#: Recent search reaches back seven days and answers 400 to anything older; one day less is safe in any zone.
REACH = timedelta(days=6)
#: An id holds the milliseconds since this moment above its lowest 22 bits.
_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
_CLOCK_SHIFT = 22
_LANGUAGES = {"in": "id", "und": "", "zxx": ""}


def first(walk: Walk) -> Ask:
    """Ask for what is newer than the mark, where X still knows it; else for all that it gives."""
    return Ask(_address(walk, ""))


def posts(body: bytes, base: str) -> Iterator[Post]:
    """Give the posts of one page, newest first. Raises ValueError when it is no answer of the search."""
    del base
    answer = load_object(body)
    if not isinstance(answer.get("meta"), dict):
        raise ValueError("not an answer of X's recent search: no `meta`")
    names = {text_at(u, "id"): text_at(u, "username") for u in records_at(answer, "includes", "users")}
    for post in records_at(answer, "data"):
        number, author = text_at(post, "id"), text_at(post, "author_id")
        language = text_at(post, "lang")
        yield Post(
            id=number,
            url=f"https://x.com/i/web/status/{number}",
            # A long post has its whole text apart.
            text=text_at(post, "note_tweet", "text") or text_at(post, "text"),
            published=iso(text_at(post, "created_at")),
            author=names.get(author) or author,
            language="" if language.startswith("q") else _LANGUAGES.get(language, language),
            order=number,
        )


def read(walk: Walk, response: Response) -> Answer:
    """Find the next page."""
    token = text_at(load_object(response.body), "meta", "next_token")
    return Answer(Ask(_address(walk, token)) if token else None)


def trouble(response: Response) -> Trouble | None:
    """Read the reason of an error."""
    if response.status not in (400, 401, 402, 403):
        return None
    answer = try_object(response)
    reasons = [text_at(error, "message") for error in records_at(answer, "errors")]
    reason = next(filter(None, [*reasons, text_at(answer, "detail"), text_at(answer, "title")]), "")
    text = f"answered {response.status} {reason}".rstrip()
    if response.status in (401, 403):
        return Trouble(Outcome.UNAUTHORISED, text)
    # Payment required: the posts that were paid for are used up.
    return Trouble(Outcome.RATE_LIMITED, text) if response.status == 402 else Trouble(Outcome.ERROR, text)


def _address(walk: Walk, token: str) -> str:
    parameters: dict[str, str | int] = {
        "query": walk.entry.query,
        "max_results": PAGE_SIZE,
        "sort_order": "recency",
        "tweet.fields": "created_at,author_id,lang,note_tweet",
        "expansions": "author_id",
        "user.fields": "username",
    }
    reach = datetime(walk.night.year, walk.night.month, walk.night.day, tzinfo=UTC) - REACH
    if _written_at(walk.mark) > reach:
        parameters["since_id"] = walk.mark
    elif walk.since > reach.date():
        parameters["start_time"] = f"{walk.since.isoformat()}T00:00:00Z"
    if token:
        parameters["next_token"] = token
    return address(walk.entry.url, parameters)


def _written_at(number: str) -> datetime:
    """Read the time out of an id; the epoch for no id."""
    # Twenty digits are the most that 64 bits hold.
    milliseconds = (
        int(number) >> _CLOCK_SHIFT if number.isascii() and number.isdigit() and len(number) < 20 else 0
    )
    return _EPOCH + timedelta(milliseconds=milliseconds)


NETWORK = Network(first, posts, read, trouble)
