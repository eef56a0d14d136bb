"""The verbs of the record of access: who saw or took out what, when.

Promises and exit codes are those of `pipeline.py`; looking at the record is on record, too. Never does:
change or delete a row.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from review import options
from review.access import acts_table, summarise_acts, write_acts, write_incidents
from review.register import ZONE
from review.terminal import console, say
from store.access import (
    KEEP_DAYS,
    SYSTEM_ACCOUNT,
    Act,
    access_head,
    check_acts,
    count_expired,
    list_acts,
)
from store.db import reading
from store.records import StoppedError, UsageError
from store.reviewers import get_reviewer, list_reviewers
from store.session import opened
from verbs.places import DEFAULT_DB
from verbs.recording import note, taken_out

audit_app = typer.Typer(no_args_is_help=True, help="See, check and report who saw or took out what, when.")

DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day in Jakarta, included.")]


@audit_app.command("show")
def audit_show(
    since: DayOption = None,
    until: DayOption = None,
    reviewer: Annotated[
        str, typer.Option("--reviewer", help="Name or id of a reviewer, or os:NAME for the command line.")
    ] = "",
    incident: Annotated[str, typer.Option("--incident", help="Only what showed this incident.")] = "",
    db: options.DbOption = DEFAULT_DB,
    lang: options.LangOption = "id",
) -> int:
    """Show who saw or took out what, oldest first."""
    with opened(db, exclusive=False) as engine:
        acts, names = _find(engine, since, until, reviewer, incident)
        note(engine, "audit shown", incidents=[incident] if incident else (), shown=len(acts))
    console.print(acts_table(acts, names=names, lang=lang))
    return 0


@audit_app.command("check")
def audit_check(db: options.DbOption = DEFAULT_DB) -> int:
    """Check that the record is as it was written; exit code 4 and the place when it is not."""
    with opened(db, exclusive=False) as engine, reading(engine) as conn:
        broken = check_acts(conn)
        count, head = access_head(conn)
        expired = count_expired(conn, now=datetime.now(UTC))
    if broken:
        raise StoppedError(
            f"record of access: {broken}. Somebody has written to the database by hand. "
            "Compare it with your last backup, and treat it as a breach until you know better."
        )
    say(f"record of access: {count} rows, whole; last {head or '-'}")
    if expired:
        say(f"{expired} rows are older than the {KEEP_DAYS} days that they should be kept")
    return 0


@audit_app.command("report")
def audit_report(
    since: DayOption,
    until: DayOption,
    out: Annotated[Path, typer.Option("--out", help="CSV file; one with -incidents in its name beside it.")],
    db: options.DbOption = DEFAULT_DB,
    lang: options.LangOption = "id",
) -> int:
    """Report a breach: who saw or took out what and when, and which incidents that were."""
    listed = out.with_name(f"{out.stem}-incidents{out.suffix}")
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            broken = check_acts(conn)
        acts, names = _find(engine, since, until, "", "")
        told = summarise_acts(acts)
        with taken_out(engine, out, "audit reported", shown=told.acts) as staged:
            write_acts(staged, acts, names=names, lang=lang)
        with taken_out(engine, listed, "audit reported", shown=told.incidents) as staged:
            write_incidents(staged, acts, lang=lang)
    say(f"{told.acts} acts, {told.incidents} incidents, {len(told.by_who)} accounts")
    for what, count in told.by_what:
        say(f"  {what}: {count}")
    for who, count in told.by_who:
        say(f"  {who} {names.get(who, '')}: {count}")
    say(f"report: {out}\nincidents: {listed}")
    if broken:
        say(f"caution: the record is not as it was written: {broken}")
    return int(bool(broken))


def _find(
    engine: Engine, since: datetime | None, until: datetime | None, reviewer: str, incident: str
) -> tuple[list[Act], dict[str, str]]:
    """Acts of some days, and the names that accounts have now."""
    first = since.replace(tzinfo=ZONE) if since else None
    end = until.replace(tzinfo=ZONE) + timedelta(days=1) if until else None
    if first and end and first >= end:
        raise UsageError("--since is after --until; give the earlier day first.")
    with reading(engine) as conn:
        who = reviewer
        if reviewer and not reviewer.startswith(SYSTEM_ACCOUNT):
            who = get_reviewer(conn, reviewer).reviewer_id
        acts = list(list_acts(conn, since=first, until=end, who=who, incident=incident))
        names = {account.reviewer_id: account.name for account in list_reviewers(conn)}
    return acts, names
