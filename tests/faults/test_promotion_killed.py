"""Promote and roll back, killed at 100 points: the pointer always names a whole model (R13)."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nlp.promotion import promote, rollback
from nlp.registry import active_folder, check_folder

ROOT = Path(__file__).parents[2]
POINTS = 100
#: Forks a child per point, which kills itself at the n-th call that the work makes; the first one is counted
#: and lives. So a point lies before and after each step that touches a file, and between them.
KILLER = """
import os, signal, shutil, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from nlp import promotion, registry
work, points = Path(sys.argv[1]), int(sys.argv[2])
#: What opens, writes, renames or removes; the rest of the work cannot leave anything behind.
TOUCHING = ("open", "os.", "shutil.", "pathlib.")

def start(models, what, limit):
    count = 0
    def hook(event, args):
        nonlocal count
        if event.startswith(TOUCHING):
            count += 1
            if count == limit:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    if what == "rollback":
        promotion.rollback(models)
    else:
        promotion.promote(what, models)
    # The last point lies behind the work: what touches files last is the switch itself.
    hook("open", ())
    return count

def child(models, what, limit):
    pid = os.fork()
    if pid == 0:
        try:
            count = start(models, what, limit)
            (work / "count").write_text(str(count))
        finally:
            os._exit(0)
    return os.waitpid(pid, 0)[1]

def fresh(number):
    models = work / f"models-{number}"
    for name in ("one", "two"):
        shutil.copytree(work / "tiny", models / name)
    (models / "active.toml").write_text('active = "two"\\nbefore = ["one"]\\n')
    return models

number = 0
for what, share in (("rollback", 3), ("one", 3), (str(work / "three"), 4)):
    models = fresh(number)
    assert child(models, what, 0) == 0
    shutil.rmtree(models)
    total = int((work / "count").read_text())
    wanted = points * share // 10
    for step in range(wanted):
        limit = 1 + step * (total - 1) // max(1, wanted - 1)
        models = fresh(number)
        assert child(models, what, limit) == signal.SIGKILL, (what, limit, total)
        print(models, what, flush=True)
        number += 1
"""


@pytest.fixture
def killed(tiny_model: Path, tmp_path: Path) -> Iterator[list[tuple[Path, str]]]:
    """The models folder after each kill, and what was being done."""
    shutil.copytree(tiny_model, tmp_path / "tiny")
    shutil.copytree(tiny_model, tmp_path / "three")
    command = [sys.executable, "-c", KILLER, str(tmp_path), str(POINTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=580, check=False)
    assert done.returncode == 0, done.stderr
    yield [(Path(line.split()[0]), line.split()[1]) for line in done.stdout.splitlines()]
    shutil.rmtree(tmp_path)


def test_the_pointer_names_a_whole_model_after_every_kill(killed: list[tuple[Path, str]]) -> None:
    assert len(killed) == POINTS
    reached = set()
    for models, what in killed:
        active = active_folder(models)
        reached.add((Path(what).name, active.name))
        check_folder(active)
        # What was cut off can be done again, and ends as if it had never been.
        if what == "rollback":
            if active.name == "two":
                assert rollback(models) == "one"
        else:
            promote(what, models)
            assert active_folder(models).name == Path(what).name
        check_folder(active_folder(models))
        shutil.rmtree(models)
    # Some came too early for the switch and some too late.
    assert {("rollback", "two"), ("rollback", "one"), ("one", "two")} <= reached
