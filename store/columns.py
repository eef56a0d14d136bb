"""The column types of our tables: text, time and lists that both databases give back as they were put in.

Promises: a value comes back equal, or is refused by name before it is written. Never does: change a value.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.exc import DontWrapMixin

from store.records import StoppedError, WarcRef


class UnstorableError(StoppedError, DontWrapMixin):
    """A value cannot be kept exactly on both databases; the message names what is wrong with it."""


class PlainText(TypeDecorator[str]):
    """Text that both databases keep exactly; PostgreSQL has no NUL, UTF-8 has no lone surrogate."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        nul = value.find("\0")
        if nul >= 0:
            raise UnstorableError(
                f"text {value[:40]!r} carries a NUL character at position {nul}, which PostgreSQL refuses. "
                "Clean the text before it is saved (nlp.clean does)."
            )
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise UnstorableError(
                f"text {value[:40]!r} carries half a surrogate pair at position {error.start}, which is not "
                "valid Unicode. Clean the text before it is saved (nlp.clean does)."
            ) from error
        return str(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. SQLite forgets zones, so that a naive value would silently be a lie."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        if value.utcoffset() is None:
            raise UnstorableError(f"time {value.isoformat()} has no zone. Give it one before it is saved.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class TextList(TypeDecorator[tuple[str, ...]]):
    """A tuple of texts as a JSON list, in order."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> list[str] | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else list(value)

    def process_result_value(self, value: Sequence[str] | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else tuple(value)


class WarcRefs(TypeDecorator[tuple[WarcRef, ...]]):
    """The places of an article's bodies as a JSON list of [file, offset]."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[WarcRef, ...] | None, dialect: Dialect) -> list[Any] | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else [[ref.file, ref.offset] for ref in value]

    def process_result_value(
        self,
        value: Sequence[Any] | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> tuple[WarcRef, ...] | None:
        return None if value is None else tuple(WarcRef(file, offset) for file, offset in value)
