"""What every command shares on a terminal: progress, JSON on stdout, what was skipped on stderr.

Promises: a progress bar on a terminal, plain lines in a log; stdout carries answers alone, so that it can be
piped; every error ends as one plain line and an exit code of the contract. Never does: show a traceback.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from review.sheet import flatten
from store.records import NetraError, UsageError

#: Columns of a table that goes into a log or a pipe, where no terminal says how wide it is.
LOG_COLUMNS = 160

console = Console() if sys.stdout.isatty() else Console(width=LOG_COLUMNS)


def set_up_logging() -> None:
    """Our log and the libraries' warnings go to stderr: coloured on a terminal, plain lines in a file."""
    if sys.stderr.isatty():
        handler: logging.Handler = RichHandler(console=Console(stderr=True), show_path=False, markup=False)
        logging.basicConfig(level=logging.INFO, format="%(message)s", datefmt="[%X]", handlers=[handler])
    else:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


@contextmanager
def shown(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing in a log; the callback takes the number of items done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda completed: bar.update(task, completed=completed)


def say(line: str) -> None:
    """One plain line, never wrapped or styled: paths and ids stay as they are."""
    console.print(line, soft_wrap=True, markup=False, highlight=False)


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def say_skipped(problems: Sequence[str], good: int) -> int:
    """Name what was left out on stderr; exit code 1 when anything was."""
    for problem in problems:
        # An id from a file may hold control sequences for the terminal.
        sys.stderr.write(f"{flatten(problem)}\n")
    if problems:
        sys.stderr.write(f"{good} items done, {len(problems)} skipped\n")
    return int(bool(problems))


def run_verb(app: typer.Typer, *, error_file: Path) -> int:
    """Run the verb that the command line asks for; every error becomes one plain line and an exit code.

    The traceback of an unforeseen error goes to `error_file`, for whoever mends it.
    """
    set_up_logging()
    try:
        return int(app(standalone_mode=False) or 0)
    except NetraError as error:
        sys.stderr.write(f"netra: {error}\n")
        return error.exit_code
    except typer.TyperException as error:
        sys.stderr.write(f"netra: {error.format_message()} See: python pipeline.py --help\n")
        return UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("netra: interrupted; everything stored so far is kept, run the same command again\n")
    except Exception:  # noqa: BLE001 - the last net: an unforeseen error must keep the exit code contract
        error_file.parent.mkdir(parents=True, exist_ok=True)
        error_file.write_text(traceback.format_exc(), encoding="utf-8")
        sys.stderr.write(
            "netra: stopped by an unforeseen error; everything stored so far is kept.\n"
            f"The details are in {error_file}; run the same command again to go on.\n"
        )
    return 4
