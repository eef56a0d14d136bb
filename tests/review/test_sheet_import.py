"""A sheet that came back: every row gets its verdict, good rows go in once, nothing is overwritten."""

import csv
import io
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from review.sheet import sheet_row, write_sheet
from review.sheet_check import COMPARED, MAX_NOTE, read_decision, read_types
from review.sheet_import import ImportReport, compare_sheet, import_sheet, keep_file, origin_of, told_lines
from review.sheet_read import SheetFile, read_sheet
from review.sheet_words import LINES, OUTCOME_WORDS, PROBLEMS, Problem
from review.words import DECISION_WORDS, HEADERS, WORDS
from review.workbook import write_workbook
from store.chain import check_chain
from store.db import reading
from store.decisions import DECISIONS, ERASED, Decision
from store.erasure import erase_texts
from store.labels import append_event, current_labels, events_of, latest_events, undo_event
from store.queue import QueueFilter, queue_rows
from store.records import TYPES, State, UsageError
from store.reviewers import add_reviewer, list_reviewers
from store.schema import documents, incidents, predictions
from tests.store.samples import NIGHT, put_grouped

NOW = datetime(2024, 9, 18, 2, 0, tzinfo=UTC)
ID = HEADERS["id"]
#: Two persons of the review team and one who may only read; invented.
SITI, BUDI, READER = "Siti Lontara", "Budi Uji", "Tamu Baca"


@pytest.fixture
def desk(engine: Engine) -> Engine:
    """Five incidents and the reviewers."""
    put_grouped(engine, 1, 2, 3, 4, 5)
    with engine.begin() as conn:
        for name, role in ((SITI, "reviewer"), (BUDI, "admin"), (READER, "reader")):
            add_reviewer(conn, name=name, role=role, password_hash="", at=NOW)
    return engine


def exported(engine: Engine, lang: str = "id") -> list[dict[str, str]]:
    with reading(engine) as conn:
        rows = queue_rows(conn, queue="incident", until=NIGHT, filters=QueueFilter())
        names = {reviewer.reviewer_id: reviewer.name for reviewer in list_reviewers(conn)}
        standing = {e.incident_id: (e, names[e.reviewer]) for e in latest_events(conn)}
    return [sheet_row(row, publishers={}, standing=standing, lang=lang) for row in rows]  # type: ignore[arg-type]  # a parametrized language


def back(path: Path, rows: list[dict[str, str]], lang: str = "id") -> SheetFile:
    write_sheet(path, rows, lang=lang, separator=";")  # type: ignore[arg-type]  # a parametrized language
    return read_sheet(path)


def take(engine: Engine, sheet: SheetFile, folder: Path, **changes: object) -> ImportReport:
    values = {"reviewer": "", "at": NOW, "all_or_nothing": False, "keep_in": folder / "kept", "lang": "id"}
    return import_sheet(engine, sheet, **(values | changes))  # type: ignore[arg-type]  # one dict for all


def outcomes(report: ImportReport) -> list[tuple[int, str, str | None]]:
    return [(v.line, v.outcome, v.problem) for v in report.verdicts]


def standing(engine: Engine) -> dict[str, Decision | None]:
    with reading(engine) as conn:
        assert check_chain(conn) == ""
        return {incident_id: event.new for incident_id, event in current_labels(conn).items()}


