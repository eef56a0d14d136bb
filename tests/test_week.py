"""A replayed week in which outlets begin to fail: `status` says which, since when, why, and what to do."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from review.words import NEXT_STEPS, OUTCOMES, Language
from tests.newsroom.week import STORIES, WEEK, failing_on, write_week

ROOT = Path(__file__).parent.parent
#: The nights (1 = Monday) after which somebody looks.
LOOKS = (4, 7)


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "pipeline.py", *map(str, words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[int, str]]:
    """The database after the week, and what `status` printed after the nights of LOOKS."""
    folder = tmp_path_factory.mktemp("week")
    archive, db = write_week(folder), f"sqlite:///{folder / 'netra.db'}"
    printed = {}
    for number in LOOKS:
        done = run("crawl", "--replay", archive, "--date", WEEK[number - 1], "--db", db)
        assert done.returncode == 1, done.stderr
        done = run("extract", "--sources", folder / "sources", "--db", db)
        # What extraction finds: the changed layout.
        assert done.returncode == int("dermaga-rupa" in failing_on(number)), done.stdout + done.stderr
        done = run("status", "--db", db)
        assert done.returncode == 1, done.stdout + done.stderr
        printed[number] = done.stdout
    return db, printed


def named(printed: str) -> dict[str, list[str]]:
    """The block of each source that is named as failing: its line, its reason, its next step."""
    top = printed.partition("Keadaan sumber")[0].partition("State of")[0]
    lines = top.partition("Perlu dilihat")[0].partition("Worth a look")[0].splitlines()[2:]
    assert len(lines) % 3 == 0
    return {
        lines[n].partition(":")[0]: [line.strip() for line in lines[n : n + 3]]
        for n in range(0, len(lines), 3)
    }


@pytest.mark.parametrize("number", LOOKS)
def test_those_and_only_those_that_fail_are_named_the_longest_failure_first(
    week: tuple[str, dict[int, str]], number: int
) -> None:
    printed = week[1][number]
    failing = failing_on(number)
    assert f"Gagal: {len(failing)} dari {len(STORIES)} sumber" in printed
    blocks = named(printed)
    assert list(blocks) == sorted(failing, key=lambda name: (failing[name], name))
    for name, since in failing.items():
        assert f"gagal sejak {WEEK[since - 1]} ({number - since + 1} malam)" in blocks[name][0]


def check_sunday(printed: str, lang: Language) -> None:
    blocks = named(printed)
    assert len(blocks) >= 10
    assert {story.outcome for story in STORIES.values() if story.since} == {
        *("blocked", "challenge", "robots", "layout_changed", "timeout", "error", "empty", "malformed")
    }
    for name, story in STORIES.items():
        if not story.since:
            assert name not in blocks
            continue
        head, why, step = blocks[name]
        assert OUTCOMES[lang][story.outcome] in head
        assert story.outcome in head
        assert str(WEEK[story.since - 1]) in head
        assert story.why in why
        assert step.endswith(NEXT_STEPS[lang][story.outcome])


def test_each_has_its_word_since_when_its_reason_and_what_to_do(week: tuple[str, dict[int, str]]) -> None:
    check_sunday(week[1][7], "id")
    done = run("status", "--db", week[0], "--nights", 7, "--lang", "en")
    assert done.returncode == 1
    check_sunday(done.stdout, "en")


def test_too_many_is_worth_a_look_and_fails_nobody(week: tuple[str, dict[int, str]]) -> None:
    below = week[1][7].partition("Perlu dilihat: 1\n")[2]
    assert below.startswith("ombak-besar: 7 new articles, more than items.max = 5\n")
    assert "Perlu dilihat" not in week[1][4]


def test_the_table_draws_the_week(week: tuple[str, dict[int, str]]) -> None:
    for name, story in STORIES.items():
        row = next(line for line in week[1][7].splitlines() if line.startswith(f"│ {name} "))
        drawn = re.search(r"│ ([.X-]{7}) ", row)
        assert drawn
        bad = story.nights if story.trouble not in ("unchanged", "many", "") else ()
        assert drawn[1] == "".join("X" if night in bad else "." for night in range(1, 8))


def test_fewer_nights_hide_no_beginning(week: tuple[str, dict[int, str]]) -> None:
    done = run("status", "--db", week[0], "--nights", 1)
    assert named(done.stdout) == named(week[1][7])


def test_the_command_that_writes_the_week_says_how_to_see_it(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.newsroom", "week", tmp_path / "w"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[2] for line in done.stdout.splitlines()] == ["nightly", "status"]
    assert len(list((tmp_path / "w" / "sources").iterdir())) == len(STORIES)
    again = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
