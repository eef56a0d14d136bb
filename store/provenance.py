"""Where each text of an incident comes from: link, time of fetching, and the hash of what was stored.

Promises: one entry for each document, read from the rows that the crawl wrote. Never does: write, or open a
link or an archive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from store.schema import documents, pages


@dataclass(frozen=True, slots=True)
class Provenance:
    """Of one document; both hashes are sha256 in 64 hex digits."""

    url: str
    fetched_at: datetime
    #: Of the page as the server sent it, kept in the archive.
    page_sha256: str
    #: Of the text that was taken out of it.
    text_sha256: str


def provenance_of(conn: Connection, doc_ids: Sequence[str]) -> Mapping[str, Provenance]:
    """Provenance by document id; an id that is not there is left out.

    The time is that of the version which the text was read from; a page that has been fetched anew and not
    been read yet shows the hash of its newest version.
    """
    found = conn.execute(
        select(
            documents.c.doc_id,
            documents.c.url,
            func.coalesce(documents.c.fetched_at, pages.c.fetched_at).label("fetched_at"),
            pages.c.body_sha256,
            documents.c.text_sha256,
        )
        .join(pages, pages.c.page_id == documents.c.page_id)
        .where(documents.c.doc_id.in_(doc_ids))
    )
    return {row[0]: Provenance(*row[1:]) for row in found}