def test_decisions_go_in_once_and_close_their_incidents(desk, tmp_path):
    rows = exported(desk)
    rows[0] |= {"keputusan": " PELANGGARAN ", "jenis": f"{WORDS['id']['mobilise']}; memasang spanduk/baliho"}
    rows[0] |= {"pelaku": "Camat/Lurah", "catatan": "@akun\nbaris dua", "peninjau": "siti  lontara"}
    rows[1] |= {"keputusan": "bukan", "peninjau": BUDI}
    rows[2] |= {"keputusan": "Ragu", "catatan": "+62 perlu dicek"}
    sheet = back(tmp_path / "a.csv", rows)
    before = compare_sheet(desk, sheet, reviewer=BUDI, lang="id")
    assert standing(desk) == {}
    report = take(desk, sheet, tmp_path, reviewer=BUDI)
    assert outcomes(report) == outcomes(before)
    assert outcomes(report) == [(n, "new", None) for n in (2, 3, 4)] + [(n, "blank", None) for n in (5, 6)]
    ids = [row["id_kejadian"] for row in rows]
    assert standing(desk) == {
        ids[0]: Decision("case", ("banner", "mobilise"), "camat_lurah", "@akun\nbaris dua"),
        ids[1]: Decision("none"),
        ids[2]: Decision("unsure", note="+62 perlu dicek"),
    }
    with desk.begin() as conn:
        (event,) = events_of(conn, ids[0])
        names = {reviewer.reviewer_id: reviewer.name for reviewer in list_reviewers(conn)}
        states = dict(conn.execute(select(incidents.c.incident_id, incidents.c.state)).all())
    assert (names[event.reviewer], event.origin, event.at) == (SITI, f"{origin_of(sheet)}:2", NOW)
    assert [states[i] for i in ids[:3]] == [State.REVIEWED, State.REVIEWED, State.QUEUED]
    again = take(desk, sheet, tmp_path, reviewer=BUDI)
    assert (again.noted, [v.outcome for v in again.verdicts]) == (0, ["same"] * 3 + ["blank"] * 2)
    kept = tmp_path / "kept" / f"{sheet.sha256}.csv"
    assert kept.read_bytes() == (tmp_path / "a.csv").read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("lang", ["id", "en"])
def test_what_was_decided_stands_in_the_next_sheet_and_comes_back_as_known(desk, tmp_path, lang):
    rows = exported(desk, lang)
    header = HEADERS[lang]
    for row, decision in zip(rows, DECISIONS, strict=False):
        row |= {header["decision"]: DECISION_WORDS[lang][decision], header["note"]: "x" * 3000}
    take(desk, back(tmp_path / "a.csv", rows, lang), tmp_path, reviewer=SITI)
    rows = exported(desk, lang)
    assert rows[0][header["reviewer"]] == SITI
    report = take(desk, back(tmp_path / "b.csv", rows, lang), tmp_path)
    assert [v.outcome for v in report.verdicts] == ["same"] * 3 + ["blank"] * 2
    # A changed decision keeps the note that the sheet shows the beginning of.
    rows[1][header["decision"]] = DECISION_WORDS[lang]["unsure"]
    report = take(desk, back(tmp_path / "c.csv", rows, lang), tmp_path)
    assert (report.noted, report.bad) == (1, [])
    said = standing(desk)[rows[1][header["incident_id"]]]
    assert said == Decision("unsure", note="x" * 3000)


def wrong_rows(rows: list[dict[str, str]]) -> dict[Problem, dict[str, str]]:
    good = rows[0] | {"keputusan": "bukan", "peninjau": SITI}
    return {
        "unknown_incident": good | {"id_kejadian": "I-ffffffffffff"},
        "decision": good | {"keputusan": "ya"},
        "decision_missing": good | {"keputusan": "", "catatan": "lihat nanti"},
        "type": good | {"keputusan": "pelanggaran", "jenis": "spanduk"},
        "types_without_case": good | {"jenis": "mobilise"},
        "reviewer_missing": good | {"peninjau": " "},
        "reviewer_unknown": good | {"peninjau": "Siti"},
        "reviewer_reader": good | {"peninjau": READER},
        "long": good | {"catatan": "x" * (MAX_NOTE + 1)},
        "link": good | {"tautan": rows[1]["tautan"]},
        "hash_broken": good | {"sidik_teks": "5,6E+15"},
        "event_broken": good | {"versi_keputusan": ""},
        "text_changed": good | {"sidik_teks": "sha256:0123456789abcdef"},
        "model_changed": good | {"versi_model": "model-0"},
        "undone_since": good | {"versi_keputusan": "event:0123456789abcdef"},
    }


