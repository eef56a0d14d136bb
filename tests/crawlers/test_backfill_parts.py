"""Articles of several pages in archives of others: joined in every page mode, in any order, with a gap."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import chain, permutations
from pathlib import Path

import pytest
from sqlalchemy import Engine

from crawlers.archive import load_bodies
from crawlers.backfill_parts import WHOLE, place_of
from nlp.extract import EXTRACTOR_VERSION, extract_page
from store.db import connect
from store.digest import content_digest
from store.frontier import Stored, put_page
from store.records import RawPage
from store.revisions import older_texts
from store.stages import pending_pages, save_document
from tests.crawlers.foreign import bring_in, foreign
from tests.crawlers.outlet import entry, manifest
from tests.crawlers.samples import source

#: What the manifest says, and the endings of pages 1, 2, 3 and of the whole article.
MODES: Mapping[str, tuple[str, tuple[str, str, str], str]] = {
    "query": ('param = "page"\nvalue = "all"\ntotal = ".total"', ("", "?page=2", "?page=3"), "?page=all"),
    "single": ('param = "single"\nvalue = "1"\ntotal = ".total"', ("", "/2", "/3"), "?single=1"),
    "path": ('suffix = "/all"\ntotal = ".total"', ("", "/2", "/3"), "/all"),
    # Forward links alone; numbered pages; offsets, as Disway has them.
    "merge": ('next = "a.next"', ("", "?page=2", "?page=3"), ""),
    "pager": ('next = "a.pager"\nparam = "hal"', ("", "?hal=2", "?hal=3"), ""),
    "offset": ('next = "a.pager"', ("", "/15", "/30"), ""),
}
WORDS = "Warga menunggu kapal bantuan sejak pagi karena gelombang tinggi di pesisir utara. " * 4


def title_of(name: str) -> str:
    return f"https://{name}.test/read/702/kapal-bantuan-tertahan-ombak"


def bodies_of(name: str, slug: str = "") -> dict[str, bytes]:
    """Write the records of one article: address -> page, with what its pager or its counter says."""
    endings, whole = MODES[name][1:]
    first = title_of(name) + slug
    made = {}
    for number, ending in enumerate(endings, start=1):
        pager = f"<span class=total>Halaman {number}/3</span>"
        if name == "merge":
            following = first + endings[number] if number < 3 else ""
            pager = f"<a class=next href='{following}'>berikutnya</a>" if following else ""
        elif MODES[name][0].startswith("next"):
            links = [(n, ending) for n, ending in enumerate(endings, start=1) if n != number]
            pager = "".join(f"<a class=pager href='{first}{ending}'>{n}</a>" for n, ending in links)
        text = f"<p>Bagian {number}: {WORDS}</p>"
        made[first + ending] = html(text + pager, canonical=first + ending)
    if whole:
        made[first + whole] = html(f"<p>Seluruhnya: {WORDS}</p>", canonical=first)
    return made


def html(text: str, *, canonical: str) -> bytes:
    head = f"<head><title>Kapal Tertahan</title><link rel=canonical href='{canonical}'></head>"
    return f"<html>{head}<body><article><h1>Kapal Tertahan</h1>{text}</article></body></html>".encode()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with one outlet for each page mode."""
    for name, (pages, _, _) in MODES.items():
        mode = {"single": "query", "pager": "merge", "offset": "merge"}.get(name, name)
        more = f'[pages]\nmode = "{mode}"\n{pages}\n'
        manifest(
            tmp_path / "sources",
            name,
            entry("feed", f"https://{name}.test/f"),
            hosts=[f"{name}.test"],
            more=more,
        )
    return tmp_path


def pages_of(place: Path, db: str = "netra.db") -> dict[str, RawPage]:
    """Give the stored articles, bodies and all, by their canonical address."""
    engine = connect(f"sqlite:///{place / db}")
    with engine.begin() as conn:
        found = {page.canonical_url: load_bodies(page) for page in pending_pages(conn, limit=None)}
    engine.dispose()
    return found


def archive(
    path: Path, records: Sequence[tuple[str, bytes]], *, moment: str = "2024-09-17T19:00:00Z"
) -> Path:
    with foreign(path) as out:
        for url, body in records:
            out.add(url, body, moment=moment)
    return path


