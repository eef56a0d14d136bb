"""The table of the record of access: one row for each time that somebody saw texts or took them out.

Promises: triggers of migration 0008 refuse every UPDATE, DELETE and REPLACE. Never does: read or write a row,
or hold a text: a row names incidents, filters and files, and says how many rows were shown.
"""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table

from store.columns import PlainText, TextList, UtcTime
from store.tables import NOT_CONTENT, metadata

# `who` is a reviewer's id, or "os:NAME" for the command line. No foreign key: it outlives what it tells of.
# Who looked when says nothing of the night's content: two equal nights may have been read differently.
access_acts = Table(
    "access_acts",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("act_id", PlainText, nullable=False, unique=True),
    Column("previous", PlainText, nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
    Column("who", PlainText, nullable=False),
    Column("what", PlainText, nullable=False),
    Column("subject", PlainText, nullable=False),
    Column("sha256", PlainText, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("incidents", TextList, nullable=False),
    CheckConstraint("place >= 1", name="place"),
    CheckConstraint("shown >= 0", name="not_negative"),
    CheckConstraint("who <> '' AND what <> ''", name="named"),
    Index(None, "at"),
    info=NOT_CONTENT,
)
