"""The record of sheets that went to people outside: one row for each, which stays.

Promises: what is noted cannot be changed or deleted (triggers of migration 0010). Never does: write a file.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from store.schema import shared_exports


@dataclass(frozen=True, slots=True)
class SharedExport:
    """One shared sheet; `reviewer` is the id of the account that opened the names, "" where none was."""

    at: datetime
    reviewer: str
    with_names: bool
    with_links: bool
    queue: str
    night: date
    file: str
    file_sha256: str
    n_rows: int


def note_shared(conn: Connection, export: SharedExport) -> None:
    """Write down that a sheet was shared."""
    conn.execute(insert(shared_exports).values(asdict(export)))


def list_shared(conn: Connection) -> list[SharedExport]:
    """All shared sheets in the order in which they were written down."""
    told = [column for column in shared_exports.c if column.name != "number"]
    found = conn.execute(select(*told).order_by(shared_exports.c.number))
    return [SharedExport(**row) for row in found.mappings()]
