"""Sheets as spreadsheets and people send them are read; what is no sheet is refused with the next step."""

import csv
import io
import re
import zipfile

import openpyxl
import pytest

from review.sheet import sheet_row, write_sheet
from review.sheet_read import MAX_FILE, read_sheet
from review.sheet_text import MAX_CELL_CHARS
from review.sheet_zip import MAX_UNPACKED
from review.words import HEADERS
from review.workbook import write_workbook
from store.records import UsageError
from tests.review.test_sheet import ROW, row_with

HEADER = list(HEADERS["id"].values())
PLAIN = {
    "keputusan": "Pelanggaran",
    "catatan": 'naïve; "kutipan", koma',
    "id_kejadian": "I-0123456789ab",
    "sidik_teks": "sha256:abababababababab",
    "versi_model": "test-model",
    "versi_keputusan": "event:none",
}


def text_of(*rows, separator=",", header=HEADER):
    def line(cells):
        return separator.join('"' + cell.replace('"', '""') + '"' for cell in cells)

    return "\r\n".join([line(header), *(line([row.get(name, "") for name in header]) for row in rows), ""])


def xlsx(path, *, rows=(PLAIN,), header=HEADER):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(header)
    for row in rows:
        sheet.append([row.get(name) for name in header])
    book.save(path)
    return path


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_separator_and_encoding_are_found_out(tmp_path, separator, encoding):
    path = write(tmp_path / "a.dat", text_of(PLAIN, separator=separator).encode(encoding))
    sheet = read_sheet(path)
    assert (sheet.kind, sheet.lang, sheet.extra) == ("csv", "id", ())
    (line,) = sheet.lines
    assert line.line == 2
    assert line.cells["note"] == PLAIN["catatan"]
    assert line.cells["incident_id"] == "I-0123456789ab"


def test_a_line_that_names_the_separator_is_understood(tmp_path):
    sheet = read_sheet(write(tmp_path / "a.csv", "sep=;\r\n" + text_of(PLAIN, separator=";")))
    assert [line.line for line in sheet.lines] == [2]


def test_columns_may_stand_in_any_order_and_others_are_reported(tmp_path):
    header = ["Warna", *reversed(HEADER), "bantuan"]
    (line,) = read_sheet(write(tmp_path / "a.csv", text_of(PLAIN, header=header))).lines
    assert line.cells["decision"] == "Pelanggaran"
    assert read_sheet(tmp_path / "a.csv").extra == ("Warna", "bantuan")


def test_english_headers_and_odd_case_are_read(tmp_path):
    header = [f" {name.upper()} " for name in HEADERS["en"].values()]
    row = {f" {HEADERS['en']['decision'].upper()} ": "none", header[5]: "I-1"}
    sheet = read_sheet(write(tmp_path / "a.csv", text_of(row, header=header)))
    assert sheet.lang == "en"
    assert sheet.lines[0].cells["decision"] == "none"


def test_rows_are_counted_as_a_spreadsheet_shows_them(tmp_path):
    rows = [PLAIN | {"catatan": "dua\nbaris"}, {}, PLAIN]
    sheet = read_sheet(write(tmp_path / "a.csv", text_of(*rows)))
    assert [line.line for line in sheet.lines] == [2, 4]


def test_the_guard_is_taken_off_and_an_apostrophe_of_the_analyst_stays(tmp_path):
    row = PLAIN | {"catatan": "'@akun lagi", "pelaku": "'80-an"}
    (line,) = read_sheet(write(tmp_path / "a.csv", text_of(row))).lines
    assert line.cells["note"] == "@akun lagi"
    assert line.cells["actor"] == "'80-an"


def test_a_row_with_stray_cells_is_marked(tmp_path):
    text = text_of(PLAIN) + ",".join(["x"] * (len(HEADER) + 2)) + "\r\n"
    assert [line.too_long for line in read_sheet(write(tmp_path / "a.csv", text)).lines] == [False, True]


def test_typed_cells_of_a_workbook_are_shown_in_the_language_of_the_sheet(tmp_path):
    row = PLAIN | {"catatan": True, "pelaku": 1.5}
    (line,) = read_sheet(xlsx(tmp_path / "a.xlsx", rows=[row])).lines
    assert (line.cells["note"], line.cells["actor"]) == ("BENAR", "1,5")


def test_a_formula_is_named_and_not_read(tmp_path):
    (line,) = read_sheet(xlsx(tmp_path / "a.xlsx", rows=[PLAIN | {"keputusan": '="bu"&"kan"'}])).lines
    assert line.formulas == {"decision"}
    assert line.cells["decision"] == ""


def refused(path, content=None):
    with pytest.raises(UsageError) as refusal:
        read_sheet(write(path, content) if content is not None else path)
    return str(refusal.value)


@pytest.mark.parametrize("limit", [131_072, 10**9])
def test_a_cell_too_long_is_refused_whatever_limit_the_process_has(tmp_path, limit):
    before = csv.field_size_limit(limit)
    try:
        said = refused(tmp_path / "a.csv", text_of(PLAIN | {"catatan": "x" * 200_000}))
    finally:
        csv.field_size_limit(before)
    assert f"{MAX_CELL_CHARS:,}" in said


