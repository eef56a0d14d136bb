"""`national` and `export --intake`, as typed: what they write, for whom, and what stays on record."""

import csv
import hashlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

import pipeline
from review.passwords import hash_password
from store.access import list_acts
from store.db import connect, migrate, reading
from store.decisions import Decision
from store.labels import append_event
from store.reviewers import add_reviewer
from store.schema import documents, predictions
from tests.store.samples import NIGHT, put_grouped
from verbs.labels import PASSWORD_VARIABLE
from verbs.national import read_atlas

Run = Callable[..., tuple[int, str, str]]
NAME, PASSWORD = "Surti Wonokasihan", "rahasia yang cukup panjang"  # an invented person's
AT = datetime(2024, 9, 18, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> tuple[str, Engine]:
    """Three incidents: decided as a case, decided as none, not decided; with a hostile title and a name."""
    url = f"sqlite:///{tmp_path / 'netra.db'}"
    engine = connect(url)
    migrate(engine)
    case, none, _ = put_grouped(engine, 1, 2, 3)
    with engine.begin() as conn:
        conn.execute(update(documents).values(source_id="alinea", url="=HYPERLINK(1)"))
        conn.execute(update(predictions).values(evidence=[f"Lurah {NAME} naik panggung."]))
        for name, role in (("sekar", "reviewer"), ("kepala", "admin")):
            add_reviewer(conn, name=name, role=role, password_hash=hash_password(PASSWORD), at=AT)
        for incident, said in ((case, "case"), (none, "none")):
            append_event(
                conn,
                incident_id=incident.incident_id,
                new=Decision(said),
                seen=None,
                reviewer="sekar",
                origin="cli",
                at=AT,
            )
    return url, engine


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_the_national_picture_as_four_files_on_record(
    desk: tuple[str, Engine], run: Run, tmp_path: Path
) -> None:
    url, engine = desk
    out = tmp_path / "out"
    code, said, err = run("national", "--until", NIGHT, "--out", out, "--db", url)
    assert code == 0, err
    names = [f"nasional-{table}-{NIGHT}-{NIGHT}.csv" for table in ("provinsi", "kabupaten", "bulan", "celah")]
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    provinces = rows_of(out / names[0])
    assert len(provinces) == 39  # 38 and the whole; no text is without a place
    assert (provinces[-1]["wilayah"], provinces[-1]["teks terkumpul"]) == ("Seluruh Indonesia", "3")
    sulsel = next(row for row in provinces if row["wilayah"] == "Sulawesi Selatan")
    # The sample's datelines are Makassar; of the three incidents one was decided to be none.
    assert (sulsel["teks terkumpul"], sulsel["kejadian (dugaan)"]) == ("3", "2")
    assert sulsel["ditandai per 1.000"] == "terlalu sedikit"
    assert len(rows_of(out / names[1])) == 514
    assert "bukan jumlah pelanggaran" in " ".join(said.split())
    with reading(engine) as conn:
        acts = list(list_acts(conn))
    assert [act.subject for act in acts] == names
    assert {act.what for act in acts} == {"national picture exported"}
    assert run("national", "--since", "2024-09-18", "--until", NIGHT, "--db", url)[0] == 2


@pytest.mark.parametrize("form", ["bkn", "bawaslu"])
def test_an_intake_sheet_has_decided_cases_alone_and_initials(
    desk: tuple[str, Engine], run: Run, tmp_path: Path, form: str
) -> None:
    url, engine = desk
    out = tmp_path / "out"
    assert run("export", "--intake", form, "--date", NIGHT, "--out", out, "--db", url)[0] == 0
    [row] = rows_of(out / f"intake-{form}-{NIGHT}.csv")
    assert row["bukti"] == "dugaan: Lurah S. W. naik panggung."
    assert row["instansi"] == "dugaan: Pemerintah Kota Makassar"
    assert row["tautan"] == "'=HYPERLINK(1)"
    with reading(engine) as conn:
        [act] = list_acts(conn)
    assert (act.what, act.incidents, act.shown) == (f"intake {form} exported", (row["id_kejadian"],), 1)
    assert act.sha256 == hashlib.sha256((out / act.subject).read_bytes()).hexdigest()


def test_names_on_an_intake_sheet_need_an_admin(
    desk: tuple[str, Engine], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, engine = desk
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    call = ("export", "--intake", "bkn", "--date", NIGHT, "--out", tmp_path, "--db", url, "--with-names")
    assert run(*call, "--reviewer", "sekar")[0] == 2
    assert run(*call, "--reviewer", "kepala")[0] == 0
    [row] = rows_of(tmp_path / f"intake-bkn-{NIGHT}-names.csv")
    assert NAME in row["bukti"]
    with reading(engine) as conn:
        [act] = list_acts(conn)
    assert act.what == "intake bkn exported with names"
    assert not act.who.startswith("os:")
    code, _, err = run("export", "--intake", "bkn", "--format", "xlsx", "--db", url)
    assert (code, "CSV of decided cases" in err) == (2, True)


def test_a_dateline_is_placed_and_a_national_one_is_not() -> None:
    place = read_atlas(()).place_of
    assert place("Makassar", "") == "Kota Makassar, Sulawesi Selatan"
    assert place("Jakarta", "") == ""
    assert place("", "Bali") == "Bali"
    assert place("Gotham", "Bali") == "Bali"