@pytest.mark.parametrize("lang", ["id", "en"])
def test_a_wrong_row_is_named_with_place_value_and_what_is_accepted(desk, tmp_path, lang):
    for problem, row in wrong_rows(exported(desk)).items():
        sheet = back(tmp_path / "a.csv", [row])
        report = take(desk, sheet, tmp_path, lang=lang)
        conflict = problem in {"text_changed", "model_changed", "undone_since"}
        assert outcomes(report) == [(2, "conflict" if conflict else "error", problem)]
        _, (told,) = told_lines(sheet, report, lang)
        assert told.startswith(f"{LINES[lang]['row']} 2, ")
        for names in {
            "decision": ["ya", *DECISION_WORDS[lang].values()],
            "reviewer_unknown": [SITI, BUDI],
        }.get(problem, []):
            assert names in told
    assert standing(desk) == {}


def test_the_good_rows_go_in_beside_wrong_ones_or_none_at_all(desk, tmp_path):
    rows = exported(desk)
    rows[0]["keputusan"] = rows[2]["keputusan"] = "bukan"
    rows[1]["keputusan"] = "mungkin"
    sheet = back(tmp_path / "a.csv", rows)
    whole = take(desk, sheet, tmp_path, reviewer=SITI, all_or_nothing=True)
    assert (whole.refused_whole, whole.noted, standing(desk)) == (True, 0, {})
    assert not (tmp_path / "kept").exists()
    report = take(desk, sheet, tmp_path, reviewer=SITI)
    assert (report.refused_whole, report.noted) == (False, 2)
    assert [v.line for v in report.bad] == [3]
    assert len(standing(desk)) == 2


def test_all_or_nothing_takes_a_sheet_without_fault(desk, tmp_path):
    rows = [row | {"keputusan": "bukan"} for row in exported(desk)]
    report = take(desk, back(tmp_path / "a.csv", rows), tmp_path, reviewer=SITI, all_or_nothing=True)
    assert (report.noted, len(standing(desk))) == (5, 5)


def test_a_decision_made_on_the_page_since_export_is_not_overwritten(desk, tmp_path):
    rows = exported(desk)
    first = rows[0]["id_kejadian"]
    decide = {"incident_id": first, "seen": None, "reviewer": BUDI, "at": NOW, "origin": "page"}
    with desk.begin() as conn:
        append_event(conn, new=Decision("none"), **decide)
    rows[0]["keputusan"] = "pelanggaran"
    sheet = back(tmp_path / "a.csv", rows)
    report = take(desk, sheet, tmp_path, reviewer=SITI)
    assert outcomes(report)[0] == (2, "conflict", "decided_since")
    assert "bukan" in told_lines(sheet, report, "id")[1][0]
    # Also the same person has made it up on the page; the sheet is older.
    assert take(desk, sheet, tmp_path, reviewer=BUDI).bad
    assert standing(desk) == {first: Decision("none")}
    # Who says the same is no conflict, and who has seen it may change it.
    assert not take(desk, back(tmp_path / "b.csv", [rows[0] | {"keputusan": "bukan"}]), tmp_path).bad
    rows = exported(desk)
    rows[0] |= {"keputusan": "ragu", "peninjau": SITI}
    assert take(desk, back(tmp_path / "c.csv", rows), tmp_path).noted == 1
    with desk.begin() as conn:
        undo_event(conn, incident_id=first, reviewer=BUDI, at=NOW, origin="page")
        undo_event(conn, incident_id=first, reviewer=BUDI, at=NOW, origin="page")
    rows[0]["keputusan"] = "pelanggaran"
    assert take(desk, back(tmp_path / "d.csv", rows), tmp_path).bad


