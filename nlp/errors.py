"""Writes what a measurement got wrong to a file that a person reads.

Promises: every missed case, false flag, wrong field of a flagged case and mixed-up `related` is one row, the
worst first; flags among texts without gold labels follow, to be judged; no cell can start a formula in a
spreadsheet; the file appears whole or not at all. Never does: judge which side was right; gold may be wrong.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nlp.evaluate import FIELDS, Pair, kind_of, shares_evidence
from nlp.items import Item
from store.records import Prediction, UsageError

COLUMNS = (
    *("error", "id", "kind", "gold", "tag", "deep", "score", "threshold", "said", "wrong_fields"),
    *("gold_types", "said_types", "gold_evidence", "said_evidence", "title", "text"),
)
#: Characters of a text that tell a reader which one it is.
EXCERPT = 200
#: Keeps the ranking whole at a threshold of 0 or 1.
TINY = 1e-9
#: As the review sheet guards its cells (OWASP CSV Injection and full-width twins; a test compares the two,
#: since the rooms do not import each other).
TRIGGERS = frozenset("=+-@\t\r\n\0＝＋－＠'")
BLANKS = " \u00a0\u2000\u2001\u2002\u2003\u2009\u200a\u202f\u205f\u3000\ufeff"


def error_rows(pairs: Sequence[Pair], *, threshold: float) -> list[dict[str, str]]:
    """One row, by `COLUMNS`, for each text that was answered wrong.

    Missed cases and false flags come first, by how far the score lies on the wrong side of `threshold` (as
    a share of the way to 0 or 1; a case that screening let go is furthest); then flagged cases by the number
    of wrong fields; then `related` and `none` mixed up.
    """
    ranked = []
    for item, said in pairs:
        flagged = bool(said and said.flagged)
        fields = wrong_fields(item, said) if item.label == "case" and said and flagged else ()
        if item.label == "case" and not flagged:
            score = said.score if said else 0.0
            rank = (0, (score - threshold) / max(threshold, TINY))
            error = "missed case" if said else "missed case: screened out"
        elif item.label != "case" and said and flagged:
            rank = (0, (threshold - said.score) / max(1 - threshold, TINY))
            error = "false flag"
        elif fields:
            rank, error = (1, -len(fields)), "wrong fields"
        elif item.label != (said.label if said else "none"):
            rank, error = (2, 0), "wrong label"
        else:
            continue
        ranked.append((rank, item.id, _row(item, said, error=error, fields=fields, threshold=threshold)))
    return [row for _, _, row in sorted(ranked, key=lambda found: found[:2])]


def wrong_fields(item: Item, said: Prediction) -> tuple[str, ...]:
    """The fields of a flagged case that are not what gold says, among those that gold knows."""
    wrong = [n for n in FIELDS if getattr(item, n) and getattr(item, n) != getattr(said, n)]
    if item.types is not None and set(item.types) != set(said.types):
        wrong.insert(0, "types")
    if item.evidence and not shares_evidence(item, said):
        wrong.append("evidence")
    return tuple(wrong)


def judged_rows(flagged: Sequence[Mapping[str, Any]], *, threshold: float) -> list[dict[str, str]]:
    """One row for each flag among texts without gold labels (`flagged_texts` of a workload)."""
    return [
        dict.fromkeys(COLUMNS, "")
        | {
            "error": "to judge: flag without gold label",
            "id": found["id"],
            "kind": found["kind"],
            "score": str(found["score"]),
            "threshold": str(threshold),
            "said": "case",
            "said_types": "; ".join(found["types"]),
            "said_evidence": " … ".join(found["evidence"]),
            "title": found["title"],
            "text": found["text"],
        }
        for found in flagged
    ]


def _row(
    item: Item, said: Prediction | None, *, error: str, fields: tuple[str, ...], threshold: float
) -> dict[str, str]:
    told = {n: f"{getattr(item, n)} → {getattr(said, n)}" for n in fields if n in FIELDS and said is not None}
    return {
        "error": error,
        "id": item.id,
        "kind": kind_of(item),
        "gold": item.label or "",
        "tag": item.tag,
        "deep": "deep" if item.deep else "",
        "score": str(said.score if said else 0.0),
        "threshold": str(threshold),
        "said": said.label if said else "none",
        "wrong_fields": "; ".join(f"{n}: {told[n]}" if n in told else n for n in fields),
        "gold_types": "; ".join(item.types or ()),
        "said_types": "; ".join(said.types if said else ()),
        "gold_evidence": " … ".join(item.evidence),
        "said_evidence": " … ".join(said.evidence if said else ()),
        "title": item.title,
        "text": excerpt(item.text),
    }


def excerpt(text: str) -> str:
    """The first `EXCERPT` characters; what was cut is marked."""
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


def write_errors(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows as CSV for a spreadsheet: UTF-8 with BOM, CRLF, every cell quoted, on one line, guarded.

    Raises UsageError when the file cannot be written.
    """
    partial = path.with_suffix(path.suffix + ".partial")
    try:
        # A lone surrogate, which JSON can carry, is written as a question mark.
        with partial.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            sheet = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
            sheet.writerow(COLUMNS)
            sheet.writerows([guard(_flat(row[name])) for name in COLUMNS] for row in rows)
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); choose another file") from None


def guard(cell: str) -> str:
    """The cell, prefixed with an apostrophe when it could start a formula."""
    start = cell.lstrip(BLANKS)[:1]
    return "'" + cell if start and start in TRIGGERS else cell


def _flat(text: str) -> str:
    return " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in text).split())
