"""Social networks on the loopback interface that speak the documented shapes: pages, limits, refusals.

All accounts and texts are invented. Each network is a function from a question to a reply; `serve` runs it.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.crawlers.outlet import Reply

#: Long enough to be found wherever it should not be.
CANARY = "kenari-rahasia-7f3e9a"
#: Paths that a manifest gives, one per network.
PATHS = {
    "telegram": "/s/kanalrekaan",
    "mastodon": "/api/v1/timelines/tag/netralitasasn",
    "bluesky": "/xrpc/app.bsky.feed.searchPosts",
    "x": "/2/tweets/search/recent",
    "youtube": "/youtube/v3/commentThreads?videoId=vid1",
    "reddit": "/r/rekaan/search",
    "tiktok": "/v2/research/video/query/",
}
QUERIES = {"bluesky": "netralitas ASN", "x": '"netralitas asn" lang:in', "tiktok": "#netralitasasn, camat"}
QUERIES["reddit"] = "netralitas ASN"
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Question:
    """One request as it came."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


Speaker = Callable[[Question], Reply]


@dataclass
class Served:
    """A running network: its address and what it was asked, robots.txt left out."""

    base: str
    asked: list[Question] = field(default_factory=list)


@contextmanager
def serve(speak: Speaker) -> Iterator[Served]:
    """Run a network on a free port until the block ends; there is no robots.txt."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])))

        def answer(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            reply = Reply(b"", 404)
            if parts.path != "/robots.txt":
                question = Question(parts.path, query, dict(self.headers.items()), body)
                served.asked.append(question)
                reply = speak(question)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: the tests read `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Served(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def manifest(
    folder: Path, name: str, kind: str, bases: Sequence[str], *, entry: str = "", more: str = ""
) -> None:
    """Write the manifest of a network with one entry per address; a token where the network needs one."""
    folder.mkdir(parents=True, exist_ok=True)
    query = f"query = '{QUERIES[kind]}'\n" if kind in QUERIES else ""
    entries = "".join(
        f'[[entries]]\nkind = "{kind}"\nurl = "{base}{PATHS[kind]}"\n{query}{entry}\n' for base in bases
    )
    token = f"NETRA_{kind.upper()}_TOKEN" if kind in ("x", "youtube", "reddit", "tiktok") else ""
    credentials = f'[credentials]\ntoken = "{token}"\n' if token and "[credentials]" not in more else ""
    (folder / f"{name}.toml").write_text(
        f'id = "{name}"\npublisher = "{name}"\nhosts = ["127.0.0.1"]\n'
        'private_hosts = ["127.0.0.1"]\nplatform = "social"\nkind = "post"\n'
        f"delay_s = 0.0\n{entries}{credentials}{more}\n"
        '[legal]\nbasis = "uji"\npurpose = "uji"\nretention_days = 1\n',
        encoding="utf-8",
    )


def say(value: Any, status: int = 200, **headers: str) -> Reply:
    """Answer with JSON; header names are written with _ for -."""
    fields = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    return Reply(json.dumps(value).encode(), status, fields)


def ago(hours: float) -> datetime:
    """Give a time before the tests began."""
    return NOW - timedelta(hours=hours)


def zulu(moment: datetime) -> str:
    """Write a time as most interfaces do."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def snowflake(moment: datetime) -> str:
    """Make an id as X gives it to a post of that moment."""
    return str((int(moment.timestamp() * 1000) - 1288834974657) << 22)


def telegram_page(posts: Mapping[int, str], before: int | None, size: int = 2) -> bytes:
    """Write one page of a channel's preview; a post of number N is 400 - N hours old."""
    shown = sorted(n for n in posts if before is None or n < before)[-size:]
    boxes = "".join(
        f'<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message"'
        f' data-post="kanalrekaan/{n}"><a class="tgme_widget_message_reply">'
        f'<div class="js-message_reply_text">kutipan @orang_lain</div></a>'
        f'{posts[n]}<div class="tgme_widget_message_footer">'
        f'<a class="tgme_widget_message_date" href="https://t.me/kanalrekaan/{n}">'
        f'<time datetime="{ago(400 - n).isoformat()}"></time></a></div></div></div>'
        for n in shown
    )
    older = bool(shown) and min(posts) < min(shown)
    link = f'<a class="tme_messages_more" data-before="{shown[0]}" href="#"></a>' if older else ""
    return f'<html><body><section class="tgme_channel_history">{link}{boxes}</section></body></html>'.encode()


