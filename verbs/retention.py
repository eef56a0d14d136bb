"""The verb `retention run`: what is past its time goes from database and archive; the night ends with it.

Promises: the periods are the defaults of `store.retention` unless the owner's file says otherwise; what
went, by which rule, stays on record. Never does: touch what a person has decided on, or another database's
archive.
"""

import logging
import tomllib
from collections import Counter
from dataclasses import asdict, fields
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import Engine

from crawlers.archive_cut import CutReport, cut_archive, due_files, stored_on
from crawlers.privacy import handle_key
from review import options
from review.terminal import say
from store.access import KEEP_DAYS, count_expired
from store.db import reading
from store.erasure import scrub
from store.frontier import night_of
from store.persons import holds_anyhow
from store.records import StoppedError, UsageError
from store.retention import Periods, clear, find_due, list_deletions
from store.session import opened
from store.suppression import has_suppressed, hidden_names
from verbs.places import DEFAULT_DB, VAR

log = logging.getLogger(__name__)

#: The owner's own periods; without this file the defaults hold.
SETTINGS: Final = VAR / "retention.toml"
ARCHIVE: Final = VAR / "warc"
#: Longer than anybody may mean: a hundred years.
MAX_DAYS: Final = 36_500

retention_app = typer.Typer(no_args_is_help=True, help="Let go of what is past its time.")


def read_periods(path: Path) -> Periods:
    """The periods of the owner's file; the defaults where there is none or where it leaves one out.

    Raises UsageError for a file that cannot be read, a name that is none of ours, and days that are not whole
    or below 1.
    """
    if not path.exists():
        return Periods()
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: the periods cannot be read: {error}") from None
    names = [field.name for field in fields(Periods)]
    for name, days in told.items():
        if name not in names:
            raise UsageError(f"{path}: {name!r} is no period; there are {', '.join(names)}")
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MAX_DAYS:
            raise UsageError(f"{path}: {name} = {days!r}: write whole days, 1 to {MAX_DAYS}")
    return Periods(**told)


def let_go(engine: Engine, night: date, *, periods: Periods, archive: Path) -> tuple[list[str], CutReport]:
    """Clear database and archive as of a night; gives a line for each rule, and what the archive lost.

    Call it under the run's lock. The database's file is not rewritten yet.
    """
    at = datetime.now(UTC)
    with engine.begin() as conn:
        # What this night has brought of somebody who was erased: the texts are masked, the records are not.
        hidden = hidden_names(conn, handle_key()) if has_suppressed(conn) else None
        due = find_due(conn, night=night, periods=periods, stored_on=stored_on)
        counts = clear(conn, due, at=at)
    report = cut_archive(
        engine,
        archive,
        before=night - timedelta(days=periods.screened_out_days),
        at=at,
        drop=partial(holds_anyhow, hidden.holds) if hidden else None,
        since=night - timedelta(days=1),
    )
    return [f"{rule}: {items} {what}" for (rule, what), items in sorted(counts.items())], report


def end_night(engine: Engine, night: date) -> None:
    """The last step of `nightly`: clear as of its night, at most as of today; trouble is told, not raised."""
    today = night_of(datetime.now(UTC))
    lines, report = let_go(engine, min(night, today), periods=read_periods(SETTINGS), archive=ARCHIVE)
    if not lines and not report.records_removed:
        return
    say(_told(lines, report))
    try:
        scrub(engine)
    except StoppedError as error:
        log.warning("retention: %s Or wait: the next night tries again.", error)


@retention_app.command()
def run(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what is past its time; change nothing.")
    ] = False,
    night: options.DateOption = None,
    settings: Annotated[Path, typer.Option("--settings", help="The owner's periods.")] = SETTINGS,
    archive: Annotated[Path, typer.Option("--archive", help="Folder of the WARC files.")] = ARCHIVE,
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """Clear texts, flags and archived pages that are past their time, and note what went by which rule."""
    periods = read_periods(settings)
    last = night.date() if night else night_of(datetime.now(UTC))
    with opened(db, exclusive=True) as engine:
        if dry_run:
            with reading(engine) as conn:
                due = find_due(conn, night=last, periods=periods, stored_on=stored_on)
            before = last - timedelta(days=periods.screened_out_days)
            rewrite, left = due_files(engine, archive, before=before)
            for rule, count in sorted(Counter(one.rule for one in due).items()):
                say(f"{rule}: {count} pages would be cleared")
            say(f"archive: {len(rewrite) + len(left)} files are due by now; nothing was changed")
            _say_expired_acts(engine)
            return 0
        lines, report = let_go(engine, last, periods=periods, archive=archive)
        _say_expired_acts(engine)
        scrub(engine)
    say(_told(lines, report))
    for problem in report.problems:
        say(problem)
    return int(bool(report.problems))


@retention_app.command("show")
def show_deletions(
    settings: Annotated[Path, typer.Option("--settings", help="The owner's periods.")] = SETTINGS,
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """Show the periods that hold, and what was deleted when and by which rule."""
    for name, days in asdict(read_periods(settings)).items():
        say(f"{name} = {days}")
    with opened(db, exclusive=False) as engine, reading(engine) as conn:
        found = list_deletions(conn)
    for one in found:
        why = f" ({one['reviewer']}: {one['reason']})" if one["reviewer"] else ""
        say(f"{one['at']:%Y-%m-%d %H:%M} UTC  {one['rule']}: {one['items']} {one['what']}{why}")
    return 0


def _say_expired_acts(engine: Engine) -> None:
    with reading(engine) as conn:
        expired = count_expired(conn, now=datetime.now(UTC))
    if expired:
        say(
            f"record of access: {expired} rows are past {KEEP_DAYS} days and stay: each carries the hash of "
            "the one before it, and without them nobody could check the others"
        )


def _told(lines: list[str], report: CutReport) -> str:
    archive = (
        f"archive: {report.records_removed} records gone, {report.files_rewritten} files rewritten, "
        f"{report.files_removed} removed"
    )
    return "retention: " + "; ".join([*lines, archive])
