"""`export` and `import` on the command line: files, filters, exit codes, what is said where."""

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

import pipeline
from review.sheet_read import read_sheet
from store.db import connect, migrate
from store.labels import current_labels
from store.reviewers import add_reviewer
from store.schema import documents, incidents
from tests.store.samples import NIGHT, put_grouped

DAY = NIGHT.isoformat()


@pytest.fixture
def desk(tmp_path):
    """A database with three incidents and one reviewer; gives its engine."""
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
    put_grouped(engine, 1, 2, 3)
    with engine.begin() as conn:
        # Sources that our own manifests know.
        conn.execute(documents.update().values(source_id="alinea"))
        add_reviewer(conn, name="Siti Lontara", role="reviewer", password_hash="", at=datetime.now(UTC))
    yield engine
    engine.dispose()


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a verb on the database; gives (exit code, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        told = ["pipeline.py", *map(str, arguments), "--db", f"sqlite:///{tmp_path / 'netra.db'}"]
        monkeypatch.setattr(sys, "argv", told)
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def write_back(path: Path, decisions: dict[int, dict[str, str]]) -> Path:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, cells in decisions.items():
        rows[number] |= cells
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]), delimiter=";")
        out.writeheader()
        out.writerows(rows)
    return path


def labels(engine: Engine) -> list[str]:
    with engine.begin() as conn:
        return sorted(event.new.decision for event in current_labels(conn).values() if event.new)


def test_a_sheet_goes_out_and_its_decisions_come_in(desk, run, tmp_path):
    code, out, _ = run("export", "--out", tmp_path, "--date", DAY, "--format", "csv")
    path = tmp_path / f"flagged-{DAY}.csv"
    assert (code, f"sheet: {path} (3)" in out) == (0, True)
    assert "Beban kerja: 3.0 kejadian dan 0.0 audit per malam (rata-rata 1 malam); menunggu: 3." in out
    write_back(path, {0: {"keputusan": "bukan"}, 1: {"keputusan": "entah"}})
    keep = ("--keep", tmp_path / "kept")
    code, out, err = run("import", path, "--dry-run", "--reviewer", "siti lontara")
    assert (code, labels(desk)) == (1, [])
    assert "– → bukan  [Siti Lontara]" in out
    assert "Uji coba" in out
    assert "baris 3, keputusan 'entah': yang diterima: pelanggaran, bukan, ragu" in err
    code, out, _ = run("import", path, "--reviewer", "Siti Lontara", "--all-or-nothing", *keep)
    assert (code, "Tidak ada yang disimpan" in out, labels(desk)) == (1, True, [])
    assert run("import", path, "--reviewer", "Siti Lontara", *keep)[0] == 1
    assert labels(desk) == ["none"]
    code, out, _ = run("import", path, "--reviewer", "Siti Lontara", "--lang", "en", *keep)
    assert (code, "new: 0, known already: 1, not decided: 1, wrong: 1" in out) == (1, True)
    assert [p.name for p in (tmp_path / "kept").iterdir()] == [f"{read_sheet(path).sha256}.csv"]


def test_a_good_sheet_ends_with_0_and_a_wrong_file_with_2(desk, run, tmp_path):
    run("export", "--out", tmp_path, "--date", DAY)
    path = write_back(tmp_path / f"flagged-{DAY}.csv", {0: {"keputusan": "ragu", "peninjau": "Siti Lontara"}})
    assert run("import", path, "--keep", tmp_path / "kept")[0] == 0
    assert labels(desk) == ["unsure"]
    code, _, err = run("import", tmp_path / "none.xlsx")
    assert (code, "no such file" in err.lower()) == (2, True)
    code, _, err = run("import", path, "--reviewer", "Nobody")
    assert (code, "reviewers add" in err) == (2, True)


def test_filters_give_a_file_of_their_own(desk, run, tmp_path):
    with desk.begin() as conn:
        conn.execute(incidents.update().where(incidents.c.incident_id.like("I-%")).values(score=0.6))
    options = ("--province", "sulawesi selatan", "--min-score", "50", "--source", "alinea")
    code, out, _ = run("export", "--out", tmp_path, "--date", DAY, "--format", "xlsx", *options)
    path = tmp_path / f"flagged-{DAY}-province-sulawesi-selatan-source-alinea-minscore-50.xlsx"
    assert (code, len(read_sheet(path).lines)) == (0, 3)
    code, out, _ = run("export", "--out", tmp_path, "--date", DAY, "--type", "team", "--state", "queued")
    assert (code, f"flagged-{DAY}-type-team-state-queued.csv (0)" in out) == (0, True)


@pytest.mark.parametrize("queue", ["uncertain", "audit", "incident"])
def test_every_queue_has_its_file(desk, run, tmp_path, queue):
    assert desk
    code, out, _ = run("export", "--out", tmp_path, "--date", DAY, "--queue", queue)
    names = {"incident": "incidents"}
    assert (code, f"{names.get(queue, queue)}-{DAY}.csv" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--province", "Lontara"], "no such province"),
        (["--position", "lurah"], "camat_lurah"),
        (["--type", "spanduk"], "banner"),
        (["--source", "kabar-tidak-ada"], "sources list"),
        (["--min-score", "130"], "equal to 100"),
        (["--queue", "all"], "'new'"),
        (["--format", "ods"], "'csv'"),
    ],
)
def test_wrong_filters_end_with_2_and_name_what_there_is(run, arguments, said):
    code, _, err = run("export", *arguments)
    assert code == 2
    assert said in " ".join(err.split())
