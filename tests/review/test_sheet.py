import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.sheet import (
    BLANKS,
    MAX_CELL,
    TRIGGERS,
    flatten,
    format_time,
    guard,
    sheet_row,
    unguard,
    write_sheet,
)
from review.words import HEADERS, OUTCOMES, WORDS
from store.records import (
    POSITIONS,
    PROCESSES,
    STAGES,
    TYPES,
    Document,
    Incident,
    Outcome,
    Prediction,
    QueueRow,
)

DOCUMENT = Document(
    doc_id="N-0123456789ab",
    page_id="G-0123456789abcdef",
    source_id="kabar-uji",
    kind="news",
    night=date(2024, 9, 17),
    url="https://kabar.test/a?x=1&y=2",
    canonical_url="https://kabar.test/a?x=1&y=2",
    title='Camat "Anu" diduga ikut deklarasi; warga, lapor',
    text="Isi.",
    author="",
    published_at=datetime(2024, 9, 17, 2, 11, tzinfo=UTC),
    published_precision="minute",
    dateline="",
    language="id",
    pages_expected=1,
    pages_fetched=1,
    extractor="test",
    extractor_version="1",
    text_sha256="ab" * 32,
)
PREDICTION = Prediction(
    doc_id=DOCUMENT.doc_id,
    label="case",
    score=0.9312,
    flagged=True,
    types=("attend_active",),
    stage="post",
    process="rumor",
    position="camat_lurah",
    region="Kabupaten Uji",
    evidence=("Ia naik panggung.", "Warga merekam."),
    model="test-model",
)
INCIDENT = Incident(
    incident_id="I-0123456789ab",
    doc_ids=(DOCUMENT.doc_id,),
    first_night=date(2024, 9, 17),
    region="Kabupaten Uji",
    position="camat_lurah",
    types=("attend_active",),
    process="rumor",
    score=0.9312,
    n_copies=1,
)
ROW = QueueRow(INCIDENT, DOCUMENT, PREDICTION, ("kabar-uji", "lain"), 3)


def row_with(title: str, *, evidence: str = "Kalimat.") -> QueueRow:
    return replace(
        ROW,
        document=replace(DOCUMENT, title=title),
        prediction=replace(PREDICTION, evidence=(evidence,)),
    )


def read_cells(path: Path, separator: str = ",") -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def write(path: Path, *rows: QueueRow, lang: str = "id", separator: str = ",") -> Path:
    publishers = {"kabar-uji": "Kabar Uji"}
    cells = [sheet_row(r, publishers=publishers, standing={}, lang=lang) for r in rows]  # type: ignore[arg-type]  # a parametrized language
    write_sheet(path, cells, lang=lang, separator=separator)  # type: ignore[arg-type]  # a parametrized language
    return path


def test_sheet_is_what_excel_under_an_indonesian_locale_opens(tmp_path):
    path = write(tmp_path / "a.csv", ROW, separator=";")
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == 2
    header, cells = read_cells(path, ";")
    row = dict(zip(header, cells, strict=True))
    assert header[:5] == ["keputusan", "jenis", "pelaku", "catatan", "peninjau"]
    assert [row[name] for name in header[:5]] == [""] * 5
    assert row["id_kejadian"] == "I-0123456789ab"
    assert (row["jumlah_artikel"], row["jumlah_salinan"]) == ("3", "1")
    assert row["waktu_terbit"] == "2024-09-17 09:11 WIB"
    assert row["sumber"] == "Kabar Uji; lain"
    assert row["bukti"] == "Ia naik panggung. … Warga merekam."
    assert row["dugaan_jenis"] == "dugaan: hadir dan aktif dalam deklarasi/kampanye"
    assert row["skor_persen"] == "93"


def test_the_english_sheet_has_english_headers_and_words(tmp_path):
    header, cells = read_cells(write(tmp_path / "a.csv", ROW, lang="en"))
    row = dict(zip(header, cells, strict=True))
    assert row["alleged_types"] == "alleged: active at a declaration or campaign"


def test_same_rows_give_the_same_bytes(tmp_path):
    assert write(tmp_path / "a.csv", ROW).read_bytes() == write(tmp_path / "b.csv", ROW).read_bytes()


def test_an_empty_night_gives_a_sheet_with_headers(tmp_path):
    assert read_cells(write(tmp_path / "a.csv")) == [list(HEADERS["id"].values())]


@given(st.text())
def test_guard_can_be_undone_and_leaves_no_formula(cell):
    guarded = guard(cell)
    assert unguard(guarded) == cell
    assert guarded.lstrip(BLANKS)[:1] not in TRIGGERS - {"'"}


@pytest.mark.parametrize("trigger", sorted(TRIGGERS))
def test_every_trigger_is_guarded_in_every_text_column(tmp_path, trigger):
    hostile = f'{trigger}HYPERLINK("https://canary.test","x")'
    header, cells = read_cells(write(tmp_path / "a.csv", row_with(hostile, evidence=f"\u00a0{hostile}")))
    for name, cell in zip(header, cells, strict=True):
        assert cell.lstrip(BLANKS)[:1] not in TRIGGERS - {"'"}, name


def test_line_breaks_in_a_crawled_text_cannot_open_a_new_row(tmp_path):
    path = write(tmp_path / "a.csv", row_with('x"\r\n=1+1,"\n@SUM(1)'))
    assert len(read_cells(path)) == 2


@given(st.text())
def test_flatten_gives_one_short_printable_line(text):
    line = flatten(text)
    assert len(line) <= MAX_CELL
    assert not line or line.isprintable()


def test_a_day_without_hour_is_shown_without_hour():
    assert format_time(replace(DOCUMENT, published_precision="day")) == "2024-09-17"
    assert format_time(replace(DOCUMENT, published_at=None)) == ""


@pytest.mark.parametrize("lang", ["id", "en"])
def test_every_codebook_value_has_a_word(lang):
    values = {*TYPES, *STAGES, *PROCESSES, *POSITIONS}
    assert values == set(WORDS[lang])
    assert set(OUTCOMES[lang]) == {str(o) for o in Outcome}


def test_no_word_states_guilt_or_a_sanction_as_ours():
    for words in WORDS.values():
        assert not [w for w in words.values() if "bersalah" in w or "guilty" in w]


def test_a_text_out_of_an_archive_says_so(tmp_path):
    for origin, lang, sources in (
        ("import", "id", "Kabar Uji; lain (dari arsip)"),
        ("walk", "en", "Kabar Uji; lain (from lists of past days)"),
    ):
        _, cells = read_cells(write(tmp_path / "a.csv", replace(ROW, origin=origin), lang=lang))
        assert sources in cells