def test_no_sheet_brings_back_what_was_erased(desk, tmp_path):
    rows = exported(desk)
    rows[0] |= {"keputusan": "pelanggaran", "catatan": "kata Bu Marni", "peninjau": SITI}
    take(desk, back(tmp_path / "a.csv", rows), tmp_path)
    before = exported(desk)
    with desk.begin() as conn:
        erase_texts(conn, incident_id=rows[0]["id_kejadian"], reviewer=BUDI, reason="permintaan", at=NOW)
    report = take(desk, back(tmp_path / "b.csv", before), tmp_path)
    assert [v.problem for v in report.bad] == ["erased"]
    assert "dihapus" in told_lines(back(tmp_path / "b.csv", before), report, "id")[1][0]
    # What is exported now comes back as it went, and a decision can be changed beside it.
    after = exported(desk)
    assert (after[0]["catatan"], take(desk, back(tmp_path / "c.csv", after), tmp_path).noted) == (ERASED, 0)
    after[0]["keputusan"] = "ragu"
    assert take(desk, back(tmp_path / "d.csv", after), tmp_path).noted == 1
    assert standing(desk)[rows[0]["id_kejadian"]] == Decision("unsure", note=ERASED)


def test_the_same_person_may_send_a_mended_sheet_and_the_first_one_does_not_come_back(desk, tmp_path):
    rows = exported(desk)
    rows[0] |= {"keputusan": "bukan", "peninjau": SITI}
    first = back(tmp_path / "a.csv", rows)
    take(desk, first, tmp_path)
    rows[0]["keputusan"] = "pelanggaran"
    assert take(desk, back(tmp_path / "b.csv", rows), tmp_path).noted == 1
    again = take(desk, first, tmp_path)
    assert (again.noted, again.bad) == (0, [])
    assert standing(desk) == {rows[0]["id_kejadian"]: Decision("case")}
    rows[0] |= {"keputusan": "ragu", "peninjau": BUDI}
    assert outcomes(take(desk, back(tmp_path / "c.csv", rows), tmp_path))[0][1] == "conflict"


def test_a_changed_text_or_model_is_a_conflict_unless_the_row_says_nothing_new(desk, tmp_path):
    rows = exported(desk)
    ids = [row["id_kejadian"] for row in rows]
    for row in rows[:3]:
        row["keputusan"] = "bukan"
    take(desk, back(tmp_path / "a.csv", rows[:1]), tmp_path, reviewer=SITI)
    with desk.begin() as conn:
        conn.execute(update(documents).values(text_sha256="ff" * 32))
    sheet = back(tmp_path / "b.csv", rows)
    report = take(desk, sheet, tmp_path, reviewer=SITI)
    assert [v.outcome for v in report.verdicts] == ["same", "conflict", "conflict", "blank", "blank"]
    assert set(standing(desk)) == {ids[0]}
    rows = exported(desk)
    with desk.begin() as conn:
        conn.execute(update(predictions).values(model="model-2"))
    rows[4]["keputusan"] = "ragu"
    report = take(desk, back(tmp_path / "c.csv", rows), tmp_path, reviewer=SITI)
    assert outcomes(report)[4] == (6, "conflict", "model_changed")


def test_two_rows_of_one_incident_must_agree(desk, tmp_path):
    rows = exported(desk)
    rows[0] |= {"keputusan": "bukan", "peninjau": SITI}
    rows[1] |= {"keputusan": "ragu", "peninjau": SITI}
    sheet = back(tmp_path / "a.csv", [rows[0], rows[1], rows[0] | {"keputusan": "ragu"}, rows[1]])
    report = take(desk, sheet, tmp_path)
    assert outcomes(report) == [
        (2, "error", "twice"),
        (3, "new", None),
        (4, "error", "twice"),
        (5, "same", None),
    ]
    assert [v.accepted for v in report.bad] == ["4", "2"]
    assert set(standing(desk)) == {rows[1]["id_kejadian"]}


def test_machine_columns_are_not_taken_and_a_change_in_them_is_told(desk, tmp_path):
    rows = exported(desk)
    rows[0] |= {"keputusan": "bukan", "malam": "01/01/2020", "skor_persen": "12,0", "judul": "lain"}
    local = {"malam": "17/09/2024", "skor_persen": "88,0", "waktu_terbit": "16/09/2024 23.00 WIB"}
    rows[1] |= {"keputusan": "bukan"} | local
    sheet = back(tmp_path / "a.csv", rows)
    report = take(desk, sheet, tmp_path, reviewer=SITI)
    assert [set(v.changed) for v in report.verdicts[:2]] == [{"night", "title", "score"}, set()]
    told = told_lines(sheet, report, "id")[1]
    assert any("malam" in line and "baris 2" in line for line in told)
    assert not report.bad


