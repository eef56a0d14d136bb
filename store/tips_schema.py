"""The table of what a reporting desk has passed on: under which number, and what its reporter has agreed to.

    tips ──(page_id)── pages (source "tips")

Promises: no column for a reporter's name, number or address. Never does: read or write a row.
"""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Table

from store.columns import PlainText
from store.tables import metadata

tips = Table(
    "tips",
    metadata,
    # The desk's own number.
    Column("tip_id", PlainText, primary_key=True),
    Column("page_id", PlainText, ForeignKey("pages.page_id"), nullable=False),
    # Whether the desk may ask its reporter again; we know neither name nor number.
    Column("may_contact", Boolean, nullable=False),
    # The last day on which the text may be kept.
    Column("keep_until", Date, nullable=False),
    Index(None, "keep_until"),
    Index(None, "page_id"),
)
