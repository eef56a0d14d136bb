"""The newsroom keeps its word: amounts, labels, originality, and an archive that a crawl can live on."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from scrapy import Selector

from crawlers.archive import build_index
from crawlers.urls import canonicalize
from store.records import LABELS, NONE_TAGS, POSITIONS, PROCESSES, RELATED_TAGS, STAGES, TYPES, Outcome
from tests.newsroom import __main__ as command
from tests.newsroom.build import GOLD_FILE, WARC_FILE, build_gold, build_warc
from tests.newsroom.items import (
    NIGHTS,
    ROOT,
    Article,
    Post,
    address_of,
    listed_address,
    load_articles,
    load_faults,
    load_outlets,
    load_posts,
)
from tests.newsroom.pages import Room, format_date, render_content, render_page

OUTLETS = load_outlets()
ARTICLES = load_articles()
POSTS = load_posts()
ITEMS: list[Article | Post] = [*ARTICLES, *POSTS]
CASES = [item for item in ITEMS if item.gold.label == "case"]

#: Two texts that share so many words in a row are not written apart.
SHARED_WORDS = 12
#: Share of five-word runs that a declared copy has in common with its original, at least.
COPY_LIKENESS = 0.4

#: What the report must say of the sources that are broken on purpose, on every night.
BROKEN = {
    "harian-tertutup": Outcome.ROBOTS,
    "kabar-sepi": Outcome.EMPTY,
    "koran-rawa": Outcome.ERROR,
    "portal-tameng": Outcome.CHALLENGE,
    "pos-lawas": Outcome.ENCODING,
    "warta-retak": Outcome.MALFORMED,
}

#: Crawls the archive in a process of its own: Twisted's reactor starts only once.
REPLAY = """
import json, sys
from datetime import date
from pathlib import Path
from crawlers.manifest import load_sources
from crawlers.run import crawl
from store.db import connect, migrate
from store.revisions import is_revision
from store.stages import pending_pages
engine = connect("sqlite:///" + sys.argv[1] + "/netra.db")
migrate(engine)
reports = crawl(engine, load_sources(Path("data/sample/sources")), run_id="1", night=date(2024, 9, 19),
                replay=Path("data/sample/newsroom.warc.gz"), warc_dir=Path(sys.argv[1]))
with engine.begin() as conn:
    waiting = pending_pages(conn, limit=None)
pages = [page.canonical_url for page in waiting if not is_revision(page.page_id)]
print(json.dumps({"pages": pages, "reports": [
    [str(report.night), report.source_id, report.outcome, report.failed] for report in reports]}))
