"""A desk's list of tips: what is read, what is named as wrong, and files made to hurt."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from review import tips as reading
from review.tips import hide_reporter, read_tips, told_tips
from review.tips_words import ACCEPTED, HEADERS, LINES, OUTCOME_WORDS, PROBLEMS
from store.records import UsageError

NOW = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)
HEAD = list(HEADERS["id"].values())
GOOD = {
    "id_tips": "LP-2026/014",
    "waktu_terima": "04/03/2026 09.11 WITA",
    "teks": "Camat hadir di deklarasi paslon.\nIa naik ke panggung.",
    "tempat": "Tallo, Kota Makassar",
    "tautan": "",
    "izin_simpan": "Ya",
    "izin_hubungi": "tidak",
    "simpan_sampai": "2026-09-04",
}


def as_csv(*rows: dict[str, str], separator: str = ",", encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO()
    head = list(dict.fromkeys([*HEAD, *(name for row in rows for name in row)]))
    made = csv.DictWriter(out, head, delimiter=separator, restval="")
    made.writeheader()
    made.writerows(rows)
    return out.getvalue().encode(encoding)


def put(folder: Path, content: bytes) -> Path:
    path = folder / "tips.csv"
    path.write_bytes(content)
    return path


def wrong(folder: Path, **cells: str) -> list[str]:
    told = read_tips(put(folder, as_csv(GOOD | cells)), now=NOW)
    assert told.tips == ()
    return told_tips(told, {}, "id")[1]


def test_every_word_is_there_in_both_languages() -> None:
    for words in (HEADERS, ACCEPTED, PROBLEMS, OUTCOME_WORDS, LINES):
        assert list(words["id"]) == list(words["en"])
        assert all(words[lang][name] for lang in ("id", "en") for name in words[lang])  # type: ignore[index]  # each table has its own keys
    assert set(ACCEPTED["id"]) == set(HEADERS["id"])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_row_is_read_whatever_wrote_the_file(tmp_path: Path, separator: str, encoding: str) -> None:
    told = read_tips(put(tmp_path, as_csv(GOOD, separator=separator, encoding=encoding)), now=NOW)
    (tip,) = told.tips
    assert (told.faults, told.refused, told.extra, told.reporter_columns) == ((), (), (), ())
    assert (tip.line, tip.tip_id, tip.received) == (2, "LP-2026/014", "2026-03-04T09:11:00+08:00")
    assert (tip.text, tip.place, tip.link) == (GOOD["teks"], GOOD["tempat"], "")
    assert (tip.terms.may_contact, tip.terms.keep_until) == (False, date(2026, 9, 4))


def test_a_workbook_with_typed_cells_and_english_headers_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(HEADERS["en"].values()))
    row = [14, datetime(2026, 3, 4, 9, 11), "Lurah mengajak.", "", "https://a.test/b", "yes", "no"]  # noqa: DTZ001 - a spreadsheet knows no zone
    sheet.append([*row, date(2026, 9, 4)])
    sheet.append([15, "2026-03-04", "=1+1", "", "", "yes", "no", "2026-09-04"])
    book.save(tmp_path / "tips.xlsx")
    told = read_tips(tmp_path / "tips.xlsx", now=NOW)
    (tip,) = told.tips
    assert (tip.tip_id, tip.received, tip.link) == ("14", "2026-03-04T09:11:00+07:00", "https://a.test/b")
    assert [(fault.line, fault.problem, fault.column) for fault in told.faults] == [(3, "formula", "text")]


@pytest.mark.parametrize(
    ("cell", "received"),
    [
        ("2026-03-04", "2026-03-04"),
        ("4/3/2026", "2026-03-04"),
        ("2026-03-04 23:59:58", "2026-03-04T23:59:00+07:00"),
        ("2026-03-04T09:11Z", "2026-03-04T09:11:00+00:00"),
        ("2026-03-04 09:11 -03:30", "2026-03-04T09:11:00-03:30"),
    ],
)
def test_times_have_one_reading(tmp_path: Path, cell: str, received: str) -> None:
    (tip,) = read_tips(put(tmp_path, as_csv(GOOD | {"waktu_terima": cell})), now=NOW).tips
    assert tip.received == received


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("id_tips", value) for value in ("", "=1+1", "-1", "a b", "é", "x" * 65)),
        *(("waktu_terima", value) for value in ("", "kemarin", "31/02/2026", "2026-03-04 25:00")),
        *(("waktu_terima", value) for value in ("05/03/2026 10:01", "2026-03-06", "2026-03-04 09:11 +99:00")),
        ("waktu_terima", "0001-01-01 00:00 +23:59"),
        ("teks", "  "),
        ("tempat", "x" * 201),
        *(("tautan", value) for value in ("javascript:alert(1)", "a.test/b", "http://", "http://[")),
        ("tautan", "https://a.test/" + "x" * 2000),
        *(("izin_simpan", value) for value in ("", "y", "1", "BENAR")),
        ("izin_hubungi", "mungkin"),
        *(("simpan_sampai", value) for value in ("", "selamanya", "2026-03-03", "2026-13-01")),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_with_line_column_and_what_is_accepted(
    tmp_path: Path, column: str, value: str
) -> None:
    (problem,) = wrong(tmp_path, **{column: value})
    name = {header: name for name, header in HEADERS["id"].items()}[column]
    assert problem.startswith(f"baris 2, {column} ")
    assert problem.endswith(f": yang diterima: {ACCEPTED['id'][name]}")
    assert len(problem) < 300


def test_of_a_row_without_consent_nothing_but_its_number_is_read(tmp_path: Path) -> None:
    no = {"izin_simpan": "TIDAK", "waktu_terima": "?", "teks": "", "simpan_sampai": "", "izin_hubungi": ""}
    told = read_tips(put(tmp_path, as_csv(GOOD | no, GOOD | no | {"id_tips": "="})), now=NOW)
    assert (told.tips, told.faults, told.refused) == ((), (), ("LP-2026/014", ""))


def test_one_number_with_two_contents_is_refused_and_consent_taken_back_is_heard(tmp_path: Path) -> None:
    rows = [
        GOOD | {"id_tips": "A"},
        GOOD | {"id_tips": "A"},
        GOOD | {"id_tips": "B"},
        GOOD | {"id_tips": "B", "teks": "lain"},
        GOOD | {"id_tips": "C"},
        GOOD | {"id_tips": "C", "izin_simpan": "tidak"},
    ]
    told = read_tips(
        put(tmp_path, as_csv(*(row | {"teks": row["teks"].split("\n")[0]} for row in rows))), now=NOW
    )
    assert ([tip.tip_id for tip in told.tips], told.repeated, told.refused) == (["A"], 1, ("C",))
    assert [(fault.line, fault.other) for fault in told.faults] == [(4, 5), (5, 4), (6, 7)]


def test_what_the_list_says_of_its_reporter_is_known_by_its_header_alone(tmp_path: Path) -> None:
    row = GOOD | {"Nama Pelapor": "Rina Wulandari", "No HP": "0812 3456 7890", "prioritas": "tinggi"}
    told = read_tips(put(tmp_path, as_csv(row)), now=NOW)
    assert told.tips[0].reporter == ("Rina Wulandari", "0812 3456 7890")
    assert told_tips(told, {"new": 1}, "id")[1] == [
        "kolom tentang pelapor, tidak disimpan: Nama Pelapor, No HP",
        "kolom yang tidak dikenal dan tidak dibaca: prioritas",
    ]
    assert "prioritas" not in repr(told.tips)


@pytest.mark.parametrize(
    ("reporter", "text", "hidden"),
    [
        (
            "Hj. Rina Wulandari, S.E.",
            "Saya, rina wulandari, melihat.",
            "Saya, [identitas disamarkan], melihat.",
        ),
        (
            "0812-3456-7890",
            "WA +62 812 3456 7890 atau 081234567890.",
            "WA [identitas disamarkan] atau [identitas disamarkan].",
        ),
        ("rina@surat.test", "Tulis ke RINA@surat.test saja", "Tulis ke [identitas disamarkan] saja"),
        ("Warga", "Warga melihat camat.", "Warga melihat camat."),
        ("Ani", "Ani melihat camat.", "Ani melihat camat."),
        ("12345", "Nomor 12345.", "Nomor 12345."),
    ],
)
def test_a_reporter_is_taken_out_of_the_text(reporter: str, text: str, hidden: str) -> None:
    assert hide_reporter(text, [reporter]) == hidden
    assert hide_reporter(hidden, [reporter]) == hidden


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"id_tips,teks\nA,b\n", "without the columns waktu_terima, izin_simpan"),
        (b"\xff\xfe\x00", "no utf-16 text"),
        (b"id_tips,\0", "no text"),
        (as_csv(GOOD).replace(b"\r\n", b",id_tips\r\n", 1), "stands there twice"),
        (as_csv(GOOD | {"teks": "x" * 10_000_000}), "longer than 32,767"),
        (as_csv(GOOD) + b'B,"tak ditutup', "a quote is not closed"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "old XLS"),
    ],
    ids=["empty", "columns", "cut", "nul", "twice", "cell", "quote", "xls"],
)
def test_a_file_made_to_hurt_is_refused_whole_with_a_next_step(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        read_tips(put(tmp_path, content), now=NOW)


def test_a_file_with_too_many_rows_or_bytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_LINES", 3)
    rows = [GOOD | {"id_tips": f"T-{number}"} for number in range(4)]
    assert len(read_tips(put(tmp_path, as_csv(*rows[:3])), now=NOW).tips) == 3
    with pytest.raises(UsageError, match="more than 3 rows; split it"):
        read_tips(put(tmp_path, as_csv(*rows)), now=NOW)
    # Sparse: no such file lies on the disk.
    with (tmp_path / "tips.csv").open("wb") as file:
        file.truncate(50_000_001)
    with pytest.raises(UsageError, match="larger than 50,000,000 bytes"):
        read_tips(tmp_path / "tips.csv", now=NOW)
    with pytest.raises(UsageError, match="the path of the list of tips"):
        read_tips(tmp_path / "tidak-ada.csv", now=NOW)


def test_a_nul_inside_utf_16_and_a_stray_separator_harm_nobody_else(tmp_path: Path) -> None:
    stray = as_csv(GOOD | {"id_tips": "A", "teks": "a\0b"}, encoding="utf-16-le")
    more = ("B,,,,,,,,lebih\r\n" + as_csv(GOOD).decode("utf-8-sig").split("\r\n", 1)[1]).encode("utf-16-le")
    told = read_tips(put(tmp_path, b"\xff\xfe" + stray + more), now=NOW)
    assert [tip.text for tip in told.tips] == ["ab", GOOD["teks"]]
    assert [(fault.line, fault.problem) for fault in told.faults] == [(3, "too_long")]
