"""Whole nights on the sample newsroom, by the command line, with the shipped model: what a user gets."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nlp.retrain import retrain
from nlp.train import Plan
from store.db import connect
from store.digest import content_digest
from tests.nlp.tiny import make_base, write_labels
from tests.review.test_deliver import SECRET, hook

ROOT = Path(__file__).parent.parent
WARC = ROOT / "data" / "sample" / "newsroom.warc.gz"
GOLD = ROOT / "data" / "sample" / "newsroom-gold.jsonl"
LAST_NIGHT = "2024-09-19"
#: As the issue of the first milestone asks; spread over the whole run by a fixed seed.
KILLS, KILL_SEED = 20, 20240917
#: One thread each: two nights at once on two cores, and the same arithmetic in every run.
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def start(folder: Path, *options: str, db: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "pipeline.py", "nightly", "--replay", str(WARC), "--out", str(folder / "out")]
    command += options
    return subprocess.Popen(
        [*command, "--db", db or f"sqlite:///{folder / 'netra.db'}"],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(night: subprocess.Popen[str], *, code: int = 1) -> str:
    """What it printed; 1: some sources of the newsroom fail on purpose."""
    out, err = night.communicate(timeout=600)
    assert night.returncode == code, err
    return out


def digest(folder: Path, db: str = "") -> dict[str, str]:
    engine = connect(db or f"sqlite:///{folder / 'netra.db'}")
    try:
        return content_digest(engine)
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An undisturbed night with the shipped model: its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("night")
    return folder, finish(start(folder))


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Options that name a tiny model: what a kill does to a night does not depend on a good one."""
    work = tmp_path_factory.mktemp("quick")
    plan = Plan(seed=3, epochs=1, batch=8, held_out=0.25)
    retrain([write_labels(work / "tiny.jsonl")], work / "tiny", plan=plan, base=str(make_base(work / "base")))
    return "--model", str(work / "tiny")


def read_sheet(folder: Path) -> list[dict[str, str]]:
    with (folder / "out" / f"flagged-{LAST_NIGHT}.csv").open(encoding="utf-8-sig", newline="") as sheet:
        return list(csv.DictReader(sheet))


def test_the_night_ends_with_the_sheet_and_says_where_it_lies(night):
    folder, printed = night
    rows = read_sheet(folder)
    assert rows
    assert f"flagged-{LAST_NIGHT}.csv" in printed
    for row in rows:
        assert row["dugaan_jenis"].startswith("dugaan: ")
        assert row["tautan"].startswith("https://")
        assert row["bukti"]
        assert row["versi_model"]
        assert 0 <= int(row["skor_persen"]) <= 100
        assert [row[c] for c in ("keputusan", "jenis", "pelaku", "catatan", "peninjau")] == [""] * 5
    assert len({row["id_kejadian"] for row in rows}) == len(rows)


def test_every_source_has_one_outcome_for_each_night_and_the_broken_ones_are_named(night):
    folder, _ = night
    report = json.loads((folder / "out" / f"report-{LAST_NIGHT}.json").read_text(encoding="utf-8"))
    outcomes = {(s["source_id"], s["night"]): s["outcome"] for s in report["sources"]}
    manifests = {path.stem for path in (WARC.parent / "sources").glob("*.toml")}
    assert {source for source, _ in outcomes} == manifests
    assert len(outcomes) == 3 * len(manifests)
    last = {source: outcome for (source, night), outcome in outcomes.items() if night == LAST_NIGHT}
    assert {o: s for s, o in last.items() if o not in ("ok", "unchanged")} == {
        "robots": "harian-tertutup",
        "empty": "kabar-sepi",
        "error": "koran-rawa",
        "challenge": "portal-tameng",
        "encoding": "pos-lawas",
        "malformed": "warta-retak",
    }
    assert report["exit_code"] == 1
    assert set(report["masked"]) == {"nik", "nip", "phone", "mail", "minor"}
    assert len(report["failed_sources"]) == 6 * 3


def test_the_night_finds_the_planted_cases_and_lets_the_rest_go(night):
    """A floor, not the quality: the texts are ours, and the gate of the classifier is another issue."""
    folder, _ = night
    gold = {line["url"]: line for line in map(json.loads, GOLD.read_text(encoding="utf-8").splitlines())}
    engine = connect(f"sqlite:///{folder / 'netra.db'}")
    with engine.connect() as conn:
        rows = conn.exec_driver_sql(
            "select d.canonical_url, coalesce(p.flagged, 0) from documents d"
            " left join predictions p on p.doc_id = d.doc_id"
        ).all()
    engine.dispose()
    assert {url for url, _ in rows} == set(gold)
    flagged = {url for url, flag in rows if flag}
    cases = {url for url, line in gold.items() if line["label"] == "case"}
    assert len(flagged & cases) / len(cases) >= 0.8
    assert len(flagged & cases) / len(flagged) >= 0.6


