"""One run at a time, across processes; death frees the lock."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.lock import run_lock
from store.records import LockedError

ROOT = Path(__file__).parents[2]


def command(engine: Engine, *more: str) -> list[str]:
    url = engine.url.render_as_string(hide_password=False)
    return [sys.executable, "-m", "tests.store.holder", url, *more]


@contextmanager
def holder(engine: Engine) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command(engine, "hold"), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "locked\n"
            yield process
        finally:
            process.kill()


def test_a_second_process_is_turned_away_at_once_and_told_by_whom(engine: Engine) -> None:
    with holder(engine) as process:
        begin = time.monotonic()
        with pytest.raises(LockedError, match=rf"process {process.pid}\b"), run_lock(engine):
            pytest.fail("two runs hold the lock")
        assert time.monotonic() - begin < 2.0
        second = subprocess.run(
            command(engine), cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60, check=False
        )
        assert second.returncode == 3
        assert f"process {process.pid}" in second.stdout


def test_kill_9_of_the_holder_frees_the_lock(engine: Engine) -> None:
    with holder(engine) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        with run_lock(engine):
            pass


def test_the_lock_is_free_after_the_run_and_after_an_error(engine: Engine) -> None:
    with run_lock(engine):
        pass
    with pytest.raises(ZeroDivisionError), run_lock(engine):
        _ = 1 / 0
    with run_lock(engine):
        pass


def test_two_runs_of_one_process_exclude_each_other_too(engine: Engine) -> None:
    with run_lock(engine), pytest.raises(LockedError), run_lock(engine):
        pytest.fail("two runs hold the lock")


def test_a_program_that_the_run_starts_does_not_keep_the_lock(engine: Engine) -> None:
    with run_lock(engine):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with run_lock(engine):
            pass
    finally:
        child.kill()
        child.wait()


def test_another_database_has_another_lock(engine: Engine, other: Engine) -> None:
    with run_lock(engine), run_lock(other):
        pass
