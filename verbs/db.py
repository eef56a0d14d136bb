"""The verbs `db copy`, `db check`, `db backup` and `db restore`: a whole database, moved or looked at.

Promises: whole or not at all; what leaves the database is on record first; no address is shown with its
password. Never does: overwrite a database or a file.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from review import options
from review.terminal import say
from store.checking import check_database
from store.db import connect, reading
from store.digest import TableDigest
from store.moving import check_backup, copy_all, read_backup, write_backup
from store.records import UsageError
from store.session import opened
from verbs.places import DEFAULT_DB
from verbs.recording import note, taken_out

db_app = typer.Typer(no_args_is_help=True, help="A whole database: copy, check, back up, restore.")

_Source = Annotated[str, typer.Argument(metavar="SRC", help="Address of the database to copy.")]
_Target = Annotated[str, typer.Argument(metavar="DST", help="Address of a new, empty one.")]
_File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup: gzip, for both kinds of database.")]


@db_app.command()
def copy(source: _Source, target: _Target) -> int:
    """Copy everything into an empty database, SQLite or PostgreSQL; a digest of each table must agree."""
    with opened(source, exclusive=True) as old, opened(target, exclusive=True) as new:
        note(old, "database copied")
        digests = copy_all(old, new)
    _tell(digests)
    say("copied: every table agrees. Give the new address by --db or NETRA_DB from now on.")
    return 0


@db_app.command()
def check(db: options.DbOption = DEFAULT_DB) -> int:
    """Look at schema, chains, foreign keys and counts; exit code 1 when something is wrong."""
    engine = connect(db)
    try:
        with reading(engine) as conn:
            found = check_database(conn)
    finally:
        engine.dispose()
    for name, count in found.counts.items():
        say(f"{name}: {count}")
    for name, (number, head) in (("decisions", found.decisions), ("access", found.acts)):
        say(f"register of {name}: {number} lines, the last one is {head or '-'}")
    for problem in found.problems:
        say(f"wrong: {problem}")
    say(f"schema {found.version or '-'}: {'not good' if found.problems else 'good'}")
    return int(bool(found.problems))


@db_app.command()
def backup(file: _File, db: options.DbOption = DEFAULT_DB) -> int:
    """Write everything into one new file that its owner alone may read; beside a night it may run on."""
    if file.exists():
        raise UsageError(f"{file}: the file is there already; give another name.")
    with opened(db, exclusive=False) as engine, taken_out(engine, file, "database backed up") as staged:
        digests = write_backup(engine, staged, at=datetime.now(UTC))
    _tell(digests)
    say(f"backup: {file}. It holds all texts and names: keep it as you keep the database.")
    return 0


@db_app.command()
def restore(file: _File, db: options.DbOption = DEFAULT_DB) -> int:
    """Fill a new, empty database from a backup, whole or not at all."""
    check_backup(file)
    with opened(db, exclusive=True) as engine:
        digests = read_backup(file, engine)
        note(engine, "backup restored", subject=file.name)
    _tell(digests)
    say("restored: every table agrees. Run `privacy reapply` now: a backup may hold names erased since.")
    return 0


def _tell(digests: Mapping[str, TableDigest]) -> None:
    for name in sorted(digests):
        say(f"{name}: {digests[name].rows} rows, sha256 {digests[name].sha256}")
