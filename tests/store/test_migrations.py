"""A database of an earlier version is brought up to date with everything that was in it."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError

from store.db import connect, migrate
from store.frontier import Stored, put_page
from store.ledger import note_source, source_history
from store.records import Outcome, SourceReport
from store.stages import pending_pages
from tests.store.samples import NIGHT, make_page

MIGRATIONS = Path(__file__).parents[2] / "store" / "migrations"
PAGE = make_page(1)
#: Table and row, as version 0001 wrote them.
OLD_ROWS = (
    ("runs", (1, "nightly", "2024-09-17", "0.1.0", "m", "2024-09-17 00:00:00.000000", None, None)),
    ("run_sources", (1, "kabar-lontara", "2024-09-17", "ok", 9, 7, 5, 1, "satu gagal")),
    ("frontier", ("kabar-lontara", "u", "u", "2024-09-17", 0, "queued", None, 0, None, "")),
    (
        "pages",
        (
            *(PAGE.page_id, "kabar-lontara", PAGE.url, PAGE.canonical_url, "2024-09-17"),
            *("2024-09-16 19:00:01.000000", 200, "html", "", "utf-8"),
            '[["20240917.warc.gz", 101], ["20240917.warc.gz", 901]]',
            *(PAGE.body_sha256, 2, "fetched", "", ""),
        ),
    ),
)


def test_a_database_of_the_first_version_keeps_its_rows_and_learns_the_new_words(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'netra.db'}"
    engine = connect(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0001")
    with closing(sqlite3.connect(tmp_path / "netra.db")) as plain, plain:
        for table, row in OLD_ROWS:
            marks = ", ".join("?" * len(row))
            plain.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - names of our own
        # An imported one, in the copy that an import of ours made.
        *_, place, digest, expected, state, reason, version = OLD_ROWS[-1][1]
        copy = place.replace("20240917.warc.gz", "data/var/warc/2024-09-20-7-import-2.warc.gz")
        row = ("G-2", "kabar-lontara", "u2", "u2", *OLD_ROWS[-1][1][4:10], copy)
        row += (digest, expected, state, reason, version)
        plain.execute(f"INSERT INTO pages VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - marks
    migrate(engine)
    first = SourceReport("kabar-lontara", NIGHT, Outcome.OK, 9, 7, 5, 1, "satu gagal")
    with engine.begin() as conn:
        assert source_history(conn) == [first]
        assert PAGE in pending_pages(conn, limit=None)
        assert put_page(conn, PAGE) is Stored.KNOWN
        origins = conn.exec_driver_sql("SELECT page_id, origin FROM pages ORDER BY page_id").all()
        assert sorted(origins) == [("G-2", "import"), (PAGE.page_id, "night")]
        with pytest.raises(IntegrityError), conn.begin_nested():
            conn.exec_driver_sql("UPDATE pages SET origin = 'lain'")
        assert conn.exec_driver_sql("SELECT count(*) FROM frontier").scalar() == 1
        assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    for night, outcome in enumerate(Outcome, start=1):
        note_source(engine, 1, SourceReport("a", date(2024, 10, night), outcome, 1, 0, 0, 0, ""))
    with engine.begin() as conn:
        assert len(source_history(conn, nights=99)) == 1 + len(Outcome)
    engine.dispose()