def test_files_that_are_no_sheet_are_refused_with_the_next_step(tmp_path):
    path = tmp_path / "a.csv"
    assert "give the path" in refused(tmp_path / "none.csv")
    assert "empty" in refused(path, b"")
    assert "empty" in refused(path, " , \r\n,,\r\n")
    assert "hidden columns" in refused(path, "nama,umur\nSiti,30\n")
    assert "keputusan, jenis, pelaku, id_kejadian" in refused(path, "judul,catatan\na,b\n")
    assert "twice" in refused(path, text_of(PLAIN, header=[*HEADER, "keputusan"]))
    assert "XLSX or CSV" in refused(path, b"\x89PNG\r\n\x1a\n\0\0\1\2\0\0\0")
    assert "cp1252" in refused(path, text_of(PLAIN).encode() + b"\x81\x9d\xff")
    assert "without a password" in refused(path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "not closed" in refused(path, text_of(PLAIN) + '"terbuka,')
    path.write_bytes(b"x" * (MAX_FILE + 1))
    assert "split it" in refused(path)


def repack(path, *, change=None, add=()):
    """The same workbook with one part changed by a function, and parts added."""
    result = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(name, content) if change else content)
        for name, content in add:
            new.writestr(name, content)
    return result.getvalue()


def test_dangerous_workbooks_are_refused_before_they_are_parsed(tmp_path):
    good = xlsx(tmp_path / "good.xlsx")
    path = tmp_path / "bad.xlsx"
    doctype = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'

    def with_doctype(name, content):
        is_sheet = name.endswith("sheet1.xml")
        return re.sub(rb"<worksheet", doctype + b"<worksheet", content, count=1) if is_sheet else content

    def in_utf16(name, content):
        return content.decode().encode("utf-16") if name.endswith("sheet1.xml") else content

    def macros(name, content):
        return content.replace(b"sheet.main", b"sheet.macroEnabled.main") if "Types" in name else content

    assert "document type" in refused(path, repack(good, change=with_doctype))
    assert "UTF-8" in refused(path, repack(good, change=in_utf16))
    assert "macros" in refused(path, repack(good, add=[("xl/vbaProject.bin", b"x")]))
    assert "macros" in refused(path, repack(good, change=macros))
    assert "to 1" in refused(path, repack(good, add=[("xl/media/a.xml", b" " * 5_000_000)]))
    assert "Split" in refused(path, repack(good, add=[(f"xl/{n}.txt", b"") for n in range(1_100)]))
    assert "XLSB" in refused(path, repack(good, add=[("xl/workbook.bin", b"x")]))
    assert "no spreadsheet" in refused(path, _zip({"a.txt": b"x"}))
    ods = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}
    locked = {"META-INF/manifest.xml": b"<manifest:encryption-data/>"}
    assert "without one" in refused(path, _zip(ods | locked))
    assert "empty" in refused(path, _zip(ods | {"META-INF/manifest.xml": b"<x/>"}))
    assert "damaged" in refused(path, good.read_bytes()[:-900])
    assert "cannot be read" in refused(
        path, repack(good, change=lambda n, c: c[:-40] if "sheet1" in n else c)
    )


def _zip(parts):
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return result.getvalue()


def test_a_lie_about_the_unpacked_size_does_not_help(tmp_path):
    packed = bytearray(repack(xlsx(tmp_path / "good.xlsx"), add=[("xl/media/a.xml", b" " * 5_000_000)]))
    # The size stands in the directory at the end; a bomb may claim to be small there.
    place = packed.rfind(b"xl/media/a.xml") - 46
    assert packed[place : place + 4] == b"PK\x01\x02"
    packed[place + 24 : place + 28] = (1000).to_bytes(4, "little")
    assert "damaged" in refused(tmp_path / "bad.xlsx", bytes(packed))
    packed[place + 24 : place + 28] = (MAX_UNPACKED + 1).to_bytes(4, "little")
    assert "would unpack" in refused(tmp_path / "bad.xlsx", bytes(packed))


def test_rows_far_below_cost_nothing(tmp_path):
    def far(name, content):
        if not name.endswith("sheet1.xml"):
            return content
        return content.replace(b'<row r="2"', b'<row r="99999999999"')

    good = xlsx(tmp_path / "good.xlsx")
    assert read_sheet(write(tmp_path / "a.xlsx", repack(good, change=far))).lines == ()


def test_the_kind_is_told_by_the_content(tmp_path):
    cells = [sheet_row(row_with("@akun"), publishers={}, standing={}, lang="id")]
    write_workbook(tmp_path / "a.csv", cells, lang="id")
    write_sheet(tmp_path / "a.xlsx", cells, lang="id", separator=";")
    assert read_sheet(tmp_path / "a.csv").kind == "xlsx"
    assert read_sheet(tmp_path / "a.xlsx").kind == "csv"
    assert read_sheet(tmp_path / "a.csv").lines[0].cells == read_sheet(tmp_path / "a.xlsx").lines[0].cells
    assert ROW.incident.incident_id == read_sheet(tmp_path / "a.csv").lines[0].cells["incident_id"]
