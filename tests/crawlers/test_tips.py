"""Tips become pages: once per text, a newer version for another one, and records that load again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from crawlers.archive import load_bodies
from crawlers.manifest import load_source
from crawlers.tips import CHUNK, Entry, end_tips, judge_tips, store_tips
from store.db import connect, migrate, reading
from store.records import UsageError
from store.schema import pages, revisions, tips
from store.stages import pending_pages
from store.tips import Terms, known_tips

AT = datetime(2026, 3, 5, 3, 0, 0, 250, tzinfo=UTC)
TERMS = Terms(may_contact=True, keep_until=date(2026, 9, 4))
ENTRY = Entry("LP-1", "", "Camat hadir, kata @budi_uji.", "2026-03-04", TERMS)


@pytest.fixture
def engine(tmp_path: Path):
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


def put(engine: Engine, folder: Path, *entries: Entry, minutes: int = 0) -> dict[str, int]:
    at = AT + timedelta(minutes=minutes)
    judged = judge_tips(engine, entries, at=at)
    counts = store_tips(engine, entries, run_id=str(minutes), at=at, warc_dir=folder)
    assert sorted(judged) == sorted(counts.elements())
    return dict(counts)


def test_a_tip_is_stored_once_and_another_text_is_its_newer_version(engine: Engine, tmp_path: Path) -> None:
    linked = replace(ENTRY, tip_id="LP-2", link="https://x.com/budi_uji/status/12")
    assert put(engine, tmp_path, ENTRY, linked) == {"new": 2}
    assert put(engine, tmp_path, ENTRY, linked, minutes=1) == {"same": 2}
    assert sorted(path.name for path in tmp_path.glob("*.warc.gz")) == ["2026-03-05-0-tips.warc.gz"]
    later = replace(ENTRY, terms=Terms(may_contact=False, keep_until=date(2026, 5, 1)))
    assert put(engine, tmp_path, later, minutes=2) == {"terms": 1}
    assert put(engine, tmp_path, replace(later, text="Lurah hadir."), minutes=3) == {"revised": 1}
    with reading(engine) as conn:
        assert known_tips(conn, ["LP-1"])["LP-1"].terms == later.terms
        found = [load_bodies(page) for page in pending_pages(conn, limit=None)]
        assert conn.scalar(select(func.count()).select_from(revisions)) == 1
    bodies = b" ".join(body for page in found for body in page.bodies)
    assert (b"Lurah hadir." in bodies, b"budi_uji" in bodies, bodies.count(b"@akun")) == (True, False, 2)
    assert {page.url for page in found} == {"tip:LP-1", "https://x.com/i/web/status/12"}
    assert {page.canonical_url for page in found} == {"tip:LP-1", "tip:LP-2"}


def test_a_list_that_was_cut_off_goes_on(engine: Engine, tmp_path: Path) -> None:
    entries = [replace(ENTRY, tip_id=f"LP-{number}") for number in range(CHUNK + 20)]

    def stop(done: int) -> None:
        raise KeyboardInterrupt(done)

    with pytest.raises(KeyboardInterrupt, match=str(CHUNK)):
        store_tips(engine, entries, run_id="1", at=AT, warc_dir=tmp_path, progress=stop)
    assert put(engine, tmp_path, *entries, minutes=2) == {"same": CHUNK, "new": 20}


def test_what_is_past_its_date_is_not_stored_and_consent_taken_back_ends_the_time(
    engine: Engine, tmp_path: Path
) -> None:
    past = replace(ENTRY, terms=Terms(may_contact=True, keep_until=date(2026, 3, 4)))
    assert put(engine, tmp_path, past) == {"expired": 1}
    assert list(tmp_path.glob("*.warc.gz")) == []
    put(engine, tmp_path, ENTRY, minutes=1)
    assert end_tips(engine, ["LP-1", "LP-9"], at=AT, dry_run=True) == 1
    assert end_tips(engine, ["LP-1", "LP-9"], at=AT) == 1
    assert end_tips(engine, ["LP-1"], at=AT) == 0
    with reading(engine) as conn:
        row = conn.execute(select(tips)).one()
        assert (row.may_contact, row.keep_until) == (False, date(2026, 3, 4))
        assert conn.scalar(select(func.count()).select_from(pages)) == 1


def test_no_manifest_takes_the_name_of_tips(tmp_path: Path) -> None:
    text = Path("data/sources/alinea.toml").read_text(encoding="utf-8")
    path = tmp_path / "tips.toml"
    path.write_text(text.replace('id = "alinea"', 'id = "tips"'), encoding="utf-8")
    with pytest.raises(UsageError, match="that of `import tips`"):
        load_source(path)
