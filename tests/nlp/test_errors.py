import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.errors import BLANKS, COLUMNS, EXCERPT, TRIGGERS, error_rows, guard, judged_rows, write_errors
from review import sheet
from store.records import UsageError
from tests.nlp.test_evaluate import item, said

EVIDENCE = ("Ia menekan tombol suka.",)
RIGHT = (
    item(
        "right",
        "case",
        types=("engage",),
        process="report",
        position="other_asn",
        stage="post",
        evidence=EVIDENCE,
    ),
    said(0.9, evidence=EVIDENCE),
)
PAIRS = [
    RIGHT,
    (item("fields", "case", types=("banner",), process="rumor", evidence=EVIDENCE), said(0.8)),
    (item("one-field", "case", types=None, process="rumor"), said(0.95)),
    (item("near-miss", "case"), said(0.45)),
    (item("far-miss", "case", deep=True), said(0.05)),
    (item("let-go", "case"), None),
    (item("loud", "none", tag="pledge"), said(0.97)),
    (item("quiet", "related", tag="village"), said(0.51)),
    (item("village", "related", tag="village"), said(0.1)),
    (item("quiet-none", "none", tag="opinion"), None),
]


def read(path):
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_errors_come_worst_first_and_right_answers_not_at_all():
    rows = error_rows(PAIRS, threshold=0.5)
    assert [r["id"] for r in rows] == [
        *("let-go", "loud", "far-miss", "near-miss", "quiet"),
        *("fields", "one-field", "village"),
    ]
    assert [r["error"] for r in rows] == [
        *("missed case: screened out", "false flag", "missed case", "missed case", "false flag"),
        *("wrong fields", "wrong fields", "wrong label"),
    ]


def test_a_row_says_what_was_told_and_what_was_right():
    rows = {r["id"]: r for r in error_rows(PAIRS, threshold=0.5)}
    assert rows["fields"]["wrong_fields"] == "types; process: rumor → report; evidence"
    assert (rows["fields"]["gold_types"], rows["fields"]["said_types"]) == ("banner", "engage")
    assert rows["one-field"]["wrong_fields"] == "process: rumor → report"
    assert (rows["loud"]["gold"], rows["loud"]["tag"], rows["loud"]["said"]) == ("none", "pledge", "case")
    assert (rows["far-miss"]["score"], rows["far-miss"]["threshold"]) == ("0.05", "0.5")
    assert rows["far-miss"]["deep"] == "deep"


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_a_threshold_at_either_end_does_not_break_the_order(threshold):
    assert len(error_rows(PAIRS, threshold=threshold)) == 8


def test_the_file_opens_in_a_spreadsheet_and_starts_no_formula(tmp_path):
    hostile = item("=1+1", "case", text="=HYPERLINK(1)\n\u202e" + "kata " * 100)
    write_errors(tmp_path / "errors.csv", error_rows([(hostile, None)], threshold=0.5))
    (row,) = read(tmp_path / "errors.csv")
    assert tuple(row) == COLUMNS
    assert row["id"] == "'=1+1"
    assert row["text"].startswith("'=HYPERLINK(1) kata")
    assert len(row["text"]) <= EXCERPT + 1
    assert row["text"].endswith("…")
    assert b"\r\n" in (tmp_path / "errors.csv").read_bytes()


def test_a_lone_surrogate_does_not_stop_the_file(tmp_path):
    write_errors(tmp_path / "e.csv", error_rows([(item("\ud800", "case"), None)], threshold=0.5))
    assert len(read(tmp_path / "e.csv")) == 1


def test_a_flag_without_gold_is_to_be_judged_not_called_an_error():
    flag = {"id": "f:1", "kind": "news", "score": 0.7, "types": ["engage"], "title": "T", "evidence": ["E."]}
    (row,) = judged_rows([flag | {"text": "x"}], threshold=0.5)
    assert set(row) == set(COLUMNS)
    assert row["error"].startswith("to judge")
    assert (row["gold"], row["said_evidence"]) == ("", "E.")


def test_cells_are_guarded_as_those_of_the_review_sheet():
    assert (TRIGGERS, BLANKS) == (sheet.TRIGGERS, sheet.BLANKS)


@given(st.text(alphabet=st.one_of(st.sampled_from("=+-@'＝\u00a0\ufeff \tab"), st.characters()), max_size=8))
def test_the_guard_is_that_of_the_review_sheet_for_any_cell(cell):
    assert guard(cell) == sheet.guard(cell)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"missing/e\.csv"):
        write_errors(tmp_path / "missing" / "e.csv", [])
