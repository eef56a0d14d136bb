"""The verbs for a person's requests (UU 27/2022): what is held of them, and taking it out.

Promises: the report is written to a file that only its owner can read, and never to the screen; names are
kept by nobody but the report. Never does: answer a request by itself: a person reads the report first.
"""

import json
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from review import options
from review.terminal import say
from store.db import reading
from store.persons import name_pattern
from store.session import opened
from store.subject import report_person
from verbs.places import DEFAULT_DB, LABELS, VAR

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


def files_with(pattern: re.Pattern[str], folders: Sequence[Path]) -> Iterator[Path]:
    """Files of ours that hold a name, by folder and path; packed sheets are looked into."""
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            suffix = path.suffix.lower()
            if (
                suffix in TEXT_FILES and pattern.search(path.read_text(encoding="utf-8", errors="replace"))
            ) or (suffix in PACKED_FILES and _packed_holds(pattern, path)):
                yield path


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody but its owner may read, replacing an older one of the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _packed_holds(pattern: re.Pattern[str], path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED_BYTES:
                return True
            texts = (packed.read(part) for part in packed.namelist() if part.endswith(".xml"))
            return any(pattern.search(text.decode("utf-8", "replace")) for text in texts)
    except (zipfile.BadZipFile, OSError, RuntimeError):
        # Nobody can tell what is in it: better named than passed over.
        return True
