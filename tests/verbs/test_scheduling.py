"""The night runs by itself, once, is caught up when missed, and tells when it has stopped."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import pipeline
from store.db import connect, migrate
from store.ledger import Run, finish_run, start_run
from store.records import UsageError
from tests.review.test_deliver import SECRET, hook
from tests.store.samples import NIGHT
from verbs import scheduling
from verbs.scheduling import is_due, last_moment, read_environment
from verbs.units import CRON_BEGIN, MARK, NIGHTLY, TIMER, UNITS

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run `schedule` with its places in a folder of the test; gives (exit code, stdout, stderr)."""
    for name in ("NETRA_SMTP_HOST", "NETRA_WEBHOOK_URL", "NETRA_DB", "MONITOR_EXIT_STATUS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(scheduling, "LOGS", tmp_path / "log")
    # What `run` reads from an environment file goes again with the test.
    monkeypatch.setattr(os, "environ", os.environ.copy())

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", "schedule", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def db(tmp_path):
    address = f"sqlite:///{tmp_path / 'netra.db'}"
    engine = connect(address)
    migrate(engine)
    engine.dispose()
    return address


def files(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("where", [("--systemd",), ("--systemd", "--system"), ("--cron",)])
def test_install_show_remove_leave_nothing_behind(run, tmp_path, where):
    prefix = tmp_path / "try"
    assert run("show", "--prefix", prefix)[1].startswith("nothing is installed")
    code, out, _ = run("install", *where, "--at", "03:30", "--dry-run", "--prefix", prefix)
    assert code == 0
    assert "pipeline.py schedule install" in out
    assert not prefix.exists()
    assert run("install", *where, "--at", "03:30", "--prefix", prefix, "--", "--lang", "en")[0] == 0
    written = files(prefix)
    assert "pipeline.py" in str(written)
    assert "--lang en" in str(written)
    assert run("install", *where, "--at", "03:30", "--prefix", prefix, "--", "--lang", "en")[0] == 0
    assert files(prefix) == written
    code, out, _ = run("show", "--prefix", prefix)
    assert code == 0
    assert "03:30" in out
    assert run("remove", "--dry-run", "--prefix", prefix)[0] == 0
    assert files(prefix) == written
    assert run("remove", "--prefix", prefix)[0] == 0
    assert set(files(prefix).values()) <= {""}
    assert run("remove", "--prefix", prefix)[0] == 0


def test_what_others_wrote_stays(run, tmp_path):
    folder = tmp_path / ".config" / "systemd" / "user"
    folder.mkdir(parents=True)
    (folder / TIMER).write_text("[Timer]\n")
    (tmp_path / "crontab").write_text("5 4 * * * mine\n")
    code, _, err = run("install", "--systemd", "--prefix", tmp_path)
    assert code == 2
    assert TIMER in err
    assert run("install", "--cron", "--prefix", tmp_path)[0] == 0
    assert CRON_BEGIN in (tmp_path / "crontab").read_text()
    code, out, _ = run("remove", "--prefix", tmp_path)
    assert code == 0
    assert "left alone" in out
    assert (folder / TIMER).read_text() == "[Timer]\n"
    assert (tmp_path / "crontab").read_text() == "5 4 * * * mine\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--systemd or --cron"),
        (("--systemd", "--cron"), "--systemd or --cron"),
        (("--cron", "--system"), "--system"),
        (("--cron", "--at", "24:00"), "--at"),
        (("--cron", "--at", "2:00"), "--at"),
        (("--cron", "--at", "02:00\n* * * * * x"), "--at"),
        (("--cron", "--db", "postgresql://u:geheim@host/n"), "NETRA_DB"),
    ],
)
def test_wrong_use_is_told_and_writes_nothing(run, tmp_path, words, told):
    code, _, err = run("install", *words, "--prefix", tmp_path / "try")
    assert code == 2
    assert told in err
    assert "geheim" not in err
    assert not (tmp_path / "try").exists()


def test_an_environment_file_that_others_may_read_is_refused(run, tmp_path, db):
    secrets = tmp_path / "netra.env"
    secrets.write_text("NETRA_SMTP_PASSWORD=geheim\n")
    secrets.chmod(0o644)
    for words in (("install", "--cron", "--prefix", tmp_path), ("run", "--db", db)):
        code, out, err = run(*words, "--env-file", secrets)
        assert code == 2
        assert "chmod 600" in err
        assert "geheim" not in out + err


def test_an_environment_file_gives_our_variables_alone(tmp_path, capsys):
    path = tmp_path / "netra.env"
    path.write_text("# ours\n\nNETRA_A=1\nNETRA_B='a b'\nPATH=/evil\nnonsense\nNETRA_C=x=\"y\"\n")
    assert read_environment(path) == {"NETRA_A": "1", "NETRA_B": "a b", "NETRA_C": 'x="y"'}
    out = capsys.readouterr().out
    assert "netra.env:5" in out
    assert "/evil" not in out
    assert read_environment(tmp_path / "none") == {}


def test_the_last_moment_is_in_jakarta():
    assert last_moment("02:00", datetime(2024, 9, 18, 19, 0, tzinfo=UTC)) == datetime(
        2024, 9, 18, 19, tzinfo=UTC
    )
    assert last_moment("02:00", datetime(2024, 9, 18, 18, 59, tzinfo=UTC)) == datetime(
        2024, 9, 17, 19, tzinfo=UTC
    )


