"""Everything that a social network may answer instead of posts, each with its own outcome."""

import gzip
import json
import os
import subprocess
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store.frontier import night_of
from tests.crawlers import networks as net
from tests.crawlers.networks import CANARY, say, zulu
from tests.crawlers.outlet import Reply, arguments

TONIGHT = night_of(datetime.now(UTC))


def error_of(reason: str, status: int = 403) -> Reply:
    return say({"error": {"code": status, "message": "ditolak", "errors": [{"reason": reason}]}}, status)


def code_of(code: str, status: int) -> Reply:
    return say({"data": {}, "error": {"code": code, "message": "ditolak", "log_id": "1"}}, status)


#: Folder, reports by source with the number of questions, log.
Troubled = tuple[Path, dict[str, dict[str, Any]], str]

HTML = {"Content-Type": "text/html"}
SOON = str(int(datetime.now(UTC).timestamp()) + 900)
CONTACT_PAGE = b'<html><div class="tgme_page_title">Kanal</div><a class="tgme_page_action">Buka</a></html>'
#: name -> (network, its answer, outcome, words of the message)
TROUBLES: dict[str, tuple[str, Reply, str, str]] = {
    "telegram-hidden": (
        "telegram",
        Reply(b"", 302, {"Location": "/kanalrekaan"}),
        "unavailable",
        "no public preview",
    ),
    "telegram-page": ("telegram", Reply(CONTACT_PAGE, 200, HTML), "unavailable", "shows no public preview"),
    "telegram-other": ("telegram", Reply(b"<html>hai</html>", 200, HTML), "malformed", "not the preview"),
    "telegram-challenge": (
        "telegram",
        Reply(b"<title>Just a moment...</title>", 200, HTML),
        "challenge",
        "challenge page",
    ),
    "telegram-quiet": (
        "telegram",
        Reply(net.telegram_page({}, None), 200, HTML),
        "unchanged",
        "no new posts",
    ),
    "mastodon-members": ("mastodon", say({"error": "login"}, 401), "unauthorised", "members only"),
    "mastodon-gone": ("mastodon", say({"error": "Record not found"}, 404), "unavailable", "answered 404"),
    "mastodon-limit": (
        "mastodon",
        say({}, 429, X_RateLimit_Reset=zulu(datetime.now(UTC) + timedelta(minutes=20))),
        "rate_limited",
        "asks to wait",
    ),
    "mastodon-off": ("mastodon", say([]), "unchanged", "no new posts"),
    "mastodon-object": ("mastodon", say({"a": 1}), "malformed", "not a list"),
    "bluesky-query": (
        "bluesky",
        say({"error": "BadQueryString", "message": "q"}, 400),
        "error",
        "BadQueryString",
    ),
    "bluesky-expired": ("bluesky", say({"error": "ExpiredToken"}, 400), "unauthorised", "ExpiredToken"),
    "bluesky-forbidden": ("bluesky", Reply(b"Forbidden", 403), "unauthorised", "refuses this search"),
    "bluesky-limit": ("bluesky", say({}, 429, RateLimit_Reset=SOON), "rate_limited", "asks to wait"),
    "x-token": ("x", say({"title": "Unauthorized"}, 401), "unauthorised", "Unauthorized"),
    "x-limit": (
        "x",
        say({"errors": [{"code": 88, "message": "x"}]}, 429, x_rate_limit_reset=SOON),
        "rate_limited",
        "asks to wait",
    ),
    "x-unpaid": ("x", say({"title": "CreditsDepleted"}, 402), "rate_limited", "CreditsDepleted"),
    "x-empty": ("x", say({"meta": {"result_count": 0}}), "unchanged", "no new posts"),
    "x-other": ("x", say({"errors": []}), "malformed", "no `meta`"),
    "youtube-disabled": ("youtube", error_of("commentsDisabled"), "unchanged", "switched off"),
    "youtube-quota": ("youtube", error_of("quotaExceeded"), "rate_limited", "quotaExceeded"),
    "youtube-key": ("youtube", error_of("keyInvalid", 400), "unauthorised", "keyInvalid"),
    "youtube-gone": ("youtube", error_of("videoNotFound", 404), "unavailable", "answered 404"),
    "reddit-token": ("reddit", say({"message": "Unauthorized"}, 401), "unauthorised", "answered 401"),
    "reddit-private": ("reddit", say({"reason": "private"}, 403), "unavailable", "is private"),
    "reddit-missing": (
        "reddit",
        Reply(b"", 302, {"Location": "https://www.reddit.com/subreddits/search?q=rekaan"}),
        "unavailable",
        "does not exist",
    ),
    "reddit-limit": ("reddit", say({}, 429, X_Ratelimit_Reset="590"), "rate_limited", "asks to wait 590 s"),
    "tiktok-token": ("tiktok", code_of("access_token_invalid", 401), "unauthorised", "access_token_invalid"),
    "tiktok-quota": ("tiktok", code_of("daily_quota_limit_exceeded", 429), "rate_limited", "asks to wait"),
    "tiktok-lost": (
        "tiktok",
        say({"error": {"code": "invalid_params", "message": "Invalid count or cursor"}}, 400),
        "error",
        "begun anew",
    ),
    "tiktok-empty": (
        "tiktok",
        say({"data": {"has_more": False, "videos": []}, "error": {"code": "ok"}}),
        "unchanged",
        "no new posts",
    ),
    "echo-plain": ("x", say({"title": f"bad {CANARY}"}, 401, X_Echo=CANARY), "unauthorised", "bad (token)"),
    "echo-gzip": (
        "youtube",
        Reply(
            gzip.compress(b'{"items": [], "a": "' + CANARY.encode() + b'"}'),
            200,
            {"Content-Encoding": "gzip"},
        ),
        "unchanged",
        "no new posts",
    ),
    "echo-hidden": ("x", Reply(b"abc", 200, {"Content-Encoding": "br"}), "error", "not asked for"),
}


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory, tokens: None) -> Troubled:
    """One night over every trouble at once; gives folder, reports with what was asked, and the log."""
    del tokens
    folder = tmp_path_factory.mktemp("galat")
    with ExitStack() as stack:
        places = {}
        for name, (kind, reply, _, _) in TROUBLES.items():
            places[name] = stack.enter_context(net.serve(lambda _, reply=reply: reply))
            # Two entries: after a refusal or a limit the second is not asked.
            bases = [places[name].base] * 2
            net.manifest(folder / "sources", name, kind, bases)
        one = stack.enter_context(net.serve(lambda _: say({"meta": {}})))
        more = '[credentials]\ntoken = "NETRA_TIADA"\n'
        net.manifest(folder / "sources", "no-token", "x", [one.base], more=more)
        net.manifest(folder / "sources", "too-few", "x", [one.base], more="[items]\nmin = 1\n")
        words_ = arguments(folder, night=TONIGHT)
        env = {**os.environ, "NETRA_CONTACT": "uji@netra.test", "NO_PROXY": "*"}
        done = subprocess.run(words_, capture_output=True, text=True, timeout=120, check=False, env=env)
        assert done.returncode == 0, done.stderr
        reports = {r["source_id"]: r for r in map(json.loads, done.stdout.splitlines())}
        for name, place in places.items():
            reports[name]["asked"] = len(place.asked)
        reports["no-token"]["asked"] = len(one.asked)
    return folder, reports, done.stderr


