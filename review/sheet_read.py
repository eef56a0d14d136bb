"""Reads a sheet that came back: CSV, XLSX or ODS, told by its content and not by its name.

Promises: columns in any order, headers in Indonesian or English; every cell as the text that the analyst saw,
without the guard that export put on; every row with the number that a spreadsheet shows; what
Netra does not take is refused with a word on what to do instead. Never does: judge a cell, guess a column.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from review.cells import Value, show_value
from review.sheet import unguard
from review.sheet_text import decode, read_text
from review.sheet_zip import open_package, read_ods, read_xlsx
from review.words import HEADERS, SHARED_MARK, Language
from store.records import UsageError

#: Ten times a sheet of 10,000 rows.
MAX_FILE: Final = 50_000_000
#: Rows that hold anything; more than a team decides on in a year.
MAX_LINES: Final = 100_000
#: Without these a row cannot be laid at the side of what Netra knows, or something decided would be lost.
NEEDED: Final = (
    *("decision", "decided_type", "actor", "note"),
    *("incident_id", "text_hash", "model", "event"),
)

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NAMES: Final[Mapping[str, tuple[str, Language]]] = {
    header.casefold(): (name, lang) for lang, headers in HEADERS.items() for name, header in headers.items()
}
_SHARED: Final = frozenset(mark.casefold() for mark in SHARED_MARK.values())


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One row: its number in the file, its cells by column name, and which of these are formulas."""

    line: int
    cells: Mapping[str, str]
    formulas: frozenset[str]
    #: Whether it has cells beyond the last column, as a line with a stray separator has.
    too_long: bool


@dataclass(frozen=True, slots=True)
class SheetFile:
    """A file that was read; `told` says how ("CSV, ';', utf-8-sig")."""

    sha256: str
    kind: Literal["csv", "xlsx", "ods"]
    told: str
    lang: Language
    lines: tuple[SheetLine, ...]
    #: Headers that no sheet of ours has; their cells are not taken.
    extra: tuple[str, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Grid:
    """A file that was opened: its rows as (number in the file, cells, places of formulas), not yet judged."""

    name: str
    raw: bytes
    kind: Literal["csv", "xlsx", "ods"]
    told: str
    rows: Iterable[tuple[int, list[Value], frozenset[int]]]


def read_sheet(path: Path) -> SheetFile:
    """Read a sheet of at most MAX_FILE bytes and MAX_LINES rows; raises UsageError with the next step."""
    grid = open_grid(path, known=count_known, wanted="the sheet that came back")
    return _lay_out(grid)


def open_grid(path: Path, *, known: Callable[[Sequence[object]], int], wanted: str) -> Grid:
    """Open a CSV, XLSX or ODS of at most MAX_FILE bytes, told by its content.

    `known`: how many cells of a header are known, by which the separator is found; `wanted` names the file in
    a message. Raises UsageError with the next step, also while `rows` are read.
    """
    name = path.name
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give the path of {wanted}") from error
    if len(raw) > MAX_FILE:
        raise UsageError(f"{name} is larger than {MAX_FILE:,} bytes; split it, with the header in each part")
    if raw.startswith(_OLE):
        raise UsageError(
            f"{name} is an old XLS, or protected by a password; open it in Excel or LibreOffice and save it "
            "as XLSX without a password"
        )
    if not raw.strip():
        raise UsageError(f"{name} is empty")
    if raw.startswith(_ZIP):
        kind, package = open_package(raw, name)
        rows = read_xlsx(raw, name) if kind == "xlsx" else read_ods(package, name)
        return Grid(name, raw, "xlsx" if kind == "xlsx" else "ods", kind.upper(), rows)
    text, encoding = decode(raw, name)
    separator, records = read_text(text, known=known, name=name)
    shown = "tab" if separator == "\t" else repr(separator)
    nothing: frozenset[int] = frozenset()
    return Grid(
        name,
        raw,
        "csv",
        f"CSV, {shown}, {encoding}",
        ((line, cells, nothing) for line, cells in records),
    )


def count_known(header: Sequence[object]) -> int:
    """How many cells of a row are headers of ours."""
    return sum(_key(cell) in _NAMES for cell in header)


def _key(cell: object) -> str:
    return unguard(str(cell or "").lstrip("\ufeff").strip()).casefold()


def _lay_out(grid: Grid) -> SheetFile:
    name = grid.name
    header: list[str] | None = None
    extra: list[str] = []
    lang: Language = "id"
    lines: list[SheetLine] = []
    for line, cells, formulas in grid.rows:
        if not formulas and not any(str(cell).strip() for cell in cells if cell is not None):
            continue
        if header is None:
            header, extra, lang = _read_header(cells, line, name)
            continue
        if len(lines) >= MAX_LINES:
            raise UsageError(
                f"{name} has more than {MAX_LINES:,} rows; split it, with the header in each part"
            )
        shown = [unguard(show_value(cell, lang)) for cell in cells]
        shown += [""] * (len(header) - len(shown))
        lines.append(
            SheetLine(
                line=line,
                cells={column: cell for column, cell in zip(header, shown, strict=False) if column},
                formulas=frozenset(header[place] for place in formulas if place < len(header)) - {""},
                too_long=any(cell.strip() for cell in shown[len(header) :]),
            )
        )
    if header is None:
        raise UsageError(f"{name} is empty")
    sha256 = hashlib.sha256(grid.raw).hexdigest()
    return SheetFile(sha256, grid.kind, grid.told, lang, tuple(lines), tuple(extra), grid.raw)


def _read_header(cells: Sequence[Value], line: int, name: str) -> tuple[list[str], list[str], Language]:
    """Column names by place ("" for a column that is not ours), the headers not ours, the language."""
    if any(_key(cell) in _SHARED for cell in cells):
        raise UsageError(
            f"{name} is a shared sheet, made by `export --shared` for people outside; nothing was stored. "
            "Decisions come back in the working sheet, which `export` writes without --shared"
        )
    columns: list[str] = []
    extra: list[str] = []
    languages: list[Language] = []
    for cell in cells:
        column, lang = _NAMES.get(_key(cell), ("", None))
        if column and column in columns:
            raise UsageError(
                f"{name}, line {line}: the column {cell!r} stands there twice; remove one of them"
            )
        if lang:
            languages.append(lang)
        elif str(cell or "").strip():
            extra.append(str(cell))
        columns.append(column)
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        wanted = ", ".join(HEADERS["id"][column] for column in missing)
        raise UsageError(
            f"{name}, line {line}: no sheet of Netra's, or without the columns {wanted}. The first row must "
            "be the header that `export` wrote; hidden columns belong to it"
        )
    lang = "en" if languages.count("en") > languages.count("id") else "id"
    return columns, extra, lang
