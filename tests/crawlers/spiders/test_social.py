"""Whole nights over social networks that speak the documented shapes, live, the night after, and replayed."""

import gzip
import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.archive import load_bodies
from crawlers.privacy import pseudonym
from crawlers.social_manifest import NETWORK_KINDS, PATHS
from crawlers.spiders.networks import NETWORKS
from nlp.extract import extract_page
from store.db import connect
from store.frontier import night_of
from store.records import ExtractionRules
from store.stages import pending_pages
from tests.crawlers import networks as net
from tests.crawlers.networks import CANARY, ago, words, zulu
from tests.crawlers.outlet import Reply, crawl_once

TONIGHT = night_of(datetime.now(UTC))
#: Clear handles of the invented accounts; none may lie anywhere but in a WARC.
HANDLES = ("budi_rekaan", "ani_rekaan", "budi.rekaan", "orang_lain")


def rows(folder: Path, db: str = "netra.db") -> dict[str, dict[str, str]]:
    """Give the stored rows by address."""
    engine = connect(f"sqlite:///{folder / db}")
    with engine.begin() as conn:
        pages = pending_pages(conn, limit=None)
    engine.dispose()
    return {page.canonical_url: json.loads(load_bodies(page).bodies[0]) for page in pages}


def by_network(found: dict[str, dict[str, str]], kind: str) -> list[dict[str, str]]:
    return sorted((row for row in found.values() if row["platform"] == kind), key=lambda row: row["id"])


def speakers(later: bool) -> dict[str, net.Speaker]:
    """Give the networks as they stand on the first night, or a night later with one post more each."""
    posts = {n: words(f"kiriman {n}<br/>cc @budi_rekaan") for n in (100, 390, 391, 392, 393)}
    posts[394] = "<div class='photo'></div>"
    card = '<div class="link_preview_title">Judul tautan</div>'
    posts[395] = f'<a class="tgme_widget_message_link_preview" href="#">{card}</a>'
    statuses: dict[int, dict[str, Any]] = {n: status(f"<p>status {n}</p>") for n in (390, 391, 392)}
    place = "https://lain.test/@ani_rekaan"
    mention = f'<span><a href="{place}" class="u-url mention">@<span>ani_rekaan</span></a></span>'
    statuses[393] = status(f"<p>halo {mention}</p><p>baris<br>dua</p>", "budi_rekaan") | {
        "mentions": [{"url": "https://lain.test/@ani_rekaan", "acct": "ani_rekaan@lain.test"}],
        "language": None,
    }
    skeets = [net.skeet(str(n), f"langit {n}", "budi.rekaan", ago(n), ago(n)) for n in (20, 21, 22, 23)]
    skeets.append(net.skeet("9", "dari masa depan", "handle.invalid", ago(-48), ago(19)))
    tweets = [tweet(hours, f"cuitan {hours} @ani_rekaan") for hours in (20, 21, 22)]
    threads = [
        net.thread(
            net.comment("c1", "komentar", "@budi_rekaan", 20),
            [net.comment("c1.r1", "balasan", "@ani_rekaan", 19)],
            total=3,
        ),
        net.thread(net.comment("c2", "lama", "Nama Tampilan", 30)),
        net.thread(net.comment("c3", "usang", "@ani_rekaan", 24 * 20)),
        net.thread(net.comment("c4", "lebih usang", "@ani_rekaan", 24 * 30)),
    ]
    things = [
        net.submission(key, f"judul {key}", "budi_rekaan", hours)
        for key, hours in (("z", 20), ("y", 21), ("x", 22))
    ]
    things[1]["data"] |= {"selftext": "isi, kata u/ani_rekaan", "author": "[deleted]"}
    videos = [
        net.video(7000000000000000000 + n, f"video {n} #netralitasasn", "budi_rekaan", n) for n in range(1, 6)
    ]
    if later:
        posts[396] = words("kiriman baru")
        statuses |= {n: status(f"<p>status {n}</p>") for n in (394, 395, 396)}
        skeets.append(net.skeet("1", "langit baru", "budi.rekaan", ago(1), ago(1)))
        tweets.append(tweet(1, "cuitan baru"))
        things.insert(0, net.submission("10", "judul baru", "budi_rekaan", 1))
    return {
        "telegram": net.telegram(posts),
        "mastodon": net.mastodon(statuses),
        "bluesky": net.bluesky(skeets),
        "x": net.x_search(tweets, {"5": "Budi_Rekaan"}),
        "youtube": net.youtube(threads),
        "reddit": net.reddit(things),
        "tiktok": net.tiktok(videos, loses_place=True),
    }


