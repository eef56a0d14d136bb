"""The verbs of the sheet: out to the analyst, and back in with the decisions.

Promises and exit codes are those of `pipeline.py`, which offers these verbs. Never does: choose rows, format
or judge them by itself.
"""

import re
import sys
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy import Engine

from crawlers.manifest import load_sources
from review import options
from review.intake import Intake
from review.sheet import Separator, sheet_row, write_sheet
from review.sheet_import import compare_sheet, import_sheet, told_lines
from review.sheet_read import read_sheet
from review.sheet_words import LINES
from review.tables import flagged_table
from review.terminal import console, say
from review.words import Language
from review.workbook import write_workbook
from store.db import reading
from store.frontier import night_of
from store.labels import latest_events
from store.queue import Queue, QueueFilter, expected_workload, mark_queued, open_audit, queue_rows
from store.records import POSITIONS, TYPES, QueueRow, UsageError
from store.reviewers import list_reviewers
from store.session import opened
from verbs.intake import write_intake
from verbs.places import DEFAULT_DB, DEFAULT_OUT, SOURCES, VAR
from verbs.publishers import publishers_of
from verbs.recording import note, taken_out
from verbs.sharing import open_names, write_shared

DEFAULT_KEEP = VAR / "sheets"

Format = Literal["csv", "xlsx"]
#: How the file of a queue is called.
FILE_NAMES: dict[Queue, str] = {
    "new": "flagged",
    "uncertain": "uncertain",
    "audit": "audit",
    "incident": "incidents",
}


def write_queue(
    engine: Engine,
    out: Path,
    night: date,
    *,
    queue: Queue,
    filters: QueueFilter,
    threshold: float | None,
    publishers: dict[str, str],
    form: Format,
    lang: Language,
    separator: Separator,
) -> tuple[Path, list[QueueRow]]:
    """Write one queue up to a night as a sheet and note that its incidents were shown; path and rows."""
    with engine.begin() as conn:
        if queue in {"uncertain", "audit"}:
            open_audit(conn, until=night)
        rows = queue_rows(conn, queue=queue, until=night, filters=filters, threshold=threshold)
        ids = [row.incident.incident_id for row in rows]
        mark_queued(conn, ids)
        names = {reviewer.reviewer_id: reviewer.name for reviewer in list_reviewers(conn)}
        standing = {
            event.incident_id: (event, names.get(event.reviewer, event.reviewer))
            for event in latest_events(conn, ids)
            if event.review == "first"
        }
    cells = [sheet_row(row, publishers=publishers, standing=standing, lang=lang) for row in rows]
    path = out / f"{FILE_NAMES[queue]}-{night}{_suffix(filters)}.{form}"
    with taken_out(engine, path, "sheet exported", incidents=ids, shown=len(rows)) as staged:
        if form == "xlsx":
            write_workbook(staged, cells, lang=lang)
        else:
            write_sheet(staged, cells, lang=lang, separator=separator)
    console.print(flagged_table(rows, publishers=publishers, lang=lang))
    return path, rows


def say_workload(engine: Engine, night: date, lang: Language) -> None:
    """One line: what to expect per night, and what waits."""
    with reading(engine) as conn:
        load = expected_workload(conn, until=night)
    say(LINES[lang]["workload"].format(f"{load.flagged:.1f}", f"{load.audit:.1f}", load.nights, load.waiting))


def export(
    db: options.DbOption = DEFAULT_DB,
    out: options.OutOption = DEFAULT_OUT,
    night: options.DateOption = None,
    queue: Annotated[
        Queue,
        typer.Option("--queue", help="new: waits; uncertain: near the threshold; audit: drawn at random."),
    ] = "new",
    form: Annotated[Format, typer.Option("--format", help="CSV, or XLSX with drop-downs.")] = "csv",
    province: Annotated[str, typer.Option("--province", help="Only this province.")] = "",
    position: Annotated[str, typer.Option("--position", help="Only this position of the codebook.")] = "",
    kind: Annotated[str, typer.Option("--type", help="Only this type of the codebook.")] = "",
    source: Annotated[str, typer.Option("--source", help="Only incidents that this source tells of.")] = "",
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="First night, included.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last night, included.")
    ] = None,
    min_score: Annotated[
        float | None, typer.Option("--min-score", min=0, max=100, help="Percent, as in the sheet.")
    ] = None,
    max_score: Annotated[
        float | None, typer.Option("--max-score", min=0, max=100, help="Percent, as in the sheet.")
    ] = None,
    state: Annotated[
        Literal["grouped", "queued", "reviewed"] | None,
        typer.Option("--state", help="grouped: never shown; queued: shown; reviewed: decided."),
    ] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="For people outside of the team: initials, no notes, no links.")
    ] = False,
    with_names: Annotated[
        bool, typer.Option("--with-names", help="With --shared: keep names; an admin's password is needed.")
    ] = False,
    links: Annotated[
        bool,
        typer.Option("--links", help="With --shared: keep links, which spell names; an admin's password."),
    ] = False,
    reviewer: Annotated[str, typer.Option("--reviewer", help="The admin who opens names or links.")] = "",
    intake: Annotated[
        Intake | None,
        typer.Option("--intake", help="Cases in the field order of BKN's or Bawaslu's desk; initials."),
    ] = None,
    model: options.ModelOption = None,
    sources: options.FolderOption = None,
    lang: options.LangOption = "id",
    separator: options.SeparatorOption = ",",
) -> int:
    """Export: a queue of incidents to the sheet that an analyst decides on."""
    publishers = publishers_of(load_sources(sources or SOURCES, ()))
    if source and source not in publishers:
        raise UsageError(f"--source {source}: no such source; see: python pipeline.py sources list")
    filters = QueueFilter(
        province=_known_province(province) if province else "",
        position=_known(position, POSITIONS, "--position"),
        type=_known(kind, TYPES, "--type"),
        source=source,
        since=since.date() if since else None,
        until=until.date() if until else None,
        min_score=None if min_score is None else min_score / 100,
        max_score=None if max_score is None else max_score / 100,
        state=state or "",
    )
    last = night.date() if night else night_of(datetime.now(UTC))
    if (with_names and not (shared or intake)) or (links and not shared):
        raise UsageError("--with-names and --links belong to --shared; give that as well")
    if intake:
        if shared or queue != "new" or form != "csv":
            raise UsageError("--intake is a CSV of decided cases; leave out --shared, --queue and --format")
        with opened(db, exclusive=False) as engine:
            sheet, count = write_intake(
                engine,
                out,
                last,
                desk=intake,
                filters=filters,
                lang=lang,
                separator=separator,
                admin=open_names(engine, reviewer) if with_names else "",
            )
        say(f"intake: {sheet} ({count})")
        return 0
    if shared:
        with opened(db, exclusive=False) as engine:
            sheet, count = write_shared(
                engine,
                out,
                last,
                part=_suffix(filters),
                queue=queue,
                filters=filters,
                threshold=_threshold(model) if queue == "uncertain" else None,
                publishers=publishers,
                form=form,
                lang=lang,
                separator=separator,
                admin=open_names(engine, reviewer) if with_names or links else "",
                names=with_names,
                links=links,
            )
        say(f"shared sheet: {sheet} ({count})")
        return 0
    with opened(db, exclusive=True) as engine:
        sheet, rows = write_queue(
            engine,
            out,
            last,
            queue=queue,
            filters=filters,
            threshold=_threshold(model) if queue == "uncertain" else None,
            publishers=publishers,
            form=form,
            lang=lang,
            separator=separator,
        )
        say_workload(engine, last, lang)
    say(f"sheet: {sheet} ({len(rows)})")
    return 0


