"""At most one run works on a database; the kernel or the server frees the lock when the run dies.

Promises: a second run is turned away at once; kill -9 of the holder frees the lock; the message names the
process that holds it. Never does: wait, or delete the lock file (a deleted file can be locked twice).
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text

from store.records import LockedError, UsageError

#: The advisory lock's number on PostgreSQL: "netra" in ASCII, below 2**63.
ADVISORY_KEY: Final = int.from_bytes(b"netra", "big")
#: What the session that holds the lock calls itself, before the number of its process.
_HOLDER: Final = "netra run, process "


@contextmanager
def run_lock(engine: Engine) -> Iterator[None]:
    """Hold the run lock of a database. Raises LockedError at once when another process holds it."""
    if engine.dialect.name == "postgresql":
        with _hold_advisory(engine):
            yield
    else:
        with _hold_file(Path(f"{engine.url.database}.lock")):
            yield


@contextmanager
def _hold_file(path: Path) -> Iterator[None]:
    try:
        # Not inherited by programs that we start, so that none of them outlives us with the lock.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise UsageError(
            f"lock file {path} cannot be opened ({error.strerror}). Check that the folder may be written."
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise _locked(holder, str(path)) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(handle)


@contextmanager
def _hold_advisory(engine: Engine) -> Iterator[None]:
    # Autocommit: a session lock needs a session, not a transaction that stays open all night.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        if not conn.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_KEY}):
            told = conn.scalar(
                text(
                    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
                    "WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
                    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                    "AND (classid::bigint << 32) + objid::bigint = :key"
                ),
                {"key": ADVISORY_KEY},
            )
            raise _locked(str(told or "").removeprefix(_HOLDER) or "unknown", str(engine.url))
        # How the next one learns whose process it is: the server's own number says nothing on our machine.
        name = f"{_HOLDER}{os.getpid()} on {socket.gethostname()}"
        conn.execute(text("SELECT set_config('application_name', :name, false)"), {"name": name})
        try:
            yield
        finally:
            conn.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_KEY})
            conn.execute(text("RESET application_name"))


def _locked(holder: str, place: str) -> LockedError:
    return LockedError(
        f"another run (process {holder}) works on this database ({place}). "
        "Wait until it has ended, or stop it; nothing was started."
    )
