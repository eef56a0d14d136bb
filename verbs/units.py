"""The files that start a night by themselves: systemd units, or a block of a crontab.

Promises: a file that does not carry our mark is never replaced or removed; a path with blanks, percent signs
or quotes arrives as it is; the same settings give the same bytes. Never does: start or stop anything
(verbs.scheduling asks systemd and cron to).
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from store.records import UsageError

MARK = "# Written by Netra (pipeline.py schedule install). Changes are lost: change it by installing again."
CRON_BEGIN = "# netra begin: written by pipeline.py schedule install"
CRON_END = "# netra end"
NIGHTLY, TIMER, ALERT = "netra-nightly.service", "netra-nightly.timer", "netra-alert.service"
UNITS = (NIGHTLY, TIMER, ALERT)
#: A night that still runs after so long hangs; it ends before the next one is due.
LONGEST = "20h"
#: What works in a unit of a user as well, who may not mount or hide folders.
HARDENING = (
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "UMask=0077",
)
SYSTEM_HARDENING = (
    "CapabilityBoundingSet=",
    "PrivateDevices=yes",
    "PrivateTmp=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHome=read-only",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectSystem=strict",
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When and how the night runs on this machine."""

    #: Hour and minute in Jakarta, "02:00".
    at: str
    python: Path
    root: Path
    #: What stands after `nightly` on the command line.
    options: tuple[str, ...]
    #: Options of the alert, and of cron's own verb: where the database is.
    db_options: tuple[str, ...]
    env_file: Path
    #: Folders that a night writes to; the rest of the disk is read-only for a system unit.
    writable: tuple[Path, ...]
    #: Account of a system unit; "" for the units of a user.
    account: str = ""


def unit_texts(schedule: Schedule) -> dict[str, str]:
    """Name of each unit → its text. Raises UsageError for a path that a unit cannot hold."""
    nightly = _command(schedule, ["nightly", *schedule.options])
    alert = _command(schedule, ["schedule", "alert", *schedule.db_options])
    texts = {
        NIGHTLY: [
            "[Unit]",
            "Description=Netra: collect and classify one night",
            *(["Wants=network-online.target", "After=network-online.target"] if schedule.account else []),
            f"OnFailure={ALERT}",
            "",
            "[Service]",
            *_service(schedule, nightly),
            f"TimeoutStartSec={LONGEST}",
            "Nice=10",
            # 1: a source failed, which the digest tells; 3: another run holds the lock. Neither is an alert.
            "SuccessExitStatus=1 3",
        ],
        TIMER: [
            "[Unit]",
            "Description=Netra: every night",
            "",
            "[Timer]",
            f"OnCalendar=*-*-* {schedule.at}:00 Asia/Jakarta",
            "Persistent=true",
            "AccuracySec=1min",
            f"Unit={NIGHTLY}",
            "",
            "[Install]",
            "WantedBy=timers.target",
        ],
        ALERT: [
            "[Unit]",
            "Description=Netra: tell that a night has stopped",
            "",
            "[Service]",
            *_service(schedule, alert),
            "TimeoutStartSec=10min",
        ],
    }
    return {name: "\n".join([MARK, *lines]) + "\n" for name, lines in texts.items()}


def cron_block(schedule: Schedule) -> str:
    """The lines between our marks: every hour cron asks whether a night is due, whatever the machine's zone.

    A night that was missed, or cut off, is so begun within the hour in which the machine is up again.
    """
    options = ["--at", schedule.at, "--env-file", str(schedule.env_file), *schedule.db_options]
    words = [str(schedule.python), "pipeline.py", "schedule", "run", *options, "--", *schedule.options]
    line = f"cd {shlex.quote(str(schedule.root))} && {shlex.join(words)}"
    _refuse_controls(line)
    minute = int(schedule.at.partition(":")[2])
    # Cron takes a percent sign for the end of the line.
    return f"{CRON_BEGIN}\n{minute} * * * * {line.replace('%', chr(92) + '%')}\n{CRON_END}\n"


def with_block(crontab: str, block: str) -> str:
    """A crontab with our block in the place of an older one, or at its end; without one for an empty block.

    Raises UsageError when the marks do not stand in pairs.
    """
    lines = crontab.splitlines()
    begins = [n for n, line in enumerate(lines) if line == CRON_BEGIN]
    ends = [n for n, line in enumerate(lines) if line == CRON_END]
    if len(begins) != len(ends) or len(begins) > 1 or (begins and begins[0] > ends[0]):
        raise UsageError(
            f"the crontab has no single pair of the lines {CRON_BEGIN!r} and {CRON_END!r}; "
            "mend it with crontab -e, then try again"
        )
    new = block.splitlines()
    if begins:
        lines[begins[0] : ends[0] + 1] = new
    else:
        lines += new
    return "".join(f"{line}\n" for line in lines)


def is_ours(path: Path) -> bool:
    """Whether a file begins with our mark."""
    return path.read_text(encoding="utf-8", errors="replace").startswith(MARK)


def refuse_strangers(paths: Sequence[Path]) -> None:
    """Raise UsageError when one of the files is there and not ours."""
    for path in paths:
        if path.is_symlink() or (path.exists() and not (path.is_file() and is_ours(path))):
            raise UsageError(f"{path} was not written by Netra; move it away, or remove it, then try again")


def write_units(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write the units, all or, where a stranger lies in the way, none; gives their paths."""
    paths = [folder / name for name in texts]
    refuse_strangers(paths)
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in zip(paths, texts.values(), strict=True):
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(text, encoding="utf-8")
        partial.chmod(0o644)
        partial.replace(path)
    return paths


def _service(schedule: Schedule, command: str) -> list[str]:
    lines = [
        "Type=oneshot",
        *([f"User={schedule.account}"] if schedule.account else []),
        f"WorkingDirectory={_specifiers(str(schedule.root))}",
        f"EnvironmentFile=-{_specifiers(str(schedule.env_file))}",
        f"ExecStart={command}",
        *HARDENING,
    ]
    if schedule.account:
        folders = " ".join(_quote(str(folder)) for folder in schedule.writable)
        lines += [*SYSTEM_HARDENING, f"ReadWritePaths={folders}"]
    return lines


def _command(schedule: Schedule, words: Sequence[str]) -> str:
    # Two dollar signs are one: no word of ours is a variable. The program itself is never taken for one.
    arguments = [_quote(word).replace("$", "$$") for word in ["pipeline.py", *words]]
    return " ".join([_quote(str(schedule.python)), *arguments])


def _quote(word: str) -> str:
    """A word of a unit's line, in double quotes where it holds more than letters and harmless marks."""
    if re.fullmatch(r"[\w@+=:,./-]+", word, re.ASCII):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_specifiers(escaped)}"'


def _specifiers(text: str) -> str:
    _refuse_controls(text)
    return text.replace("%", "%%")


def _refuse_controls(text: str) -> None:
    if not text.isprintable():
        raise UsageError(f"{text!r} holds a character that no line of a unit or crontab can; rename it")
