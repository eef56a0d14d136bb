"""`export --intake`: incidents for the desks of BKN and Bawaslu, in the order in which they take them in.

Promises: only what a reviewer has decided on as a case; of a person only initials leave, unless an admin
opens the names with their password; the file is on record before it is in its place. Never does: mark an
incident as shown, or send anything anywhere.
"""

from datetime import date
from pathlib import Path

from sqlalchemy import Engine

from review.intake import FIELDS, HEADERS, Intake, intake_row
from review.national import Table, write_table
from review.sheet import Separator
from review.words import Language
from store.db import reading
from store.labels import current_labels
from store.queue import QueueFilter, queue_rows
from store.records import QueueRow
from verbs.recording import taken_out
from verbs.sharing import NO_POST


def write_intake(
    engine: Engine,
    out: Path,
    night: date,
    *,
    desk: Intake,
    filters: QueueFilter,
    lang: Language,
    separator: Separator,
    admin: str,
) -> tuple[Path, int]:
    """Write the cases of a desk up to a night; path and number of rows.

    `admin`: id of the account that opens the names, "" for initials. The addresses of texts stay, though they
    often spell a name: both desks ask for them.
    """
    with reading(engine) as conn:
        rows = queue_rows(conn, queue="incident", until=night, filters=filters)
        standing = current_labels(conn, review="final")
    chosen = []
    for row in rows:
        event = standing.get(row.incident.incident_id)
        if event is not None and event.new is not None and event.new.decision == "case":
            chosen.append((row, event.new))
    cells = [
        intake_row(row, said, evidence=_evidence(row, lang, names=bool(admin)), desk=desk, lang=lang)
        for row, said in chosen
    ]
    header = tuple(HEADERS[lang][name] for name in FIELDS[desk])
    name = f"intake-{desk}-{night}{'-names' if admin else ''}"
    table = Table(name, header, tuple(tuple(row.values()) for row in cells))
    path, ids = out / f"{name}.csv", [row.incident.incident_id for row, _ in chosen]
    what = f"intake {desk} exported{' with names' if admin else ''}"
    with taken_out(engine, path, what, incidents=ids, shown=len(ids), who=admin) as staged:
        write_table(staged, table, separator=separator)
    return path, len(ids)


def _evidence(row: QueueRow, lang: Language, *, names: bool) -> str:
    """What an incident's lead text tells, with initials; of a post nothing, for no name can be told in it."""
    from nlp.pseudonyms import hide_names

    evidence = " … ".join(row.prediction.evidence)
    if names:
        return evidence
    return NO_POST[lang] if row.document.kind == "post" else hide_names(evidence)
