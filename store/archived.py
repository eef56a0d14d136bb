"""Which archived record belongs to which version of a page, and what moves when an archive file is rewritten.

Promises: a version points to records that are there, before and after a file was rewritten, also when the
program is killed in between; a cleared version points nowhere once its record is gone. Never does: read or
write an archive file.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Text, cast, exists, insert, select, update

from store.db import upsert
from store.records import RawPage, State, WarcRef
from store.revisions import MARK, is_revision
from store.rows import stored_fields
from store.schema import cleared_bodies, deletions, pages, revisions, runs

#: Rows read at once of tables that may have millions.
_PER_READ = 5_000
#: Before the name of a file in the record of deletions.
_FILE = "file "


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a page (`page_id` of an older one is its revision's) and whether its text was cleared."""

    page: RawPage
    is_cleared: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A run that may have written an archive file of its own."""

    run_id: int
    night: date
    started_at: datetime
    ended_at: datetime | None


def known_files(conn: Connection) -> dict[str, bool]:
    """Archive files that stored versions lie in, and whether one of these versions was cleared."""
    files: dict[str, bool] = {}
    for table in (pages, revisions):
        asked = select(table.c.refs, _was_cleared(table).label("is_cleared"))
        rows = conn.execute(asked.execution_options(yield_per=_PER_READ))
        for refs, is_cleared in rows:
            for ref in refs:
                files[ref.file] = files.get(ref.file, False) or bool(is_cleared)
    return files


def versions_in(conn: Connection, file: str) -> list[Version]:
    """All versions with a record in an archive file, by id."""
    found = []
    names = stored_fields(RawPage)
    for table, asked in (
        (pages, select(pages)),
        (
            revisions,
            select(revisions, pages.c.source_id, pages.c.canonical_url, pages.c.origin).join(
                pages, pages.c.page_id == revisions.c.page_id
            ),
        ),
    ):
        inside = cast(table.c.refs, Text).contains(json.dumps(file), autoescape=True)
        rows = conn.execute(asked.add_columns(_was_cleared(table).label("is_cleared")).where(inside))
        for row in rows.mappings():
            values = {name: row[name] for name in names}
            if table is revisions:
                values["page_id"] = row["revision_id"]
            found.append(Version(RawPage(**values), bool(row["is_cleared"])))
    return sorted(found, key=lambda version: version.page.page_id)


def move_records(conn: Connection, changed: Iterable[RawPage]) -> None:
    """Store the new places (`refs`, `part`) of versions whose archive file was rewritten."""
    for page in changed:
        table = revisions if is_revision(page.page_id) else pages
        key = revisions.c.revision_id if is_revision(page.page_id) else pages.c.page_id
        conn.execute(update(table).where(key == page.page_id).values(refs=page.refs, part=page.part))


def moved(page: RawPage, file: str, places: Mapping[int, WarcRef]) -> RawPage:
    """The page with its records of one file at their new places; those that went are left out."""
    refs = [places.get(ref.offset) if ref.file == file else ref for ref in page.refs]
    return replace(page, refs=tuple(ref for ref in refs if ref))


def note_removed(conn: Connection, file: str, *, records: int, at: datetime) -> None:
    """Note that an archive file is rewritten or gone, and how many records went with it."""
    rows = [{"at": at, "rule": "archive", "what": f"{_FILE}{file}", "items": 1}]
    if records:
        rows.append({"at": at, "rule": "archive", "what": "records", "items": records})
    conn.execute(insert(deletions), rows)


def note_lost(conn: Connection, lost: Iterable[RawPage], *, at: datetime) -> None:
    """Note versions whose record went because it held an erased name; their texts stay, masked elsewhere."""
    for page in lost:
        page_id = page.page_id.split(MARK, 1)[0]
        row = {"page_id": page_id, "body_sha256": page.body_sha256, "rule": "subject", "at": at}
        upsert(conn, cleared_bodies, [row], keys=("page_id", "body_sha256"), update=False)
        for table in (pages, revisions):
            ours = (table.c.page_id == page_id) & (table.c.body_sha256 == page.body_sha256)
            conn.execute(update(table).where(ours).values(extractor_version=""))
            waits = ours & (table.c.state == State.FETCHED)
            conn.execute(update(table).where(waits).values(state=State.QUARANTINED, reason="subject"))


def removed_files(conn: Connection) -> set[str]:
    """Archive files that were rewritten under another name, or of which nothing was kept."""
    asked = select(deletions.c.what).where(deletions.c.rule == "archive", deletions.c.what.startswith(_FILE))
    return {what.removeprefix(_FILE) for what in conn.scalars(asked)}


def list_runs(conn: Connection) -> list[Run]:
    """The runs of the ledger: an archive file that holds no article is told by the run that wrote it."""
    asked = select(runs.c.run_id, runs.c.night, runs.c.started_at, runs.c.ended_at)
    return [Run(*row) for row in conn.execute(asked)]


def _was_cleared(table: Any) -> Any:
    return exists().where(
        cleared_bodies.c.page_id == table.c.page_id, cleared_bodies.c.body_sha256 == table.c.body_sha256
    )