"""


def body_of(item: Article | Post) -> str:
    return "\n".join(item.paragraphs) if isinstance(item, Article) else item.text


def words_of(item: Article | Post) -> list[str]:
    title = item.title if isinstance(item, Article) else ""
    return re.findall(r"\w+", f"{title} {body_of(item)}".lower())


def runs_of(words: Sequence[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def shown_text(html: str) -> str:
    return Selector(text=html).xpath("string()").get() or ""


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_shipped_files_are_what_the_texts_give() -> None:
    assert command.stale_files() == []


def test_two_builds_are_byte_identical() -> None:
    assert build_warc() == build_warc()


@pytest.mark.parametrize("name", ["WARC_FILE", "GOLD_FILE"])
def test_check_fails_on_a_stale_or_missing_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = {"WARC_FILE": WARC_FILE, "GOLD_FILE": GOLD_FILE}[name]
    other = tmp_path / shipped.name
    monkeypatch.setattr(command, name, other)
    assert command.main(["check"]) == 1
    if name == "GOLD_FILE":
        other.write_text(shipped.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        assert command.main(["check"]) == 1
    assert shipped.name in capsys.readouterr().err


def test_wrong_verb_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["rebuild"]) == 2
    assert "usage" in capsys.readouterr().err


def test_gold_has_one_line_per_document() -> None:
    lines = [json.loads(line) for line in build_gold().splitlines()]
    assert [line["key"] for line in lines] == [item.key for item in ITEMS]
    assert len({line["url"] for line in lines}) == len(ITEMS)


def test_amounts() -> None:
    labels = Counter((type(item).__name__, item.gold.label) for item in ITEMS)
    assert len(ARTICLES) >= 70
    assert len(POSTS) >= 30
    assert len({item.source for item in ARTICLES}) >= 12
    assert len({item.source for item in POSTS}) == 2
    assert 25 <= len(CASES) <= 30
    assert labels["Post", "case"] >= 8
    assert labels["Article", "related"] + labels["Post", "related"] == 15
    assert labels["Article", "none"] + labels["Post", "none"] >= 55


def test_cases_are_not_told_by_one_word() -> None:
    plain = [item for item in CASES if "netralitas" not in words_of(item)]
    assert len(plain) * 3 >= len(CASES)
    assert sum(item.gold.deep for item in CASES) >= 5


def test_all_types_and_tags_occur() -> None:
    assert {kind for item in CASES for kind in item.gold.types} == set(TYPES) - {"other"}
    tags = {item.gold.tag for item in ITEMS}
    assert tags == {"", *NONE_TAGS, *RELATED_TAGS}


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
def test_gold_follows_the_codebook(item: Article | Post) -> None:
    gold = item.gold
    assert gold.label in LABELS
    if gold.label == "case":
        assert gold.types
        assert set(gold.types) <= set(TYPES)
        assert gold.stage in STAGES
        assert gold.process in PROCESSES
        assert gold.position in POSITIONS
        assert not gold.tag
        assert 1 <= len(gold.evidence) <= 3
        assert all(sentence in body_of(item) for sentence in gold.evidence)
    else:
        assert gold.tag in (NONE_TAGS if gold.label == "none" else RELATED_TAGS)
        fields = (gold.types, gold.stage, gold.process, gold.position, gold.region, gold.evidence)
        assert not any((*fields, gold.deep, gold.act))


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.key)
def test_articles_are_as_long_as_news_are(article: Article) -> None:
    assert 90 <= len(body_of(article).split()) <= 350


def test_texts_are_written_apart_except_declared_copies() -> None:
    owners: dict[tuple[str, ...], str] = {}
    for item in ITEMS:
        family = item.copy_of or item.key
        for run in runs_of(words_of(item), SHARED_WORDS):
            assert owners.setdefault(run, family) == family, " ".join(run)


def test_declared_copies_are_copies() -> None:
    by_key = {item.key: item for item in ITEMS}
    copies = [item for item in ITEMS if item.copy_of]
    assert len({item.source for item in copies if isinstance(item, Article)}) >= 3
    for copy in copies:
        one, other = runs_of(words_of(copy), 5), runs_of(words_of(by_key[copy.copy_of]), 5)
        assert len(one & other) / len(one | other) >= COPY_LIKENESS
        assert copy.gold.act == by_key[copy.copy_of].gold.act


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.key)
def test_pages_carry_every_paragraph_once(article: Article) -> None:
    room = Room(OUTLETS, ARTICLES)
    pages = [render_page(room, article, number=number) for number in ((1, 2) if article.page_break else (1,))]
    shown = squeezed(" ".join(shown_text(page) for page in pages))
    assert all(shown.count(squeezed(paragraph)) == 1 for paragraph in article.paragraphs)
    if OUTLETS[article.source].platform in ("blogger", "wordpress"):
        content = squeezed(shown_text(render_content(room, article)))
        assert all(squeezed(paragraph) in content for paragraph in article.paragraphs)


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.key)
def test_pages_do_not_know_the_future(article: Article) -> None:
    html = render_page(Room(OUTLETS, ARTICLES), article)
    for other in ARTICLES:
        if address_of(other, OUTLETS[other.source]) in html:
            assert other.nights[0] <= article.nights[0]
    linked = {noise.text for noise in article.noise}
    assert all(other.published < article.published for other in ARTICLES if other.title in linked)


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.key)
def test_every_spelling_of_an_address_is_one_address(article: Article) -> None:
    source = OUTLETS[article.source]
    address = address_of(article, source)
    rules = source.url_rules()
    for spelling in (address, listed_address(article, source), f"https://{source.hosts[0]}{article.path}"):
        assert canonicalize(spelling, rules) == address
    assert not source.articles.include or re.search(source.articles.include, address)


def test_dates_are_written_as_outlets_do() -> None:
    friday = next(article for article in ARTICLES if article.key == "jsy-6").published
    assert format_date(friday, "jurnas") == "Jum'at, 13/09/2024 14:30 WIB"
    assert format_date(friday, "short") == "Jumat, 13 Sep 2024 14:30 WIB"
    assert {format_date(article.published, "dot")[-4:].strip() for article in ARTICLES} == {
        "WIB",
        "WITA",
        "WIT",
    }


def test_archive_has_three_nights_and_a_robots_answer_for_every_outlet() -> None:
    index = build_index(WARC_FILE)
    assert index.nights == NIGHTS
    for source in OUTLETS.values():
        assert index.find(f"https://{source.hosts[0]}/robots.txt", NIGHTS[0])
    edited = [article for article in ARTICLES if article.update]
    assert {OUTLETS[article.source].platform for article in edited} == {"wordpress", "kompas"}
    assert all(article.nights[-1] == NIGHTS[-1] for article in edited)


def test_replay_collects_exactly_the_gold_documents(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", REPLAY, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert sorted(told["pages"]) == sorted(json.loads(line)["url"] for line in build_gold().splitlines())
    reports = {(night, source): (outcome, failed) for night, source, outcome, failed in told["reports"]}
    assert len(reports) == len(OUTLETS) * len(NIGHTS)
    faults = load_faults()
    failed_items = Counter((line.source, line.night) for line in faults.bad_lines)
    # A dead article is tried again every night, up to the third time.
    failed_items.update(
        (dead.source, night) for dead in faults.dead for night in NIGHTS if dead.night <= night
    )
    for night in NIGHTS:
        for source in OUTLETS:
            fine = Outcome.UNCHANGED if (source, night) == ("berita-sandeq", NIGHTS[2]) else Outcome.OK
            outcome, failed = reports[str(night), source]
            assert outcome == BROKEN.get(source, fine)
            assert failed == failed_items[source, night]
