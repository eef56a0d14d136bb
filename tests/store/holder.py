"""A process of its own that takes the run lock and says so: `python -m tests.store.holder URL [hold]`."""

import sys
import time

from store.db import connect
from store.lock import run_lock
from store.records import LockedError


def main(url: str, *, hold: bool) -> int:
    """Exit code 0 when the lock was free, 3 when it was not; with `hold` keep it until killed."""
    engine = connect(url)
    try:
        with run_lock(engine):
            print("locked", flush=True)  # noqa: T201 - the parent waits for it
            while hold:
                time.sleep(1)
    except LockedError as error:
        print(error, flush=True)  # noqa: T201 - the parent reads it
        return error.exit_code
    finally:
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], hold="hold" in sys.argv[2:]))
