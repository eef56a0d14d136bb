"""`export --shared`: a queue as a sheet for people outside of the reviewing team.

Promises: no name, handle, note or reviewer leaves unless an admin opens the names with their password; every
shared sheet is on record before this returns, else its file is gone again. Never does: mark an incident as
shown to a reviewer.
"""

import hashlib
import os
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Literal

import typer
from sqlalchemy import Engine

from review.passwords import check_password
from review.sheet import Separator, sheet_row, write_sheet
from review.words import HEADERS, Language, word
from review.workbook import write_workbook
from store.db import reading
from store.labels import latest_events
from store.queue import Queue, QueueFilter, queue_rows
from store.records import POSITIONS, QueueRow, UsageError
from store.reviewers import clear_failures, count_failure, find_reviewer
from store.sharing import SharedExport, note_shared
from verbs.labels import PASSWORD_VARIABLE

#: What stands for the words of a post: they are often in small letters, where no name can be told.
NO_POST: Final[dict[Language, str]] = {
    "id": "[teks unggahan tidak dibagikan]",
    "en": "[text of a post is not shared]",
}


def write_shared(
    engine: Engine,
    out: Path,
    night: date,
    *,
    queue: Queue,
    filters: QueueFilter,
    threshold: float | None,
    publishers: Mapping[str, str],
    form: Literal["csv", "xlsx"],
    lang: Language,
    separator: Separator,
    admin: str,
    links: bool,
) -> tuple[Path, int]:
    """Write a queue for people outside and note that; path and number of rows.

    `admin`: id of the account that opens the names, "" for initials. `links`: keep the addresses of texts.
    """
    with reading(engine) as conn:
        rows = queue_rows(conn, queue=queue, until=night, filters=filters, threshold=threshold)
        ids = [row.incident.incident_id for row in rows]
        standing = {e.incident_id: (e, "") for e in latest_events(conn, ids) if e.review == "first"}
    cells = []
    for row in rows:
        full = sheet_row(row, publishers=publishers, standing=standing, lang=lang)
        cells.append(shared_cells(full, row, lang=lang, names=bool(admin), links=links))
    path = out / f"shared-{queue}-{night}{'-names' if admin else ''}.{form}"
    if form == "xlsx":
        write_workbook(path, cells, lang=lang)
    else:
        write_sheet(path, cells, lang=lang, separator=separator)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    now = datetime.now(UTC)
    try:
        with engine.begin() as conn:
            note_shared(
                conn,
                SharedExport(now, admin, bool(admin), links, queue, night, path.name, sha256, len(rows)),
            )
    except BaseException:
        # A shared sheet without its row is what must not be.
        path.unlink()
        raise
    return path, len(rows)


def shared_cells(
    cells: Mapping[str, str], row: QueueRow, *, lang: Language, names: bool, links: bool
) -> dict[str, str]:
    """A row of the sheet as people outside may have it.

    Note and reviewer never leave. Without `names`, title and evidence have initials, a post has neither, and
    an actor that
    is no position of the codebook is left out. Without `links` (an address often spells the name that its
    title had) there is no link.
    """
    from nlp.pseudonyms import hide_names

    header = HEADERS[lang]
    made = dict(cells) | {header["note"]: "", header["reviewer"]: ""}
    if not links:
        made[header["link"]] = ""
    if names:
        return made
    for column in ("title", "evidence"):
        is_post = row.document.kind == "post"
        made[header[column]] = NO_POST[lang] if is_post else hide_names(made[header[column]])
    if made[header["actor"]] not in {word(position, lang) for position in POSITIONS}:
        made[header["actor"]] = ""
    return made


def open_names(engine: Engine, who: str) -> str:
    """The id of the admin whose password was given, by the variable or at the prompt.

    Raises UsageError for another role, a locked account or a wrong password, which counts as a try.
    """
    if not who:
        raise UsageError("--with-names: give the account of an admin with --reviewer NAME.")
    password = os.environ.get(PASSWORD_VARIABLE)
    if not password:
        if not sys.stdin.isatty():
            raise UsageError(f"no terminal to ask for the password on; put it into {PASSWORD_VARIABLE}.")
        password = str(typer.prompt("Password", hide_input=True))
    with reading(engine) as conn:
        found = find_reviewer(conn, who)
    good = check_password(found.password_hash if found else "", password)
    with engine.begin() as conn:
        if found and not good:
            count_failure(conn, found.reviewer_id, at=datetime.now(UTC))
        again = find_reviewer(conn, found.reviewer_id) if found and good else None
        if again and again.locked_at is None and again.role == "admin":
            return clear_failures(conn, again.reviewer_id).reviewer_id
    raise UsageError(
        f"--with-names: {who!r} is no admin with that password, or is locked; see `reviewers list`. "
        "Leave --with-names out for a sheet with initials."
    )
