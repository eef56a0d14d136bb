"""Opens the zip that an XLSX or ODS is, after a look at what lies in it.

Promises: bombs, macros, passwords, document types and entities are refused before any XML is parsed, with a
word on what to do; what a cell says is never run. Never does: follow a link, write a file, unpack to disk.

Limits: a sheet of 50,000 rows is 90 MB of XML at most, and repetitive XML packs about 40 to 1.
"""

import codecs
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

import openpyxl
from lxml import etree  # type: ignore[import-untyped]  # ships no types

from review.cells import Value
from store.records import UsageError

MAX_UNPACKED: Final = 400_000_000
#: Deflate reaches 1,032 to 1 on zeros. Small members may pack well: a list of equal styles does.
MAX_RATIO: Final = 150
RATIO_FROM: Final = 2_000_000
MAX_MEMBERS: Final = 1_000
#: Three times what Netra writes; columns beyond are an analyst's own and left unread.
MAX_COLUMNS: Final = 64
#: What a spreadsheet has at most.
MAX_ROWS: Final = 1_048_576
#: Equal rows, or blanks, that ODS writes as one with a number.
MAX_REPEATED: Final = 1_000
_CHUNK: Final = 1 << 20
_DOCTYPE: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING: Final = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.\-]+)["']""")
_SAVE_AS: Final = "open it in Excel or LibreOffice and save it as XLSX"
_ODS_TYPE: Final = b"application/vnd.oasis.opendocument.spreadsheet"
#: OOXML writes a character that XML cannot hold as _xHHHH_, and such a text of its own as _x005F_xHHHH_.
_ESCAPED: Final = re.compile(r"_x005F(?=_x[0-9A-Fa-f]{4}_)")

_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

#: Number of a row, its typed cells, and the places of those that are formulas.
Grid = list[tuple[int, list[Value], frozenset[int]]]


def open_package(raw: bytes, name: str) -> tuple[str, zipfile.ZipFile]:
    """ "xlsx" or "ods" and the zip, checked; raises UsageError for everything else."""
    try:
        package = zipfile.ZipFile(io.BytesIO(raw))
        members = package.infolist()
    except zipfile.BadZipFile as error:
        raise UsageError(f"{name}: the file is damaged ({error}); send it again, or {_SAVE_AS}") from error
    names = {member.filename for member in members}
    _check_sizes(members, name)
    if any(member.flag_bits & 1 for member in members):
        raise UsageError(f"{name} is protected by a password; {_SAVE_AS} without one")
    if any(part.lower().endswith("vbaproject.bin") or part.startswith("Basic/") for part in names):
        raise UsageError(f"{name} carries macros, which Netra does not take; {_SAVE_AS} (not XLSM)")
    if "xl/workbook.bin" in names:
        raise UsageError(f"{name} is in the binary format XLSB; {_SAVE_AS}")
    try:
        if "xl/workbook.xml" in names:
            kind = "xlsx"
            types = package.read("[Content_Types].xml")
            if b"macroEnabled" in types:
                raise UsageError(f"{name} may carry macros, which Netra does not take; {_SAVE_AS} (not XLSM)")
        elif "content.xml" in names and package.read("mimetype").startswith(_ODS_TYPE):
            kind = "ods"
            if b"encryption-data" in package.read("META-INF/manifest.xml"):
                raise UsageError(f"{name} is protected by a password; {_SAVE_AS} without one")
        else:
            raise UsageError(f"{name} is a zip, but no spreadsheet; {_SAVE_AS}")
        for member in members:
            if member.filename.lower().endswith((".xml", ".rels", ".vml", ".rdf")):
                _check_xml(package, member, name)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError, ValueError) as error:
        raise UsageError(f"{name}: the file is damaged ({error}); send it again, or {_SAVE_AS}") from error
    return kind, package


def read_xlsx(raw: bytes, name: str) -> Grid:
    """Rows of the first sheet: number, typed cells, and the places of those that are formulas."""
    try:
        # It warns of extensions that it will not write back; nothing is written back.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            # What the file says of its own size is not to be trusted, nor are its row numbers.
            sheet.reset_dimensions()
            rows = enumerate(islice(sheet.iter_rows(max_col=MAX_COLUMNS), MAX_ROWS), start=1)
            return [_read_row(line, row) for line, row in rows if any(c.value is not None for c in row)]
    except Exception as error:
        # openpyxl raises whatever the parser of a part raises.
        raise UsageError(
            f"{name}: the file cannot be read as XLSX ({type(error).__name__}: {error}); {_SAVE_AS} again"
        ) from error


