"""The tables of what is no longer kept: which version of a page lost its body, and counts by rule and time.

Promises: ids, hashes, times, rules and counts alone, so that a deletion can be shown without what was
deleted. Never does: read or write a row.
"""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table

from store.columns import PlainText, UtcTime
from store.tables import NOT_CONTENT, metadata, not_negative, one_of

#: Why something goes: screening let it go; no article is in it; nobody has confirmed it; a person asked;
#: the time is over for which its reporter agreed (store.tips).
RULES: Final = ("screened_out", "unread", "unconfirmed", "subject", "consent")

# One version of a page whose text is cleared and whose archived body goes (or is gone). Named by its hash, so
# that a later version of the page is a matter of its own.
cleared_bodies = Table(
    "cleared_bodies",
    metadata,
    Column("page_id", PlainText, ForeignKey("pages.page_id"), primary_key=True),
    Column("body_sha256", PlainText, primary_key=True),
    Column("rule", PlainText, nullable=False),
    Column("at", UtcTime, nullable=False),
    one_of("rule", RULES),
    info=NOT_CONTENT,
)

deletions = Table(
    "deletions",
    metadata,
    Column("deletion_id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("rule", PlainText, nullable=False),
    Column("what", PlainText, nullable=False),
    Column("items", Integer, nullable=False),
    Column("reviewer", PlainText, nullable=False, server_default=""),
    Column("reason", PlainText, nullable=False, server_default=""),
    one_of("rule", (*RULES, "archive")),
    not_negative("items"),
    Index(None, "at"),
    info=NOT_CONTENT,
)

# A name that may not be stored: keyed hashes (HMAC-SHA256) of its first word and of all its words.
suppressed_names = Table(
    "suppressed_names",
    metadata,
    Column("whole", LargeBinary, primary_key=True),
    Column("first_word", LargeBinary, nullable=False),
    Column("words", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("reviewer", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    not_negative("words"),
    info=NOT_CONTENT,
)
