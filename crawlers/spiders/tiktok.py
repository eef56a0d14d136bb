"""TikTok's Research API: POST /v2/research/video/query/, videos of Indonesia by hashtags and key words.

Promises: every night asks for a window of `back_days` up to the night (30 at most), since videos enter
the index days late; a search that TikTok has lost its place in is begun anew, once. Open only to
researchers whom TikTok has admitted. Never does: fetch a video.
"""

import json
import re
from collections.abc import Iterator

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
REGION = "ID"
#: No counters, no names of effects or music: what the extraction reads, and who wrote it.
FIELDS = "id,video_description,create_time,region_code,username,hashtag_names,voice_to_text"
_SPENT = frozenset({"rate_limit_exceeded", "daily_quota_limit_exceeded", "quota_limit_exceeded"})
_REFUSALS = frozenset({"access_token_invalid", "scope_not_authorized", "scope_permission_missed"})
#: "Search Id 7 is invalid or expired", "Invalid count or cursor": known faults of the service.
_LOST = re.compile(r"search.?id|cursor", re.IGNORECASE)


def first(walk: Walk) -> Ask:
    """Ask for the beginning of the window."""
    return _ask(walk, "", "")


def posts(body: bytes, base: str) -> Iterator[Post]:
    """Give the videos of one page. Raises ValueError when it is no answer of the query."""
    del base
    answer = load_object(body)
    if not isinstance(answer.get("data"), dict):
        raise ValueError("not an answer of TikTok's video query: no `data`")
    for video in records_at(answer, "data", "videos"):
        number = text_at(video, "id")
        pieces = (text_at(video, "video_description"), text_at(video, "voice_to_text"))
        yield Post(
            id=number,
            # The documented address of a video that does not name its author.
            url=f"https://www.tiktok.com/player/v1/{number}",
            text="\n".join(piece for piece in pieces if piece),
            published=unix(video.get("create_time")),
            author=text_at(video, "username"),
        )


def read(walk: Walk, response: Response) -> Answer:
    """Find the next page."""
    answer = load_object(response.body)
    data = answer.get("data")
    cursor, search = text_at(data, "cursor"), text_at(data, "search_id")
    more = isinstance(data, dict) and data.get("has_more") is True and cursor
    return Answer(_ask(walk, cursor, search) if more else None)


def trouble(response: Response) -> Trouble | None:
    """Read the code of an error, which may also come with status 200."""
    answer = try_object(response)
    code, message = text_at(answer, "error", "code"), text_at(answer, "error", "message")
    if code in ("", "ok"):
        return None
    text = f"answered {response.status} {code} {message}".rstrip()
    if code in _SPENT:
        return Trouble(Outcome.RATE_LIMITED, text)
    if code in _REFUSALS:
        return Trouble(Outcome.UNAUTHORISED, text)
    return Trouble(Outcome.ERROR, text, again=code == "invalid_params" and bool(_LOST.search(message)))


def conditions(query: str) -> dict[str, list[dict[str, object]]]:
    """Turn "#netralitasasn, kepala dinas" into a query: any of these hashtags or key words, in Indonesia."""
    words = [word.strip() for word in query.split(",") if word.strip()]
    tags = [word.lstrip("#") for word in words if word.startswith("#")]
    keys = [word for word in words if not word.startswith("#")]
    either: list[dict[str, object]] = [
        {"operation": "IN", "field_name": name, "field_values": values}
        for name, values in (("hashtag_name", tags), ("keyword", keys))
        if values
    ]
    return {
        "and": [{"operation": "IN", "field_name": "region_code", "field_values": [REGION]}],
        "or": either,
    }


def _ask(walk: Walk, cursor: str, search: str) -> Ask:
    asked: dict[str, object] = {"query": conditions(walk.entry.query), "max_count": PAGE_SIZE}
    if cursor:
        asked["cursor"] = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 19 else 0
    if search:
        asked["search_id"] = search
    window = {"start_date": walk.since.strftime("%Y%m%d"), "end_date": walk.night.strftime("%Y%m%d")}
    body = json.dumps(asked | window).encode()
    return Ask(address(walk.entry.url, {"fields": FIELDS}), body, json.dumps(asked).encode())


NETWORK = Network(first, posts, read, trouble)
