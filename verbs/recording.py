"""What the verbs do so that whatever they show or write is on record first.

    note       one act, before its texts are printed
    taken_out  one file: written under another name, put on record with its sha256, then put in its place

Promises: a row that cannot be written stops the verb with exit code 4, before a text is seen or a file is in
its place; the account is the one that the operating system vouches for, not one that a variable names, or
that of a reviewer whose password was given. Never does: note a text or a folder's path.
"""

import hashlib
import os
import pwd
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from store.access import SYSTEM_ACCOUNT, Act, append_acts
from store.records import StoppedError


def system_account() -> str:
    """Who runs this process: "os:NAME", by number where the machine has no name for it."""
    number = os.getuid()
    try:
        return SYSTEM_ACCOUNT + pwd.getpwuid(number).pw_name
    except KeyError:
        return f"{SYSTEM_ACCOUNT}{number}"


def note(
    engine: Engine,
    what: str,
    *,
    incidents: Sequence[str] = (),
    shown: int = 0,
    subject: str = "",
    sha256: str = "",
    who: str = "",
) -> None:
    """Put one act of the command line on record, in a transaction of its own.

    `who`: id of a reviewer whose password was checked for this act; "" for the system's account.
    Raises StoppedError when that fails; the caller then shows nothing.
    """
    # A file's name may hold bytes that are no text.
    plain = subject.encode("utf-8", "replace").decode()
    act = Act(datetime.now(UTC), who or system_account(), what, plain, sha256, shown, tuple(incidents))
    try:
        with engine.begin() as conn:
            append_acts(conn, [act])
    except Exception as error:
        # Of the database's error the reason alone, without the statement.
        reason = getattr(error, "orig", error)
        raise StoppedError(
            f"the record of access could not be written ({reason}). Nothing was shown or written ({what}). "
            "See to the database (status, audit check), then run the same command again."
        ) from error


@contextmanager
def taken_out(
    engine: Engine,
    path: Path,
    what: str,
    *,
    incidents: Sequence[str] = (),
    shown: int = 0,
    named: bool = True,
    who: str = "",
) -> Iterator[Path]:
    """Give a path to write to; afterwards the act is put on record and the file into its place.

    `named`: with the file's name; without it the file is told by its sha256 alone.
    Raises StoppedError when the record fails: then the file is deleted, and an older one of that name stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".unrecorded-{path.name}")
    try:
        yield staged
        subject, sha256 = path.name if named else "", file_digest(staged)
        note(engine, what, incidents=incidents, shown=shown, subject=subject, sha256=sha256, who=who)
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def note_archive(engine: Engine, archive: Path | None) -> None:
    """Put on record that a WARC file is replayed; nothing to note for None. Raises StoppedError."""
    if archive is not None:
        note(engine, "archive read", subject=archive.name, sha256=file_digest(archive))


def file_digest(path: Path) -> str:
    """sha256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