def telegram(posts: Mapping[int, str]) -> Speaker:
    """A channel; the texts are given as HTML."""

    def speak(question: Question) -> Reply:
        before = question.query.get("before")
        return Reply(
            telegram_page(posts, int(before) if before else None), headers={"Content-Type": "text/html"}
        )

    return speak


def words(text: str) -> str:
    """Write the text of a Telegram post."""
    return f'<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>'


def mastodon(statuses: Mapping[int, Mapping[str, Any]], size: int = 2) -> Speaker:
    """A tag on an instance: newest first, back by max_id, forward by min_id."""

    def speak(question: Question) -> Reply:
        ids = sorted(statuses, reverse=True)
        if low := question.query.get("min_id"):
            shown = [n for n in ids if n > int(low)][-size:]
        else:
            shown = [n for n in ids if n < int(question.query.get("max_id", "99999"))][:size]
        page = [
            {"id": str(n), "created_at": zulu(ago(400 - n)), "reblog": None, **statuses[n]} for n in shown
        ]
        base = f"http://127.0.0.1{question.path}"
        link = (
            f'<{base}?max_id={shown[-1]}>; rel="next", <{base}?min_id={shown[0]}>; rel="prev"'
            if shown
            else ""
        )
        reset = zulu(NOW + timedelta(minutes=5))
        return say(
            page, Link=link, X_RateLimit_Limit="300", X_RateLimit_Remaining="299", X_RateLimit_Reset=reset
        )

    return speak


def bluesky(posts: Sequence[Mapping[str, Any]], size: int = 2) -> Speaker:
    """The search: newest first; without a token a cursor is refused, as the network does."""

    def sort_time(post: Mapping[str, Any]) -> str:
        return min(post["record"]["createdAt"], post["indexedAt"])

    def speak(question: Question) -> Reply:
        if "cursor" in question.query and "Authorization" not in question.headers:
            return say({"error": "Forbidden"}, 403)
        start = int(question.query.get("cursor", "0"))
        known = sorted(posts, key=sort_time, reverse=True)
        known = [
            p
            for p in known
            if sort_time(p) < question.query.get("until", "9") and sort_time(p)[:10] >= "2020"
        ]
        answer: dict[str, Any] = {"posts": known[start : start + size]}
        if start + size < len(known):
            answer["cursor"] = str(start + size)
        return say(answer, RateLimit_Remaining="2999", RateLimit_Reset=str(int(NOW.timestamp()) + 300))

    return speak


def skeet(key: str, text: str, handle: str, created: datetime, indexed: datetime) -> dict[str, Any]:
    """Write one post of Bluesky."""
    return {
        "uri": f"at://did:plc:rekaan{key}/app.bsky.feed.post/3k{key}",
        "author": {"did": f"did:plc:rekaan{key}", "handle": handle, "displayName": "Nama Rekaan"},
        "record": {"$type": "app.bsky.feed.post", "text": text, "createdAt": zulu(created), "langs": ["id"]},
        "indexedAt": zulu(indexed),
    }


def x_search(tweets: Sequence[Mapping[str, Any]], users: Mapping[str, str], size: int = 2) -> Speaker:
    """Recent search: newest first, `data` absent when there is nothing."""

    def speak(question: Question) -> Reply:
        low = int(question.query.get("since_id", "0"))
        known = sorted((t for t in tweets if int(t["id"]) > low), key=lambda t: int(t["id"]), reverse=True)
        start = int(question.query.get("next_token", "t0")[1:])
        shown = known[start : start + size]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if start + size < len(known):
            meta["next_token"] = f"t{start + size}"
        answer: dict[str, Any] = {"meta": meta}
        if shown:
            answer["data"] = shown
            answer["includes"] = {"users": [{"id": i, "username": name} for i, name in users.items()]}
        return say(
            answer,
            x_rate_limit_limit="60",
            x_rate_limit_remaining="59",
            x_rate_limit_reset=str(int(NOW.timestamp()) + 900),
        )

    return speak


