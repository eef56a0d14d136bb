"""Floors under a measured quality, which only ever rise; for the model and for the extractor alike.

Promises: what is below a floor is named with metric, value and floor; a floor on a metric that was not
measured fails, so that nothing slips through by being left out; floors are tightened, never loosened.
Never does: write a floor that is not in the file yet (a person adds it, with a reason), or measure.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from nlp.metrics import rounded
from store.records import UsageError

FLOORS = "floors.toml"
#: A calibration error is good when small: its bound is a ceiling.
SIDES: tuple[Literal["at_least", "at_most"], ...] = ("at_least", "at_most")


@dataclass(frozen=True, slots=True)
class Floor:
    """One bound; `side` says whether the metric must be at least or at most `bound`."""

    metric: str
    side: Literal["at_least", "at_most"]
    bound: float
    measured: float
    model: str
    set_on: date
    reason: str

    def holds(self, value: float) -> bool:
        """Whether a measured value is within the bound."""
        return value >= self.bound if self.side == "at_least" else value <= self.bound

    def tightened(self, value: float, *, margin: float) -> float:
        """The bound that `value` would set, `margin` on its loose side and within 0 to 1."""
        if self.side == "at_least":
            return rounded(max(0.0, value - margin))
        # A share stays within 1; a count, such as that of cases screened out, may be more.
        return rounded(min(max(1.0, value), value + margin))


def read_floors(folder: Path) -> list[Floor]:
    """The floors of a folder, in file order; none when it has no such file.

    Raises UsageError that names the first table with an unknown, missing or wrong key.
    """
    path = folder / FLOORS
    if not path.is_file():
        return []
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); run: git checkout {path}") from None
    if set(tables) - {"floor"}:
        raise UsageError(f"{path}: unknown key {min(set(tables) - {'floor'})!r}; allowed: [[floor]]")
    floors = [_floor(table, f"{path}: floor {n}") for n, table in enumerate(tables.get("floor", []), 1)]
    names = [(f.metric, f.side) for f in floors]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{path}: {name[0]} has two floors; keep the tighter one")
    return floors


def _floor(table: Mapping[str, Any], place: str) -> Floor:
    sides = [side for side in SIDES if side in table]
    if len(sides) != 1:
        raise UsageError(f"{place}: needs one of at_least and at_most")
    kinds = {sides[0]: float, "metric": str, "measured": float, "model": str, "set_on": date, "reason": str}
    for key in [*kinds, *table]:
        if key not in kinds:
            raise UsageError(f"{place}: unknown key {key!r}; allowed: {', '.join(kinds)}")
        if not isinstance(table.get(key), (kinds[key], int) if kinds[key] is float else kinds[key]):
            raise UsageError(f"{place}: {key!r} is missing or is not a {kinds[key].__name__}")
    return Floor(side=sides[0], bound=float(table[sides[0]]), **{k: table[k] for k in kinds if k != sides[0]})


def check_floors(metrics: Mapping[str, Any], floors: Sequence[Floor]) -> list[str]:
    """One message for each floor that `metrics` does not reach or does not hold; empty when all is well."""
    messages = []
    for floor in floors:
        value = find_metric(metrics, floor.metric)
        side = floor.side.replace("_", " ")
        if value is None:
            messages.append(f"{floor.metric} was not measured; the floor is {side} {floor.bound}")
        elif not floor.holds(value):
            messages.append(f"{floor.metric} is {value}; the floor is {side} {floor.bound} ({floor.reason})")
    return messages


def find_metric(metrics: Mapping[str, Any], path: str) -> float | None:
    """The number at a dotted path such as `held_out.case.f1.value`; None where there is none."""
    found: Any = metrics
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def raise_floors(
    floors: Sequence[Floor],
    metrics: Mapping[str, Any],
    margin: float,
    *,
    model: str,
    today: date,
) -> list[Floor]:
    """The floors, each moved to the measured value less `margin` where that is tighter; the others stay.

    Raises UsageError when a metric is beyond its floor or missing: that would be lowering it.
    """
    below = check_floors(metrics, floors)
    if below:
        raise UsageError(
            f"gate: a floor is never lowered by command: {'; '.join(below)}. Make it better, or delete the "
            f"floor from {FLOORS} by hand, with the reason, in a commit of its own"
        )
    raised = []
    for floor in floors:
        value = find_metric(metrics, floor.metric)
        # Measured as the check above has seen; what is not tighter stays as it was.
        bound = floor.bound if value is None else floor.tightened(value, margin=margin)
        tighter = bound > floor.bound if floor.side == "at_least" else bound < floor.bound
        if tighter and value is not None:
            floor = replace(floor, bound=bound, measured=rounded(value), model=model, set_on=today)
        raised.append(floor)
    return raised


def write_floors(floors: Sequence[Floor], folder: Path, *, header: str) -> None:
    """Replace the floors file in one step.

    Raises UsageError when a floor of the present file would be missing or looser: only a person does that.
    """
    for old in read_floors(folder):
        new = next((f for f in floors if (f.metric, f.side) == (old.metric, old.side)), None)
        if new is None or not old.holds(new.bound):
            found = "missing" if new is None else f"{new.bound}"
            raise UsageError(
                f"gate: {old.metric} has the floor {old.bound} and would be {found}; to give it up, delete "
                f"it from {folder / FLOORS} by hand, with the reason, in a commit of its own"
            )
    partial = folder / f"{FLOORS}.partial"
    partial.write_text(render_floors(floors, header=header), encoding="utf-8")
    partial.replace(folder / FLOORS)


def render_floors(floors: Sequence[Floor], *, header: str) -> str:
    """The file's text, `header` its comment lines; `read_floors` gives back the same floors."""
    tables = [
        f"\n[[floor]]\nmetric = {_quoted(f.metric)}\n{f.side} = {f.bound}\nmeasured = {f.measured}\n"
        f"model = {_quoted(f.model)}\nset_on = {f.set_on.isoformat()}\nreason = {_quoted(f.reason)}\n"
        for f in floors
    ]
    return header + "".join(tables)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