def import_file(
    file: Annotated[
        Path, typer.Argument(help="The sheet that came back: CSV, XLSX or ODS; or the word tips.")
    ],
    db: options.DbOption = DEFAULT_DB,
    tips_file: Annotated[
        Path | None, typer.Argument(help="After the word tips: the list of a reporting desk.")
    ] = None,
    reviewer: Annotated[
        str, typer.Option("--reviewer", help="Who decided the rows whose reviewer column is empty.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; store nothing.")
    ] = False,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Store nothing when a row is refused.")
    ] = False,
    keep: Annotated[Path, typer.Option("--keep", help="Folder that keeps the files.")] = DEFAULT_KEEP,
    lang: options.LangOption = "id",
) -> int:
    """Import: the decisions of a sheet that came back, or with `tips FILE` a reporting desk's list of tips.

    Rows that are wrong or in conflict are named.
    """
    if tips_file is not None:
        from verbs.tips import WORD, import_tips

        if str(file) != WORD:
            raise UsageError(f"import {file} {tips_file}: one sheet at a time; or: import {WORD} FILE")
        if reviewer or keep != DEFAULT_KEEP:
            raise UsageError(f"import {WORD}: --reviewer and --keep are for sheets; the list is not kept")
        return import_tips(tips_file, db=db, dry_run=dry_run, all_or_nothing=all_or_nothing, lang=lang)
    sheet = read_sheet(file)
    # Without the run's lock: a night may be running, and every part is a transaction of its own.
    with opened(db, exclusive=False) as engine:
        if dry_run:
            report = compare_sheet(engine, sheet, reviewer=reviewer, lang=lang)
        else:
            report = import_sheet(
                engine,
                sheet,
                reviewer=reviewer,
                at=datetime.now(UTC),
                all_or_nothing=all_or_nothing,
                keep_in=keep,
                lang=lang,
            )
        # What stands is told beside what the sheet says, also by a dry run.
        ids = [verdict.incident_id for verdict in report.verdicts if verdict.incident_id]
        note(
            engine,
            "sheet compared" if dry_run else "sheet imported",
            incidents=list(dict.fromkeys(ids)),
            shown=len(report.verdicts),
            subject=file.name,
            sha256=sheet.sha256,
        )
    said, problems = told_lines(sheet, report, lang)
    # At once: a large sheet has a line for each of its rows, and each call of rich costs as much as a row.
    say("\n".join(said))
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if dry_run:
        say(LINES[lang]["would"])
    elif report.refused_whole:
        say(LINES[lang]["nothing"])
    return int(bool(report.bad))


def _suffix(filters: QueueFilter) -> str:
    """What tells the file of a part from that of the whole queue."""
    parts = []
    for field in fields(filters):
        value = getattr(filters, field.name)
        if value not in ("", None):
            told = f"{value:.0%}" if isinstance(value, float) else str(value)
            name = field.name.replace("_", "")
            parts.append(f"-{name}-{re.sub('[^a-z0-9]+', '-', told.lower()).strip('-')}")
    return "".join(parts)


def _known(value: str, accepted: tuple[str, ...], option: str) -> str:
    if value and value not in accepted:
        raise UsageError(f"{option} {value}: not in the codebook; there are {', '.join(accepted)}")
    return value


def _known_province(value: str) -> str:
    from nlp.regions import load_regions

    names = {region.province.casefold(): region.province for region in load_regions()}
    if value.strip().casefold() not in names:
        raise UsageError(
            f"--province {value}: no such province; there are {', '.join(sorted(names.values()))}"
        )
    return names[value.strip().casefold()]


def _threshold(model: Path | None) -> float:
    from nlp.registry import active_folder, read_settings

    return read_settings(model or active_folder()).threshold