def test_a_second_night_adds_nothing_and_writes_the_same_bytes(night):
    folder, _ = night
    sheet = folder / "out" / f"flagged-{LAST_NIGHT}.csv"
    before, content = sheet.read_bytes(), digest(folder)
    finish(start(folder))
    assert sheet.read_bytes() == before
    assert digest(folder) == content


def test_a_night_on_postgresql_writes_the_same_bytes(server, tmp_path):
    """Of an outlet and a post tool's export, so that it takes a fifth of the whole newsroom's CPU."""
    sheet = Path("out") / f"flagged-{LAST_NIGHT}.csv"
    two = ("--source", "kabar-lontara", "--source", "ekspor-x")
    on_file, on_server = tmp_path / "sqlite", tmp_path / "postgresql"
    finish(start(on_file, *two), code=0)
    with server.database(migrated=False) as name:
        finish(start(on_server, *two, db=server.url(name)), code=0)
        assert digest(on_server, server.url(name)) == digest(on_file)
    assert (on_server / sheet).read_bytes() == (on_file / sheet).read_bytes()
    assert len(read_sheet(on_server)) > 1


def test_two_nights_at_once_are_one_night(night):
    folder, _ = night
    one, other = start(folder), start(folder)
    codes = sorted(p.wait(timeout=600) for p in (one, other))
    for p in (one, other):
        p.communicate()
    assert codes == [1, 3]


def test_the_digest_lies_beside_the_sheet_and_a_mail_that_fails_loses_nothing(night, monkeypatch):
    folder, printed = night
    digests = [folder / "out" / f"ringkasan-{LAST_NIGHT}{end}" for end in (".html", ".txt")]
    before = [path.read_text(encoding="utf-8") for path in digests]
    assert str(digests[0]) in printed
    rows = read_sheet(folder)
    assert all(f" {row['id_kejadian']}<" in before[0] and row["id_kejadian"] in before[1] for row in rows)
    assert not any(row["judul"] in before[1] for row in rows)
    with hook(404) as (port, got):
        monkeypatch.setitem(ENVIRONMENT, "NETRA_WEBHOOK_URL", f"http://127.0.0.1:{port}/")
        monkeypatch.setitem(ENVIRONMENT, "NETRA_WEBHOOK_SECRET", SECRET)
        out = finish(start(folder, "--send"))
    assert "not delivered: webhook 127.0.0.1: answered 404" in out
    assert len(got) == 1
    report = json.loads((folder / "out" / f"report-{LAST_NIGHT}.json").read_text(encoding="utf-8"))
    assert report["warnings"] == ["webhook 127.0.0.1: answered 404"]
    assert len(read_sheet(folder)) == len(rows)


def test_two_timers_at_once_begin_one_night(quick, tmp_path):
    """What cron calls, twice at the same moment: one night runs, the other finds the lock and is quiet."""
    db, out = f"sqlite:///{tmp_path / 'netra.db'}", str(tmp_path / "out")
    words = [sys.executable, "pipeline.py", "schedule", "run", "--at", "00:00", "--db", db, "--"]
    words += ["--db", db, "--out", out, "--replay", str(WARC), *quick]
    timers = [
        subprocess.Popen(words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [timer.communicate(timeout=600) for timer in timers]
    assert sorted(timer.returncode for timer in timers) == [1, 3], told
    again = subprocess.run(words, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert (again.returncode, again.stdout) == (0, "")
    engine = connect(db)
    with engine.connect() as conn:
        runs = conn.exec_driver_sql("select command, exit_code from runs").all()
    engine.dispose()
    assert [tuple(row) for row in runs] == [("nightly", 1)]


def test_a_night_killed_at_any_moment_is_made_whole_by_running_it_again(quick, tmp_path):
    """kill -9 at 20 random moments, each followed by a plain re-run: the content is the undisturbed one."""
    calm = tmp_path / "calm"
    calm.mkdir()
    started = time.monotonic()
    finish(start(calm, *quick))
    seconds, content = time.monotonic() - started, digest(calm)
    sheet = (calm / "out" / f"flagged-{LAST_NIGHT}.csv").read_bytes()
    chance = random.Random(KILL_SEED)
    moments = [chance.uniform(0.05, 1.0) * seconds for _ in range(KILLS)]

    def disturb(number: int) -> str:
        broken = tmp_path / str(number)
        broken.mkdir()
        disturbed = start(broken, *quick)
        try:
            disturbed.wait(timeout=moments[number])
        except subprocess.TimeoutExpired:
            disturbed.send_signal(signal.SIGKILL)
        disturbed.communicate()
        finish(start(broken, *quick))
        differing = [name for name, value in digest(broken).items() if value != content[name]]
        same = (broken / "out" / f"flagged-{LAST_NIGHT}.csv").read_bytes() == sheet
        return (
            ""
            if same and not differing
            else f"killed after {moments[number]:.2f} s: {differing}, sheet {same}"
        )

    with ThreadPoolExecutor(max_workers=2) as pool:
        problems = [problem for problem in pool.map(disturb, range(KILLS)) if problem]
    assert problems == []
