"""The verbs for a person's requests (UU 27/2022): what is held of them, and taking it out.

Promises: the report is written to a file that only its owner can read, and never to the screen; who looked
for somebody is on record before anything is seen, without the name, which is kept by nobody but the report.
Never does: answer a request by itself: a person reads the report first.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from sqlalchemy import Connection, Engine

from crawlers.archive_cut import CutReport, cut_archive
from crawlers.privacy import handle_key
from review import options
from review.terminal import say
from store.db import reading
from store.erasure import scrub
from store.persons import PLACEHOLDER, holds_anyhow, name_pattern, name_words
from store.records import Document, UsageError
from store.reviewers import get_reviewer
from store.session import opened
from store.subject import find_hits, incidents_of, list_found, report_person
from store.suppression import (
    erase_hidden,
    erase_names,
    has_suppressed,
    hidden_names,
    list_suppressed,
    mask_document,
    restore_suppressed,
)
from verbs.named_files import files_where, files_with, mask_files, write_private
from verbs.places import DEFAULT_DB, LABELS, VAR
from verbs.recording import note, taken_out

ARCHIVE: Final = VAR / "warc"
#: The list of erased names beside the database, as keyed hashes: an older backup knows none of it.
LIST: Final = VAR / "erased-names.json"
#: Where files with texts lie besides database and archive: sheets, digests, kept sheets, training lines.
FOLDERS: Final = (
    *(VAR / "out", VAR / "sheets", VAR / "reviews", VAR / "log", LABELS),
    VAR / "last-error.txt",
)

privacy_app = typer.Typer(no_args_is_help=True, help="A person asks what is held of them, or to be erased.")

NameArgument = Annotated[
    str, typer.Argument(help="The person's name; titles and degrees make no difference.")
]
ArchiveOption = Annotated[Path, typer.Option("--archive", help="Folder of the WARC files.")]
ListOption = Annotated[Path, typer.Option("--list", help="Where the keyed hashes are kept, too.")]
AliasOption = Annotated[list[str] | None, typer.Option("--alias", help="Another spelling; repeatable.")]


@privacy_app.command()
def find(
    name: NameArgument,
    alias: AliasOption = None,
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """List which rows and files hold a person's name: kind, id and night, none of their words."""
    names = [name, *(alias or ())]
    pattern = name_pattern(names)
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            hits = list(find_hits(conn, names))
            found = list_found(conn, hits, names)
            incidents = incidents_of(conn, hits)
        files = list(files_with(pattern, FOLDERS))
        note(engine, "person looked for", incidents=incidents, shown=len(found))
    for one in found:
        say(f"{one.table}  {one.key}  {one.night or '-'}")
    for path in files:
        say(f"file  {path}")
    say(f"{len(found)} rows, {len(files)} files hold the name")
    return 0