def status(content: str, acct: str = "budi_rekaan@lain.test") -> dict[str, Any]:
    """Write what matters of a Mastodon status."""
    return {"content": content, "language": "id", "account": {"acct": acct, "display_name": "Nama Rekaan"}}


def tweet(hours: float, text: str) -> dict[str, Any]:
    moment = ago(hours)
    return {
        "id": net.snowflake(moment),
        "text": text,
        "author_id": "5",
        "lang": "in",
        "created_at": zulu(moment),
    }


class Nights:
    """Two live nights over all networks, each replayed into a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[dict[str, list[net.Question]]] = []
        self.reports: list[dict[str, dict[str, Any]]] = []
        current = speakers(later=False)

        def speaker(kind: str) -> net.Speaker:
            return lambda question: current[kind](question)

        with ExitStack() as stack:
            served = {kind: stack.enter_context(net.serve(speaker(kind))) for kind in NETWORK_KINDS}
            for kind, place in served.items():
                net.manifest(folder / "sources", f"satu-{kind}", kind, [place.base])
            for run, night in (("1", TONIGHT), ("2", TONIGHT + timedelta(days=1))):
                found = crawl_once(folder, night=night, run=run)
                self.reports.append(
                    {source_id.removeprefix("satu-"): r for (source_id, _), r in found.items()}
                )
                self.asked.append({kind: list(place.asked) for kind, place in served.items()})
                for place in served.values():
                    place.asked.clear()
                current = speakers(later=True)
        self.live = rows(folder)
        self.warcs = sorted((folder / "warc").iterdir())


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory, tokens: None) -> Nights:
    del tokens
    return Nights(tmp_path_factory.mktemp("jejaring"))


def test_every_network_has_its_reader_and_its_rules() -> None:
    assert set(NETWORKS) == set(NETWORK_KINDS) == set(PATHS)


def test_the_first_night_reads_every_network_to_its_end(nights: Nights) -> None:
    assert {kind: r["outcome"] for kind, r in nights.reports[0].items()} == dict.fromkeys(NETWORK_KINDS, "ok")
    new = {kind: r["new_pages"] for kind, r in nights.reports[0].items()}
    assert new == {
        "telegram": 5,
        "mastodon": 4,
        "bluesky": 5,
        "x": 3,
        "youtube": 3,
        "reddit": 3,
        "tiktok": 5,
    }


def test_rows_hold_text_time_and_language(nights: Nights) -> None:
    telegram = by_network(nights.live, "telegram")
    assert telegram[0]["text"] == f"kiriman 390\ncc @{pseudonym('telegram', 'budi_rekaan')}"
    assert "Judul tautan" in {row["text"] for row in telegram}
    assert not any("kutipan" in row["text"] for row in telegram)
    (mention,) = [row for row in by_network(nights.live, "mastodon") if row["text"].startswith("halo")]
    assert mention["text"] == f"halo @{pseudonym('mastodon', 'ani_rekaan@lain.test')}\n\nbaris\ndua"
    # Written short on its own instance, and yet the full name is hashed.
    assert mention["author"] == pseudonym("mastodon", "budi_rekaan@127.0.0.1")
    (future,) = [row for row in by_network(nights.live, "bluesky") if "masa depan" in row["text"]]
    assert future["published"] == ago(19).strftime("%Y-%m-%dT%H:%M:%SZ")
    for row in by_network(nights.live, "x"):
        assert (row["language"], row["author"]) == ("id", pseudonym("x", "budi_rekaan"))
    comments = {row["id"]: row for row in by_network(nights.live, "youtube")}
    assert set(comments) == {"c1", "c1.r1", "c2"}
    assert comments["c1"]["author"] == pseudonym("youtube", "budi_rekaan")
    assert comments["c2"]["author"] == pseudonym("youtube", "UCc2")
    assert "2 replies are not in the answer" in nights.reports[0]["youtube"]["message"]
    (gone,) = [row for row in by_network(nights.live, "reddit") if row["id"] == "t3_y"]
    assert (gone["author"], gone["url"]) == ("", "https://www.reddit.com/comments/y/")
    assert gone["text"] == f"judul y\n\nisi, kata u/{pseudonym('reddit', 'ani_rekaan')}"
    assert (
        by_network(nights.live, "tiktok")[0]["url"] == "https://www.tiktok.com/player/v1/7000000000000000001"
    )


def test_a_row_becomes_a_document(nights: Nights) -> None:
    engine = connect(f"sqlite:///{nights.folder / 'netra.db'}")
    with engine.begin() as conn:
        page = next(p for p in pending_pages(conn, limit=None) if p.source_id == "satu-x")
    engine.dispose()
    document = extract_page(load_bodies(page), ExtractionRules("satu-x", kind="post"))
    assert (document.kind, document.language, document.extractor) == ("post", "id", "row")
    assert document.author == pseudonym("x", "budi_rekaan")
    assert document.published_precision == "minute"
    assert document.doc_id.startswith("P-")


def test_requests_have_the_documented_form(nights: Nights) -> None:
    asked = nights.asked[0]
    assert [q.query for q in asked["telegram"]][:2] == [{}, {"before": "394"}]
    assert asked["mastodon"][0].query == {"limit": "40"}
    assert asked["mastodon"][1].query == {"limit": "40", "max_id": "392"}
    first = asked["bluesky"][0].query
    assert (first["q"], first["sort"], first["limit"]) == ("netralitas ASN", "latest", "100")
    # Without a token older posts are asked for by time, never under the cursor.
    assert all("cursor" not in q.query for q in asked["bluesky"])
    assert "until" in asked["bluesky"][1].query
    assert asked["x"][0].query["query"] == '"netralitas asn" lang:in'
    assert asked["x"][0].query["max_results"] == "100"
    assert [q.query.get("next_token") for q in asked["x"]] == [None, "t2"]
    assert asked["youtube"][0].query["order"] == "time"
    # The page that is all too old is the last one.
    assert [q.query.get("pageToken") for q in asked["youtube"]] == [None, "p1", "p2"]
    assert asked["reddit"][0].query["q"] == "netralitas ASN"
    assert asked["reddit"][1].query["after"] == "t3_y"
    bodies = [json.loads(q.body) for q in asked["tiktok"]]
    # Lost its place on the second page, and began anew.
    assert [(b.get("cursor"), b.get("search_id")) for b in bodies] == [
        (None, None),
        (2, "s1"),
        (None, None),
        (2, "s2"),
        (4, "s2"),
    ]
    assert bodies[0]["query"]["or"][0]["field_values"] == ["netralitasasn"]
    assert bodies[0]["query"]["or"][1]["field_values"] == ["camat"]
    assert bodies[0]["end_date"] == TONIGHT.strftime("%Y%m%d")
    assert "begun anew" in nights.reports[0]["tiktok"]["message"]


def test_tokens_are_sent_as_each_network_wants_and_under_an_honest_name(nights: Nights) -> None:
    for kind, questions in nights.asked[0].items():
        sent = questions[0].headers
        assert "uji@netra.test" in sent["User-Agent"]
        assert sent["User-Agent"].startswith("Netra/")
        assert ("Authorization" in sent) == (kind in ("x", "reddit", "tiktok"))
        assert ("X-Goog-Api-Key" in sent) == (kind == "youtube")
    assert nights.asked[0]["x"][0].headers["Authorization"] == f"Bearer {CANARY}"
    assert nights.asked[0]["youtube"][0].headers["X-Goog-Api-Key"] == CANARY


def test_the_second_night_asks_for_what_is_new(nights: Nights) -> None:
    reports, asked = nights.reports[1], nights.asked[1]
    new = {kind: r["new_pages"] for kind, r in reports.items()}
    assert new == {
        "telegram": 1,
        "mastodon": 3,
        "bluesky": 1,
        "x": 1,
        "youtube": 0,
        "reddit": 1,
        "tiktok": 0,
    }
    assert len(asked["telegram"]) == 1
    assert [q.query["min_id"] for q in asked["mastodon"]] == ["393", "395", "396"]
    assert asked["x"][0].query["since_id"] == net.snowflake(ago(20))
    assert len(asked["x"]) == len(asked["reddit"]) == 1
    assert {r["outcome"] for kind, r in reports.items()} == {"ok", "unchanged"}


def test_each_night_is_replayed_without_tokens_or_marks(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in NETWORK_KINDS:
        monkeypatch.delenv(f"NETRA_{kind.upper()}_TOKEN")
    first, second = nights.warcs
    replayed = crawl_once(nights.folder, night=TONIGHT, replay=first, db="satu.db")
    assert {source_id.removeprefix("satu-"): r for (source_id, _), r in replayed.items()} == nights.reports[0]
    # A single later night into an empty database: every post that it brought, new or not.
    again = crawl_once(nights.folder, night=TONIGHT, replay=second, db="dua.db")
    assert {r["outcome"] for r in again.values()} == {"ok"}
    one, two = rows(nights.folder, "satu.db"), rows(nights.folder, "dua.db")
    assert one | two == two | one == nights.live
    assert len(one) < len(nights.live)
    assert {row["text"] for row in by_network(two, "mastodon")} == {"status 394", "status 395", "status 396"}


def test_no_token_and_no_clear_handle_is_kept(nights: Nights) -> None:
    for path in (p for p in nights.folder.rglob("*") if p.is_file()):
        body = path.read_bytes()
        body = gzip.decompress(body) if path.suffix == ".gz" else body
        assert CANARY.encode() not in body, path
        if path.suffix != ".gz":
            for handle in HANDLES:
                assert handle.encode() not in body.lower(), (path, handle)
    assert b"budi_rekaan" in gzip.decompress(nights.warcs[0].read_bytes())


def test_pages_of_a_night_are_bounded_and_the_gap_is_told(tmp_path: Path) -> None:
    posts = {n: words(f"kiriman {n}") for n in range(380, 396)}
    statuses = {n: status(f"<p>{n}</p>") for n in range(380, 396)}
    with net.serve(net.telegram(posts)) as one, net.serve(net.mastodon(statuses)) as two:
        net.manifest(tmp_path / "sources", "kanal", "telegram", [one.base], entry="max_pages = 3")
        net.manifest(tmp_path / "sources", "tagar", "mastodon", [two.base], entry="max_pages = 3")
        reports = crawl_once(tmp_path, night=TONIGHT)
        for report in reports.values():
            assert (report["outcome"], report["new_pages"], report["requests"]) == ("ok", 6, 4)
            assert "stopped after 3 pages, older posts were left out" in report["message"]
        # The same night again: the mark is reached at once, and nothing new is no failure.
        again = crawl_once(tmp_path, night=TONIGHT, run="2")
        assert {(r["outcome"], r["new_pages"]) for r in again.values()} == {("unchanged", 0)}
        assert len(one.asked) == 4


def test_a_walk_that_was_cut_off_is_walked_again(tmp_path: Path) -> None:
    posts = {n: words(f"kiriman {n}") for n in range(390, 396)}
    good = net.telegram(posts)
    broken = [True]

    def speak(question: net.Question) -> Reply:
        return Reply(b"galat", 500) if broken[0] and question.query.get("before") == "392" else good(question)

    with net.serve(speak) as place:
        net.manifest(tmp_path / "sources", "kanal", "telegram", [place.base])
        (first,) = crawl_once(tmp_path, night=TONIGHT).values()
        assert (first["outcome"], first["new_pages"]) == ("error", 4)
        broken[0] = False
        (second,) = crawl_once(tmp_path, night=TONIGHT, run="2").values()
        assert (second["outcome"], second["new_pages"]) == ("ok", 2)
