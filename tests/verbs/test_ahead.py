"""Pages that are read ahead: the same readings, for the very records, and no stage that waits in vain."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.archive import Archive, digest_bodies
from store.records import Document, ExtractionRules, RawPage
from tests.crawlers.samples import source
from tests.pages import load_page
from verbs import ahead
from verbs.ahead import Readers, read_stored, reading_ahead

ROOT = Path(__file__).parents[2]
RULES = {"kompas": load_page("kompas")[1]}


def stored_pages(folder: Path, count: int) -> list[RawPage]:
    """Pages in an archive: a saved article again and again, and one without any text."""
    page = load_page("kompas")[0]
    found = []
    with Archive(folder, name="arsip", software="uji") as archive:
        for number in range(count):
            body = page.bodies[0] if number else b"<html><body></body></html>"
            url = f"https://w.test/{number}"
            ref = archive.write(url, status=200, headers=[], body=body, fetched_at=datetime.now(UTC))
            names = {"page_id": f"G-{number:016d}", "url": url, "canonical_url": url, "bodies": ()}
            found.append(replace(page, refs=(ref,), body_sha256=digest_bodies([body]), **names))
    return found


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers that start at once."""
    monkeypatch.setattr(ahead, "FEWEST", 1)
    monkeypatch.setattr(ahead, "READERS", 1)
    monkeypatch.setattr(ahead, "BATCH", 3)


def wait_for(readers: Readers) -> None:
    for future, _ in readers._readings.values():
        future.exception(timeout=60)


@pytest.mark.usefixtures("early")
def test_what_is_read_ahead_is_what_the_stage_reads(tmp_path: Path) -> None:
    pages = stored_pages(tmp_path, 7)
    broken = replace(pages[1], page_id="G-x", body_sha256="0" * 64)
    readers = Readers(RULES)
    try:
        for page in (*pages, broken):
            readers.offer(page)
        wait_for(readers)
        found = [readers.take(page) for page in pages]
        assert found == [read_stored(page, RULES) for page in pages]
        assert isinstance(found[0], str)
        assert isinstance(found[1], Document)
        # A page that is spoilt is left to the stage, as is one that has changed, or was taken before.
        assert readers.take(broken) is None
        assert readers.take(replace(pages[2], night=datetime(2024, 1, 1, tzinfo=UTC).date())) is None
        assert readers.take(pages[3]) is None
    finally:
        readers.close()


def test_a_few_pages_start_no_process(tmp_path: Path) -> None:
    with reading_ahead([source()]) as readers:
        for page in stored_pages(tmp_path, 3):
            readers.offer(page)
            assert readers.take(page) is None
        assert readers._pool is None


@pytest.mark.usefixtures("early")
def test_a_reader_that_dies_costs_its_pages_only(tmp_path: Path) -> None:
    pages = stored_pages(tmp_path, 12)
    readers = Readers({"kompas": ExtractionRules("kompas")})
    try:
        readers.offer(pages[0])
        wait_for(readers)
        assert readers._pool is not None
        for pid in list(readers._pool._processes):
            os.kill(pid, signal.SIGKILL)
        for page in pages[1:]:
            readers.offer(page)
        wait_for(readers)
        assert {readers.take(page) for page in pages[1:]} == {None}
    finally:
        readers.close()


def test_readers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "induk.py"
    program.write_text(
        "import time\nfrom verbs import ahead\n"
        "if __name__ == '__main__':\n"
        "    pool = ahead._start({})\n    pool.submit(ahead._read_batch, []).result()\n"
        "    print(*pool._processes, flush=True)\n    time.sleep(60)\n",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [sys.executable, str(program)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pids
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
