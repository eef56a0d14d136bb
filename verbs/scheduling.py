"""The verbs that make the night run by itself: install, show, remove; and what timers call: run, alert.

Promises: two nights never overlap (the run lock of the database sees to it, exit code 3, which is no alert);
a missed night is caught up; nothing that Netra did not write is replaced or removed; `--dry-run` shows all
and changes nothing. Never does: keep a secret (they stand in the environment file, for its owner alone).
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer

from review import options
from review.alert import make_alert
from review.deliver import deliver, read_channels
from review.terminal import say
from review.words import Language
from store.db import reading
from store.frontier import night_of
from store.ledger import Run, last_run, runs_since
from store.records import LockedError, NetraError, UsageError
from store.revisions import NIGHT_ZONE
from store.session import opened
from verbs.places import DEFAULT_DB, DEFAULT_OUT, ROOT, VAR
from verbs.units import (
    CRON_BEGIN,
    NIGHTLY,
    TIMER,
    UNITS,
    Schedule,
    cron_block,
    is_ours,
    refuse_strangers,
    unit_texts,
    with_block,
    write_units,
)

LOGS = VAR / "log"
#: Two hours after midnight in Jakarta, when outlets publish least and analysts start in the morning.
AT = "02:00"
#: One start and two more, an hour apart each, until a night that stops is left to a person.
MAX_STARTS = 3
#: Logs of that many nights are kept for cron; systemd keeps its journal by its own rules.
KEPT_LOGS = 30

schedule_app = typer.Typer(no_args_is_help=True, help="Make the night run by itself.")

AtOption = Annotated[str, typer.Option("--at", help="Hour and minute in Jakarta, HH:MM.")]
PrefixOption = Annotated[
    Path | None,
    typer.Option("--prefix", help="Write below this folder, and ask no systemd or cron; for a try."),
]
DbOption = Annotated[str | None, typer.Option("--db", envvar="NETRA_DB", help="Database address.")]
EnvFileOption = Annotated[
    Path | None, typer.Option("--env-file", help="NETRA_*=value lines; only its owner may read it.")
]
RestArgument = Annotated[list[str] | None, typer.Argument(help="After --: further options of nightly.")]


@schedule_app.command()
def install(
    systemd: Annotated[bool, typer.Option("--systemd", help="Timer and services of systemd.")] = False,
    cron: Annotated[bool, typer.Option("--cron", help="A line in your crontab.")] = False,
    system: Annotated[
        bool, typer.Option("--system", help="Units of the system, not your own; as root.")
    ] = False,
    account: Annotated[
        str, typer.Option("--as", help="Account of system units (default: owner of this folder).")
    ] = "",
    at: AtOption = AT,
    db: Annotated[str | None, typer.Option("--db", help="Database address, without a password.")] = None,
    out: options.OutOption = DEFAULT_OUT,
    send: Annotated[bool, typer.Option("--send", help="Send the digest every night.")] = False,
    env_file: EnvFileOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written, write nothing.")
    ] = False,
    prefix: PrefixOption = None,
    rest: RestArgument = None,
) -> int:
    """Write timer and services, or the cron line, for a night at a set hour; then switch them on."""
    if systemd == cron:
        raise UsageError("schedule install: give --systemd or --cron, one of them")
    if system and cron:
        raise UsageError(
            "schedule install: --system goes with --systemd; a crontab belongs to whoever runs this"
        )
    check_hour(at)
    db = absolute_database(db)
    if db and urlsplit(db).password:
        raise UsageError(
            "--db with a password would stand in a file that all may read: put NETRA_DB=... in --env-file"
        )
    secrets = env_file or _env_file(system)
    refuse_readable(secrets)
    db_options = ("--db", db) if db else ()
    schedule = Schedule(
        at=at,
        python=Path(sys.executable),
        root=ROOT,
        options=(*db_options, "--out", str(out.absolute()), *(["--send"] if send else []), *(rest or [])),
        db_options=db_options,
        env_file=secrets.absolute(),
        writable=tuple(dict.fromkeys([VAR, out.absolute(), *_database_folder(db)])),
        account=(account or ROOT.owner()) if system else "",
    )
    if cron:
        old = read_crontab(prefix)
        new = with_block(old, cron_block(schedule))
        if dry_run:
            say(new.rstrip("\n"))
            return 0
        write_crontab(new, prefix)
        say("installed in the crontab; see it with: python pipeline.py schedule show")
        return 0
    folder, texts = unit_folder(system, prefix), unit_texts(schedule)
    if dry_run:
        for name, text in texts.items():
            say(f"--- {folder / name}\n{text}")
        refuse_strangers([folder / name for name in texts])
        return 0
    if prefix is None:
        for place in schedule.writable:
            place.mkdir(parents=True, exist_ok=True)
    for path in write_units(folder, texts):
        say(f"wrote {path}")
    if prefix is not None:
        return 0
    if not system:
        say("your units end with your session unless you run once: loginctl enable-linger")
    return systemctl(system, [["daemon-reload"], ["enable", "--now", TIMER]])


@schedule_app.command()
def show(prefix: PrefixOption = None) -> int:
    """Show what is installed here, and when the next night begins."""
    found = False
    for system in (False, True):
        folder = unit_folder(system, prefix)
        for name in UNITS:
            path = folder / name
            if not path.is_file():
                continue
            found = True
            say(f"{path}: {'written by Netra' if is_ours(path) else 'not written by Netra, left alone'}")
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith(("OnCalendar=", "ExecStart=")):
                    say(f"  {line}")
    lines = read_crontab(prefix).splitlines()
    if CRON_BEGIN in lines:
        found = True
        say(f"crontab: {lines[lines.index(CRON_BEGIN) + 1]}")
    if not found:
        say("nothing is installed; see: python pipeline.py schedule install --help")
    return 0


@schedule_app.command()
def remove(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, remove nothing.")] = False,
    prefix: PrefixOption = None,
) -> int:
    """Switch off and remove what `install` has written; whatever else is there stays."""
    code = 0
    for system in (False, True):
        folder = unit_folder(system, prefix)
        there = [folder / name for name in UNITS if (folder / name).is_file()]
        for path in [path for path in there if not is_ours(path)]:
            say(f"left alone, not written by Netra: {path}")
        ours = [path for path in there if is_ours(path)]
        if ours and not dry_run and prefix is None:
            code |= systemctl(system, [["disable", "--now", TIMER]])
        for path in ours:
            say(f"{'would remove' if dry_run else 'removed'} {path}")
            if not dry_run:
                path.unlink()
        if ours and not dry_run and prefix is None:
            code |= systemctl(system, [["daemon-reload"]])
    crontab = read_crontab(prefix)
    if CRON_BEGIN in crontab.splitlines():
        say(f"{'would remove' if dry_run else 'removed'} the block in the crontab")
        if not dry_run:
            write_crontab(with_block(crontab, ""), prefix)
    return code


@schedule_app.command()
def run(
    at: AtOption = AT,
    db: DbOption = None,
    env_file: EnvFileOption = None,
    lang: options.LangOption = "id",
    rest: RestArgument = None,
) -> int:
    """For cron: begin the night if it is due and has not been run yet; tell when it has stopped."""
    check_hour(at)
    secrets = env_file or _env_file(False)
    refuse_readable(secrets)
    environment = read_environment(secrets)
    os.environ.update(environment)
    place = db or environment.get("NETRA_DB") or DEFAULT_DB
    now = datetime.now(UTC)
    try:
        with opened(place, exclusive=False) as engine, reading(engine) as conn:
            runs = runs_since(conn, "nightly", last_moment(at, now))
    except LockedError:
        return LockedError.exit_code
    if not is_due(runs):
        return 0
    code, log = run_night(["nightly", *(rest or ["--db", place])], now)
    # 0 and 1 are told by the digest; 3: another run is at work, and the next hour asks again.
    if code not in (0, 1, LockedError.exit_code):
        send_alert(place, f"signal {-code}" if code < 0 else str(code), str(log), lang)
    return code if code >= 0 else NetraError.exit_code


@schedule_app.command()
def alert(
    db: DbOption = None,
    lang: options.LangOption = "id",
) -> int:
    """For systemd: tell that a night has stopped, by mail and webhook if set up, else in the log alone."""
    status = os.environ.get("MONITOR_EXIT_STATUS", "")
    if os.environ.get("MONITOR_EXIT_CODE", "exited") != "exited":
        status = f"signal {status}"
    place = db or DEFAULT_DB
    return send_alert(place, status or "unknown", f"journalctl [--user] -u {NIGHTLY}", lang)


def check_hour(at: str) -> None:
    """Raise UsageError for anything but an hour and minute such as 02:00."""
    try:
        good = f"{datetime.strptime(at, '%H:%M').replace(tzinfo=UTC):%H:%M}" == at
    except ValueError:
        good = False
    if not good:
        raise UsageError(f"--at {at}: give hour and minute in Jakarta with two digits each, such as 02:00")


def last_moment(at: str, now: datetime) -> datetime:
    """The last time at which a night was due, by an aware time; Jakarta knows no summer time."""
    hour, minute = map(int, at.split(":"))
    local = now.astimezone(NIGHT_ZONE)
    moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return moment if moment <= local else moment - timedelta(days=1)


def is_due(runs: Sequence[Run]) -> bool:
    """Whether a night is still to be run: none of those started since the moment has ended, and few were."""
    return all(run.ended_at is None for run in runs) and len(runs) < MAX_STARTS


def run_night(words: Sequence[str], now: datetime) -> tuple[int, Path]:
    """Run `pipeline.py` with these words; what it says goes to the log of the night. Gives code and log."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"nightly-{night_of(now)}.log"
    with log.open("ab") as output:
        done = subprocess.run(  # noqa: S603 - our own program, no shell; the words come from our own crontab line
            [sys.executable, "pipeline.py", *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    for old in sorted(LOGS.glob("nightly-*.log"))[:-KEPT_LOGS]:
        old.unlink()
    return done.returncode, log


def send_alert(db: str, code: str, log: str, lang: Language) -> int:
    """Tell the operator, also when the database is broken; where no channel is set up, the log alone."""
    try:
        with opened(db, exclusive=False) as engine, reading(engine) as conn:
            last = last_run(conn)
    except NetraError:
        last = None
    message = make_alert(
        code,
        night=night_of(datetime.now(UTC)),
        last=last,
        log=log,
        error_file=VAR / "last-error.txt",
        lang=lang,
    )
    say(message.text)
    channels = read_channels(os.environ)
    if not channels:
        say("nobody was told: NETRA_SMTP_HOST and NETRA_WEBHOOK_URL are not set")
    warnings = deliver(channels, message)
    for warning in warnings:
        say(f"not delivered: {warning}")
    return int(bool(warnings))


def refuse_readable(path: Path) -> None:
    """Raise UsageError when an environment file may be read by others than its owner."""
    if path.exists() and path.stat().st_mode & 0o077:
        raise UsageError(f"{path} may be read by others, and holds passwords: run chmod 600 on it")


def read_environment(path: Path) -> dict[str, str]:
    """The NETRA_ variables of an environment file: `NAME=value` lines; quotes around a value go."""
    if not path.exists():
        return {}
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        name, equals, value = line.strip().partition("=")
        if not name or name.startswith(("#", ";")):
            continue
        if not equals or not name.startswith("NETRA_"):
            say(f"{path}:{number}: skipped, no NETRA_NAME=value")
            continue
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        found[name] = value[1:-1] if quoted else value
    return found


def unit_folder(system: bool, prefix: Path | None) -> Path:
    """Where the units lie: of the system, or of this user; below `prefix` for a try."""
    if system:
        return (prefix or Path("/")) / "etc" / "systemd" / "system"
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return (prefix / ".config" if prefix else config) / "systemd" / "user"


def read_crontab(prefix: Path | None) -> str:
    """The crontab of this user, "" where there is none."""
    if prefix is not None:
        path = prefix / "crontab"
        return path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        done = subprocess.run(
            ["crontab", "-l"],  # noqa: S607 - the user's own PATH
            env=os.environ | {"LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    # Any other failure must not pass for an empty table: that would be written over the real one.
    if done.returncode and "no crontab" not in done.stderr:
        raise UsageError(f"crontab -l failed: {done.stderr.strip()}")
    return "" if done.returncode else done.stdout


def write_crontab(text: str, prefix: Path | None) -> None:
    """Put a crontab in the place of the old one. Raises UsageError where cron is missing or refuses it."""
    if prefix is not None:
        prefix.mkdir(parents=True, exist_ok=True)
        (prefix / "crontab").write_text(text, encoding="utf-8")
        return
    try:
        subprocess.run(["crontab", "-"], input=text, text=True, check=True, capture_output=True)  # noqa: S607 - the user's own PATH
    except FileNotFoundError as error:
        raise UsageError(
            "crontab is not on this machine: install cron, or use schedule install --systemd"
        ) from error
    except subprocess.CalledProcessError as error:
        raise UsageError(f"crontab refused the new table: {error.stderr.strip()}") from error


def systemctl(system: bool, calls: Sequence[Sequence[str]]) -> int:
    """Ask systemd; gives 1, and says what to do by hand, where it does not do so."""
    scope: Literal["--system", "--user"] = "--system" if system else "--user"
    for call in calls:
        words = ["systemctl", scope, *call]
        try:
            subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words, no shell
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", None) or str(error)
            say(f"{' '.join(words)} failed: {reason.strip()}\nrun it yourself: the files are in place")
            return 1
    return 0


def _env_file(system: bool) -> Path:
    if system:
        return Path("/etc/netra/netra.env")
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "netra" / "netra.env"


def absolute_database(db: str | None) -> str | None:
    """A database address that means the same file wherever the night is started."""
    path = (db or "").removeprefix("sqlite:///")
    return f"sqlite:///{Path(path).absolute()}" if db and path != db and path else db


def _database_folder(db: str | None) -> list[Path]:
    """The folder of an SQLite file that is not in the usual place."""
    path = (db or "").removeprefix("sqlite:///")
    return [Path(path).absolute().parent] if db and db.startswith("sqlite:///") and path else []
