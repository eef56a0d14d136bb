"""The verbs about decisions and about those who decide.

Promises and exit codes are those of `pipeline.py`, which offers these verbs; here to keep it short. A
password comes from a prompt or from the variable NETRA_REVIEWER_PASSWORD. Never does: take a password from
the command line, where the shell's history and every process can read it; wait for a night to end.
"""

import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import typer

from review import options
from review.agreement import agreement_of
from review.passwords import MIN_LENGTH, hash_password
from review.recall import estimate_recall
from review.register import (
    agreement_table,
    disagreements_table,
    erasures_table,
    history_table,
    recall_line,
    recall_table,
    reviewers_table,
    said,
)
from review.terminal import console, print_json, say
from review.words import Language
from store import chain
from store import labels as register
from store.audits import sampled_incidents
from store.db import reading
from store.decisions import ROLES, Decision, LabelEvent, Reviewer
from store.erasure import erase_texts, list_erasures, scrub
from store.records import StoppedError, UsageError
from store.reviewers import (
    add_reviewer,
    erase_reviewer,
    get_reviewer,
    list_reviewers,
    lock_reviewer,
    set_password,
    unlock_reviewer,
)
from store.second import SECOND_SHARE, pairs_of, second_review_due
from store.second import disagreements as find_disagreements
from store.session import opened
from verbs.places import DEFAULT_DB
from verbs.recording import note

PASSWORD_VARIABLE: Final = "NETRA_REVIEWER_PASSWORD"  # noqa: S105 - the name of a variable
#: Where a decision from the command line says that it comes from.
ORIGIN: Final = "cli"

labels_app = typer.Typer(no_args_is_help=True, help="See, check and add to the register of decisions.")
reviewers_app = typer.Typer(no_args_is_help=True, help="Manage the accounts of those who decide.")

IncidentArgument = Annotated[str, typer.Argument(help="Id of the incident, as in the sheet.")]
ReviewerOption = Annotated[str, typer.Option("--reviewer", help="Name or id of the reviewer.")]
LineOption = Annotated[
    register.Review, typer.Option("--review", help="The line of decisions that this belongs to.")
]
NameArgument = Annotated[str, typer.Argument(help="Name or id of the reviewer.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON on stdout.")]
NightOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A night.")]


@labels_app.command()
def history(
    incident: IncidentArgument, db: options.DbOption = DEFAULT_DB, lang: options.LangOption = "id"
) -> int:
    """Show every decision on an incident, the undone ones too."""
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            events = register.events_of(conn, incident)
            names = {account.reviewer_id: account.name for account in list_reviewers(conn)}
        if not events:
            raise UsageError(f"incident {incident!r}: nobody has decided on it; take the id from a sheet.")
        note(engine, "history shown", incidents=[incident], shown=len(events))
    console.print(history_table(events, names=names, lang=lang))
    return 0


@labels_app.command()
def check(db: options.DbOption = DEFAULT_DB) -> int:
    """Check that the register is as it was written; exit code 4 and the place when it is not."""
    with opened(db, exclusive=False) as engine, reading(engine) as conn:
        broken = chain.check_chain(conn)
        count, head = chain.chain_head(conn)
        rechained = chain.told_rechains(conn)
    if broken:
        raise StoppedError(
            f"register of decisions: {broken}. Somebody has written to the database by hand. "
            "Compare it with your last backup before you decide anything more."
        )
    say(f"register: {count} events, whole; last {head or '-'}")
    for text in rechained:
        say(text)
    return 0


