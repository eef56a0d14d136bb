"""One row as one line of JSON, and back: what digests are taken over and what a backup file holds.

Promises: the same row gives the same bytes on every database; `read_line` gives back equal values. Never
does: SQL.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Date, LargeBinary

from store.columns import TextList, UtcTime, WarcRefs
from store.records import WarcRef


def write_line(values: Iterable[Any]) -> bytes:
    """A row's values as a JSON list and a line break; ASCII."""
    return json.dumps(list(values), default=_plain, separators=(",", ":")).encode("ascii") + b"\n"


def read_line(line: bytes | str, columns: Sequence[Column[Any]]) -> dict[str, Any]:
    """The values of a line by name of their columns. Raises ValueError where it is no such row."""
    values = json.loads(line)
    if not isinstance(values, list) or len(values) != len(columns):
        raise ValueError(f"a row of {len(columns)} values is expected")
    return {column.name: _typed(column, value) for column, value in zip(columns, values, strict=True)}


def _plain(value: object) -> str | tuple[Any, ...]:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, WarcRef):
        return astuple(value)
    raise TypeError(f"a {type(value).__name__} has no digest")


def _typed(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return bytes.fromhex(value)
    if isinstance(column.type, WarcRefs):
        return tuple(WarcRef(file, offset) for file, offset in value)
    if isinstance(column.type, TextList):
        return tuple(value)
    return value
