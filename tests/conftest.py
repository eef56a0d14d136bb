"""What tests of all rooms share."""

import os
import shutil

import pytest

# Handles are hashed alike in every test, and no test makes a key file in the checkout.
os.environ.setdefault("NETRA_HANDLE_KEY", "kunci uji yang tidak rahasia sama sekali")

FULL = bool(os.environ.get("NETRA_FULL"))


def needs_program(program: str, *, package: str) -> pytest.MarkDecorator:
    """Skip by name where a system program is missing; under FULL=1 it must be there."""
    missing = shutil.which(program) is None
    if missing and FULL:
        raise RuntimeError(f"{program} is missing although FULL=1 installs {package}")
    return pytest.mark.skipif(
        missing, reason=f"{program} is not installed (Debian: {package}; or make test FULL=1)"
    )