@labels_app.command()
def second(
    reviewer: ReviewerOption,
    share: Annotated[
        float, typer.Option("--share", min=0, max=1, help="Share of all incidents that are decided twice.")
    ] = SECOND_SHARE,
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """List the incidents that wait for a blind second review by a reviewer: ids alone."""
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            account = get_reviewer(conn, reviewer)
            due = second_review_due(conn, reviewer=account.reviewer_id, share=share)
        note(engine, "second reviews listed", incidents=due, shown=len(due), subject=account.reviewer_id)
    for incident_id in due:
        say(incident_id)
    return 0


@labels_app.command()
def agreement(
    as_json: JsonOption = False, db: options.DbOption = DEFAULT_DB, lang: options.LangOption = "id"
) -> int:
    """Show how far first and second decisions agree, per field and month."""
    with opened(db, exclusive=False) as engine, reading(engine) as conn:
        rows = agreement_of(pairs_of(conn))
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        console.print(agreement_table(rows, lang=lang))
    return 0


@labels_app.command()
def disagreements(db: options.DbOption = DEFAULT_DB, lang: options.LangOption = "id") -> int:
    """List what first and second reviewer see differently and nobody has settled."""
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            found = find_disagreements(conn)
            names = {account.reviewer_id: account.name for account in list_reviewers(conn)}
        ids = [one.incident_id for one in found]
        note(engine, "disagreements listed", incidents=ids, shown=len(found))
    console.print(disagreements_table(found, names=names, lang=lang))
    return 0


@labels_app.command()
def recall(
    since: NightOption = None,
    until: NightOption = None,
    as_json: JsonOption = False,
    db: options.DbOption = DEFAULT_DB,
    lang: options.LangOption = "id",
) -> int:
    """Estimate from the audit how many of the cases that came in were flagged, with an interval."""
    with opened(db, exclusive=False) as engine, reading(engine) as conn:
        samples = sampled_incidents(
            conn, since=since.date() if since else None, until=until.date() if until else None
        )
    estimate = estimate_recall(samples)
    if as_json:
        print_json(asdict(estimate))
    else:
        console.print(recall_table(estimate, lang=lang))
        say(recall_line(estimate, lang=lang))
    return 0


@labels_app.command()
def decide(
    incident: IncidentArgument,
    decision: Annotated[Literal["case", "none", "unsure"], typer.Option("--decision", help="What it is.")],
    reviewer: ReviewerOption,
    review: LineOption = "first",
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Type of the codebook; repeatable.")
    ] = None,
    actor: Annotated[str, typer.Option("--actor", help="Position of the codebook, or a few words.")] = "",
    note: Annotated[str, typer.Option("--note", help="What a reader should know; no private person.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why the decision changes.")] = "",
    db: options.DbOption = DEFAULT_DB,
    lang: options.LangOption = "id",
) -> int:
    """Decide on an incident, or settle a disagreement with --review adjudication."""
    new = Decision(decision, tuple(types or ()), actor, note)
    with opened(db, exclusive=False) as engine, engine.begin() as conn:
        event = register.append_event(
            conn,
            incident_id=incident,
            new=new,
            seen=None,
            reviewer=who_may_decide(get_reviewer(conn, reviewer)),
            origin=ORIGIN,
            at=datetime.now(UTC),
            review=review,
            reason=reason,
        )
    return _say_event(incident, event, lang)


@labels_app.command()
def undo(
    incident: IncidentArgument,
    reviewer: ReviewerOption,
    review: LineOption = "first",
    db: options.DbOption = DEFAULT_DB,
    lang: options.LangOption = "id",
) -> int:
    """Take back the latest decision on an incident; once more, and it stands again."""
    with opened(db, exclusive=False) as engine, engine.begin() as conn:
        event = register.undo_event(
            conn,
            incident_id=incident,
            reviewer=who_may_decide(get_reviewer(conn, reviewer)),
            at=datetime.now(UTC),
            origin=ORIGIN,
            review=review,
        )
    return _say_event(incident, event, lang)


@labels_app.command()
def erase(
    incident: IncidentArgument,
    reviewer: ReviewerOption,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for the record that stays: a request's date, no name.")
    ],
    event: Annotated[str, typer.Option("--event", help="Only of this event: its id, or the beginning.")] = "",
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """Erase what was typed for the decisions on an incident, for good; the decisions stay."""
    with opened(db, exclusive=False) as engine:
        with engine.begin() as conn:
            who = who_may_decide(get_reviewer(conn, reviewer))
            erased = erase_texts(
                conn,
                incident_id=incident,
                reviewer=who,
                reason=reason,
                at=datetime.now(UTC),
                event=event,
            )
            origins = {one.event_id: one.origin for one in register.events_of(conn, incident)}
        scrub(engine)
    for one in erased:
        say(f"{incident}: {one.field} of event {one.event_id[:12]} is erased")
    for origin in sorted({origins[one.event_id] for one in erased}):
        if origin.startswith("sheet:"):
            say(f"it came with {origin}: the kept file of that name still holds it; erase it there, too")
    if not erased:
        say(f"{incident}: nothing left to erase; the database's file was rewritten")
    return 0


