"""The verbs about decisions and accounts, on a database with incidents of the sample."""

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

import pipeline
from review.passwords import check_password
from store.db import connect, migrate, reading
from store.reviewers import get_reviewer
from store.schema import incidents
from tests.store.samples import put_grouped
from verbs.labels import PASSWORD_VARIABLE

Run = Callable[..., tuple[int, str, str]]
SECRET = "tujuh belas ribu pulau"  # noqa: S105 - of an account that this test makes


@pytest.fixture(name="ids", autouse=True)
def fill(tmp_path: Path) -> list[str]:
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
    ids = sorted(incident.incident_id for incident in put_grouped(engine, 1, 2, 3))
    with engine.begin() as conn:
        conn.execute(
            update(incidents)
            .where(incidents.c.incident_id == ids[2])
            .values(kind="audit", stratum="below", share=0.1)
        )
    engine.dispose()
    return ids


@pytest.fixture(name="run")
def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a verb in this process; gives (exit code, stdout, stderr)."""
    monkeypatch.setenv("NETRA_DB", f"sqlite:///{tmp_path / 'netra.db'}")
    monkeypatch.setenv(PASSWORD_VARIABLE, SECRET)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def test_what_was_typed_is_erased_and_shown_as_erased(run: Run, ids: list[str]) -> None:
    run("reviewers", "add", "Sri Wahyuni")
    as_sri = ("--reviewer", "Sri Wahyuni")
    decide = ("labels", "decide", ids[0], "--decision", "case", *as_sri)
    assert run(*decide, "--note", "kata Bu Marni", "--actor", "camat_lurah")[0] == 0
    assert "Bu Marni" in run("labels", "history", ids[0])[1]
    assert run("labels", "erase", ids[0], *as_sri, "--reason", "")[0] == 2
    code, out, _ = run("labels", "erase", ids[0], *as_sri, "--reason", "permintaan 12")
    assert (code, out.count("is erased"), "note of event" in out) == (0, 1, True)
    out = run("labels", "history", ids[0])[1]
    assert ("Marni" in out, "[dihapus]" in out) == (False, True)
    assert "register: 1 events, whole" in run("labels", "check")[1]
    out = run("labels", "erasures", "--lang", "en")[1]
    for word in ("note", "Sri Wahyuni", "permintaan 12", "erased by"):
        assert word in out
    assert "nothing left to erase" in run("labels", "erase", ids[0], *as_sri, "--reason", "sekali lagi")[1]


def test_from_a_first_decision_to_an_adjudication(run: Run, ids: list[str]) -> None:
    for name in ("Sri Wahyuni", "Budi"):
        assert run("reviewers", "add", name)[0] == 0
    as_sri = ("--reviewer", "sri wahyuni")
    code, out, _ = run("labels", "decide", ids[0], "--decision", "case", "--type", "banner", *as_sri)
    assert code == 0
    assert "dugaan pelanggaran; memasang spanduk/baliho" in out
    assert run("labels", "second", *as_sri, "--share", 1)[1] == ""
    assert run("labels", "second", "--reviewer", "Budi", "--share", 1)[1] == f"{ids[0]}\n"
    as_budi = ("--reviewer", "Budi", "--review", "second")
    assert run("labels", "decide", ids[0], "--decision", "none", *as_budi)[0] == 0
    assert "nothing to change" in run("labels", "decide", ids[0], "--decision", "none", *as_budi)[1]
    assert ids[0] in run("labels", "disagreements")[1]
    (decision,) = [
        row
        for row in json.loads(run("labels", "agreement", "--json")[1])
        if (row["month"], row["field"]) == ("all", "decision")
    ]
    assert (decision["n"], decision["share"], decision["few"]) == (1, 0.0, True)
    assert "too few" in run("labels", "agreement", "--lang", "en")[1]
    settle = ("labels", "decide", ids[0], "--decision", "case", *as_sri, "--review", "adjudication")
    assert run(*settle, "--reason", "dibaca berdua")[0] == 0
    assert ids[0] not in run("labels", "disagreements")[1]
    out = run("labels", "history", ids[0])[1]
    for word in ("Sri Wahyuni", "Budi", "bukan", "penentuan", "cli"):
        assert word in out
    assert run("labels", "check")[1].startswith("register: 3 events, whole; last ")


def test_an_undo_from_the_command_line(run: Run, ids: list[str]) -> None:
    run("reviewers", "add", "Budi")
    undo = ("labels", "undo", ids[0], "--reviewer", "Budi", "--lang", "en")
    assert "nothing to change" in run(*undo)[1]
    run("labels", "decide", ids[0], "--decision", "none", "--reviewer", "Budi")
    assert "(no decision)" in run(*undo)[1]
    assert ": none (event" in run(*undo)[1]


def test_a_register_that_was_edited_ends_with_4_and_the_place(
    run: Run, ids: list[str], tmp_path: Path
) -> None:
    run("reviewers", "add", "Budi")
    for incident_id in ids:
        run("labels", "decide", incident_id, "--decision", "case", "--reviewer", "Budi")
    with closing(sqlite3.connect(tmp_path / "netra.db")) as plain, plain:
        plain.execute("DROP TRIGGER label_events_no_update")
        plain.execute("UPDATE label_events SET new_decision = 'none' WHERE place = 2")
    code, _, err = run("labels", "check")
    assert code == 4
    assert f"event 2 ({ids[1]}" in err


def test_recall_says_what_it_is_made_of(run: Run, ids: list[str]) -> None:
    run("reviewers", "add", "Budi")
    assert "belum diputuskan" in run("labels", "recall")[1]
    for incident_id, decision in zip(ids, ("case", "case", "none"), strict=True):
        run("labels", "decide", incident_id, "--decision", decision, "--reviewer", "Budi")
    code, out, _ = run("labels", "recall", "--lang", "en")
    assert code == 0
    assert "Alleged cases that were flagged: 100% (95% interval:" in out
    found = json.loads(run("labels", "recall", "--json")[1])
    assert (found["recall"], found["strata"][1]["documents"]) == (1.0, 10.0)
    assert "nothing was audited" in run("labels", "recall", "--lang", "en", "--until", "2020-01-01")[1]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("labels", "history", "I-0"), "nobody has decided"),
        (("labels", "decide", "I-0", "--decision", "case", "--reviewer", "Budi"), "not in the store"),
        (("labels", "decide", "I-0", "--decision", "guilty", "--reviewer", "Budi"), "guilty"),
        (("labels", "decide", "I-0", "--decision", "case", "--reviewer", "Tuti"), "'Tuti' is not known"),
        (("labels", "decide", "I-0", "--decision", "case", "--reviewer", "Rini"), "may read"),
        (("labels", "second", "--reviewer", "Tuti"), "'Tuti' is not known"),
        (("labels", "second", "--reviewer", "Budi", "--share", "2"), "share"),
        (("reviewers", "add", "budi"), "there already"),
        (("reviewers", "lock", "Tuti"), "'Tuti' is not known"),
    ],
)
def test_a_wrong_call_ends_with_2(run: Run, arguments: tuple[str, ...], word: str) -> None:
    run("reviewers", "add", "Budi")
    run("reviewers", "add", "Rini", "--role", "reader")
    code, _, err = run(*arguments)
    assert code == 2
    assert word in err


def test_accounts(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("reviewers", "add", "Sri Wahyuni", "--role", "admin")[0] == 0
    assert "locked" in run("reviewers", "lock", "Sri Wahyuni")[1]
    assert "locked" not in run("reviewers", "unlock", "Sri Wahyuni")[1]
    monkeypatch.setenv(PASSWORD_VARIABLE, SECRET + " lagi")
    assert run("reviewers", "password", "Sri Wahyuni")[0] == 0
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    with reading(engine) as conn:
        account = get_reviewer(conn, "Sri Wahyuni")
    engine.dispose()
    assert account.role == "admin"
    assert check_password(account.password_hash, SECRET + " lagi")
    listed = run("reviewers", "list")[1]
    assert "Sri Wahyuni" in listed
    assert "argon2" not in listed
    assert f"peninjau {account.reviewer_id}" in run("reviewers", "erase", "Sri Wahyuni")[1]
    assert "Sri" not in run("reviewers", "list")[1]


def test_a_password_is_not_short_and_not_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "pendek")
    code, _, err = run("reviewers", "add", "Budi")
    assert (code, "12 or more" in err) == (2, True)
    monkeypatch.delenv(PASSWORD_VARIABLE)
    code, _, err = run("reviewers", "add", "Budi")
    assert (code, PASSWORD_VARIABLE in err) == (2, True)
    assert "Budi" not in run("reviewers", "list")[1]
