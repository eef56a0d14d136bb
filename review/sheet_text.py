"""Reads a CSV as spreadsheets write it: which encoding, which separator, which lines.

Promises: UTF-8 with and without BOM, UTF-16 and cp1252; comma, semicolon and tab; rows are numbered as a
spreadsheet numbers them, also where a cell has several lines. Never does: drop a row in silence, or go on
behind a quote that is never closed.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from review.cells import Value
from store.records import UsageError

SEPARATORS: Final = (",", ";", "\t")
#: What Excel writes first where it wants to be sure that another Excel uses the same separator.
_SEPARATOR_LINE: Final = "sep="
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: A cell of a spreadsheet holds 32,767 characters; what is longer comes from no spreadsheet.
MAX_CELL_CHARS: Final = 32_767


def decode(raw: bytes, name: str) -> tuple[str, str]:
    """The text of a file and the name of its encoding; raises UsageError when there is none that fits."""
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return _decode(raw, encoding, name), encoding
    head = raw[:2000]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        # Latin letters in UTF-16 have a zero in every second byte, and text has none otherwise.
        if len(head) > 1 and head[offset::2].count(0) > len(head) // 4:
            return _decode(raw, encoding, name), encoding
    if b"\0" in raw:
        raise UsageError(f"{name} is no text and no spreadsheet that Netra knows; save it as XLSX or CSV")
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode(raw, "cp1252", name), "cp1252"


def read_text(
    text: str, *, known: Callable[[Sequence[str]], int], name: str
) -> tuple[str, Iterator[tuple[int, list[Value]]]]:
    """The separator, and every record with the number of the row that it is in a spreadsheet.

    `known` tells how many cells of a header are known; the separator that gives most is taken.
    """
    first_line = text.split("\n", 1)[0].strip().strip('"')
    forced = ""
    if first_line.lower().startswith(_SEPARATOR_LINE) and len(first_line) == len(_SEPARATOR_LINE) + 1:
        forced = first_line[-1]
        text = text.split("\n", 1)[1] if "\n" in text else ""
    choices = (forced,) if forced else SEPARATORS
    counts = {separator: known(_first_record(text, separator)) for separator in choices}
    separator = max(choices, key=lambda choice: counts[choice])
    return separator, _records(text, separator, name)


def _decode(raw: bytes, encoding: str, name: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name}: byte {error.start} is no {encoding} text; save the sheet as XLSX or as CSV in UTF-8"
        ) from error


def _first_record(text: str, separator: str) -> list[str]:
    # Lenient: with a wrong separator the quotes of a good header look broken.
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if any(cell.strip() for cell in record):
                return record
    except csv.Error:
        return []
    return []


def _records(text: str, separator: str, name: str) -> Iterator[tuple[int, list[Value]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row = 1
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise UsageError(
                f"{name}, row {row}: a quote is not closed, or a cell is longer than {MAX_CELL_CHARS:,} "
                f"characters ({error}); nothing was taken. Open the file in a spreadsheet and save it again"
            ) from error
        if record is None:
            return
        # Not left to csv.field_size_limit, which is one for the whole process and which libraries raise.
        if any(len(cell) > MAX_CELL_CHARS for cell in record):
            raise UsageError(
                f"{name}, row {row}: a cell is longer than {MAX_CELL_CHARS:,} characters; nothing was taken. "
                "Open the file in a spreadsheet and save it again"
            )
        yield row, list(record)
        row += 1