@labels_app.command()
def erasures(db: options.DbOption = DEFAULT_DB, lang: options.LangOption = "id") -> int:
    """List what was erased: which event's text, by whom, when and why."""
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            found = list_erasures(conn)
            names = {account.reviewer_id: account.name for account in list_reviewers(conn)}
        note(engine, "erasures listed", shown=len(found))
    console.print(erasures_table(found, names=names, lang=lang))
    return 0


@reviewers_app.command("add")
def reviewers_add(
    name: Annotated[str, typer.Argument(help="As the sheet's column `peninjau` has it.")],
    role: Annotated[
        Literal["reader", "reviewer", "admin"], typer.Option("--role", help="Read, decide, manage accounts.")
    ] = "reviewer",
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """Make an account; its password is asked for, or read from NETRA_REVIEWER_PASSWORD."""
    password_hash = hash_password(_ask_password())
    with opened(db, exclusive=False) as engine, engine.begin() as conn:
        made = add_reviewer(conn, name=name, role=role, password_hash=password_hash, at=datetime.now(UTC))
    return _say_account(made)


@reviewers_app.command("list")
def reviewers_list(db: options.DbOption = DEFAULT_DB, lang: options.LangOption = "id") -> int:
    """List the accounts, those too that a sheet has brought and that nobody can log in with."""
    with opened(db, exclusive=False) as engine, reading(engine) as conn:
        accounts = list_reviewers(conn)
    console.print(reviewers_table(accounts, lang=lang))
    return 0


@reviewers_app.command("lock")
def reviewers_lock(name: NameArgument, db: options.DbOption = DEFAULT_DB) -> int:
    """Let nobody log in with an account."""
    with opened(db, exclusive=False) as engine, engine.begin() as conn:
        return _say_account(lock_reviewer(conn, name, at=datetime.now(UTC)))


@reviewers_app.command("unlock")
def reviewers_unlock(name: NameArgument, db: options.DbOption = DEFAULT_DB) -> int:
    """Let an account log in again, after ten wrong passwords or a lock."""
    with opened(db, exclusive=False) as engine, engine.begin() as conn:
        return _say_account(unlock_reviewer(conn, name))


@reviewers_app.command("password")
def reviewers_password(name: NameArgument, db: options.DbOption = DEFAULT_DB) -> int:
    """Set a new password; it is asked for, or read from NETRA_REVIEWER_PASSWORD."""
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            account = get_reviewer(conn, name)
        password_hash = hash_password(_ask_password())
        with engine.begin() as conn:
            return _say_account(set_password(conn, account.reviewer_id, password_hash=password_hash))


@reviewers_app.command("erase")
def reviewers_erase(name: NameArgument, db: options.DbOption = DEFAULT_DB) -> int:
    """Put a pseudonym in place of a name and close the account; the decisions stay."""
    with opened(db, exclusive=False) as engine, engine.begin() as conn:
        return _say_account(erase_reviewer(conn, name, at=datetime.now(UTC)))


def who_may_decide(account: Reviewer) -> str:
    """The id of an account that may decide. Raises UsageError for a reader's."""
    if ROLES.index(account.role) < ROLES.index("reviewer"):
        raise UsageError(f"reviewer {account.name!r} may read and not decide; use another account.")
    return account.reviewer_id


def _say_event(incident: str, event: LabelEvent | None, lang: Language) -> int:
    if event is None:
        say(f"{incident}: nothing to change")
    else:
        say(f"{incident}: {said(event.new, lang)} (event {event.event_id[:12]})")
    return 0


def _say_account(account: Reviewer) -> int:
    say(f"{account.name}: {account.reviewer_id}, {account.role}{', locked' if account.locked_at else ''}")
    return 0


def _ask_password() -> str:
    if password := os.environ.get(PASSWORD_VARIABLE):
        return password
    if not sys.stdin.isatty():
        raise UsageError(
            f"no terminal to ask for the password on; put it into the variable {PASSWORD_VARIABLE} "
            f"({MIN_LENGTH} characters or more)."
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