@pytest.mark.parametrize("name", TROUBLES)
def test_each_trouble_has_its_outcome(troubled: Troubled, name: str) -> None:
    _, _, outcome, said = TROUBLES[name]
    report = troubled[1][name]
    assert (report["outcome"], said in report["message"]) == (outcome, True), report
    if outcome in ("unauthorised", "rate_limited"):
        assert report["asked"] == 1
    elif name == "tiktok-lost":
        assert report["asked"] == 4
    else:
        assert report["asked"] == 2


def test_a_missing_token_skips_the_source_and_is_no_failure(
    troubled: Troubled,
) -> None:
    report = troubled[1]["no-token"]
    assert (report["outcome"], report["requests"]) == ("unchanged", 0)
    assert report["message"] == "skipped: NETRA_TIADA is not set"
    # An answer without posts where the manifest expects some.
    assert troubled[1]["too-few"]["outcome"] == "empty"


def test_a_token_that_a_server_repeats_is_kept_nowhere(
    troubled: Troubled,
) -> None:
    folder, reports, log = troubled
    assert CANARY not in log
    assert CANARY not in json.dumps(reports)
    assert "Traceback" not in log
    for path in (p for p in folder.rglob("*") if p.is_file()):
        body = path.read_bytes()
        assert CANARY.encode() not in (gzip.decompress(body) if path.suffix == ".gz" else body), path
