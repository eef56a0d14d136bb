"""What tests of all rooms share."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.postgres import Server

# Handles are hashed alike in every test, and no test makes a key file in the checkout.
os.environ.setdefault("NETRA_HANDLE_KEY", "kunci uji yang tidak rahasia sama sekali")

FULL = bool(os.environ.get("NETRA_FULL"))

#: Where the minutes go, longest first: begun first, so that no process ends alone with one of them.
LONGEST = (
    "test_night.py",
    "wordpress",
    "faults",
    "test_migrations.py",
    "test_browser.py",
    "test_week.py",
)


@pytest.fixture(scope="session")
def server() -> Iterator["Server"]:
    """One PostgreSQL server for a whole process of tests; it starts when the first test asks for it."""
    from tests.postgres import programs, running

    if programs() is None and not FULL:
        pytest.skip("no PostgreSQL: not installed (PyPI: pgserver; Debian: postgresql)")
    with running() as made:
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest in front; within a file the order stays."""

    def rank(item: pytest.Item) -> int:
        places = {item.path.name, item.path.parent.name}
        return next((n for n, name in enumerate(LONGEST) if name in places), len(LONGEST))

    items.sort(key=rank)


def needs_packages(needed: Mapping[str, str]) -> pytest.MarkDecorator:
    """Skip by name where packages of Debian are missing; under FULL=1 they must be there.

    `needed`: package -> a program of it, or a file as a pattern below / ("usr/lib/php/*/mysqli.so").
    """
    missing = sorted(package for package, sign in needed.items() if not _is_there(sign))
    if missing and FULL:
        raise RuntimeError(f"missing although FULL=1 installs them: {', '.join(missing)}")
    return pytest.mark.skipif(
        bool(missing), reason=f"not installed (Debian: {' '.join(missing)}; or make test FULL=1)"
    )


def needs_program(program: str, *, package: str) -> pytest.MarkDecorator:
    """Skip by name where a system program is missing; under FULL=1 it must be there."""
    return needs_packages({package: program})


def _is_there(sign: str) -> bool:
    if "/" in sign:
        return any(Path("/").glob(sign))
    # Servers lie where the search path of a user may not lead.
    return shutil.which(sign, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin") is not None
