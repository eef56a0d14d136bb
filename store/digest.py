"""One sha256 per table, over everything that is content: equal digests mean equal content.

Promises: the order of insertion, the database product and the time of the work do not show; a changed, lost
or doubled row does. Never does: hash the ledger, attempts, leases, fetch times, validators or places in WARC
files: a run that was cut off and finished later differs in those and in nothing else.
"""

import hashlib
import json
from datetime import date, datetime

from sqlalchemy import Engine, collate, select

from store.db import reading
from store.schema import PlainText, metadata


def content_digest(engine: Engine) -> dict[str, str]:
    """sha256 (hex) of each content table's rows, in the order of their keys; names in alphabetical order."""
    digests = {}
    with reading(engine) as conn:
        # Both compare bytes of UTF-8, whatever language the server sorts by.
        collation = "C" if conn.dialect.name == "postgresql" else "BINARY"
        for name in sorted(metadata.tables):
            table = metadata.tables[name]
            if not table.info.get("content", True):
                continue
            columns = [column for column in table.c if column.info.get("content", True)]
            order = [
                collate(key, collation) if isinstance(key.type, PlainText) else key
                for key in table.primary_key
            ]
            total = hashlib.sha256()
            for row in conn.execution_options(yield_per=1000).execute(select(*columns).order_by(*order)):
                total.update(json.dumps(list(row), default=_plain, separators=(",", ":")).encode() + b"\n")
            digests[name] = total.hexdigest()
    return digests


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} has no digest")
