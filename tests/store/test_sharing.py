"""The record of shared sheets: it comes back as written, and only grows."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, delete, update
from sqlalchemy.exc import IntegrityError

from store.db import reading
from store.schema import shared_exports
from store.sharing import SharedExport, list_shared, note_shared

MADE = SharedExport(
    *(datetime(2024, 9, 20, tzinfo=UTC), "R-1", True, False, "new", date(2024, 9, 19), "a.csv", "0" * 64, 3)
)


def test_a_shared_sheet_stays_on_record(engine: Engine) -> None:
    with engine.begin() as conn:
        note_shared(conn, MADE)
    for statement in (update(shared_exports).values(with_names=False), delete(shared_exports)):
        with pytest.raises(IntegrityError, match="only grows"), engine.begin() as conn:
            conn.execute(statement)
    with reading(engine) as conn:
        assert list_shared(conn) == [MADE]