def read_ods(package: zipfile.ZipFile, name: str) -> Grid:
    """The same of an OpenDocument spreadsheet; repeated rows and cells are counted, empty ones left out."""
    rows: Grid = []
    line = 1
    try:
        with package.open("content.xml") as content:
            for _, element in etree.iterparse(
                content, tag=(_TABLE + "table-row", _TABLE + "table"), resolve_entities=False, no_network=True
            ):
                if element.tag == _TABLE + "table":
                    break
                cells, formulas = _read_ods_row(element)
                repeated = int(element.get(_TABLE + "number-rows-repeated", "1"))
                if any(cell not in (None, "") for cell in cells) or formulas:
                    rows.extend((line + n, cells, formulas) for n in range(min(repeated, MAX_REPEATED)))
                line += repeated
                element.clear()
    except (etree.XMLSyntaxError, ValueError, zipfile.BadZipFile) as error:
        raise UsageError(f"{name}: the file cannot be read as ODS ({error}); {_SAVE_AS}") from error
    return rows


def _read_row(line: int, row: Sequence[Any]) -> tuple[int, list[Value], frozenset[int]]:
    formulas = frozenset(place for place, cell in enumerate(row) if cell.data_type == "f")
    cells = [None if place in formulas else _unescape(cell.value) for place, cell in enumerate(row)]
    while cells and cells[-1] is None and len(cells) - 1 not in formulas:
        cells.pop()
    return line, cells, formulas


def _unescape(value: Value) -> Value:
    return _ESCAPED.sub("", value) if isinstance(value, str) else value


def _read_ods_row(element: Any) -> tuple[list[Value], frozenset[int]]:
    cells: list[Value] = []
    formulas: set[int] = set()
    for cell in element.iterchildren(_TABLE + "table-cell", _TABLE + "covered-table-cell"):
        repeated = int(cell.get(_TABLE + "number-columns-repeated", "1"))
        value = _ods_value(cell)
        if cell.get(_TABLE + "formula") is not None:
            formulas.add(len(cells))
            value = None
        cells.extend([value] * min(repeated, MAX_COLUMNS - len(cells)))
    while cells and cells[-1] in (None, "") and len(cells) - 1 not in formulas:
        cells.pop()
    return cells, frozenset(formulas)


def _ods_value(cell: Any) -> Value:
    kind = cell.get(_OFFICE + "value-type", "")
    if kind in {"float", "percentage", "currency"}:
        return float(cell.get(_OFFICE + "value", "nan"))
    if kind == "boolean":
        return str(cell.get(_OFFICE + "boolean-value")) == "true"
    if kind == "date":
        told = cell.get(_OFFICE + "date-value", "")
        return datetime.fromisoformat(told) if "T" in told else date.fromisoformat(told)
    paragraphs = cell.findall(_TEXT + "p")
    return "\n".join("".join(_ods_text(paragraph)) for paragraph in paragraphs) if paragraphs else None


def _ods_text(element: Any) -> Iterator[str]:
    """Text with the elements that stand for runs of blanks, tabs and line breaks; notes are left out."""
    if element.tag == _TEXT + "s":
        yield " " * min(int(element.get(_TEXT + "c", "1")), MAX_REPEATED)
    elif element.tag == _TEXT + "tab":
        yield "\t"
    elif element.tag == _TEXT + "line-break":
        yield "\n"
    elif element.tag != _OFFICE + "annotation":
        yield element.text or ""
        for child in element:
            yield from _ods_text(child)
            yield child.tail or ""


def _check_sizes(members: Sequence[zipfile.ZipInfo], name: str) -> None:
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED:
        raise UsageError(
            f"{name} would unpack to {unpacked:,} bytes in {len(members)} parts; Netra takes "
            f"{MAX_UNPACKED:,} in {MAX_MEMBERS}. Split the sheet, or export it anew"
        )
    for member in members:
        if member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * member.compress_size:
            ratio = member.file_size // max(member.compress_size, 1)
            raise UsageError(
                f"{name}: its part {member.filename!r} is packed {ratio} to 1, as no spreadsheet is; nothing "
                "was unpacked. Export the sheet anew"
            )


def _check_xml(package: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> None:
    """Refuse a part with a document type or entities, or in an encoding in which one could hide."""
    tail = b""
    with package.open(member) as part:
        while chunk := part.read(_CHUNK):
            if not tail:
                told = _ENCODING.match(chunk.removeprefix(codecs.BOM_UTF8))
                if b"\0" in chunk[:4] or (told and told[1].lower() not in {b"utf-8", b"us-ascii"}):
                    raise UsageError(
                        f"{name}: its part {member.filename!r} is not in UTF-8, as spreadsheets write it; "
                        f"{_SAVE_AS}"
                    )
            if _DOCTYPE.search(tail + chunk):
                raise UsageError(
                    f"{name}: its part {member.filename!r} holds a document type or entities, which no "
                    f"spreadsheet writes; {_SAVE_AS}"
                )
            tail = chunk[-16:]
