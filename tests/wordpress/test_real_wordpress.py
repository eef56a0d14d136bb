"""Nights against Debian's WordPress: what is stored, what is asked for again, what a reader gets of it."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from crawlers.archive import load_bodies
from crawlers.manifest import load_source
from nlp.extract import extract_page
from store.db import connect
from store.frontier import night_of
from store.ledger import source_history
from store.records import Document, SourceReport
from store.revisions import is_revision
from store.stages import pending_pages
from tests.conftest import needs_packages
from tests.crawlers.outlet import entry, manifest
from tests.wordpress.articles import Article, blocks, write_articles
from tests.wordpress.site import NEEDED, Asked, Site, running

pytestmark = needs_packages(NEEDED)

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Makassar")
#: One source asks the interface, the other one has feed, sitemap and pages only.
REST, PAGES = "selayang", "selayang-halaman"
#: Posts that are not there for readers: WordPress's fields, and nothing of them may be stored.
HIDDEN: tuple[Mapping[str, str], ...] = (
    {"post_name": "konsep", "post_status": "draft"},
    {"post_name": "pribadi", "post_status": "private"},
    {"post_name": "besok", "post_status": "future"},
)
ADDED = "Pertemuan susulan dijadwalkan pekan depan di balai desa."
#: What comes on the fourth night: more than one page of the interface holds.
LATE = 15
#: Runs a verb with all that it writes below a folder of the test.
CODE = "import pathlib, pipeline, sys; pipeline.VAR = pathlib.Path(sys.argv.pop(1)); pipeline.main()"


@dataclass(frozen=True)
class Night:
    """What one night asked for, robots.txt left out, and reported by source."""

    asked: list[Asked]
    reports: dict[str, SourceReport]

    def paths(self, start: str = "/") -> list[str]:
        """Paths that begin so, in the order of the answers."""
        return [asked.path for asked in self.asked if asked.path.startswith(start)]


@dataclass(frozen=True)
class Paper:
    """The paper, its articles by address, and where its nights are kept."""

    site: Site
    articles: dict[str, Article]
    folder: Path

    def night(self, number: int, *only: str) -> Night:
        """Crawl once; the last of five nights is this one."""
        night = night_of(datetime.now(UTC)) - timedelta(days=5 - number)
        before = len(self.site.asked())
        words = [word for name in only for word in ("--source", name)]
        run(self.folder, "crawl", "--date", night, *words, "--db", self.db, "--sources", self.sources)
        asked = [asked for asked in self.site.asked()[before:] if asked.path != "/robots.txt"]
        assert all(asked.agent.startswith("Netra/") for asked in asked)
        return Night(asked, self.reports(night))

    def reports(self, night: date) -> dict[str, SourceReport]:
        """Give the reports of a night."""
        engine = connect(self.db)
        with engine.connect() as conn:
            reports = {report.source_id: report for report in source_history(conn) if report.night == night}
        engine.dispose()
        return reports

    @property
    def db(self) -> str:
        """Address of the database."""
        return f"sqlite:///{self.folder / 'netra.db'}"

    @property
    def sources(self) -> Path:
        """Folder of the manifests."""
        return self.folder / "sources"


def run(folder: Path, *words: object) -> str:
    """Run a verb in a process of its own, everything below `folder`; gives what it printed."""
    command = [sys.executable, "-c", CODE, str(folder), *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    folder = tmp_path_factory.mktemp("selayang")
    now = datetime.now(ZONE).replace(tzinfo=None, second=0, microsecond=0)
    articles = write_articles(now - timedelta(minutes=40))
    hidden = [{**articles[0].post, **post} for post in HIDDEN]
    hidden[-1]["post_date"] = f"{now + timedelta(days=1):%Y-%m-%d %H:%M:%S}"
    with running(title="Kabar Selayang", author="Redaksi Selayang", timezone=ZONE.key) as site:
        urls = site.insert([*(article.post for article in articles), *hidden])
        write_manifests(folder / "sources", site.base)
        yield Paper(site, {urls[article.name]: article for article in articles}, folder)
    assert not site.folder.exists()


def write_manifests(folder: Path, base: str) -> None:
    """Write the two sources of one paper."""
    zone = f'timezone = "{ZONE.key}"\n'
    rest = entry("wordpress", base + "/wp-json/wp/v2/posts")
    rest += entry("feed", base + "/feed/").replace("[[entries]]", "[entries.fallback]")
    path = manifest(folder, REST, zone + rest)
    path.write_text(path.read_text().replace('platform = "generic"', 'platform = "wordpress"'))
    lists = entry("feed", base + "/feed/atom/") + entry("sitemap", base + "/wp-sitemap.xml")
    more = '[articles]\ninclude = "/\\\\d{4}/\\\\d{2}/\\\\d{2}/"\n'
    more += '[pages]\nmode = "merge"\nnext = "a.post-page-numbers"\n'
    manifest(folder, PAGES, zone + lists, more=more)


@pytest.fixture(scope="module")
def nights(paper: Paper) -> list[Night]:
    """Five nights: all new; one article edited; nothing; more than a page of news; the interface closed."""
    articles = list(paper.articles.values())
    found = [paper.night(1)]
    paper.site.edit(articles[3].name, f"{articles[3].content}\n\n{blocks([ADDED])}")
    found += [paper.night(2), paper.night(3)]
    oldest = articles[-1].published
    late = [
        replace(article, name=f"{article.name}-lama", published=oldest - timedelta(minutes=n))
        for n, article in enumerate(articles[:LATE], start=1)
    ]
    locked = {**late[-1].post, "post_name": "terkunci", "post_password": "rahasia"}
    paper.site.insert([*(article.post for article in late), locked])
    # Saved once more as it is: WordPress dates it anew, its text is the same.
    paper.site.edit(articles[5].name, articles[5].content)
    found.append(paper.night(4, REST))
    paper.site.manage("option", name="netra_closed_rest", value=1)
    found.append(paper.night(5, REST))
    paper.site.manage("option", name="netra_closed_rest", value=0)
    return found


def counts(night: Night) -> dict[str, tuple[str, int, int, int]]:
    """Outcome, new, revised and failed pages by source."""
    return {
        name: (str(report.outcome), report.new_pages, report.revisions, report.failed)
        for name, report in night.reports.items()
    }


def test_the_first_night_stores_every_article_once(paper: Paper, nights: list[Night]) -> None:
    first = nights[0]
    assert counts(first) == {REST: ("ok", 40, 0, 0), PAGES: ("ok", 40, 0, 0)}
    assert len(first.paths("/wp-json/")) == 1
    pages = Counter(path for path in first.paths() if path.startswith("/20"))
    divided = [url for url, article in paper.articles.items() if "nextpage" in article.content]
    wanted = [urlsplit(url).path for url in paper.articles]
    wanted += [urlsplit(url).path + "2/" for url in divided]
    assert pages == Counter(wanted)


def test_the_second_night_fetches_the_edited_article_alone(paper: Paper, nights: list[Night]) -> None:
    second = nights[1]
    assert counts(second) == {REST: ("ok", 0, 1, 0), PAGES: ("ok", 0, 1, 0)}
    edited = urlsplit(list(paper.articles)[3]).path
    assert second.paths("/20") == [edited]
    assert len(second.paths("/wp-json/")) == 1


def test_a_feed_that_has_not_changed_is_not_sent_again(nights: list[Night]) -> None:
    feeds = [asked for night in nights[:3] for asked in night.asked if asked.path == "/feed/atom/"]
    assert [(asked.status, asked.conditional) for asked in feeds] == [(200, False), (200, True), (304, True)]
    third = nights[2]
    assert counts(third) == {REST: ("unchanged", 0, 0, 0), PAGES: ("unchanged", 0, 0, 0)}
    assert third.paths("/20") == []


def test_the_interface_is_read_on_to_its_last_page_and_a_locked_post_left_out(nights: list[Night]) -> None:
    fourth = nights[3]
    assert counts(fourth) == {REST: ("ok", LATE, 0, 0)}
    assert [path.split("?")[1].split("&")[0] for path in fourth.paths("/wp-json/")] == ["page=1", "page=2"]
    assert len(fourth.asked) == 2
    assert "1 skipped" in fourth.reports[REST].message


def test_the_feed_takes_over_where_the_interface_is_closed(nights: list[Night]) -> None:
    last = nights[4]
    assert [(asked.status, asked.path.split("?")[0]) for asked in last.asked] == [
        (401, "/wp-json/wp/v2/posts"),
        (200, "/feed/"),
    ]
    assert counts(last)[REST][1:] == (0, 0, 0)
    assert "fallback used" in last.reports[REST].message


@pytest.mark.parametrize("source_id", [REST, PAGES])
def test_a_reader_gets_every_article_whole_and_nothing_else(
    paper: Paper, nights: list[Night], source_id: str
) -> None:
    assert nights
    documents = read_documents(paper, source_id)
    edited = list(paper.articles)[3]
    for url, article in paper.articles.items():
        document = documents[url.rstrip("/")]
        paragraphs = article.paragraphs + ((ADDED,) if url == edited else ())
        assert (document.title, plain(document.text)) == (article.title, "\n".join(map(plain, paragraphs)))
        assert document.published_at == article.published.replace(tzinfo=ZONE)
        assert (document.published_precision, document.language) == ("minute", "id")
        assert document.pages_fetched == document.pages_expected


def read_documents(paper: Paper, source_id: str) -> dict[str, Document]:
    """Extract the newest versions of all pages of a source, by canonical address."""
    rules = load_source(paper.sources / f"{source_id}.toml").rules()
    engine = connect(paper.db)
    with engine.connect() as conn:
        pages = [page for page in pending_pages(conn, limit=None) if page.source_id == source_id]
    engine.dispose()
    read = [extract_page(load_bodies(page), rules) for page in pages if not is_revision(page.page_id)]
    return {document.canonical_url: document for document in read}


def plain(text: str) -> str:
    """WordPress makes typographic quotes of straight ones."""
    return text.replace("\u201c", '"').replace("\u201d", '"')


def test_a_past_day_is_walked_from_midnight_to_midnight_of_the_paper(
    paper: Paper, nights: list[Night], tmp_path: Path
) -> None:
    assert nights
    day = datetime.now(ZONE).date() - timedelta(days=7)
    times = {"awal": f"{day} 00:00:00", "siang": f"{day} 12:00:00", "akhir": f"{day} 23:59:59"}
    outside = {
        "sebelum": f"{day - timedelta(days=1)} 23:59:59",
        "sesudah": f"{day + timedelta(days=1)} 00:00:00",
    }
    written = next(iter(paper.articles.values())).post
    paper.site.insert(
        [{**written, "post_name": name, "post_date": at} for name, at in {**times, **outside}.items()]
    )
    db = f"sqlite:///{tmp_path / 'netra.db'}"
    said = run(
        tmp_path, "crawl", "--since", day, "--until", day, "--source", REST, "--db", db,
        "--sources", paper.sources,
    )  # fmt: skip
    assert "walked 1 days, 3 new" in said


def test_the_site_becomes_a_source_by_its_address(paper: Paper, tmp_path: Path) -> None:
    said = run(tmp_path, "sources", "add", paper.site.base, "--id", "baru", "--out", tmp_path, "--delay", "0")
    source = load_source(tmp_path / "sources" / "baru.toml")
    assert (source.platform, source.timezone, source.publisher) == ("wordpress", ZONE.key, "Kabar Selayang")
    assert source.language == "id"
    assert [(entry.kind, urlsplit(entry.url).path) for entry in source.all_entries()] == [
        ("wordpress", "/wp-json/wp/v2/posts"),
        ("feed", "/feed/"),
    ]
    assert "bahasa id" in said
    said = run(tmp_path, "sources", "check", "--live", "--sources", tmp_path / "sources")
    assert "ok baru: robots.txt 200" in said
    assert "1 of 1 sources ok" in said
