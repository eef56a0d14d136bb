"""The review page is offered to this machine alone, or under TLS; never without accounts."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from review.passwords import hash_password
from store.db import connect, migrate
from store.records import UsageError
from store.reviewers import add_reviewer
from verbs.reviewing import check_binding

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "review.instansi.test"])  # noqa: S104 - refused
def test_other_machines_are_refused_without_tls(host: str) -> None:
    with pytest.raises(UsageError, match="without encryption"):
        check_binding(host, tls_cert=None, tls_key=None)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_no_tls(host: str) -> None:
    check_binding(host, tls_cert=None, tls_key=None)


def test_half_of_tls_and_missing_files_are_refused(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    cert.write_text("")
    with pytest.raises(UsageError, match="both"):
        check_binding("127.0.0.1", tls_cert=cert, tls_key=None)
    with pytest.raises(UsageError, match=r"key\.pem does not exist"):
        check_binding("127.0.0.1", tls_cert=cert, tls_key=tmp_path / "key.pem")


def start(db: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "pipeline.py", "review", "--db", db, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_without_an_account_it_does_not_start(tmp_path: Path) -> None:
    process = start(f"sqlite:///{tmp_path / 'netra.db'}")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "reviewers add" in said


def test_the_command_serves_the_page(tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path / 'netra.db'}"
    engine = connect(db)
    migrate(engine)
    with engine.begin() as conn:
        add_reviewer(
            conn,
            name="sekar",
            role="reviewer",
            password_hash=hash_password("cukup panjang sekali"),
            at=datetime.now(UTC),
        )
    engine.dispose()
    process = start(db, "--port", "18765")
    try:
        assert process.stdout is not None
        assert "http://127.0.0.1:18765/" in process.stdout.readline()
        for _ in range(100):
            try:
                answer = httpx.get("http://127.0.0.1:18765/login")
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        assert answer.status_code == 200
        assert "Kata sandi" in answer.text
    finally:
        process.terminate()
        process.communicate(timeout=20)
