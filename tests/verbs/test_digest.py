"""The verb `digest`: any past night, the same bytes, sent only when asked and set up."""

import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import pipeline
from store.db import connect, migrate
from store.ledger import finish_run, note_source, start_run
from store.records import Outcome, SourceReport
from tests.review.test_deliver import SECRET, hook
from tests.store.samples import NIGHT, put_grouped
from verbs import digest as verb

SOURCES = Path(__file__).parents[2] / "data" / "sample" / "sources"
NAMES = ("NETRA_SMTP_HOST", "NETRA_WEBHOOK_URL", "NETRA_DIGEST_QUOTES", "NETRA_DB")


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run `digest` on a database with one night; gives (exit code, stdout, stderr)."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    address = f"sqlite:///{tmp_path / 'netra.db'}"
    engine = connect(address)
    migrate(engine)
    put_grouped(engine, 1, 2)
    run_id = start_run(engine, command="nightly", night=NIGHT)
    note_source(engine, run_id, SourceReport("kabar-lontara", NIGHT, Outcome.BLOCKED, 1, 0, 0, 0, "403"))
    finish_run(engine, run_id, exit_code=1)
    engine.dispose()

    def call(*arguments: object) -> tuple[int, str, str]:
        words = ["pipeline.py", "digest", "--db", address, "--out", tmp_path / "out"]
        words += ["--sources", SOURCES, *arguments]
        monkeypatch.setattr(sys, "argv", [str(word) for word in words])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def test_the_newest_night_is_told_and_the_same_rows_give_the_same_bytes(run, tmp_path):
    code, out, _ = run()
    page = tmp_path / "out" / f"ringkasan-{NIGHT}.html"
    assert (code, out) == (0, f"digest: {page}\n")
    before = page.read_bytes(), page.with_suffix(".txt").read_bytes()
    assert all(b"Kabar Lontara" in told for told in before)
    assert run("--date", NIGHT)[0] == 0
    assert (page.read_bytes(), page.with_suffix(".txt").read_bytes()) == before
    assert run("--date", NIGHT - timedelta(days=1), "--lang", "en")[0] == 0
    early = (tmp_path / "out" / f"digest-{NIGHT - timedelta(days=1)}.txt").read_text()
    assert "new allegations: 0" in early


def test_it_is_sent_only_when_asked(run, monkeypatch):
    with hook(200, 404) as (port, got):
        monkeypatch.setenv("NETRA_WEBHOOK_URL", f"http://127.0.0.1:{port}/")
        monkeypatch.setenv("NETRA_WEBHOOK_SECRET", SECRET)
        assert run()[0] == 0
        assert got == []
        assert run("--send")[0] == 0
        code, out, _ = run("--send")
    assert code == 1
    assert "not delivered: webhook 127.0.0.1: answered 404" in out
    told = json.loads(got[0][2])
    assert (told["new"], told["failed_sources"]) == (
        2,
        [{"source_id": "kabar-lontara", "outcome": "blocked"}],
    )
    assert "title" not in told["alleged_incidents"][0]


def test_the_environment_may_ask_for_quotes(run, monkeypatch, tmp_path):
    run()
    mail = tmp_path / "out" / f"ringkasan-{NIGHT}.txt"
    assert "Camat hadir di deklarasi" not in mail.read_text()
    monkeypatch.setenv("NETRA_DIGEST_QUOTES", "1")
    run()
    assert "Camat hadir di deklarasi" in mail.read_text()


def test_sending_without_settings_is_wrong_use(run, monkeypatch):
    code, _, err = run("--send")
    assert code == 2
    assert "NETRA_SMTP_HOST" in err
    monkeypatch.setenv("NETRA_WEBHOOK_URL", "http://hook.test/")
    code, _, err = run("--send")
    assert code == 2
    assert "NETRA_WEBHOOK_URL" in err


def test_before_the_first_night_there_is_nothing_to_tell(tmp_path):
    with pytest.raises(verb.UsageError, match="nightly"):
        verb.digest(db=f"sqlite:///{tmp_path / 'empty.db'}", out=tmp_path)