def test_a_reviewer_for_all_rows_must_be_known_and_may_not_be_a_reader(desk, tmp_path):
    sheet = back(tmp_path / "a.csv", exported(desk))
    for name in ("Orang Lain", READER):
        with pytest.raises(UsageError, match="reviewers add"):
            take(desk, sheet, tmp_path, reviewer=name)


def test_a_formula_and_stray_cells_are_errors_of_their_row(desk, tmp_path):
    rows = exported(desk)
    rows[0] |= {"keputusan": "bukan", "peninjau": SITI}
    text = (tmp_path / "a.csv", back(tmp_path / "a.csv", rows[:1]))[0].read_bytes().decode("utf-8-sig")
    (tmp_path / "a.csv").write_text(text.rstrip() + ';"lebih"\r\n', newline="")
    assert outcomes(take(desk, read_sheet(tmp_path / "a.csv"), tmp_path)) == [(2, "error", "too_long")]
    sheet = back(tmp_path / "b.csv", rows[:1])
    line = replace(sheet.lines[0], formulas=frozenset({"decision"}))
    report = take(desk, replace(sheet, lines=(line,)), tmp_path)
    assert outcomes(report) == [(2, "error", "formula")]


def test_xlsx_and_csv_bring_the_same(desk, tmp_path):
    rows = exported(desk)
    rows[0] |= {
        "keputusan": "pelanggaran",
        "jenis": WORDS["id"]["banner"],
        "catatan": "=1+1",
        "peninjau": SITI,
    }
    write_workbook(tmp_path / "a.xlsx", rows, lang="id")
    sheet = read_sheet(tmp_path / "a.xlsx")
    assert take(desk, sheet, tmp_path).noted == 1
    assert standing(desk) == {rows[0]["id_kejadian"]: Decision("case", ("banner",), "", "=1+1")}
    assert not take(desk, back(tmp_path / "a.csv", rows), tmp_path).noted


def test_a_file_that_is_kept_is_never_replaced(tmp_path):
    buffer = io.StringIO()
    csv.writer(buffer).writerow(ID.values())
    (tmp_path / "a.csv").write_text(buffer.getvalue())
    sheet = read_sheet(tmp_path / "a.csv")
    path = keep_file(sheet, tmp_path / "kept")
    written = path.stat().st_mtime_ns
    assert keep_file(sheet, tmp_path / "kept").stat().st_mtime_ns == written
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("cell", ["bukan", " BUKAN", "Bukan\n", "none", "\u00a0bukan\u00a0"])
def test_decision_words_forgive_case_and_blanks(cell):
    assert read_decision(cell) == "none"


@pytest.mark.parametrize("cell", ["", "bukan pelanggaran", "pelanggaran?", "tidak", "0", "BENAR", "buk an"])
def test_decision_words_are_never_guessed(cell):
    assert read_decision(cell) is None


def test_types_are_read_in_both_languages_and_as_the_machine_column_has_them():
    words = "; ".join(
        (
            WORDS["id"]["mobilise"].upper(),
            WORDS["en"]["banner"],
            "dugaan: pendekatan ke partai/mencalonkan diri",
        )
    )
    assert read_types(words) == (("banner", "party_approach", "mobilise"), "")
    assert read_types("banner;;") == (("banner",), "")
    assert read_types("banner; baliho") == ((), "baliho")
    assert read_types("; ".join(WORDS["en"][name] for name in TYPES)) == (TYPES, "")


def test_every_problem_and_outcome_has_a_text_in_both_languages():
    assert set(PROBLEMS["id"]) == set(PROBLEMS["en"]) == set(Problem.__args__)
    assert set(OUTCOME_WORDS["id"]) == set(OUTCOME_WORDS["en"])
    assert set(LINES["id"]) == set(LINES["en"])
    assert set(COMPARED) < set(ID)