@privacy_app.command()
def report(
    name: NameArgument,
    out: Annotated[Path, typer.Option("--out", help="The JSON file to write.")],
    alias: AliasOption = None,
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """Write all that holds a person's name, and what was made of it, to a file that only you can read."""
    names = [name, *(alias or ())]
    pattern = name_pattern(names)
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            told: dict[str, Any] = report_person(conn, names)
        told["files"] = [str(path) for path in files_with(pattern, FOLDERS)]
        told |= {"names": names, "made_at": datetime.now(UTC)}
        counts = told["counts"]
        incidents = sorted({one["incident"] for one in told["documents"]} - {None})
        # Nothing can be taken out of the record: the file's name may hold the person's.
        with taken_out(
            engine, out, "person reported", incidents=incidents, shown=counts["rows"], named=False
        ) as staged:
            write_private(staged, json.dumps(told, ensure_ascii=False, indent=1, default=str) + "\n")
    say(
        f"{counts['rows']} rows, {counts['documents']} texts, {len(told['files'])} files hold the name: {out}"
    )
    return 0


@privacy_app.command()
def erase(
    name: NameArgument,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for the record that stays: a request's date, no name.")
    ],
    reviewer: Annotated[str, typer.Option("--reviewer", help="Name or id of who does it.")],
    alias: AliasOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count; change nothing.")] = False,
    one_word: Annotated[
        bool, typer.Option("--one-word", help="Yes, a name of one word, in every text with that word.")
    ] = False,
    archive: ArchiveOption = ARCHIVE,
    kept: ListOption = LIST,
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """Take a person's name out of texts, archive and sheets; later nights mask it on the way in."""
    names = [name, *(alias or ())]
    pattern = name_pattern(names)
    why = " ".join(reason.split())
    if not why or pattern.search(why):
        raise UsageError("privacy erase: give a reason that names nobody, such as the date of the request")
    single = [one for one in names if len(name_words(one)) == 1]
    if single and not (one_word or dry_run):
        raise UsageError(
            f"privacy erase: {len(single)} of the names is one word without its titles, and may be many "
            "people, a place or a word of the law. See what it hits with --dry-run, then add --one-word."
        )

    def holds(text: str) -> bool:
        return bool(pattern.search(text))

    with opened(db, exclusive=True) as engine:
        # Under the lock: a night that has just ended may have written more.
        files = list(files_where(holds, FOLDERS))
        if dry_run:
            with reading(engine) as conn:
                hits = Counter(hit.table for hit in find_hits(conn, names))
            say(_told(hits, files) + "; nothing was changed")
            return 0
        with engine.begin() as conn:
            who = get_reviewer(conn, reviewer).reviewer_id
            erased = erase_names(
                conn, names, key=handle_key(), at=datetime.now(UTC), reviewer=who, reason=why
            )
            _keep_list(conn, kept)
        cut = _cut(engine, archive, holds)
        left = mask_files(files, lambda text: pattern.sub(PLACEHOLDER, text), holds)
        scrub(engine)
    say(_told(erased.rows, files) + f"; {cut.records_removed} archived records gone")
    return _say_left([*erased.left, *left, *cut.problems])


@privacy_app.command()
def reapply(
    archive: ArchiveOption = ARCHIVE, kept: ListOption = LIST, db: options.DbOption = DEFAULT_DB
) -> int:
    """Erase every name on the list once more, after a backup of database or archive was restored."""
    with opened(db, exclusive=True) as engine:
        with engine.begin() as conn:
            if not _keep_list(conn, kept):
                say(f"no name was ever erased: neither the database nor {kept} holds one")
                return 0
            key = handle_key()
            erased = erase_hidden(conn, key=key, at=datetime.now(UTC))
            hidden = hidden_names(conn, key)
        cut = _cut(engine, archive, hidden.holds)
        files = list(files_where(hidden.holds, FOLDERS))
        left = mask_files(files, hidden.mask, hidden.holds)
        scrub(engine)
    say(_told(erased.rows, files) + f"; {cut.records_removed} archived records gone")
    return _say_left([*erased.left, *left, *cut.problems])


def hiding(engine: Engine) -> Callable[[Document | str], Document | str]:
    """What the extract stage does to each reading: masks the names on the list; without one, nothing."""
    with reading(engine) as conn:
        if not has_suppressed(conn):
            return lambda made: made
        key = handle_key()
        hidden = hidden_names(conn, key)
    return lambda made: made if isinstance(made, str) else mask_document(made, hidden, key)


def _keep_list(conn: Connection, path: Path) -> bool:
    """Bring the list in the database and the one beside it together; whether there is a name on it."""
    if path.exists():
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{path}: the list of erased names cannot be read: {error}") from None
        restore_suppressed(conn, told)
    rows = list_suppressed(conn)
    if rows:
        write_private(path, json.dumps(rows, indent=1) + "\n")
    return bool(rows)


def _cut(engine: Engine, archive: Path, drop: Callable[[str], bool]) -> CutReport:
    # Nothing is past its time here: an erasure takes the name alone.
    return cut_archive(
        engine, archive, before=date.min, at=datetime.now(UTC), drop=partial(holds_anyhow, drop)
    )


def _told(rows: Mapping[str, int], files: Sequence[Path]) -> str:
    counts = ", ".join(f"{count} of {table}" for table, count in sorted(rows.items()))
    return f"rows: {counts or 'none'}; files: {len(files)}"


def _say_left(left: Sequence[str]) -> int:
    for one in left:
        say(f"still holds the name: {one}")
    return int(bool(left))