def test_a_night_is_due_until_one_has_ended_or_three_have_stopped():
    begun = Run(1, "nightly", NIGHT, "1", "m", datetime(2024, 9, 18, tzinfo=UTC), None, None)
    ended = Run(2, "nightly", NIGHT, "1", "m", begun.started_at, begun.started_at, 1)
    assert is_due([])
    assert is_due([begun, begun])
    assert not is_due([begun, ended])
    assert not is_due([begun] * 3)


def test_a_night_that_was_run_is_not_run_again(run, tmp_path, db):
    engine = connect(db)
    finish_run(engine, start_run(engine, command="nightly", night=NIGHT), exit_code=1)
    engine.dispose()
    # Due a minute ago, but a night has ended since; were it begun, the option would be an error.
    at = f"{datetime.now(scheduling.NIGHT_ZONE) - timedelta(minutes=1):%H:%M}"
    assert run("run", "--at", at, "--db", db, "--", "--no-such-option") == (0, "", "")
    assert not (tmp_path / "log").exists()


def test_a_night_that_stops_is_told_and_one_that_finds_the_lock_held_is_not(run, tmp_path, db):
    holder = subprocess.Popen(
        [sys.executable, "-m", "tests.store.holder", db, "hold"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with hook() as (port, got):
        secrets = tmp_path / "netra.env"
        secrets.write_text(f"NETRA_WEBHOOK_URL=http://127.0.0.1:{port}/\nNETRA_WEBHOOK_SECRET={SECRET}\n")
        secrets.chmod(0o600)
        try:
            assert holder.stdout.readline() == "locked\n"
            code, out, _ = run("run", "--db", db, "--env-file", secrets)
            assert (code, out, got) == (3, "", [])
        finally:
            holder.kill()
            holder.communicate()
        code, out, _ = run("run", "--db", db, "--env-file", secrets, "--", "--db", db, "--no-such-option")
    assert code == 2
    assert json.loads(got[0][2])["code"] == "2"
    assert "pemakaian atau pengaturan keliru" in out
    (log,) = (tmp_path / "log").iterdir()
    assert "another run" in log.read_text()
    assert SECRET not in log.read_text() + out


def test_old_logs_go(run, tmp_path, db):
    (tmp_path / "log").mkdir()
    for day in range(40):
        (tmp_path / "log" / f"nightly-2020-01-{day:02}.log").touch()
    assert run("run", "--db", db, "--", "--no-such-option")[0] == 2
    kept = sorted(p.name for p in (tmp_path / "log").iterdir())
    assert len(kept) == scheduling.KEPT_LOGS
    assert kept[0] == "nightly-2020-01-11.log"


def test_the_alert_of_systemd_tells_the_code_even_without_a_database(run, monkeypatch, db):
    monkeypatch.setenv("MONITOR_EXIT_STATUS", "4")
    monkeypatch.setenv("MONITOR_EXIT_CODE", "exited")
    code, out, _ = run("alert", "--db", db, "--lang", "en")
    assert code == 0
    assert "code 4: stopped by an error" in out
    assert "nobody was told" in out
    monkeypatch.setenv("MONITOR_EXIT_STATUS", "KILL")
    monkeypatch.setenv("MONITOR_EXIT_CODE", "killed")
    code, out, _ = run("alert", "--db", "mysql://nowhere/x")
    assert code == 0
    assert "signal KILL" in out


def test_an_alert_that_is_not_delivered_ends_with_1(run, db, monkeypatch):
    monkeypatch.setenv("NETRA_WEBHOOK_SECRET", SECRET)
    with hook(404) as (port, got):
        monkeypatch.setenv("NETRA_WEBHOOK_URL", f"http://127.0.0.1:{port}/")
        assert run("alert", "--db", db)[0] == 1
    assert len(got) == 1


def test_a_crontab_that_cannot_be_read_is_not_taken_for_an_empty_one(tmp_path, monkeypatch):
    fake = tmp_path / "crontab"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert scheduling.read_crontab(None) == ""
    fake.write_text("#!/bin/sh\necho 'no crontab for me' >&2; exit 1\n")
    fake.chmod(0o755)
    assert scheduling.read_crontab(None) == ""
    fake.write_text("#!/bin/sh\necho 'disk on fire' >&2; exit 1\n")
    with pytest.raises(UsageError, match="disk on fire"):
        scheduling.read_crontab(None)
    fake.write_text(f"#!/bin/sh\ncase $1 in -l) echo mine;; *) /bin/cat > {tmp_path}/got;; esac\n")
    assert scheduling.read_crontab(None) == "mine\n"
    scheduling.write_crontab("new\n", None)
    assert (tmp_path / "got").read_text() == "new\n"


def test_units_say_that_they_are_ours(run, tmp_path):
    run("install", "--systemd", "--system", "--prefix", tmp_path, "--as", "netra")
    folder = tmp_path / "etc" / "systemd" / "system"
    assert sorted(p.name for p in folder.iterdir()) == sorted(UNITS)
    assert all(p.read_text().startswith(MARK) for p in folder.iterdir())
    assert "User=netra" in (folder / NIGHTLY).read_text()
