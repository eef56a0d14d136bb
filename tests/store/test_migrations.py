"""A database of an earlier version is brought up to date with everything that was in it."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

from alembic import command
from alembic.config import Config

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
    migrate(engine)
    first = SourceReport("kabar-lontara", NIGHT, Outcome.OK, 9, 7, 5, 1, "satu gagal")
    with engine.begin() as conn:
        assert source_history(conn) == [first]
        assert pending_pages(conn, limit=None) == [PAGE]
        assert put_page(conn, PAGE) is Stored.KNOWN
        assert conn.exec_driver_sql("SELECT count(*) FROM frontier").scalar() == 1
        assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    for night, outcome in enumerate(Outcome, start=1):
        note_source(engine, 1, SourceReport("a", date(2024, 10, night), outcome, 1, 0, 0, 0, ""))
    with engine.begin() as conn:
        assert len(source_history(conn, nights=99)) == 1 + len(Outcome)
    engine.dispose()
