"""The tables of what people outside ask for: requests for correction, and what was decided on them.

    correction_requests ──(number)── correction_decisions

Promises: no name and no word of a requester has a column: a request is a kind, a matter and the number under
which the letter lies in the office's own file; triggers of migration 0010 refuse every UPDATE and DELETE.
Never does: read or write a row.
"""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from store.columns import PlainText, UtcTime
from store.tables import metadata, one_of

#: Who asks: the person concerned, somebody who acts for them, the outlet, an agency, anybody else.
REQUESTERS: Final = ("subject", "proxy", "outlet", "agency", "other")
#: What is asked: the person is another one, a fact is wrong, it is out of date, data must go, anything else.
MATTERS: Final = ("identity", "fact", "outdated", "removal", "other")
OUTCOMES: Final = ("upheld", "refused")

# No foreign key to incidents: a request outlives an incident that is grouped anew or erased.
correction_requests = Table(
    "correction_requests",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("incident_id", PlainText, nullable=False),
    Column("requester", PlainText, nullable=False),
    Column("matter", PlainText, nullable=False),
    # The number of the letter, which itself is kept elsewhere; "" where there is none.
    Column("reference", PlainText, nullable=False),
    # The clock of 3 x 24 hours runs from here, not from `at`, when somebody wrote it down.
    Column("received_at", UtcTime, nullable=False),
    Column("at", UtcTime, nullable=False),
    one_of("requester", REQUESTERS),
    one_of("matter", MATTERS),
    Index(None, "incident_id"),
)

correction_decisions = Table(
    "correction_decisions",
    metadata,
    Column(
        "number", Integer, ForeignKey("correction_requests.number"), primary_key=True, autoincrement=False
    ),
    Column("outcome", PlainText, nullable=False),
    Column("reviewer", PlainText, nullable=False),
    Column("at", UtcTime, nullable=False),
    one_of("outcome", OUTCOMES),
)
