"""YouTube's comments under a video or a channel: GET /youtube/v3/commentThreads, newest first, 100 a page.

Promises: comments that the owner has switched off are a normal state; the answer carries only some of the
replies to a comment, and how many are missing is said; every night looks back `back_days` anew, since
replies come late and a page costs one unit of ten thousand a day. Never does: put the key into an address.
"""

from collections.abc import Iterator, Mapping
from typing import Any

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
_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded", "rateLimitExceeded", "userRateLimitExceeded"})


def first(walk: Walk) -> Ask:
    """Ask for the newest comments."""
    return Ask(_address(walk, ""))


def posts(body: bytes, base: str) -> Iterator[Post]:
    """Give the comments of one page with their replies. Raises ValueError when it is no list of threads."""
    del base
    answer = load_object(body)
    if not isinstance(answer.get("items"), list):
        raise ValueError("not a list of comment threads: no `items`")
    for thread in records_at(answer, "items"):
        snippet = thread.get("snippet")
        top = snippet.get("topLevelComment") if isinstance(snippet, Mapping) else None
        if not isinstance(top, Mapping):
            continue
        video = text_at(thread, "snippet", "videoId")
        opened = iso(text_at(top, "snippet", "publishedAt"))
        yield _comment(top, video, opened)
        for reply in records_at(thread, "replies", "comments"):
            yield _comment(reply, video, opened)


def read(walk: Walk, response: Response) -> Answer:
    """Find the next page, and count the replies that the answer leaves out."""
    answer = load_object(response.body)
    missing = 0
    for thread in records_at(answer, "items"):
        total = text_at(thread, "snippet", "totalReplyCount")
        given = len(list(records_at(thread, "replies", "comments")))
        missing += max(int(total[:9]) - given, 0) if total.isascii() and total.isdigit() else 0
    notes = (f"{missing} replies are not in the answer of YouTube",) if missing else ()
    token = text_at(answer, "nextPageToken")
    return Answer(Ask(_address(walk, token)) if token else None, notes=notes)


def trouble(response: Response) -> Trouble | None:
    """Read the reason of an error."""
    if response.status not in (400, 401, 403):
        return None
    error = try_object(response).get("error")
    reasons = [text_at(item, "reason") for key in ("errors", "details") for item in records_at(error, key)]
    reason = next(filter(None, reasons), "")
    if "commentsDisabled" in reasons:
        return Trouble(Outcome.UNCHANGED, "comments are switched off")
    text = f"answered {response.status} {reason} {text_at(error, 'message')}".rstrip()
    if _SPENT & set(reasons):
        return Trouble(Outcome.RATE_LIMITED, text)
    # A key that is wrong is called a bad request.
    refused = response.status != 400 or {"keyInvalid", "API_KEY_INVALID"} & set(reasons)
    return Trouble(Outcome.UNAUTHORISED if refused else Outcome.ERROR, text)


def _comment(comment: Mapping[str, Any], video: str, opened: str) -> Post:
    number, snippet = text_at(comment, "id"), comment.get("snippet")
    video = video or text_at(snippet, "videoId")
    shown = text_at(snippet, "authorDisplayName")
    return Post(
        id=number,
        url=f"https://www.youtube.com/watch?v={video}&lc={number}" if video else "",
        text=text_at(snippet, "textOriginal") or text_at(snippet, "textDisplay"),
        published=iso(text_at(snippet, "publishedAt")),
        # Handles begin with @; an older display name is shared by many, the channel is not.
        author=shown if shown.startswith("@") else text_at(snippet, "authorChannelId", "value") or shown,
        listed=opened,
    )


def _address(walk: Walk, token: str) -> str:
    parameters: dict[str, str | int] = {
        "part": "snippet,replies",
        "maxResults": PAGE_SIZE,
        "order": "time",
        "textFormat": "plainText",
    }
    if walk.entry.query:
        parameters["searchTerms"] = walk.entry.query
    if token:
        parameters["pageToken"] = token
    return address(walk.entry.url, parameters)


NETWORK = Network(first, posts, read, trouble)
