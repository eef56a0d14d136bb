"""Takes the decisions of a sheet that came back into the register.

Promises: every row gets a verdict; good rows go in, or with `all_or_nothing` none unless all are good; the
same file twice brings nothing new; the file is kept before its first decision is noted, so that every event
leads to the row that it came from. Never does: overwrite a decision, a text or a file.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine

from review.sheet import flatten
from review.sheet_check import Known, Verdict, check_lines
from review.sheet_read import SheetFile
from review.sheet_words import LINES, OUTCOME_WORDS, PROBLEMS
from review.words import DECISION_WORDS, HEADERS, Language, word
from store.db import reading
from store.decisions import ConflictError, Decision, Wish
from store.labels import append_events, latest_events
from store.queue import rows_of
from store.records import UsageError
from store.reviewers import find_reviewer, list_reviewers
from store.sheets import origins_like

#: Rows that go in together; a reviewer who decides on the page meanwhile waits about a second for them.
ROWS_AT_ONCE: Final = 500
#: Hex digits of the file's hash in the origin of a decision.
SHORT_FILE: Final = 16
#: Who may decide by a sheet.
DECIDING: Final = ("reviewer", "admin")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a sheet: one verdict per row, and the number of decisions that were noted."""

    verdicts: tuple[Verdict, ...]
    noted: int
    refused_whole: bool

    @property
    def bad(self) -> list[Verdict]:
        """Rows that are wrong or in conflict."""
        return [verdict for verdict in self.verdicts if verdict.outcome in ("error", "conflict")]


def origin_of(sheet: SheetFile) -> str:
    """What stands in an event for the file; the row's number follows after a colon."""
    return f"sheet:{sheet.sha256[:SHORT_FILE]}"


def compare_sheet(engine: Engine, sheet: SheetFile, *, reviewer: str, lang: Language) -> ImportReport:
    """What an import would do; nothing is written. `reviewer` decides rows whose column is empty."""
    with reading(engine) as conn:
        check_reviewer(conn, reviewer)
        ids = sorted({line.cells["incident_id"].strip() for line in sheet.lines})
        known = Known(
            rows=rows_of(conn, ids),
            last={event.incident_id: event for event in latest_events(conn, ids) if event.review == "first"},
            find_reviewer=lru_cache(maxsize=None)(lambda name: find_reviewer(conn, name)),
            deciders=_deciders(conn),
            applied=origins_like(conn, origin_of(sheet) + ":"),
        )
        verdicts = check_lines(
            sheet.lines, known, origin=origin_of(sheet), default_reviewer=reviewer, lang=lang
        )
        return ImportReport(tuple(verdicts), 0, refused_whole=False)


def import_sheet(
    engine: Engine,
    sheet: SheetFile,
    *,
    reviewer: str,
    at: datetime,
    all_or_nothing: bool,
    keep_in: Path,
    lang: Language,
) -> ImportReport:
    """Note the new decisions of a sheet, ROWS_AT_ONCE in a transaction, or all in one.

    `at` is the time of the import, `keep_in` the folder that keeps the file. Raises UsageError for a reviewer
    that is not known.
    """
    planned = compare_sheet(engine, sheet, reviewer=reviewer, lang=lang)
    if all_or_nothing and planned.bad:
        return replace(planned, refused_whole=True)
    keep_file(sheet, keep_in)
    new = [verdict for verdict in planned.verdicts if verdict.outcome == "new"]
    done = {verdict.line: verdict for verdict in planned.verdicts}
    parts = [new[start : start + ROWS_AT_ONCE] for start in range(0, len(new), ROWS_AT_ONCE)]
    noted = 0
    for together in [parts] if all_or_nothing else [[part] for part in parts]:
        with engine.begin() as conn:
            # What has changed since the look is found by append_events: text, model, an earlier decision.
            found = [
                verdict for part in together for verdict in _note(conn, part, origin=origin_of(sheet), at=at)
            ]
            done |= {verdict.line: verdict for verdict in found}
            if all_or_nothing and any(verdict.outcome == "conflict" for verdict in found):
                conn.rollback()
                return ImportReport(tuple(done.values()), 0, refused_whole=True)
        noted += sum(verdict.outcome == "new" for verdict in found)
    return ImportReport(tuple(done.values()), noted, refused_whole=False)


