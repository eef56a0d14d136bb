"""Records leave the archive, the others stay readable where the store says; a kill loses nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from crawlers import archive_cut
from crawlers.archive import Archive, digest_bodies, load_bodies, read_record
from crawlers.archive_cut import cut_archive, due_files
from crawlers.parts import split
from store.archived import known_files, versions_in
from store.db import connect, migrate, reading
from store.frontier import put_page
from store.ledger import start_run
from store.records import RawPage, WarcRef
from store.retention import forget_bodies
from store.rows import read_page
from store.schema import pages
from tests.store.samples import make_page

MOMENT = datetime(2026, 1, 5, 19, tzinfo=UTC)
AT = datetime(2026, 3, 1, tzinfo=UTC)
BEFORE = date(2026, 2, 1)
NAME = "2026-01-06-1"


@pytest.fixture(name="engine")
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(name="folder")
def warc_folder(tmp_path: Path) -> Path:
    return tmp_path / "warc"


def put(engine: Engine, *made: RawPage) -> None:
    with engine.begin() as conn:
        for page in made:
            put_page(conn, page)


def write(folder: Path, bodies: dict[str, bytes], name: str = NAME) -> dict[str, WarcRef]:
    with Archive(folder, name=name, software="uji") as out:
        places = {
            url: out.write(url, status=200, headers=(), body=body, fetched_at=MOMENT)
            for url, body in bodies.items()
        }
        out.sync()
    return places


def three(engine: Engine, folder: Path) -> list[RawPage]:
    """A list of articles, and three articles of one page each, stored."""
    bodies = {f"https://a.test/{number}": b"<p>isi %d</p>" % number for number in range(4)}
    places = write(folder, bodies)
    made = [
        make_page(number, refs=(places[url],), body_sha256=digest_bodies([bodies[url]]), pages_expected=1)
        for number, url in enumerate(bodies)
        if number
    ]
    put(engine, *made)
    return made


def forget(engine: Engine, *made: RawPage) -> None:
    with engine.begin() as conn:
        forget_bodies(conn, [page.page_id for page in made], rule="screened_out", at=AT)


def stored(engine: Engine) -> dict[str, RawPage]:
    with reading(engine) as conn:
        return {row["page_id"]: read_page(row) for row in conn.execute(select(pages)).mappings()}


def everything(folder: Path) -> bytes:
    from gzip import decompress

    return b"".join(decompress(path.read_bytes()) for path in sorted(folder.iterdir()))


def test_a_cleared_page_and_the_list_go_and_the_others_load(engine: Engine, folder: Path) -> None:
    first, second, third = three(engine, folder)
    forget(engine, second)
    report = cut_archive(engine, folder, before=BEFORE, at=AT)
    assert (report.records_removed, report.files_rewritten, report.problems) == (2, 1, ())
    assert [path.name for path in folder.iterdir()] == [f"{NAME}-kept.warc.gz"]
    now = stored(engine)
    assert now[second.page_id].refs == ()
    assert load_bodies(now[first.page_id]).bodies == (b"<p>isi 1</p>",)
    assert load_bodies(now[third.page_id]).bodies == (b"<p>isi 3</p>",)
    assert b"isi 2" not in everything(folder)
    assert b"isi 0" not in everything(folder)
    assert due_files(engine, folder, before=BEFORE) == ([], [])


def test_a_young_file_loses_what_was_cleared_and_keeps_its_lists(engine: Engine, folder: Path) -> None:
    first, second, _ = three(engine, folder)
    forget(engine, first)
    cut_archive(engine, folder, before=date(2026, 1, 1), at=AT)
    assert [path.name for path in folder.iterdir()] == [f"{NAME}-cut.warc.gz"]
    assert b"isi 0" in everything(folder)
    assert b"isi 1" not in everything(folder)
    assert due_files(engine, folder, before=date(2026, 1, 1)) == ([], [])
    forget(engine, second)
    cut_archive(engine, folder, before=BEFORE, at=AT)
    assert [path.name for path in folder.iterdir()] == [f"{NAME}-kept.warc.gz"]


def test_a_file_of_which_nothing_is_kept_goes_whole(engine: Engine, folder: Path) -> None:
    forget(engine, *three(engine, folder))
    report = cut_archive(engine, folder, before=BEFORE, at=AT)
    assert (report.files_removed, list(folder.iterdir())) == (1, [])
    with reading(engine) as conn:
        assert known_files(conn) == {}


def test_a_kept_entry_of_a_shared_response_gets_a_record_of_its_own(engine: Engine, folder: Path) -> None:
    posts = [
        {"id": number, "link": f"https://a.test/{number}", "title": f"judul {number}"} for number in (1, 2)
    ]
    body = json.dumps(posts).encode()
    (place,) = write(folder, {"https://a.test/wp-json": body}).values()
    entries = split("wordpress", body, "")
    made = [
        make_page(
            number,
            refs=(place,),
            format="wordpress",
            part=key,
            body_sha256=digest_bodies([entries[key]]),
            pages_expected=1,
        )
        for number, key in enumerate(entries)
    ]
    put(engine, *made)
    kept = load_bodies(made[0])
    forget(engine, made[1])
    cut_archive(engine, folder, before=BEFORE, at=AT)
    now = stored(engine)[made[0].page_id]
    assert now.part == ""
    assert load_bodies(now).bodies == kept.bodies
    assert b"judul 2" not in everything(folder)


def test_a_broken_tail_is_left_out_and_an_unreadable_entry_leaves_the_file(
    engine: Engine, folder: Path
) -> None:
    first, *_ = three(engine, folder)
    path = folder / f"{NAME}.warc.gz"
    with path.open("ab") as out:
        out.write(path.read_bytes()[:60])
    cut_archive(engine, folder, before=BEFORE, at=AT)
    assert load_bodies(stored(engine)[first.page_id]).bodies
    (place,) = write(folder, {"https://a.test/feed": b"bukan json"}, name="2026-01-07-2").values()
    put(engine, make_page(9, refs=(place,), format="wordpress", part="1", pages_expected=1))
    report = cut_archive(engine, folder, before=BEFORE, at=AT)
    assert len(report.problems) == 1
    assert read_record(place) == b"bukan json"
    assert [path for path in folder.iterdir() if path.suffix == ".part"] == []


@pytest.mark.parametrize("moment", ["before the store knows", "before the old file goes"])
def test_a_kill_leaves_every_page_readable_and_the_next_run_cleans_up(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    first, second, _ = three(engine, folder)
    forget(engine, second)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        if moment == "before the store knows":
            killed.setattr(archive_cut, "move_records", die)
        else:
            killed.setattr(archive_cut, "_remove", die)
        with pytest.raises(KeyboardInterrupt):
            cut_archive(engine, folder, before=BEFORE, at=AT)
    assert load_bodies(stored(engine)[first.page_id]).bodies
    cut_archive(engine, folder, before=BEFORE, at=AT)
    assert len(list(folder.glob("*.warc.gz"))) == 1
    assert load_bodies(stored(engine)[first.page_id]).bodies
    assert b"isi 2" not in b"".join(everything_of(path) for path in folder.glob("*.warc.gz"))


def everything_of(path: Path) -> bytes:
    from gzip import decompress

    return decompress(path.read_bytes())


def test_files_of_others_are_left_and_a_night_without_articles_goes(engine: Engine, folder: Path) -> None:
    write(folder, {"https://a.test/feed": b"daftar"}, name="2026-01-06-7")
    write(folder, {"https://a.test/feed": b"daftar"}, name="contoh")
    assert due_files(engine, folder, before=BEFORE) == ([], [])
    now = datetime.now(UTC)
    run_id = start_run(engine, command="nightly", night=date(2026, 1, 6))
    with Archive(folder, name=f"2026-01-06-{run_id}", software="uji") as out:
        out.write("https://a.test/feed", status=200, headers=(), body=b"daftar", fetched_at=now)
    cut_archive(engine, folder, before=BEFORE, at=AT)
    assert sorted(path.name for path in folder.iterdir()) == ["2026-01-06-7.warc.gz", "contoh.warc.gz"]


def test_versions_tell_their_pages(engine: Engine, folder: Path) -> None:
    made = three(engine, folder)
    with reading(engine) as conn:
        found = versions_in(conn, made[0].refs[0].file)
    assert [one.page for one in found] == sorted(made, key=lambda page: page.page_id)
    assert replace(found[0], is_cleared=True) != found[0]
