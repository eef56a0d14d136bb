"""The day that docs/day.sh walks through works: night, sheet, import, second review, agreement, digest."""

import os
import subprocess
from pathlib import Path

from tests.conftest import needs_program

ROOT = Path(__file__).parent.parent


@needs_program("soffice", package="libreoffice-calc")
def test_every_step_of_an_analysts_day_works(tmp_path):
    # Its own folder for everything; without --retrain, which takes an hour.
    done = subprocess.run(
        ["bash", "docs/day.sh"],
        cwd=ROOT,
        env={**os.environ, "WORK": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    said = done.stdout
    assert "events, whole" in said
    assert "Bagas Contoh" in said
    assert said.rstrip().endswith(f"everything lies in {tmp_path}")
    assert list(tmp_path.glob("*.html")), "no digest"
