"""The verbs for a person's requests (UU 27/2022): what is held of them, and taking it out.

Promises: the report is written to a file that only its owner can read, and never to the screen; names are
kept by nobody but the report. Never does: answer a request by itself: a person reads the report first.
"""

import json
import os
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
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
from store.persons import PLACEHOLDER, name_pattern
from store.records import Document, UsageError
from store.reviewers import get_reviewer
from store.session import opened
from store.subject import find_hits, report_person
from store.suppression import (
    erase_hidden,
    erase_names,
    has_suppressed,
    hidden_names,
    list_suppressed,
    mask_document,
    restore_suppressed,
)
from verbs.places import DEFAULT_DB, LABELS, VAR

ARCHIVE: Final = VAR / "warc"
#: The list of erased names beside the database, as keyed hashes: an older backup knows none of it.
LIST: Final = VAR / "erased-names.json"
#: Where files with texts lie besides database and archive: sheets, digests, kept sheets, training lines.
FOLDERS: Final = (VAR / "out", VAR / "sheets", VAR / "reviews", LABELS)
TEXT_FILES: Final = frozenset({".csv", ".json", ".jsonl", ".html", ".txt", ".md", ".log"})
PACKED_FILES: Final = frozenset({".xlsx", ".ods"})
#: A kept sheet comes from outside: what unpacks to more than this is named and not read.
MAX_UNPACKED_BYTES: Final = 256 * 1024 * 1024

subject_app = typer.Typer(no_args_is_help=True, help="A person asks what is held of them, or to be erased.")

NameArgument = Annotated[
    str, typer.Argument(help="The person's name; titles and degrees make no difference.")
]
ArchiveOption = Annotated[Path, typer.Option("--archive", help="Folder of the WARC files.")]
ListOption = Annotated[Path, typer.Option("--list", help="Where the keyed hashes are kept, too.")]
AliasOption = Annotated[list[str] | None, typer.Option("--alias", help="Another spelling; repeatable.")]


@subject_app.command()
def report(
    name: NameArgument,
    out: Annotated[Path, typer.Option("--out", help="The JSON file to write.")],
    alias: AliasOption = None,
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """Write all that holds a person's name, and what was made of it, to a file that only you can read."""
    names = [name, *(alias or ())]
    with opened(db, exclusive=False) as engine, reading(engine) as conn:
        told: dict[str, Any] = report_person(conn, names)
    told["files"] = [str(path) for path in files_with(name_pattern(names), FOLDERS)]
    told |= {"names": names, "made_at": datetime.now(UTC)}
    write_private(out, json.dumps(told, ensure_ascii=False, indent=1, default=str) + "\n")
    counts = told["counts"]
    say(
        f"{counts['rows']} rows, {counts['documents']} texts, {len(told['files'])} files hold the name: {out}"
    )
    return 0


@subject_app.command()
def erase(
    name: NameArgument,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for the record that stays: a request's date, no name.")
    ],
    reviewer: Annotated[str, typer.Option("--reviewer", help="Name or id of who does it.")],
    alias: AliasOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count; change nothing.")] = False,
    archive: ArchiveOption = ARCHIVE,
    kept: ListOption = LIST,
    db: options.DbOption = DEFAULT_DB,
) -> int:
    """Take a person's name out of texts, archive and sheets; later nights mask it on the way in."""
    names = [name, *(alias or ())]
    pattern = name_pattern(names)
    why = " ".join(reason.split())
    if not why or pattern.search(why):
        raise UsageError("subject erase: give a reason that names nobody, such as the date of the request")
    files = list(files_with(pattern, FOLDERS))
    with opened(db, exclusive=True) as engine:
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
        cut = _cut(engine, archive, lambda text: bool(pattern.search(text)))
        left = mask_files(files, lambda text: pattern.sub(PLACEHOLDER, text))
        scrub(engine)
    say(_told(erased.rows, files) + f"; {cut.records_removed} archived records gone")
    return _say_left([*erased.left, *left, *cut.problems])


@subject_app.command()
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
        left = mask_files(files, hidden.mask)
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


def mask_files(files: Sequence[Path], mask: Callable[[str], str]) -> list[str]:
    """Mask names in files of ours; a packed sheet goes whole; files of labels are named and left."""
    left = []
    for path in files:
        if path.is_relative_to(LABELS):
            left.append(f"{path}: labels are yours to edit")
        elif path.suffix.lower() in PACKED_FILES:
            path.unlink()
        else:
            # Bytes, or line ends of a sheet would change; what is no UTF-8 comes back as it was.
            text = path.read_bytes().decode("utf-8", "surrogateescape")
            draft = path.with_name(f"{path.name}.part")
            draft.write_bytes(mask(text).encode("utf-8", "surrogateescape"))
            draft.replace(path)
    return left


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
    return cut_archive(engine, archive, before=date.min, at=datetime.now(UTC), drop=drop)


def _told(rows: Mapping[str, int], files: Sequence[Path]) -> str:
    counts = ", ".join(f"{count} of {table}" for table, count in sorted(rows.items()))
    return f"rows: {counts or 'none'}; files: {len(files)}"


def _say_left(left: Sequence[str]) -> int:
    for one in left:
        say(f"still holds the name: {one}")
    return int(bool(left))


def files_with(pattern: re.Pattern[str], folders: Sequence[Path]) -> Iterator[Path]:
    """Files of ours that hold a name, by folder and path; packed sheets are looked into."""
    return files_where(lambda text: bool(pattern.search(text)), folders)


def files_where(holds: Callable[[str], bool], folders: Sequence[Path]) -> Iterator[Path]:
    """Files of ours with a text that `holds` says yes to, by folder and path."""
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            suffix = path.suffix.lower()
            if (suffix in TEXT_FILES and holds(path.read_text(encoding="utf-8", errors="replace"))) or (
                suffix in PACKED_FILES and _packed_holds(holds, path)
            ):
                yield path


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody but its owner may read, replacing an older one of the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _packed_holds(holds: Callable[[str], bool], path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED_BYTES:
                return True
            texts = (packed.read(part) for part in packed.namelist() if part.endswith(".xml"))
            return any(holds(text.decode("utf-8", "replace")) for text in texts)
    except (zipfile.BadZipFile, OSError, RuntimeError):
        # Nobody can tell what is in it: better named than passed over.
        return True
