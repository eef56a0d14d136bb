"""Sheets that LibreOffice opened, edited and saved come back with every decision and without a formula."""

import zipfile
from pathlib import Path

import pytest

from review.cells import days_in
from review.sheet import TRIGGERS, sheet_row, write_sheet
from review.sheet_read import read_sheet
from review.words import HEADERS, WORDS
from review.workbook import LISTS_NAME, write_workbook
from tests.conftest import needs_program
from tests.review.office import FILTERS, Job, edit
from tests.review.test_sheet import ROW, row_with

LOCALES = ("id-ID", "en-US")
HOSTILE = [f'{t}HYPERLINK("https://canary.test","x")' for t in sorted(TRIGGERS - {"\0"})]
CELLS = [
    sheet_row(row, publishers={}, standing={}, lang="id")
    for row in (ROW, row_with("@akun '90-an, _x0041_"), *map(row_with, HOSTILE))
]
TYPED = (
    ("keputusan", 1, "pelanggaran"),
    ("jenis", 1, WORDS["id"]["mobilise"]),
    ("pelaku", 1, "1,5"),
    ("catatan", 1, "17/09/2024"),
    ("peninjau", 1, "Siti Lontara"),
    ("keputusan", 2, "Bukan"),
    ("catatan", 2, "benar"),
    ("keputusan", 3, "ragu"),
    ("catatan", 3, '+62 812; =lihat "sini", \'kan'),
)


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both formats, typed into under both locales and saved in all three formats."""
    folder = tmp_path_factory.mktemp("office")
    write_sheet(folder / "out.csv", CELLS, lang="id", separator=";")
    write_workbook(folder / "out.xlsx", CELLS, lang="id")
    for locale in LOCALES:
        jobs = [
            Job(folder / f"out.{form}", folder / f"{locale}-{form}.{kind}", TYPED)
            for form in ("csv", "xlsx")
            for kind in FILTERS
        ]
        edit(jobs, locale=locale, profile=folder / "profile")
    return folder


@needs_program("soffice", package="libreoffice-calc")
@pytest.mark.parametrize("kind", list(FILTERS))
@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_lost_in_libreoffice(edited: Path, locale: str, form: str, kind: str) -> None:
    path = edited / f"{locale}-{form}.{kind}"
    sheet = read_sheet(path)
    assert (sheet.kind, sheet.lang, sheet.extra) == (kind, "id", ())
    assert [line.line for line in sheet.lines] == list(range(2, 2 + len(CELLS)))
    said = [[line.cells[n] for n in ("decision", "decided_type", "note")] for line in sheet.lines[:3]]
    # Under an Indonesian locale the word "benar" is a truth value, unless the cell is formatted as text.
    truth = "BENAR" if (locale, form) == ("id-ID", "csv") else "benar"
    assert said == [
        ["pelanggaran", WORDS["id"]["mobilise"], "17/09/2024"],
        ["Bukan", "", truth],
        ["ragu", "", '+62 812; =lihat "sini", \'kan'],
    ]
    assert (sheet.lines[0].cells["actor"], sheet.lines[0].cells["reviewer"]) == ("1,5", "Siti Lontara")
    for line, wrote in zip(sheet.lines, CELLS, strict=True):
        assert not line.formulas
        for name, header in HEADERS["id"].items():
            if name == "night":
                assert days_in(line.cells[name]) & days_in(wrote[header])
            elif not any(header == typed and line.line == row + 1 for typed, row, _ in TYPED):
                assert line.cells[name] == wrote[header], name
    if kind != "csv":
        with zipfile.ZipFile(path) as package:
            parts = [package.read(name) for name in package.namelist() if name.endswith(".xml")]
        assert not [part for part in parts if b"<f>" in part or b"<f " in part or b"table:formula=" in part]
        if form == "xlsx":
            # The lists for the next analyst are still there.
            assert any(LISTS_NAME.encode() in part and b"pelanggaran" in part for part in parts) or any(
                b"alidation" in part for part in parts
            )