def comment(key: str, text: str, author: str, hours: float) -> dict[str, Any]:
    """Write one comment of YouTube."""
    return {
        "id": key,
        "snippet": {
            "videoId": "vid1",
            "authorDisplayName": author,
            "authorChannelId": {"value": f"UC{key}"},
            "textDisplay": text,
            "textOriginal": text,
            "publishedAt": zulu(ago(hours)),
        },
    }


def youtube(threads: Sequence[Mapping[str, Any]], size: int = 1) -> Speaker:
    """Comment threads in the order given."""

    def speak(question: Question) -> Reply:
        start = int(question.query.get("pageToken", "p0")[1:])
        answer: dict[str, Any] = {
            "kind": "youtube#commentThreadListResponse",
            "items": threads[start : start + size],
        }
        if start + size < len(threads):
            answer["nextPageToken"] = f"p{start + size}"
        return say(answer)

    return speak


def thread(
    top: Mapping[str, Any], replies: Sequence[Mapping[str, Any]] = (), total: int = 0
) -> dict[str, Any]:
    """Write one thread of YouTube."""
    found: dict[str, Any] = {
        "id": top["id"],
        "snippet": {"videoId": "vid1", "topLevelComment": top, "totalReplyCount": total},
    }
    return found | ({"replies": {"comments": replies}} if replies else {})


def reddit(things: Sequence[Mapping[str, Any]], size: int = 2) -> Speaker:
    """A listing, newest first, back by `after`."""

    def speak(question: Question) -> Reply:
        names = [thing["data"]["name"] for thing in things]
        after = question.query.get("after")
        start = names.index(after) + 1 if after else 0
        shown = list(things[start : start + size])
        more = names[start + size - 1] if start + size < len(names) else None
        answer = {"kind": "Listing", "data": {"after": more, "before": None, "children": shown}}
        return say(answer, X_Ratelimit_Used="1", X_Ratelimit_Remaining="99.0", X_Ratelimit_Reset="120")

    return speak


def submission(key: str, title: str, author: str, hours: float, text: str = "") -> dict[str, Any]:
    """Write one post of Reddit."""
    data = {"id": key, "name": f"t3_{key}", "title": title, "selftext": text, "author": author}
    return {"kind": "t3", "data": data | {"created_utc": ago(hours).timestamp(), "subreddit": "rekaan"}}


def tiktok(videos: Sequence[Mapping[str, Any]], size: int = 2, loses_place: bool = False) -> Speaker:
    """The video query; `loses_place`: the first search id that it gives is refused later."""
    searches: list[str] = []

    def speak(question: Question) -> Reply:
        body = json.loads(question.body)
        if "search_id" in body and loses_place and body["search_id"] == "s1":
            message = "Search Id s1 is invalid or expired"
            return say({"data": {}, "error": {"code": "invalid_params", "message": message}}, 400)
        if "search_id" not in body:
            searches.append(f"s{len(searches) + 1}")
        start = body.get("cursor", 0)
        data = {
            "cursor": start + size,
            "has_more": start + size < len(videos),
            "search_id": searches[-1],
            "videos": videos[start : start + size],
        }
        return say({"data": data, "error": {"code": "ok", "message": "", "log_id": "1"}})

    return speak


def video(number: int, text: str, author: str, hours: float) -> dict[str, Any]:
    """Write one video of TikTok."""
    return {
        "id": number,
        "create_time": int(ago(hours).timestamp()),
        "region_code": "ID",
        "username": author,
        "video_description": text,
        "voice_to_text": "",
    }
