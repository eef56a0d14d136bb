"""The sample newsroom's night on two nodes, workers killed: the rows and bytes of the night alone."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.db import connect
from store.digest import content_digest
from verbs.cluster import ON_LOOPBACK

pytest.importorskip("ray", reason="not installed (pip install .[scale])")

ROOT = Path(__file__).parents[2]
WARC = ROOT / "data" / "sample" / "newsroom.warc.gz"
SHEET = "flagged-2024-09-19.csv"
#: As in tests/test_night.py: the same arithmetic in both nights.
ENVIRONMENT = os.environ | ON_LOOPBACK | {"OMP_NUM_THREADS": "1"}
#: What Ray calls the processes that read pages and answer for texts.
WORKERS = ("MapBatches(PageReader)", "MapBatches(Answerer)")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two nodes on loopback, with a home of their own, in which no model lies."""
    home = str(tmp_path_factory.mktemp("home"))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.verbs.two_nodes"],
        cwd=ROOT,
        env=ENVIRONMENT | {"HOME": home},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as nodes:
        assert nodes.stdout is not None
        # Ray may say something of its own first.
        yield next(line.strip() for line in nodes.stdout if line.startswith("127.0.0.1:"))
        nodes.communicate(timeout=60)


def night(folder: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command, "--replay", WARC, "--out", folder / "out", "--db", database(folder)],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def database(folder: Path) -> str:
    return f"sqlite:///{folder / 'netra.db'}"


def digest(folder: Path) -> dict[str, str]:
    engine = connect(database(folder))
    try:
        return content_digest(engine)
    finally:
        engine.dispose()


def titles() -> Iterator[tuple[int, str]]:
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield int(place.parent.name), place.read_text(errors="replace")
        except OSError:
            continue


def kill_one_of_each(driver: subprocess.Popen[str], killed: dict[str, int]) -> None:
    """Kill -9 the first worker of each kind that has come up."""
    while driver.poll() is None and len(killed) < len(WORKERS):
        for number, title in titles():
            kind = next((k for k in WORKERS if title.startswith("ray::") and k in title), "")
            if kind and kind not in killed and "__init__" not in title:
                os.kill(number, signal.SIGKILL)
                killed[kind] = number
        time.sleep(0.02)


def test_two_nodes_and_killed_workers_give_the_rows_and_bytes_of_one_process(tmp_path, address):
    alone, spread = tmp_path / "alone", tmp_path / "spread"
    # Begun first, so that the engine's file is built once.
    said = night(alone, "pipeline.py", "nightly").communicate(timeout=600)[0]
    driver = night(spread, "-m", "tests.verbs.two_nodes", "night", "--engine", "ray", "--address", address)
    killed: dict[str, int] = {}
    killer = threading.Thread(target=kill_one_of_each, args=(driver, killed))
    killer.start()
    told = driver.communicate(timeout=600)[0]
    killer.join()
    # 1: some sources of the newsroom fail on purpose.
    assert driver.returncode == 1, told
    assert "report: " in said
    assert set(killed) == set(WORKERS)
    assert digest(spread) == digest(alone)
    assert (spread / "out" / SHEET).read_bytes() == (alone / "out" / SHEET).read_bytes()
