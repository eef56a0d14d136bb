"""The sheet of flagged incidents that an analyst opens, decides on and sends back.

Promises: one row per incident; ids are text that no spreadsheet takes for a number; no cell can start a
formula, wherever it is opened; the same rows give the same bytes; the file appears whole or not at all.
Never does: name guilt or a sanction of ours, drop a character other than line breaks and controls.
"""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pandas as pd

from review.words import ALLEGED, BROUGHT, HEADERS, Language, word
from store.records import Document, QueueRow

#: Characters that make a spreadsheet read a cell as a formula, or that open one in a sloppy reader: OWASP
#: CSV Injection, ASVS 1.2.10, and their full-width twins. The guard itself is in, so that it can be undone.
TRIGGERS = frozenset("=+-@\t\r\n\0＝＋－＠'")
GUARD = "'"
#: Whitespace that spreadsheets skip before they look for a formula.
BLANKS = " \u00a0\u2000\u2001\u2002\u2003\u2009\u200a\u202f\u205f\u3000\ufeff"
#: What Excel takes for a separator: the comma, or under an Indonesian locale the semicolon.
Separator = Literal[",", ";"]
#: Analysts read times in Jakarta's zone, whatever the outlet's own.
READER_ZONE = ZoneInfo("Asia/Jakarta")
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
    line = " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in text).split())
    return line if len(line) <= MAX_CELL else line[: MAX_CELL - 1] + "…"


def format_time(document: Document) -> str:
    """Publication in Jakarta time with the hour where it is known: "2024-09-17 09:11 WIB"."""
    if document.published_at is None:
        return ""
    local = document.published_at.astimezone(READER_ZONE)
    return f"{local:%Y-%m-%d}" if document.published_precision == "day" else f"{local:%Y-%m-%d %H:%M} WIB"


def sheet_row(row: QueueRow, *, publishers: Mapping[str, str], lang: Language) -> dict[str, str]:
    """One incident as header → cell, not yet guarded."""
    incident, document, prediction = row.incident, row.document, row.prediction
    types = "; ".join(word(t, lang) for t in incident.types)
    cells = {
        "decision": "",
        "decided_type": "",
        "actor": "",
        "note": "",
        "reviewer": "",
        "incident_id": incident.incident_id,
        "n_documents": str(row.n_documents),
        "night": incident.first_night.isoformat(),
        "published": format_time(document),
        "sources": "; ".join(publishers.get(s, s) for s in row.source_ids) + BROUGHT[lang][row.origin],
        "link": document.url,
        "title": document.title or document.text[:120],
        "evidence": " … ".join(prediction.evidence),
        "types": f"{ALLEGED[lang]}: {types}",
        "position": word(incident.position, lang),
        "region": incident.region,
        "stage": word(prediction.stage, lang),
        "process": word(incident.process, lang),
        "score": str(round(100 * incident.score)),
        "model": prediction.model,
        "text_hash": f"sha256:{document.text_sha256[:16]}",
    }
    return {HEADERS[lang][name]: flatten(cell) for name, cell in cells.items()}


def write_sheet(
    path: Path,
    rows: Sequence[QueueRow],
    *,
    publishers: Mapping[str, str],
    lang: Language,
    separator: Separator,
) -> None:
    """Write the CSV: UTF-8 with BOM, CRLF, every field quoted, every cell guarded."""
    cells = [sheet_row(r, publishers=publishers, lang=lang) for r in rows]
    frame = pd.DataFrame(cells, columns=list(HEADERS[lang].values()), dtype="string")
    frame = frame.map(guard)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".partial")
    frame.to_csv(
        partial,
        sep=separator,
        index=False,
        quoting=csv.QUOTE_ALL,
        encoding="utf-8-sig",
        lineterminator="\r\n",
    )
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(path)
