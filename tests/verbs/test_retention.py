"""The verb `retention` and the owner's periods, on a real database and archive."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import pipeline
from store.access import Act, access_head, append_acts, check_acts
from store.db import connect, migrate, reading
from store.records import UsageError
from store.retention import Periods
from tests.store.samples import NIGHT, put_grouped
from verbs.retention import read_periods

Run = Callable[..., tuple[int, str]]


@pytest.fixture(name="run")
def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    url = f"sqlite:///{tmp_path / 'netra.db'}"
    engine = connect(url)
    migrate(engine)
    put_grouped(engine, 1)
    engine.dispose()
    (tmp_path / "warc").mkdir()

    def call(*arguments: object) -> tuple[int, str]:
        words = ["pipeline.py", "retention", *map(str, arguments), "--db", url]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        return int(leaving.value.code or 0), capsys.readouterr().out

    return call


def test_a_dry_run_counts_and_a_run_clears_scrubs_and_stays_on_record(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "retention.toml"
    own.write_text("unconfirmed_days = 5\n", encoding="utf-8")
    night = ("--date", NIGHT + timedelta(days=6), "--settings", own, "--archive", tmp_path / "warc")
    files = (tmp_path / "netra.db", tmp_path / "netra.db-wal")
    assert "unconfirmed: 1 pages would be cleared" in run("run", "--dry-run", *night)[1]
    assert any(b"Camat hadir" in path.read_bytes() for path in files if path.exists())
    code, out = run("run", *night)
    assert (code, "unconfirmed: 1 incidents" in out) == (0, True)
    assert not any(b"Camat hadir" in path.read_bytes() for path in files if path.exists())
    out = run("show", "--settings", own)[1]
    for words in ("screened_out_days = 30", "unconfirmed_days = 5", "unconfirmed: 1 documents"):
        assert words in out


def test_acts_past_their_time_are_told_and_stay(run: Run, tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'netra.db'}")
    now = datetime.now(UTC)
    with engine.begin() as conn:
        append_acts(conn, [Act(now - timedelta(days=days), "R-1", "page: list") for days in (1828, 1826)])
    for words in (("run", "--dry-run"), ("run",)):
        code, out = run(*words, "--archive", tmp_path / "warc", "--settings", tmp_path / "none.toml")
        assert (code, "record of access: 1 rows are past 1827 days and stay" in out) == (0, True)
    with reading(engine) as conn:
        assert (access_head(conn)[0], check_acts(conn)) == (2, "")
    engine.dispose()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("flags = 3", "'flags' is no period"),
        ("unconfirmed_days = 0", "write whole days"),
        ("unconfirmed_days = true", "write whole days"),
        ("unconfirmed_days = '9'", "write whole days"),
        ("unconfirmed_days", "cannot be read"),
    ],
)
def test_the_owners_file_is_read_exactly(tmp_path: Path, text: str, problem: str) -> None:
    own = tmp_path / "retention.toml"
    assert read_periods(own) == Periods(30, 180)
    own.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=problem):
        read_periods(own)
