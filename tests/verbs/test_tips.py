"""`import tips FILE` on the command line: a desk's list joins the queue, and goes when its time is over."""

import csv
import gzip
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

import pipeline
from review.tips_words import HEADERS
from store import stages
from store.db import connect, migrate, reading
from store.frontier import night_of
from store.ledger import last_run
from store.schema import access_acts, documents, pages, tips
from tests.store.samples import make_candidate, make_prediction
from verbs import tips as tips_verb
from verbs.publishers import publishers_of

Run = Callable[..., tuple[int, str, str]]
TODAY = night_of(datetime.now(UTC))
SOURCES = ("--sources", "data/sample/sources")
TEXT = (
    "Saya Rina Wulandari, hp 0812-3456-7890. Kemarin Camat Tallo hadir di deklarasi pasangan calon nomor 2 "
    "dan mengajak warga memilihnya, lihat @camat_tallo."
)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(tips_verb, "ARCHIVE", tmp_path / "warc")
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    migrate(engine)
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


def put(path: Path, *rows: dict[str, str]) -> Path:
    """A list of tips; a row says what differs from a good one."""
    good = {
        "id_tips": "LP-1",
        "waktu_terima": str(TODAY),
        "teks": TEXT,
        "tempat": "Kecamatan Tallo, Kota Makassar, Sulawesi Selatan",
        "izin_simpan": "ya",
        "izin_hubungi": "ya",
        "simpan_sampai": str(TODAY + timedelta(days=90)),
        "nama_pelapor": "Rina Wulandari",
        "no_hp": "081234567890",
    }
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.DictWriter(file, [*HEADERS["id"].values(), "nama_pelapor", "no_hp"], delimiter=";")
        out.writeheader()
        out.writerows(good | row for row in rows)
    return path


def kept(folder: Path) -> bytes:
    """Every byte that is kept of the tips: database and archive, unpacked."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".csv"]
    return b"".join(gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in files)


def test_a_tip_goes_through_the_stages_to_the_sheet_without_its_reporter(
    engine: Engine, run: Run, tmp_path: Path
) -> None:
    path = put(tmp_path / "daftar.csv", {}, {"id_tips": "LP-2", "izin_simpan": "tidak"}, {"id_tips": "="})
    code, out, err = run("import", "tips", path)
    assert (code, "baru: 1, teks berubah: 0" in out, "tanpa izin simpan, tidak disimpan: 1" in out) == (
        1,
        True,
        True,
    )
    assert "baris 4, id_tips '=': yang diterima: paling banyak 64 huruf" in err
    assert "kolom tentang pelapor, tidak disimpan: nama_pelapor, no_hp" in err
    with reading(engine) as conn:
        ran = last_run(conn)
        assert ran is not None
        assert (ran.command, ran.exit_code) == ("import tips", 1)
        assert list(conn.scalars(select(access_acts.c.what))) == ["tips imported"]
    assert run("extract", *SOURCES)[0] == 0
    with engine.begin() as conn:
        (doc,) = stages.pending_screen(conn, limit=None)
        assert (doc.kind, doc.source_id, doc.published_precision) == ("post", "tips", "day")
        assert doc.text.startswith(
            "Saya [identitas disamarkan], hp [identitas disamarkan]. Kemarin Camat Tallo"
        )
        assert doc.text.endswith("\nTempat: Kecamatan Tallo, Kota Makassar, Sulawesi Selatan")
        stages.save_candidate(conn, make_candidate(doc))
        stages.save_prediction(conn, doc.doc_id, make_prediction(doc), model="model-1")
    assert run("group")[0] == 0
    assert run("export", "--out", tmp_path, "--source", "tips", *SOURCES)[0] == 0
    (sheet,) = tmp_path.glob("flagged-*.csv")
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["tautan"], row["sumber"]) == ("tip:LP-1", "Laporan masyarakat")
    assert "tips" in run("status")[1]
    held = kept(tmp_path)
    assert not any(
        word in held for word in (b"Wulandari", b"Rina", b"081234567890", b"3456", b"@camat_tallo")
    )
    assert b"LP-2" not in held
    assert [p.name for p in tmp_path.rglob("daftar*")] == ["daftar.csv"]


def test_the_same_list_again_changes_nothing_and_a_dry_run_neither(
    engine: Engine, run: Run, tmp_path: Path
) -> None:
    path = put(tmp_path / "daftar.csv", {})
    code, out, _ = run("import", "tips", path, "--dry-run")
    assert (code, "baru: 1" in out, "Uji coba" in out) == (0, True, True)
    assert not (tmp_path / "warc").exists()
    assert run("import", "tips", path)[0] == 0
    assert "sudah tercatat: 1" in run("import", "tips", path)[1]
    put(path, {"teks": TEXT + " Ia membagi kaus."}, {"id_tips": ""})
    code, out, _ = run("import", "tips", path, "--all-or-nothing", "--lang", "en")
    assert (code, "changed text: 1" in out, "Nothing was stored" in out) == (1, True, True)
    assert "teks berubah: 1" in run("import", "tips", path)[1]
    with reading(engine) as conn:
        assert len(conn.execute(select(pages)).all()) == 1


def test_consent_taken_back_and_a_date_that_is_past_are_cleared_by_retention(
    engine: Engine, run: Run, tmp_path: Path
) -> None:
    path = put(tmp_path / "daftar.csv", {}, {"id_tips": "LP-2"}, {"id_tips": "LP-3"})
    run("import", "tips", path)
    assert run("extract", *SOURCES)[0] == 0
    assert b"Camat Tallo" in kept(tmp_path)
    yesterday = str(TODAY - timedelta(days=1))
    put(
        path,
        {"izin_simpan": "tidak"},
        {"id_tips": "LP-2", "waktu_terima": yesterday, "simpan_sampai": yesterday},
        {"id_tips": "LP-3", "simpan_sampai": str(TODAY)},
    )
    code, out, _ = run("import", "tips", path)
    assert code == 0
    for said in (
        "izin atau tanggal berubah: 1",
        "tanpa izin simpan, tidak disimpan: 1",
        "lewat tanggal simpan",
    ):
        assert said in out
    assert "izin berakhir, dihapus oleh retensi berikutnya: 2" in out
    clear = ("retention", "run", "--archive", tmp_path / "warc")
    assert "consent: 2 documents" in run(*clear)[1]
    with reading(engine) as conn:
        left = list(conn.scalars(select(documents.c.canonical_url).where(documents.c.text != "")))
        ends = {row.tip_id: row.keep_until for row in conn.execute(select(tips))}
    assert left == ["tip:LP-3"]
    assert ends == {
        "LP-1": date.fromisoformat(yesterday),
        "LP-2": date.fromisoformat(yesterday),
        "LP-3": TODAY,
    }
    assert "consent: 1 documents" in run(*clear, "--date", TODAY + timedelta(days=1))[1]
    assert b"Camat Tallo" not in kept(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lembar.csv", "daftar.csv"), "one sheet at a time; or: import tips FILE"),
        (("tips", "daftar.csv", "--reviewer", "Siti"), "are for sheets"),
        (("tips", "daftar.csv", "--keep", "x"), "are for sheets"),
        (("tips", "daftar.csv"), "give the path of the list of tips"),
    ],
)
def test_wrong_use_ends_with_2_and_says_how(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = run("import", *arguments)
    assert (code, said in err) == (2, True)


def test_tips_have_a_publisher_beside_the_manifests() -> None:
    assert publishers_of([]) == {"tips": "Laporan masyarakat"}
