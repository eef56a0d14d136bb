"""Which institution a step of a process lies with, by date: the bodies of data/institutions.toml.

Promises: a body is named only with its source and with the mark whether somebody has compared the row with
the published text; one that a text names but that was not in charge is told apart. Never does: say what the
law asks for, or read anything but the table and the texts it is given.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from store.records import PROCESSES, UsageError

INSTITUTIONS = Path(__file__).parent.parent / "data" / "institutions.toml"

_KEYS = {"id", "name", "short", "from", "until", "role", "steps", "names", "source", "verified"}


@dataclass(frozen=True, slots=True)
class Body:
    """One row: an institution, the steps that lie with it, and the days on which it was in charge."""

    id: str
    name: str
    short: str
    first: date
    last: date | None
    role: str
    steps: tuple[str, ...]
    #: How texts name it.
    names: tuple[str, ...]
    source: str
    verified: bool

    def in_force(self, day: date) -> bool:
        """Whether it was in charge on a day."""
        return self.first <= day and (self.last is None or day <= self.last)

    def is_named(self, text: str) -> bool:
        """Whether a text names it, as a word of its own and with capitals where the name has them."""
        return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in self.names)


@dataclass(frozen=True, slots=True)
class Charge:
    """The body that a step lies with: `named` by a text or by the table alone; `in_force` on that day."""

    body: Body
    named: bool
    in_force: bool


@lru_cache(maxsize=2)
def load_bodies(path: Path = INSTITUTIONS) -> tuple[Body, ...]:
    """The bodies in the order of the file.

    Raises UsageError that names file and row when it is missing, is not TOML, or a row is wrong.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["bodies"]
    except (OSError, KeyError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); run: git checkout {path}") from None
    return tuple(_read_body(row, f"{path}: bodies {number}") for number, row in enumerate(rows, 1))


def _read_body(row: dict[str, Any], place: str) -> Body:
    if wrong := sorted(_KEYS ^ set(row)):
        raise UsageError(
            f"{place}: key {wrong[0]!r} is missing or unknown; a row has {', '.join(sorted(_KEYS))}"
        )
    if unknown := [step for step in row["steps"] if step not in PROCESSES]:
        raise UsageError(f"{place}: unknown step {unknown[0]!r}; the codebook has {', '.join(PROCESSES)}")
    try:
        first = date.fromisoformat(row["from"])
        last = date.fromisoformat(row["until"]) if row["until"] else None
    except (TypeError, ValueError) as error:
        raise UsageError(f"{place}: from and until are dates such as 2024-09-01 ({error})") from None
    return Body(
        id=row["id"],
        name=row["name"],
        short=row["short"],
        first=first,
        last=last,
        role=row["role"],
        steps=tuple(row["steps"]),
        names=(row["name"], *row["names"]),
        source=row["source"],
        verified=row["verified"],
    )


def find_charge(process: str, day: date, texts: Iterable[str], bodies: Sequence[Body]) -> Charge | None:
    """The body that a step lies with on a day, None where the table has none for it.

    Of the bodies with this step: the first that a text names and that is in charge; else one that is named
    though it is not in charge on that day; else the first in charge. `texts` are those that tell the step.
    """
    told = list(texts)
    possible = [body for body in bodies if process in body.steps]
    charges = [
        Charge(body, named=any(map(body.is_named, told)), in_force=body.in_force(day)) for body in possible
    ]
    usable = [charge for charge in charges if charge.named or charge.in_force]
    # In the order of the file where several are alike.
    return max(usable, key=lambda charge: (charge.named, charge.in_force), default=None)
