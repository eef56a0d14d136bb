"""The workbook: text cells, locks, lists, hidden ids; the same rows give the same bytes."""

import zipfile
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.sheet import MAX_CELL, TRIGGERS, flatten, sheet_row, write_sheet
from review.sheet_read import read_sheet
from review.words import DECISION_WORDS, HEADERS, SHARED_MARK, WORDS, shared_headers
from review.workbook import ANALYST, HIDDEN, LISTS_NAME, write_workbook
from store.records import TYPES
from tests.review.test_sheet import INCIDENT, ROW, row_with


def cells_of(*rows, lang="id"):
    return [sheet_row(row, publishers={"kabar-uji": "Kabar Uji"}, standing={}, lang=lang) for row in rows]


def test_same_rows_give_the_same_bytes(tmp_path):
    write_workbook(tmp_path / "a.xlsx", cells_of(ROW), lang="id")
    write_workbook(tmp_path / "b.xlsx", cells_of(ROW), lang="id")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert [p.name for p in tmp_path.iterdir() if "partial" in p.name] == []


@pytest.mark.parametrize("lang", ["id", "en"])
def test_an_analyst_can_fill_in_the_first_columns_and_nothing_else(tmp_path, lang):
    write_workbook(tmp_path / "a.xlsx", cells_of(ROW, ROW, lang=lang), lang=lang)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet = book.worksheets[0]
    assert sheet.freeze_panes == "B2"
    assert sheet.protection.sheet
    assert not sheet.protection.password
    header = [cell.value for cell in sheet[1]]
    assert header == list(HEADERS[lang].values())
    names = list(HEADERS[lang])
    assert names[: len(ANALYST)] == list(ANALYST)
    for name, cell in zip(names, sheet[2], strict=True):
        assert cell.protection.locked is (name not in ANALYST), name
        assert cell.alignment.wrap_text
        assert cell.number_format == "@"
        assert cell.data_type in {"s", "n"}
        assert cell.hyperlink is None
        assert sheet.column_dimensions[cell.column_letter].hidden is (name in HIDDEN), name
    lists = {str(v.sqref): v for v in sheet.data_validations.dataValidation}
    assert set(lists) == {"A2:A3", "B2:B3"}
    assert lists["A2:A3"].formula1 == f"'{LISTS_NAME}'!$A$1:$A$3"
    hidden = book[LISTS_NAME]
    assert hidden.sheet_state == "hidden"
    assert [c.value for c in hidden["A"] if c.value] == list(DECISION_WORDS[lang].values())
    assert [c.value for c in hidden["B"]] == [WORDS[lang][name] for name in TYPES]


def test_people_outside_find_nothing_hidden_and_nothing_to_fill_in(tmp_path):
    cells = [row | {SHARED_MARK["id"]: "nama disamarkan"} for row in cells_of(ROW)]
    write_workbook(tmp_path / "a.xlsx", cells, lang="id", shared=True)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    (sheet,) = book.worksheets
    assert [cell.value for cell in sheet[1]] == list(shared_headers("id").values())
    assert not sheet.data_validations.dataValidation
    for cell in sheet[2]:
        assert cell.protection.locked
        assert not sheet.column_dimensions[cell.column_letter].hidden


def test_nothing_in_the_file_is_a_formula_or_a_link(tmp_path):
    hostile = [row_with(f'{t}HYPERLINK("https://canary.test","x")') for t in sorted(TRIGGERS)]
    write_workbook(tmp_path / "a.xlsx", cells_of(ROW, *hostile), lang="id")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as package:
        assert not [name for name in package.namelist() if "vba" in name.lower()]
        for name in package.namelist():
            content = package.read(name)
            assert b"<f>" not in content, name
            assert b"<hyperlink" not in content, name
            assert b"External" not in content, name


def test_a_workbook_without_rows_opens(tmp_path):
    write_workbook(tmp_path / "a.xlsx", [], lang="id")
    assert read_sheet(tmp_path / "a.xlsx").lines == ()


TEXT = st.text(max_size=80) | st.text(alphabet="=+-@'\t\r\n ＝＠x00_5FDAB;,\"\u00a0", max_size=20)


@settings(max_examples=60, deadline=None)
@given(title=TEXT, evidence=TEXT, form=st.sampled_from([",", ";", "xlsx"]))
def test_what_was_written_is_read_again_by_both_formats(tmp_path_factory, title, evidence, form):
    row = row_with(title, evidence=evidence)
    path = tmp_path_factory.mktemp("round") / "sheet"
    cells = cells_of(row)
    if form == "xlsx":
        write_workbook(path, cells, lang="id")
    else:
        write_sheet(path, cells, lang="id", separator=form)
    (line,) = read_sheet(path).lines
    assert {HEADERS["id"][name]: cell for name, cell in line.cells.items()} == cells[0]
    assert line.cells["evidence"] == flatten(evidence)
    assert not line.formulas


def test_the_longest_cell_comes_back_whole(tmp_path):
    row = replace(row_with("x" * 10 * MAX_CELL), incident=INCIDENT)
    write_workbook(tmp_path / "a.xlsx", cells_of(row), lang="id")
    (line,) = read_sheet(tmp_path / "a.xlsx").lines
    assert len(line.cells["title"]) == MAX_CELL