def check_reviewer(conn: Connection, name: str) -> None:
    """Raise UsageError when a name that was given for all rows may not decide."""
    if not name:
        return
    known = find_reviewer(conn, name)
    if known is None or known.role not in DECIDING:
        names = ", ".join(_deciders(conn)) or "none yet"
        raise UsageError(
            f"reviewer {name!r} may not decide, or is not known (those who may: {names}); "
            f"add an account with: python pipeline.py reviewers add"
        )


def keep_file(sheet: SheetFile, folder: Path) -> Path:
    """Put the file as it came into the folder, named by its sha256, readable by the owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{sheet.sha256}.{sheet.kind}"
    if not path.exists():
        partial = path.with_suffix(".partial")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(sheet.raw)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    return path


def told_lines(sheet: SheetFile, report: ImportReport, lang: Language) -> tuple[list[str], list[str]]:
    """The changes and counts for stdout, and what was not taken, row by row, for stderr."""
    words, outcomes = LINES[lang], OUTCOME_WORDS[lang]
    said = [
        f"{words['row']} {v.line}  {v.incident_id}  {_show(v.old, lang)} → {_show(v.new, lang)}  "
        f"[{v.reviewer.name if v.reviewer else ''}]  {flatten(v.title)[:80]}"
        for v in report.verdicts
        if v.outcome == "new"
    ]
    counts = {name: sum(v.outcome == name for v in report.verdicts) for name in outcomes}
    said.append(
        ", ".join(f"{outcomes[name]}: {count}" for name, count in counts.items()) + f" ({sheet.told})"
    )
    problems = [_show_problem(v, lang) for v in report.bad]
    changed: dict[str, list[int]] = {}
    for verdict in report.verdicts:
        for column in verdict.changed:
            changed.setdefault(column, []).append(verdict.line)
    for column, rows in changed.items():
        listed = ", ".join(map(str, rows[:10])) + (" …" if len(rows) > len(rows[:10]) else "")
        problems.append(words["changed"].format(HEADERS[lang][column], listed))
    if sheet.extra:
        problems.append(words["extra"].format(", ".join(sheet.extra)))
    return said, problems


def _show(decision: Decision | None, lang: Language) -> str:
    if decision is None:
        return "–"
    parts = [DECISION_WORDS[lang][decision.decision]]
    if decision.types:
        parts.append(f"({'; '.join(word(name, lang) for name in decision.types)})")
    parts += [f"{HEADERS[lang][name]}: {flatten(text)[:60]}" for name, text in _texts(decision, lang) if text]
    return " ".join(parts)


def _texts(decision: Decision, lang: Language) -> tuple[tuple[str, str], ...]:
    return ("actor", word(decision.actor, lang)), ("note", decision.note)


def _show_problem(verdict: Verdict, lang: Language) -> str:
    words = LINES[lang]
    value = repr(flatten(verdict.value)[:80]) if verdict.value.strip() else words["empty"]
    column = HEADERS[lang].get(verdict.column, verdict.column)
    told = PROBLEMS[lang][verdict.problem].format(accepted=verdict.accepted) if verdict.problem else ""
    return (
        f"{words['row']} {verdict.line}, {column} {value}: {told} "
        f"[{OUTCOME_WORDS[lang][verdict.outcome]}, {verdict.incident_id}]"
    )


def _deciders(conn: Connection) -> tuple[str, ...]:
    return tuple(known.name for known in list_reviewers(conn) if known.role in DECIDING)


def _note(conn: Connection, part: Sequence[Verdict], *, origin: str, at: datetime) -> list[Verdict]:
    """Note the new decisions of some rows, and what has become of each."""
    wishes = [
        Wish(
            incident_id=verdict.incident_id,
            new=verdict.new,
            seen=verdict.seen,
            reviewer=verdict.reviewer.reviewer_id if verdict.reviewer else "",
            origin=f"{origin}:{verdict.line}",
            expected=verdict.expected,
        )
        for verdict in part
    ]
    return [
        replace(verdict, outcome="conflict", problem="refused", accepted=str(made))
        if isinstance(made, ConflictError)
        else (verdict if made else replace(verdict, outcome="same"))
        for verdict, made in zip(part, append_events(conn, wishes, at=at), strict=True)
    ]
