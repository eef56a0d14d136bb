"""The national picture as tables: every figure with its counts, in the words of two languages."""

import csv
from datetime import date
from pathlib import Path

from review.national import Table, tables_of, write_table
from review.national_words import NATIONAL
from store.national import MonthCounts, Picture, Rate, RegionCounts, Waiting


def make_region(name: str, *, items: int, sources: int = 1, rate: Rate | None = None) -> RegionCounts:
    waiting = (Waiting(30, 4, 3), Waiting(60, 0, 0), Waiting(90, 0, 0))
    return RegionCounts(name, items, 2, 5, rate, 4, waiting, 1, 0, 1, sources, sources)


PICTURE = Picture(
    since=date(2024, 9, 1),
    until=date(2024, 12, 1),
    whole=make_region("", items=1_099, rate=Rate(1.82, 0.5, 6.6)),
    provinces=(
        make_region("Aceh", items=99),
        make_region("Bali", items=1_000, sources=0),
        make_region("", items=0),
    ),
    regencies=(make_region("Kota Banda Aceh, Aceh", items=0),),
    months=(MonthCounts("2024-09", 4, 5, {"camat_lurah": 4}, {"team": 1, "banner": 2}),),
)


def test_both_languages_have_the_same_words_and_none_speaks_of_guilt() -> None:
    assert NATIONAL["id"].keys() == NATIONAL["en"].keys()
    told = " ".join((*NATIONAL["id"].values(), *NATIONAL["en"].values())).lower()
    for word in ("bersalah", "pelaku ", "terbukti melanggar", "guilty", "offender"):
        assert word not in told


def test_a_rate_of_few_texts_is_none_and_says_so() -> None:
    provinces, regencies, months, gaps = tables_of(PICTURE, "id")
    rows = [dict(zip(provinces.header, row, strict=True)) for row in provinces.rows]
    assert [row["wilayah"] for row in rows] == ["Aceh", "Bali", "tanpa wilayah", "Seluruh Indonesia"]
    assert (rows[0]["ditandai per 1.000"], rows[0]["batas bawah 95%"]) == ("terlalu sedikit", "")
    assert (rows[3]["ditandai per 1.000"], rows[3]["batas atas 95%"]) == ("1,8", "6,6")
    open_share = {
        key: value for key, value in rows[0].items() if key.startswith("belum ada hasil setelah 30")
    }
    assert list(open_share.values()) == ["3", "75,0", "30,1", "95,4"]
    assert rows[0]["belum ada hasil setelah 60 hari, %"] == ""
    assert regencies.rows[0][0] == "Kota Banda Aceh, Aceh"
    assert months.rows == (
        ("2024-09", "kejadian (dugaan)", "", "4"),
        ("2024-09", "pencegahan", "teks imbauan atau ikrar (batas bawah)", "5"),
        ("2024-09", "dugaan jabatan", "camat/lurah", "4"),
        ("2024-09", "dugaan jenis", "memasang spanduk/baliho", "2"),
        ("2024-09", "dugaan jenis", "masuk tim kampanye", "1"),
    )
    assert gaps.rows == (
        ("Bali", "Bali", "tidak ada sumber"),
        ("Kota Banda Aceh, Aceh", "Aceh", "tidak ada teks dari wilayah ini"),
    )
    assert tables_of(PICTURE, "en")[0].rows[3][3] == "1.8"


def test_no_cell_starts_a_formula_and_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    table = Table("t", ("a", "b"), (("=1+1", "@x\n-y"),))
    write_table(tmp_path / "t.csv", table, separator=";")
    first = (tmp_path / "t.csv").read_bytes()
    write_table(tmp_path / "t.csv", table, separator=";")
    assert first == (tmp_path / "t.csv").read_bytes()
    rows = list(csv.reader(first.decode("utf-8-sig").splitlines(), delimiter=";"))
    assert rows == [["a", "b"], ["'=1+1", "'@x -y"]]