def test_pages_are_joined_in_every_mode_and_order(place: Path) -> None:
    orders = list(permutations(range(3)))
    records = [
        [list(bodies_of(name, f"-{number}").items())[:3][step] for step in order]
        for name in MODES
        for number, order in enumerate(orders)
    ]
    report = bring_in(
        place, archive(place / "a.warc.gz", list(chain.from_iterable(zip(*records, strict=True))))
    )
    assert report.faults == []
    articles = len(MODES) * len(orders)
    assert report.counts == {"stored": articles, "joined": 2 * articles}
    assert set(report.by_source.values()) == {len(orders)}
    stored = pages_of(place)
    assert len(stored) == articles
    for name in MODES:
        for number in range(len(orders)):
            page = stored[title_of(name) + f"-{number}"]
            assert page.bodies == tuple(list(bodies_of(name, f"-{number}").values())[:3])
            assert (page.pages_expected, page.url, page.origin) == (3, page.canonical_url, "import")
    again = bring_in(place, place / "a.warc.gz", run="2")
    assert again.counts == {"known": 3 * articles}
    assert len(list((place / "warc").iterdir())) == 1


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_page_is_expected_and_its_neighbours_are_there(place: Path, missing: int) -> None:
    kept = {
        name: [item for n, item in enumerate(list(bodies_of(name).items())[:3]) if n != missing]
        for name in MODES
    }
    backwards = [item for items in kept.values() for item in reversed(items)]
    bring_in(place, archive(place / "a.warc.gz", backwards))
    stored = pages_of(place)
    assert sorted(stored) == sorted(map(title_of, MODES))
    for name, items in kept.items():
        page = stored[title_of(name)]
        assert page.bodies == tuple(body for _, body in items), name
        assert page.pages_expected == 3, name
        made = extract_page(page, source(id=name).rules())
        assert (made.pages_expected, made.pages_fetched) == (3, 2)
        assert [f"Bagian {n + 1}" in made.text for n in range(3)] == [n != missing for n in range(3)]


@pytest.mark.parametrize("name", [name for name, mode in MODES.items() if mode[2]])
def test_the_whole_article_goes_before_its_pages(place: Path, name: str) -> None:
    records = list(bodies_of(name).items())
    whole = records[3]
    for number, order in enumerate(([3, 0, 1, 2], [0, 1, 3, 2], [2, 1, 0, 3])):
        db = f"{number}.db"
        path = archive(place / f"{number}.warc.gz", [records[step] for step in order])
        bring_in(place, path, run=str(number), db=db)
        (page,) = pages_of(place, db).values()
        assert (page.bodies, page.pages_expected, page.canonical_url) == ((whole[1],), 1, title_of(name))
    # It should be all and counts three: page 1 under another name.
    counting = html(f"<p>{WORDS}</p><i class=total>Halaman 1/3</i>", canonical=whole[0])
    bring_in(place, archive(place / "n.warc.gz", [(whole[0], counting), records[1]]), run="n", db="n.db")
    (page,) = pages_of(place, "n.db").values()
    assert (page.bodies, page.pages_expected) == ((counting, records[1][1]), 3)


def test_a_second_archive_brings_what_the_first_one_lacked(place: Path) -> None:
    first, second, third = list(bodies_of("query").items())[:3]
    bring_in(place, archive(place / "1.warc.gz", [second], moment="2024-09-19T00:00:00Z"))
    assert pages_of(place)[title_of("query")].night == date(2024, 9, 19)
    bring_in(place, archive(place / "2.warc.gz", [first]), run="2")
    page = pages_of(place)[title_of("query")]
    # It belongs to the night of its first page, in whatever order the two came.
    assert (page.night, len(page.refs), page.pages_expected) == (date(2024, 9, 18), 2, 3)
    engine = connect(f"sqlite:///{place / 'netra.db'}")
    read = extract(engine)
    third_later = archive(place / "3.warc.gz", [third, first])
    assert bring_in(place, third_later, run="3").counts == {"joined": 1, "known": 1}
    with engine.begin() as conn:
        older = older_texts(conn, read[0])
        (waiting,) = pending_pages(conn, limit=None)
    assert (len(older), waiting.pages_expected, len(waiting.refs)) == (1, 3, 3)
    assert "Bagian 3" not in older[0].text
    extract(engine)
    before = content_digest(engine)
    assert bring_in(place, third_later, run="4").counts == {"known": 2}
    # An article that is complete and read is not touched by its whole form.
    whole = archive(place / "4.warc.gz", [list(bodies_of("query").items())[3]])
    assert bring_in(place, whole, run="5").counts == {"known": 1}
    assert content_digest(engine) == before
    engine.dispose()


def extract(engine: Engine) -> list[str]:
    """Extract whatever waits; gives the ids of the documents."""
    made = []
    with engine.begin() as conn:
        for page in pending_pages(conn, limit=None):
            document = extract_page(load_bodies(page), source(id=page.source_id).rules())
            save_document(conn, page.page_id, document, version=EXTRACTOR_VERSION)
            made.append(document.doc_id)
    return made


