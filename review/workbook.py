"""The sheet as XLSX: drop-downs for the analyst's columns, everything that is Netra's locked.

Promises: every cell is text, never a formula or a link; ids are hidden and come back; the same rows give the
same bytes; the file appears whole or not at all. Never does: lock with a password (the lock is against a slip
of the hand; what comes back is checked by `review.sheet_import`).
"""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, NamedStyle, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from review.sheet import guard, replace_whole
from review.words import DECISION_WORDS, HEADERS, WORDS, Language, shared_headers
from store.records import TYPES

#: The columns that an analyst fills in.
ANALYST: Final = ("decision", "decided_type", "actor", "note", "reviewer")
#: Ids that the import needs and that nobody reads.
HIDDEN: Final = ("incident_id", "text_hash", "event")
#: Widths in characters; what is longer is wrapped.
WIDTHS: Final[Mapping[str, int]] = {
    "decision": 13,
    "decided_type": 26,
    "actor": 18,
    "note": 32,
    "reviewer": 14,
    "n_documents": 9,
    "n_copies": 9,
    "night": 11,
    "published": 17,
    "sources": 18,
    "link": 30,
    "title": 38,
    "evidence": 60,
    "types": 28,
    "position": 22,
    "region": 24,
    "stage": 16,
    "process": 16,
    "score": 8,
    "model": 14,
}
SHEET_NAME: Final[dict[Language, str]] = {"id": "Tinjauan", "en": "Review"}
LISTS_NAME: Final = "Daftar"
_REFUSED: Final[dict[Language, tuple[str, str]]] = {
    "id": ("Pilih dari daftar", "Isi dengan salah satu kata dalam daftar, atau kosongkan."),
    "en": ("Choose from the list", "Use one of the words in the list, or leave it empty."),
}
_SEVERAL: Final[dict[Language, str]] = {
    "id": "Lebih dari satu jenis? Tulis dengan titik koma di antaranya, lalu tekan Ya.",
    "en": "More than one type? Write them with semicolons between, then press Yes.",
}
#: Zip has no earlier day; every part carries it, so that the same rows give the same bytes.
_DAY_ZERO: Final = (1980, 1, 1, 0, 0, 0)
_STAMPS: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")
#: OOXML takes _xHHHH_ for a character by its number; a text that looks so is escaped.
_LOOKS_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def write_workbook(
    path: Path, rows: Sequence[Mapping[str, str]], *, lang: Language, shared: bool = False
) -> None:
    """Write rows of `sheet_row` (header → cell, not guarded) as an XLSX file.

    `shared`: with the columns for people outside, none hidden and none to fill in.
    """
    headers = shared_headers(lang) if shared else HEADERS[lang]
    hidden, analyst = ((), ()) if shared else (HIDDEN, ANALYST)
    book = Workbook(write_only=True)
    for style in _styles():
        book.add_named_style(style)
    sheet = book.create_sheet(SHEET_NAME[lang])
    sheet.freeze_panes = "B2"
    for place, name in enumerate(headers, start=1):
        column = sheet.column_dimensions[get_column_letter(place)]
        column.width = WIDTHS.get(name, WIDTHS["model"])
        column.hidden = name in hidden
    last = get_column_letter(len(headers))
    sheet.auto_filter.ref = f"A1:{last}{len(rows) + 1}"
    sheet.append([_cell(sheet, header, "netra head") for header in headers.values()])
    for row in rows:
        sheet.append(
            [
                _cell(sheet, guard(row[header]), "netra open" if name in analyst else "netra locked")
                for name, header in headers.items()
            ]
        )
    _protect(sheet)
    columns = (list(DECISION_WORDS[lang].values()), [WORDS[lang][name] for name in TYPES])
    if not shared:
        lists = book.create_sheet(LISTS_NAME)
        lists.sheet_state = "hidden"
        for n in range(max(map(len, columns))):
            lists.append(
                [_cell(lists, words[n] if n < len(words) else "", "netra locked") for words in columns]
            )
    for place, (name, words) in enumerate(zip(analyst, columns, strict=False), start=1):
        sheet.data_validations.append(_choice(place, name, len(words), len(rows), lang))
    packed = io.BytesIO()
    book.save(packed)
    replace_whole(path, _without_time(packed.getvalue()))


def _styles() -> list[NamedStyle]:
    wrap = Alignment(wrap_text=True, vertical="top")
    return [
        NamedStyle(
            "netra head",
            font=Font(bold=True),
            fill=PatternFill("solid", fgColor="DDE5EE"),
            alignment=wrap,
            number_format="@",
        ),
        NamedStyle(
            "netra open",
            fill=PatternFill("solid", fgColor="FFF8DC"),
            alignment=wrap,
            number_format="@",
            protection=Protection(locked=False),
        ),
        NamedStyle("netra locked", alignment=wrap, number_format="@"),
    ]


def _cell(sheet: object, text: str, style: str) -> Cell:
    # None, so that Excel's filter lists an empty cell as empty.
    cell = WriteOnlyCell(sheet, _LOOKS_ESCAPED.sub("_x005F_", text) or None)  # type: ignore[arg-type]  # stubs know no write-only sheet
    if text:
        # After the value: openpyxl takes a text that begins with "=" for a formula.
        cell.data_type = "s"
    cell.style = style
    return cell


def _protect(sheet: object) -> None:
    lock = sheet.protection  # type: ignore[attr-defined]  # stubs know no write-only sheet
    lock.sheet = True
    # False allows: the reader may widen a column and filter.
    lock.formatColumns = lock.formatRows = lock.autoFilter = False


def _choice(place: int, name: str, words: int, rows: int, lang: Language) -> DataValidation:
    letter = get_column_letter(place)
    title, message = _REFUSED[lang]
    several = name == "decided_type"
    return DataValidation(
        type="list",
        formula1=f"'{LISTS_NAME}'!${letter}$1:${letter}${words}",
        sqref=f"{letter}2:{letter}{max(rows, 1) + 1}",
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="warning" if several else "stop",
        errorTitle=title,
        error=_SEVERAL[lang] if several else message,
    )


def _without_time(packed: bytes) -> bytes:
    """The same parts in the same order, without the time at which they were written."""
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed)) as old,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _STAMPS.sub(rb"\g<1>2024-01-01T00:00:00Z\g<2>", content)
            new.writestr(zipfile.ZipInfo(name, _DAY_ZERO), content, zipfile.ZIP_DEFLATED)
    return result.getvalue()
