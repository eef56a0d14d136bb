"""The verbs about requests for correction: write one down, list them, decide.

Promises: the incident is paused when `add` has ended, whatever else runs. Never does: take a name or a word
of the requester.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from review import options
from review.corrections import corrections_table, overdue_lines
from review.sheet import READER_ZONE, format_moment
from review.terminal import console, say
from store.corrections import add_request, decide_request, list_requests, overdue_requests
from store.db import reading
from store.reviewers import get_reviewer
from store.session import opened
from verbs.labels import IncidentArgument, ReviewerOption, who_may_decide
from verbs.places import DEFAULT_DB

corrections_app = typer.Typer(no_args_is_help=True, help="Requests for correction: they pause an incident.")


@corrections_app.command("add")
def corrections_add(
    incident: IncidentArgument,
    requester: Annotated[
        Literal["subject", "proxy", "outlet", "agency", "other"],
        typer.Option(
            "--from", help="Who asks: the person concerned, somebody for them, the outlet, an agency."
        ),
    ],
    matter: Annotated[
        Literal["identity", "fact", "outdated", "removal", "other"],
        typer.Option("--about", help="What is asked: another person, a wrong fact, out of date, removal."),
    ] = "other",
    reference: Annotated[
        str, typer.Option("--reference", help="Number of the letter, which stays in your own file.")
    ] = "",
    received: Annotated[
        datetime | None,
        typer.Option(
            "--received",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"],
            help="When it came, Jakarta time; the 3x24 hours run from there. Now, if not given.",
        ),
    ] = None,
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """Write a request down; its incident is paused at once."""
    now = datetime.now(UTC)
    with opened(db, exclusive=False) as engine, engine.begin() as conn:
        made = add_request(
            conn,
            incident_id=incident,
            requester=requester,
            matter=matter,
            reference=reference,
            received_at=received.replace(tzinfo=READER_ZONE).astimezone(UTC) if received else now,
            at=now,
        )
    say(f"request {made.number}: {incident} is paused; decide by {format_moment(made.due_at)}")
    return 0


@corrections_app.command("list")
def corrections_list(db: options.DbOption = DEFAULT_DB, lang: options.LangOption = "id") -> int:
    """List the requests; exit code 1 while one is undecided after 3x24 hours."""
    with opened(db, exclusive=False) as engine, reading(engine) as conn:
        found = list_requests(conn)
        late = overdue_requests(conn, now=datetime.now(UTC))
    console.print(corrections_table(found, lang))
    for line in overdue_lines(late, lang):
        say(line)
    return int(bool(late))


@corrections_app.command("decide")
def corrections_decide(
    number: Annotated[int, typer.Argument(help="Number of the request, as the list has it.")],
    outcome: Annotated[
        Literal["upheld", "refused"], typer.Option("--outcome", help="Whether the requester is right.")
    ],
    reviewer: ReviewerOption,
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """Decide a request: refused ends the pause; upheld keeps it until the incident is decided anew."""
    with opened(db, exclusive=False) as engine, engine.begin() as conn:
        who = who_may_decide(get_reviewer(conn, reviewer))
        made = decide_request(conn, number, outcome=outcome, reviewer=who, at=datetime.now(UTC))
    if outcome == "upheld":
        say(f"request {number}: upheld; {made.incident_id} stays paused until it is decided anew:")
        say(f"labels decide {made.incident_id} --decision case|none|unsure --reviewer NAME")
    else:
        say(f"request {number}: refused; {made.incident_id} is shown again")
    return 0