def test_an_imported_archive_is_masked_before_its_text_is_stored(place: Path) -> None:
    url = title_of("query")
    text = f"<p>{WORDS}</p><p>Warga menulis dari warga@surat.test dan menelepon 0812-3456-7890.</p>"
    bring_in(place, archive(place / "1.warc.gz", [(url, html(text, canonical=url))]))
    engine = connect(f"sqlite:///{place / 'netra.db'}")
    assert extract(engine)
    engine.dispose()
    stored = b"".join(file.read_bytes() for file in place.glob("netra.db*"))
    assert b"dari [surel] dan menelepon [nomor telepon]" in stored
    assert b"warga@surat" not in stored
    assert b"0812-3456" not in stored


def test_an_article_that_a_night_has_brought_whole_stays_as_it_is(place: Path) -> None:
    bring_in(place, archive(place / "1.warc.gz", [list(bodies_of("query").items())[3]]))
    engine = connect(f"sqlite:///{place / 'netra.db'}")
    with engine.begin() as conn:
        (page,) = pending_pages(conn, limit=None)
        later = replace(page, fetched_at=datetime(2024, 9, 20, tzinfo=UTC))
        assert put_page(conn, later) is Stored.KNOWN
    records = list(bodies_of("query").items())[:3]
    assert bring_in(place, archive(place / "2.warc.gz", records), run="2").counts == {"known": 3}
    engine.dispose()


def test_pages_of_an_article_whose_archive_is_gone_are_known(place: Path) -> None:
    first, second, _ = list(bodies_of("query").items())[:3]
    bring_in(place, archive(place / "1.warc.gz", [first]))
    for file in (place / "warc").iterdir():
        file.unlink()
    assert bring_in(place, archive(place / "2.warc.gz", [second]), run="2").counts == {"known": 1}


def test_a_merged_article_has_no_more_pages_than_its_manifest_allows(tmp_path: Path) -> None:
    more = '[pages]\nmode = "merge"\nnext = "a.next"\nmax = 2\n'
    manifest(
        tmp_path / "sources", "merge", entry("feed", "https://merge.test/f"), hosts=["merge.test"], more=more
    )
    records = list(bodies_of("merge").items())[:3]
    report = bring_in(tmp_path, archive(tmp_path / "1.warc.gz", records[::-1]))
    (page,) = pages_of(tmp_path).values()
    assert report.counts == {"stored": 1, "joined": 2}
    assert (page.bodies, page.pages_expected) == ((records[0][1], records[1][1]), 3)


@pytest.mark.parametrize(
    ("mode", "url", "first", "number"),
    [
        ("query", "/read/7/kapal-tertahan?page=3&x=1", "/read/7/kapal-tertahan?x=1", 3),
        ("query", "/read/7/kapal-tertahan?page=1", "/read/7/kapal-tertahan", 1),
        ("query", "/read/7/kapal-tertahan?page=all", "/read/7/kapal-tertahan?page=all", WHOLE),
        ("query", "/read/7/kapal-tertahan?page=20240917", "/read/7/kapal-tertahan?page=20240917", 1),
        ("query", "/read/7/kapal-tertahan/2", "/read/7/kapal-tertahan/2", 1),
        ("single", "/read/7/kapal-tertahan/2", "/read/7/kapal-tertahan", 2),
        ("single", "/read/7/kapal-tertahan?single=1", "/read/7/kapal-tertahan?single=1", WHOLE),
        ("path", "/read/7/kapal-tertahan/all", "/read/7/kapal-tertahan", WHOLE),
        ("path", "/read/7/kapal-tertahan/2/", "/read/7/kapal-tertahan", 2),
        # The number of an article, a day, a list: no page.
        ("path", "/read/7", "/read/7", 1),
        ("path", "/read/7/kapal-tertahan/7788", "/read/7/kapal-tertahan/7788", 1),
        ("offset", "/read/2024/09/17", "/read/2024/09/17", 1),
        ("offset", "/read/7/kapal-tertahan/15", "/read/7/kapal-tertahan", 15),
        ("none", "/read/7/kapal-tertahan?page=2", "/read/7/kapal-tertahan?page=2", 1),
    ],
)
def test_an_address_says_which_page_it_is(mode: str, url: str, first: str, number: int) -> None:
    pages = {
        "query": {"mode": "query", "param": "page", "value": "all"},
        "single": {"mode": "query", "param": "single", "value": "1"},
        "path": {"mode": "path", "suffix": "/all"},
        "offset": {"mode": "merge", "next": "a.p"},
        "none": {"mode": "none"},
    }[mode]
    outlet = source(pages=pages, articles={"include": "/read/\\d+"})
    found = place_of("https://w.test" + url, outlet)
    assert (found.url, found.number) == ("https://w.test" + first, number)
