"""No export starts a formula: every trigger in every column, opened by LibreOffice (S9; ASVS 1.2.10)."""

import csv
import io
import re
import subprocess
import zipfile
from itertools import product
from pathlib import Path

import pytest

from nlp.errors import COLUMNS, write_errors
from nlp.items import Item
from nlp.label_check import Suspect, write_suspects
from review.sheet import BLANKS, TRIGGERS, flatten, sheet_row, write_sheet
from review.words import HEADERS
from review.workbook import write_workbook
from tests.conftest import needs_program
from tests.review.test_sheet import ROW

#: What every cell in which a trigger stands would do.
FORMULA = 'HYPERLINK("https://canary.test","kenari")'
#: Before the trigger: nothing, and blanks that spreadsheets skip.
LEADS = ("", " ", "\u00a0", "\u3000")
ATTACKS = [
    *(lead + trigger + FORMULA for trigger, lead in product(sorted(TRIGGERS - {"'"}), LEADS)),
    *("=cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "-1+1", "+62811=1", "=1+1;=1+1,=1+1"),
]


def starts_a_formula(cell: str) -> bool:
    return cell.lstrip(BLANKS)[:1] in TRIGGERS - {"'"} and cell != ""


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file that Netra writes for a spreadsheet, with every attack in every column."""
    folder = tmp_path_factory.mktemp("ekspor")
    headers = list(HEADERS["id"].values())
    calm = sheet_row(ROW, publishers={}, standing={}, lang="id")
    rows = [calm | {header: flatten(attack)} for header, attack in product(headers, ATTACKS)]
    for name, separator in (("comma", ","), ("semicolon", ";")):
        write_sheet(folder / f"{name}.csv", rows, lang="id", separator=separator)  # type: ignore[arg-type]  # a literal of the loop
    write_workbook(folder / "book.xlsx", rows, lang="id")
    write_errors(folder / "errors.csv", [dict.fromkeys(COLUMNS, attack) for attack in ATTACKS])
    items = [Item(id=attack, kind="news", title=attack, text=attack, label=attack) for attack in ATTACKS]
    write_suspects(folder / "suspects.csv", [Suspect(item, item.id, 0.5) for item in items])
    return folder


def read_cells(path: Path, separator: str) -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))


def test_no_cell_of_any_file_starts_a_formula(exports: Path) -> None:
    columns = len(HEADERS["id"])
    for name, separator, rows in (
        ("comma", ",", columns * len(ATTACKS)),
        ("semicolon", ";", columns * len(ATTACKS)),
        ("errors", ",", len(ATTACKS)),
        ("suspects", ",", len(ATTACKS)),
    ):
        cells = read_cells(exports / f"{name}.csv", separator)
        assert len(cells) == 1 + rows, name
        assert len({len(row) for row in cells}) == 1, name
        assert [cell for row in cells for cell in row if starts_a_formula(cell)] == [], name
        # None got lost: the attack stands there, as text.
        assert sum(FORMULA in cell for row in cells for cell in row) >= rows * 0.8, name


def test_no_cell_of_the_workbook_is_anything_but_text(exports: Path) -> None:
    with zipfile.ZipFile(exports / "book.xlsx") as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    cells = re.findall(r"<c [^>]*?(?:/>|>.*?</c>)", sheet)
    assert len(cells) == len(HEADERS["id"]) * (1 + len(HEADERS["id"]) * len(ATTACKS))
    assert [cell for cell in cells if "<f" in cell or ("<v>" in cell and 't="s"' not in cell)] == []


@needs_program("soffice", package="libreoffice-calc")
def test_libreoffice_finds_no_formula_in_any_file(exports: Path, tmp_path: Path) -> None:
    # 44/59: the separator, 34: double quote, 76: UTF-8; "evaluate formulas" as in its import dialogue.
    runs = {
        "CSV:44,34,76,1,,0,false,true": ("comma.csv", "errors.csv", "suspects.csv"),
        "CSV:59,34,76,1,,0,false,true": ("semicolon.csv",),
        "Calc MS Excel 2007 XML": ("book.xlsx",),
    }
    for filter_name, names in runs.items():
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile"]
        command += [f"--infilter={filter_name}", "--convert-to", "fods", "--outdir", str(tmp_path)]
        command += [str(exports / name) for name in names]
        subprocess.run(command, check=True, capture_output=True, timeout=240)
        for name in names:
            opened = (tmp_path / Path(name).with_suffix(".fods").name).read_text(encoding="utf-8")
            assert "table:formula" not in opened, name
            assert opened.count("canary.test") >= len(ATTACKS) - 5, name
