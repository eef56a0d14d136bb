"""What every command shares on a terminal: progress, JSON on stdout, what was skipped on stderr.

Promises: a progress bar on a terminal, plain lines in a log; stdout carries answers alone, so that it can be
piped. Never does: decide an exit code other than 0 or 1.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from review.sheet import flatten

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
