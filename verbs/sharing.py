"""`export --shared`: a queue as a sheet for people outside of the reviewing team.

Promises: no name, handle, link, note or reviewer leaves unless an admin opens them with their password (note
and reviewer never do); every shared sheet is in the record of access before its file is in its place; none is
taken for a working sheet when it comes back. Never does: mark an incident as shown to a reviewer.
"""

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
from review.words import ALLEGED, DECISION_WORDS, SHARED_MARK, Language, shared_headers, word
from review.workbook import write_workbook
from store.db import reading
from store.labels import latest_events
from store.queue import Queue, QueueFilter, queue_rows
from store.records import POSITIONS, QueueRow, UsageError
from store.reviewers import clear_failures, count_failure, find_reviewer
from verbs.labels import PASSWORD_VARIABLE
from verbs.recording import taken_out

#: What stands for the words of a post: they are often in small letters, where no name can be told.
NO_POST: Final[dict[Language, str]] = {
    "id": "[teks unggahan tidak dibagikan]",
    "en": "[text of a post is not shared]",
}
#: What each row says of itself in the column SHARED_MARK.
NO_NAMES: Final[dict[Language, str]] = {"id": "nama disamarkan", "en": "names hidden"}
LINKS_NAME: Final[dict[Language, str]] = {
    "id": "nama disamarkan, tetapi tautan menunjukkannya",
    "en": "names hidden, but links lead to them",
}
HAS_NAMES: Final[dict[Language, str]] = {"id": "memuat nama orang", "en": "names persons"}


def write_shared(
    engine: Engine,
    out: Path,
    night: date,
    *,
    part: str,
    queue: Queue,
    filters: QueueFilter,
    threshold: float | None,
    publishers: Mapping[str, str],
    form: Literal["csv", "xlsx"],
    lang: Language,
    separator: Separator,
    admin: str,
    names: bool,
    links: bool,
) -> tuple[Path, int]:
    """Write a queue for people outside, on record; path and number of rows.

    `part`: what stands in the file's name for the filters. `admin`: id of the account that opens names or
    links, "" where neither is asked for. Raises StoppedError when the record cannot be written: then there is
    no file.
    """
    with reading(engine) as conn:
        rows = queue_rows(conn, queue=queue, until=night, filters=filters, threshold=threshold)
        ids = [row.incident.incident_id for row in rows]
        standing = {e.incident_id: (e, "") for e in latest_events(conn, ids) if e.review == "first"}
    cells = []
    for row in rows:
        full = sheet_row(row, publishers=publishers, standing=standing, lang=lang)
        cells.append(shared_cells(full, row, lang=lang, names=names, links=links))
    path = out / f"shared-{queue}-{night}{part}{'-names' if names else ''}{'-links' if links else ''}.{form}"
    what = f"sheet{' with names' if names else ''} shared{' with links' if links else ''}"
    with taken_out(engine, path, what, incidents=ids, shown=len(rows), who=admin) as staged:
        if form == "xlsx":
            write_workbook(staged, cells, lang=lang, shared=True)
        else:
            write_sheet(staged, cells, lang=lang, separator=separator, shared=True)
    return path, len(rows)


def shared_cells(
    cells: Mapping[str, str], row: QueueRow, *, lang: Language, names: bool, links: bool
) -> dict[str, str]:
    """A row of the sheet as people outside may have it: the columns of `shared_headers`.

    Without `names`, title and evidence have initials, a post has neither, and an actor that is no position of
    the codebook is left out. Without `links` (an address often spells the name that its title had) there is
    no link.
    """
    from nlp.pseudonyms import hide_names

    header = shared_headers(lang)
    made = {title: cells.get(title, "") for title in header.values()}
    hidden = LINKS_NAME if links else NO_NAMES
    made[SHARED_MARK[lang]] = (HAS_NAMES if names else hidden)[lang]
    if made[header["decision"]] == DECISION_WORDS[lang]["case"]:
        # Outside of the team nobody has read what the word means here.
        made[header["decision"]] = f"{ALLEGED[lang]} {DECISION_WORDS[lang]['case']}"
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
        raise UsageError("--with-names and --links: give the account of an admin with --reviewer NAME.")
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
        f"--with-names and --links: {who!r} is no admin with that password, or is locked; see "
        "`reviewers list`. Leave both out for a sheet with initials and no links."
    )
