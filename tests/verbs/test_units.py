"""Units and crontab lines hold any path, never take a stranger's place, and systemd understands them."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from store.records import UsageError
from verbs.units import (
    ALERT,
    CRON_BEGIN,
    CRON_END,
    MARK,
    NIGHTLY,
    TIMER,
    UNITS,
    Schedule,
    cron_block,
    unit_texts,
    with_block,
    write_units,
)

ODD = '/srv/net ra/50%/$HOME "x"\\y'


def schedule(root: str = "/srv/netra", account: str = "", at: str = "02:00") -> Schedule:
    return Schedule(
        at=at,
        python=Path(sys.executable),
        root=Path(root),
        options=("--db", f"sqlite:///{root}/n.db", "--send"),
        db_options=("--db", f"sqlite:///{root}/n.db"),
        env_file=Path(root) / "netra.env",
        writable=(Path(root) / "var",),
        account=account,
    )


def lines(text: str, key: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]


def test_the_units_say_when_what_and_what_is_no_alert():
    texts = unit_texts(schedule())
    assert tuple(texts) == UNITS
    assert all(text.startswith(MARK + "\n") for text in texts.values())
    assert lines(texts[TIMER], "OnCalendar") == ["*-*-* 02:00:00 Asia/Jakarta"]
    assert lines(texts[TIMER], "Persistent") == ["true"]
    assert lines(texts[NIGHTLY], "SuccessExitStatus") == ["1 3"]
    assert lines(texts[NIGHTLY], "OnFailure") == [ALERT]
    assert lines(texts[NIGHTLY], "ExecStart") == [
        f"{sys.executable} pipeline.py nightly --db sqlite:////srv/netra/n.db --send"
    ]
    assert "schedule alert" in lines(texts[ALERT], "ExecStart")[0]
    assert "OnFailure" not in texts[ALERT]
    for name in (NIGHTLY, ALERT):
        assert lines(texts[name], "NoNewPrivileges") == ["yes"]
        assert "ProtectSystem" not in texts[name]
    system = unit_texts(schedule(account="netra"))
    assert lines(system[NIGHTLY], "User") == ["netra"]
    assert lines(system[NIGHTLY], "ProtectSystem") == ["strict"]
    assert lines(system[NIGHTLY], "ReadWritePaths") == ["/srv/netra/var"]
    assert unit_texts(schedule()) == texts


def test_an_odd_path_arrives_as_it_is():
    text = unit_texts(schedule(ODD))[NIGHTLY]
    assert lines(text, "WorkingDirectory") == [ODD.replace("%", "%%")]
    command = lines(text, "ExecStart")[0]
    words = shlex.split(command.replace("%%", "%").replace("$$", "$"))
    assert words[3:5] == ["--db", f"sqlite:///{ODD}/n.db"]
    line = cron_block(schedule(ODD)).splitlines()[1]
    assert line.startswith("0 * * * * ")
    shell = line.removeprefix("0 * * * * ").replace("\\%", "%")
    assert shlex.split(shell)[1] == ODD


@pytest.mark.parametrize("bad", ["/a\nExecStart=/bin/false", "/a\x00b", "/a\u202eb"])
def test_a_path_with_a_control_character_is_refused(bad):
    for make in (unit_texts, cron_block):
        with pytest.raises(UsageError, match="rename"):
            make(schedule(bad))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("account", ["", "root"])
def test_systemd_understands_the_units(tmp_path, account):
    paths = write_units(tmp_path / "units", unit_texts(schedule(str(tmp_path), account)))
    scope = [] if account else ["--user"]
    done = subprocess.run(
        ["systemd-analyze", *scope, "verify", "--man=no", *paths], capture_output=True, text=True, timeout=60
    )
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "netra" in line]
    assert ours == []
    calendar = subprocess.run(
        ["systemd-analyze", "calendar", "*-*-* 02:00:00 Asia/Jakarta"], capture_output=True, text=True
    )
    assert calendar.returncode == 0, calendar.stderr


@pytest.mark.parametrize("stranger", ["[Unit]\nDescription=mine\n", "", "# " + MARK])
def test_a_file_that_is_not_ours_stays_and_nothing_is_written(tmp_path, stranger):
    (tmp_path / TIMER).write_text(stranger)
    with pytest.raises(UsageError, match="not written by Netra"):
        write_units(tmp_path, unit_texts(schedule()))
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [(TIMER, stranger)]


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "units").mkdir()
    (tmp_path / "else").write_text(MARK)
    (tmp_path / "units" / TIMER).symlink_to(tmp_path / "else")
    with pytest.raises(UsageError):
        write_units(tmp_path / "units", unit_texts(schedule()))


def test_our_units_are_replaced(tmp_path):
    write_units(tmp_path, unit_texts(schedule()))
    write_units(tmp_path, unit_texts(schedule(at="03:30")))
    assert "03:30:00" in (tmp_path / TIMER).read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(UNITS)


def test_the_block_goes_in_out_and_over_itself_and_leaves_the_rest():
    mine = "MAILTO=a@b.test\n5 4 * * * my-own-job\n"
    block = cron_block(schedule())
    once = with_block(mine, block)
    assert once == mine + block
    assert with_block(once, block) == once
    assert with_block(once + "# later\n", cron_block(schedule(at="03:15"))).count(CRON_BEGIN) == 1
    assert with_block(once, "") == mine
    assert with_block("", block) == block


@pytest.mark.parametrize(
    "broken",
    [f"{CRON_BEGIN}\n", f"{CRON_END}\n", f"{CRON_END}\n{CRON_BEGIN}\n", f"{CRON_BEGIN}\n{CRON_END}\n" * 2],
)
def test_a_crontab_with_broken_marks_is_left_alone(broken):
    with pytest.raises(UsageError, match="crontab -e"):
        with_block(broken, "")
