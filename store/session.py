"""Opens the database for one command: connected, migrated, locked where the command writes.

Promises: what it opened it closes, the lock included, however the command ends. Never does: wait for a lock.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Engine

from store.db import connect, migrate
from store.lock import run_lock


@contextmanager
def opened(db: str, *, exclusive: bool) -> Iterator[Engine]:
    """The migrated database at an address; `exclusive` holds the run lock for as long as it is open.

    Raises UsageError for a wrong address, LockedError when another run holds the lock.
    """
    with ExitStack() as stack:
        engine = connect(db)
        stack.callback(engine.dispose)
        if exclusive:
            stack.enter_context(run_lock(engine))
        migrate(engine)
        yield engine
