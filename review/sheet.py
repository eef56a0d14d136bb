"""The sheet of flagged incidents that an analyst opens, decides on and sends back.

Promises: one row per incident; ids are text that no spreadsheet takes for a number; no cell can start a
formula, wherever it is opened; the same rows give the same bytes; the file appears whole or not at all.
Never does: name guilt or a sanction of ours, drop a character other than line breaks and controls.
"""

import csv
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pandas as pd

from review.words import ALLEGED, BROUGHT, DECISION_WORDS, HEADERS, Language, shared_headers, word
from store.decisions import LabelEvent
from store.records import Document, QueueRow

#: Characters that make a spreadsheet read a cell as a formula, or that open one in a sloppy reader: OWASP
#: CSV Injection, ASVS 1.2.10, and their full-width twins. The guard itself is in, so that it can be undone.
TRIGGERS = frozenset("=+-@\t\r\n\0＝＋－＠'")
GUARD = "'"
#: Whitespace that spreadsheets skip before they look for a formula.
BLANKS = " \u00a0\u2000\u2001\u2002\u2003\u2009\u200a\u202f\u205f\u3000\ufeff"
#: Standing decision and name of its reviewer, by incident id.
Standing = Mapping[str, tuple[LabelEvent, str]]
#: What Excel takes for a separator: the comma, or under an Indonesian locale the semicolon.
Separator = Literal[",", ";"]
#: Analysts read times in Jakarta's zone, whatever the outlet's own.
READER_ZONE = ZoneInfo("Asia/Jakarta")
#: Before 16 hex digits, so that no spreadsheet takes "123e4567..." for a number.
EVENT_PREFIX = "event:"
HASH_PREFIX = "sha256:"
SHORT_HASH = 16
#: What stands for the decision of an incident on which nobody had decided at export.
NO_EVENT = EVENT_PREFIX + "none"
#: Between several types in one cell.
TYPE_SEPARATOR = ";"
#: A spreadsheet cell holds 32,767 characters; an analyst reads far fewer.
MAX_CELL = 2_000


def guard(cell: str) -> str:
    """The cell, prefixed with an apostrophe when it could start a formula."""
    start = cell.lstrip(BLANKS)[:1]
    return GUARD + cell if start and start in TRIGGERS else cell


def unguard(cell: str) -> str:
    """What `guard` was given."""
    rest = cell.removeprefix(GUARD)
    return rest if rest != cell and guard(rest) == cell else cell


def flatten(text: str) -> str:
    """One line of printable text, at most MAX_CELL characters; what was cut is marked."""
    # Nearly every text is printable: the look at each character took most of the time of a large sheet.
    plain = (
        text if text.isprintable() else "".join(c if c.isprintable() or c.isspace() else " " for c in text)
    )
    line = " ".join(plain.split())
    return line if len(line) <= MAX_CELL else line[: MAX_CELL - 1] + "…"


def format_time(document: Document) -> str:
    """Publication in Jakarta time with the hour where it is known: "2024-09-17 09:11 WIB"."""
    if document.published_at is None:
        return ""
    local = document.published_at.astimezone(READER_ZONE)
    return f"{local:%Y-%m-%d}" if document.published_precision == "day" else f"{local:%Y-%m-%d %H:%M} WIB"


def format_moment(at: datetime) -> str:
    """A moment of ours in Jakarta time, to the second: "2024-09-17 02:10:05 WIB"."""
    return f"{at.astimezone(READER_ZONE):%Y-%m-%d %H:%M:%S} WIB"


def format_score(score: float) -> str:
    """A score as a whole percent, without the sign."""
    return str(round(100 * score))


def show_title(document: Document) -> str:
    """The title, or the beginning of a post that has none."""
    return document.title or document.text[:120]


def short_event(event: LabelEvent | None) -> str:
    """The decision that stood at export, as the sheet carries it: "event:" and 16 hex digits."""
    return EVENT_PREFIX + event.event_id[:SHORT_HASH] if event else NO_EVENT


def short_hash(text_sha256: str) -> str:
    """The text that the analyst sees, as the sheet carries it: "sha256:" and 16 hex digits."""
    return HASH_PREFIX + text_sha256[:SHORT_HASH]


def sheet_row(
    row: QueueRow, *, publishers: Mapping[str, str], standing: Standing, lang: Language
) -> dict[str, str]:
    """One incident as header → cell, not yet guarded.

    What somebody has decided on it stands in the analyst's columns, so that it can be seen and changed.
    """
    incident, document, prediction = row.incident, row.document, row.prediction
    event, reviewer = standing.get(incident.incident_id, (None, ""))
    decided = event.new if event else None
    types = "; ".join(word(t, lang) for t in incident.types)
    cells = {
        "decision": DECISION_WORDS[lang][decided.decision] if decided else "",
        "decided_type": "; ".join(word(t, lang) for t in decided.types) if decided else "",
        "actor": word(decided.actor, lang) if decided else "",
        "note": decided.note if decided else "",
        "reviewer": reviewer if decided else "",
        "incident_id": incident.incident_id,
        "n_documents": str(row.n_documents),
        "n_copies": str(incident.n_copies),
        "night": incident.first_night.isoformat(),
        "published": format_time(document),
        "sources": "; ".join(publishers.get(s, s) for s in row.source_ids) + BROUGHT[lang][row.origin],
        "link": document.url,
        "title": show_title(document),
        "evidence": " … ".join(prediction.evidence),
        "types": f"{ALLEGED[lang]}: {types}" if types else "",
        "position": word(incident.position, lang),
        "region": incident.region,
        "stage": word(prediction.stage, lang),
        "process": word(incident.process, lang),
        "score": format_score(incident.score),
        "model": prediction.model,
        "text_hash": short_hash(document.text_sha256),
        "event": short_event(event),
    }
    return {HEADERS[lang][name]: flatten(cell) for name, cell in cells.items()}


def write_sheet(
    path: Path,
    rows: Sequence[Mapping[str, str]],
    *,
    lang: Language,
    separator: Separator,
    shared: bool = False,
) -> None:
    """Write rows of `sheet_row` as CSV: UTF-8 with BOM, CRLF, every field quoted, every cell guarded.

    `shared`: with the columns for people outside.
    """
    headers = shared_headers(lang) if shared else HEADERS[lang]
    frame = pd.DataFrame(rows, columns=list(headers.values()), dtype="string").map(guard)
    text = frame.to_csv(sep=separator, index=False, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    replace_whole(path, text.encode("utf-8-sig"))


def replace_whole(path: Path, content: bytes) -> None:
    """Put a file in its place in one step, on the disk before it is seen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
