"""What the command line shows or writes is on record (P3), and a breach is reported out of it (P8)."""

import csv
import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

import pipeline
from store.access import Act, append_acts, list_acts
from store.db import connect, migrate, reading
from store.labels import append_event
from store.reviewers import add_reviewer, erase_reviewer
from store.schema import documents
from tests.store.deciding import AT, CASE
from tests.store.samples import NIGHT, put_grouped
from verbs.recording import note_archive, system_account

Run = Callable[..., tuple[int, str, str]]
#: Verbs (with their groups) that show or write texts out of the database, or what people typed about them,
#: and how each is called here, one in two ways. `review` serves the page, which has a test of its own.
SHOWING = {
    "export": ("--date", NIGHT.isoformat(), "--out", "OUT"),
    "export --shared": ("--date", NIGHT.isoformat(), "--out", "OUT"),
    "import": ("SHEET", "--reviewer", "Siti Lontara", "--keep", "OUT"),
    "show": ("INCIDENT",),
    "national": ("--until", NIGHT.isoformat(), "--out", "OUT"),
    "digest": ("--date", NIGHT.isoformat(), "--out", "OUT"),
    "labels history": ("INCIDENT",),
    "labels second": ("--reviewer", "Siti Lontara"),
    "labels disagreements": (),
    "labels erasures": (),
    "audit show": (),
    "privacy find": ("Surti Lembayung",),
    "privacy report": ("Surti Lembayung", "--out", "PERSON"),
    "audit report": ("--since", "2024-01-01", "--until", "2024-12-31", "--out", "REPORT"),
}
#: Verbs that show counts, sources, models, accounts or files of their own, or that write decisions, which the
#: register has; or that do what is tested elsewhere (nightly, crawl, retrain, review).
OTHERS = {
    *(
        "nightly",
        "crawl",
        "extract",
        "screen",
        "classify",
        "group",
        "status",
        "evaluate",
        "review",
        "retrain",
    ),
    *("sources list", "sources check", "sources add", "sources confirm"),
    *("models list", "models show", "models promote", "models rollback", "models drift"),
    *("labels check", "labels agreement", "labels recall", "labels decide", "labels undo", "labels erase"),
    *("reviewers add", "reviewers list", "reviewers lock", "reviewers unlock", "reviewers password"),
    *("reviewers erase", "audit check"),
    *("retention run", "retention show", "privacy erase", "privacy reapply"),
    *("corrections add", "corrections list", "corrections decide"),
    # Of `copy` and `backup` the acts are looked at in test_db.py.
    *("db copy", "db check", "db backup", "db restore"),
    *("schedule install", "schedule show", "schedule remove", "schedule run", "schedule alert"),
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Engine]:
    """A database with two incidents, one of them decided, and one reviewer."""
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
    put_grouped(engine, 1, 2)
    with engine.begin() as conn:
        conn.execute(documents.update().values(source_id="alinea"))
        add_reviewer(conn, name="Siti Lontara", role="reviewer", password_hash="", at=datetime.now(UTC))
    yield engine
    engine.dispose()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a verb on the database; gives (exit code, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        told = ["pipeline.py", *map(str, arguments), "--db", f"sqlite:///{tmp_path / 'netra.db'}"]
        monkeypatch.setattr(sys, "argv", told)
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def acts_of(engine: Engine) -> list[Act]:
    with reading(engine) as conn:
        return list(list_acts(conn))


def test_every_verb_is_known_as_one_that_shows_or_does_not() -> None:
    known = {c.name or getattr(c.callback, "__name__", "") for c in pipeline.app.registered_commands}
    for group in pipeline.app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            known.add(f"{group.name} {command.name or getattr(command.callback, '__name__', '')}")
    assert known == OTHERS | {verb.partition(" --")[0] for verb in SHOWING}


def test_every_verb_that_shows_something_is_on_record(desk: Engine, run: Run, tmp_path: Path) -> None:
    incident = put_grouped(desk, 3)[0].incident_id
    with desk.begin() as conn:
        append_event(
            conn, incident_id=incident, new=CASE, seen=None, reviewer="Siti Lontara", origin="cli", at=AT
        )
    sheet = tmp_path / "out" / f"flagged-{NIGHT}.csv"
    places = {
        "OUT": tmp_path / "out",
        "SHEET": sheet,
        "INCIDENT": incident,
        "REPORT": tmp_path / "breach.csv",
        "PERSON": tmp_path / "surti-lembayung.json",
    }
    for verb, arguments in SHOWING.items():
        before = len(acts_of(desk))
        code, _, err = run(*verb.split(), *(places.get(word, word) for word in arguments))
        assert code == 0, (verb, err)
        added = acts_of(desk)[before:]
        assert added, verb
        assert {act.who for act in added} == {system_account()}
        for act in added:
            if act.subject and act.sha256:
                [path] = [p for p in tmp_path.rglob(act.subject) if p.is_file()]
                assert act.sha256 == hashlib.sha256(path.read_bytes()).hexdigest(), verb
    assert not [act for act in acts_of(desk) if "surti" in act.subject]
    by_what = {act.what: act for act in acts_of(desk)}
    assert len(by_what["sheet exported"].incidents) == by_what["sheet exported"].shown == 2
    assert by_what["sheet shared"].incidents
    assert by_what["incident shown"].incidents == (incident,)
    assert list((tmp_path / "out").glob(".unrecorded*")) == []


def test_without_a_record_nothing_is_shown_or_written(desk: Engine, run: Run, tmp_path: Path) -> None:
    incident = put_grouped(desk, 3)[0].incident_id
    with desk.begin() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON access_acts BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    out = tmp_path / "out"
    for verb in (
        ("export", "--date", NIGHT, "--out", out),
        ("export", "--shared", "--date", NIGHT, "--out", out),
        ("digest", "--date", NIGHT, "--out", out),
        ("show", incident),
        ("audit", "show"),
        ("privacy", "find", "Surti Lembayung"),
        ("privacy", "report", "Surti Lembayung", "--out", out / "jawaban.json"),
    ):
        code, said, err = run(*verb)
        assert (code, said) == (4, ""), verb
        assert "record of access could not be written" in err
    assert list(out.iterdir()) == []


def test_an_archive_that_is_replayed_is_on_record(desk: Engine, tmp_path: Path) -> None:
    archive = tmp_path / "20240917.warc.gz"
    archive.write_bytes(b"arsip")
    note_archive(desk, None)
    note_archive(desk, archive)
    [act] = acts_of(desk)
    assert (act.what, act.subject) == ("archive read", archive.name)
    assert act.sha256 == hashlib.sha256(b"arsip").hexdigest()


def test_drill_a_breach_is_reported_from_ten_thousand_rows(desk: Engine, run: Run, tmp_path: Path) -> None:
    begin = datetime(2024, 9, 1, tzinfo=UTC)
    with desk.begin() as conn:
        who = [
            add_reviewer(conn, name=name, role="reviewer", password_hash="", at=begin).reviewer_id
            for name in ("Rara", "Tegar")
        ]
        ids = [f"I-{number:012x}" for number in range(2_000)]
        acts = [
            Act(
                begin + timedelta(minutes=n),
                who[n % 2],
                "page: list",
                "=1+1",
                "",
                5,
                tuple(ids[n % 1990 :][:5]),
            )
            for n in range(10_000)
        ]
        append_acts(conn, acts)
        erase_reviewer(conn, who[1], at=begin)
    out = tmp_path / "breach.csv"
    started = time.process_time()
    code, said, err = run("audit", "report", "--since", "2024-09-02", "--until", "2024-09-03", "--out", out)
    # Ten minutes are the bound of a drill, one of CPU leaves nine for the person.
    assert time.process_time() - started < 60
    assert code == 0, err
    expected = [act for act in acts if begin + timedelta(hours=17) <= act.at < begin + timedelta(hours=65)]
    rows = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["akun"] for row in rows] == [act.who for act in expected]
    assert [row["kejadian"].split() for row in rows] == [list(act.incidents) for act in expected]
    assert {row["nama"] for row in rows} == {"Rara", f"peninjau {who[1]}"}
    assert {row["perihal"] for row in rows} == {"'=1+1"}
    told = {incident for act in expected for incident in act.incidents}
    listed = list(
        csv.DictReader((tmp_path / "breach-incidents.csv").read_text(encoding="utf-8-sig").splitlines())
    )
    assert {row["kejadian"] for row in listed} == told
    assert f"{len(expected)} acts, {len(told)} incidents, 2 accounts" in said
    code, said, _ = run("audit", "show", "--reviewer", "Rara", "--incident", ids[6])
    assert (code, "Tegar" in said, "Rara" in said) == (0, False, True)
    assert run("audit", "check")[0] == 0
    with desk.begin() as conn:
        conn.exec_driver_sql("DROP TRIGGER access_acts_no_update")
        conn.exec_driver_sql("UPDATE access_acts SET who = 'R-0' WHERE place = 5000")
    code, _, err = run("audit", "check")
    assert (code, "row 5000" in err) == (4, True)
    code, said, _ = run("audit", "report", "--since", "2024-09-02", "--until", "2024-09-03", "--out", out)
    assert (code, "caution" in said) == (1, True)
    code, _, err = run("audit", "show", "--since", "2024-09-03", "--until", "2024-09-02")
    assert (code, "--since is after --until" in err) == (2, True)
