"""`corrections`: a request pauses, is listed, told by `status` when it is late, and decided."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import pipeline
from store.corrections import is_paused, list_requests
from store.db import connect, migrate
from store.reviewers import add_reviewer
from tests.store.samples import put_grouped

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a verb in this process; gives (exit code, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            pipeline.main()
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def test_a_request_from_its_letter_to_its_decision(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'netra.db'}"
    engine = connect(url)
    migrate(engine)
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        for name, role in (("Sekar", "reviewer"), ("Tamu", "reader")):
            add_reviewer(conn, name=name, role=role, password_hash="", at=datetime.now(UTC))
    name = incident.incident_id
    code, out, _ = run(
        "corrections", "add", name, "--from", "subject", "--reference", "B-17/2024", "--db", url
    )
    assert (code, f"request 1: {name} is paused" in out) == (0, True)
    with engine.begin() as conn:
        assert is_paused(conn, name)
    assert "DIJEDA" in run("show", name, "--db", url)[1]
    assert run("corrections", "list", "--db", url)[0] == 0
    assert run("status", "--db", url)[0] == 0

    code, *_ = run(
        *("corrections", "add", name, "--from", "proxy", "--received", "2024-09-17T10:00", "--db", url)
    )
    assert code == 0
    for verb in (("corrections", "list"), ("status",)):
        code, out, _ = run(*verb, "--db", url)
        assert code == 1
        assert "corrections decide 2" in out
        assert "corrections decide 1 " not in out

    decide = ("corrections", "decide", "--db", url, "--outcome")
    code, _, err = run(*decide, "refused", "2", "--reviewer", "Tamu")
    assert (code, "may read and not decide" in err) == (2, True)
    assert run(*decide, "refused", "2", "--reviewer", "Sekar")[0] == 0
    assert run("status", "--db", url)[0] == 0
    assert "stays paused until" in run(*decide, "upheld", "1", "--reviewer", "sekar")[1]
    with engine.begin() as conn:
        assert is_paused(conn, name)
        assert [one.outcome for one in list_requests(conn)] == ["upheld", "refused"]
    engine.dispose()


def test_no_name_can_be_written_down_with_a_request(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'netra.db'}"
    code, _, err = run(
        *("corrections", "add", "I-1", "--from", "subject", "--reference", "Surti 17", "--db", url)
    )
    assert (code, "--reference" in err) == (2, True)
