"""The evaluation gate: floors under the measured quality, which only ever rise.

Promises: a model below a floor is named with metric, value and floor; a floor on a metric that was not
measured fails, so that nothing slips through by being left out; the command tightens floors and refuses to
loosen one. Never does: write a floor that is not in the file yet (a person adds it, with a reason).

    python -m nlp.gate check   compare the active model with models/floors.toml
    python -m nlp.gate raise   lift the floors to what it reached, less a margin
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from nlp.answers import answer_items, load_classifier
from nlp.classify import Classifier
from nlp.evaluate import evaluate
from nlp.items import Item
from nlp.metrics import rounded
from nlp.registry import MODELS, active_folder, read_settings
from store.records import NetraError, UsageError

FLOORS = "floors.toml"
SAMPLE = Path(__file__).parent.parent / "data" / "sample"
#: What a floor stays below the measured value: as much as another seed or a few new texts move it. Half the
#: width of the intervals of precision, recall and F1 on the 262 held-out texts of netra-id-1 is about 0.05.
MARGIN = 0.05
#: A calibration error is good when small: its bound is a ceiling.
SIDES: tuple[Literal["at_least", "at_most"], ...] = ("at_least", "at_most")

_HEADER = """\
# What the active model must reach. A model beyond a bound is not promoted, and the tests fail.
#   metric    path into {"held_out": ..., "newsroom": ...} as nlp/evaluate.py names its numbers; held_out is
#             in models/<active>/metrics.json, newsroom is measured on data/sample/newsroom-gold.jsonl
#   measured  the value, model and day when the bound was set
# `python -m nlp.gate raise` tightens the bounds and never loosens one. To add one, write it here with the
# bound 0 (at_least) or 1 (at_most) and raise. To give one up, delete it by hand, with the reason, in a commit
# of its own.
"""


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


def read_floors(models: Path = MODELS) -> list[Floor]:
    """The floors of a models folder, in file order; none when it has no such file.

    Raises UsageError that names the first table with an unknown, missing or wrong key.
    """
    path = models / FLOORS
    if not path.is_file():
        return []
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); run: git checkout models/{FLOORS}") from None
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
    margin: float = MARGIN,
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
            f"gate: a floor is never lowered by command: {'; '.join(below)}. Train a better model, or delete "
            f"the floor from models/{FLOORS} by hand, with the reason, in a commit of its own"
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


def write_floors(floors: Sequence[Floor], models: Path = MODELS) -> None:
    """Replace the floors file in one step.

    Raises UsageError when a floor of the present file would be missing or looser: only a person does that.
    """
    for old in read_floors(models):
        new = next((f for f in floors if (f.metric, f.side) == (old.metric, old.side)), None)
        if new is None or not old.holds(new.bound):
            found = "missing" if new is None else f"{new.bound}"
            raise UsageError(
                f"gate: {old.metric} has the floor {old.bound} and would be {found}; to give it up, delete "
                f"it from {models / FLOORS} by hand, with the reason, in a commit of its own"
            )
    partial = models / f"{FLOORS}.partial"
    partial.write_text(render_floors(floors), encoding="utf-8")
    partial.replace(models / FLOORS)


def render_floors(floors: Sequence[Floor]) -> str:
    """The file's text; `read_floors` gives back the same floors."""
    tables = [
        f"\n[[floor]]\nmetric = {_quoted(f.metric)}\n{f.side} = {f.bound}\nmeasured = {f.measured}\n"
        f"model = {_quoted(f.model)}\nset_on = {f.set_on.isoformat()}\nreason = {_quoted(f.reason)}\n"
        for f in floors
    ]
    return _HEADER + "".join(tables)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def check_model(folder: Path, floors: Sequence[Floor]) -> list[str]:
    """The messages of `check_floors` for a model folder; measures the newsroom when a floor asks for it.

    Raises UsageError as `load_model` does.
    """
    return check_floors(gate_metrics(folder, floors), floors)


def gate_metrics(folder: Path, floors: Sequence[Floor]) -> dict[str, Any]:
    """What the floors are about: the folder's own metrics, and the newsroom through screening and model."""
    read_settings(folder)
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    if any(floor.metric.startswith("newsroom.") for floor in floors):
        metrics["newsroom"] = measure_newsroom(load_classifier(folder))
    return metrics


def measure_newsroom(classifier: Classifier, sample: Path = SAMPLE) -> dict[str, Any]:
    """Metrics on the embedded newsroom. Raises UsageError when a text of it breaks a stage."""
    answers, failed = answer_items(newsroom_items(sample), classifier)
    if failed:
        raise UsageError(f"newsroom: {len(failed)} texts were not measured; {failed[0]}")
    return evaluate([(a.item, a.prediction) for a in answers])


def newsroom_items(sample: Path = SAMPLE) -> list[Item]:
    """The gold items of the newsroom with the texts that its pages are made of, in the order of the gold."""
    texts: dict[str, str] = {}
    for name in ("articles", "posts"):
        for line in _lines(sample / "newsroom" / f"{name}.jsonl"):
            # As extraction leaves it: the dateline cut off, paragraphs on lines of their own.
            texts[line["key"]] = "\n".join(line["paragraphs"]) if "paragraphs" in line else line["text"]
    return [
        Item(
            id=line["key"],
            kind=line["kind"],
            title=line["title"],
            text=texts[line["key"]],
            label=line["label"],
            types=tuple(line["types"]),
            stage=line["stage"] or None,
            process=line["process"] or None,
            position=line["position"] or None,
            tag=line["tag"],
            evidence=tuple(line["evidence"]),
            # Articles on one act are not independent of each other.
            family=line["act"] or line["key"],
            deep=line["deep"],
            region=line["region"],
        )
        for line in _lines(sample / "newsroom-gold.jsonl")
    ]


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); run: git checkout data/sample") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """The two commands of the module docstring: 0 all floors hold, 1 below one, 2 wrong use or lowering."""
    parser = argparse.ArgumentParser(prog="python -m nlp.gate")
    parser.add_argument("verb", choices=("check", "raise"))
    parser.add_argument("--models", type=Path, default=MODELS, help="folder with active.toml and floors.toml")
    parser.add_argument("--model", type=Path, help="model folder (default: the active one)")
    parser.add_argument("--margin", type=float, default=MARGIN, help="what a floor stays below the value")
    chosen = parser.parse_args(arguments)
    try:
        folder = chosen.model or active_folder(chosen.models)
        floors = read_floors(chosen.models)
        if not floors:
            raise UsageError(f"gate: {chosen.models / FLOORS} holds no floor; take it from git, or write one")
        metrics = gate_metrics(folder, floors)
        if chosen.verb == "raise":
            floors = raise_floors(
                floors, metrics, chosen.margin, model=folder.name, today=datetime.now(UTC).date()
            )
            write_floors(floors, chosen.models)
        below = check_floors(metrics, floors)
    except NetraError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    for floor in floors:
        side = floor.side.replace("_", " ")
        sys.stdout.write(f"{floor.metric}: {find_metric(metrics, floor.metric)}, {side} {floor.bound}\n")
    for message in below:
        sys.stderr.write(f"{message}\n")
    return int(bool(below))


if __name__ == "__main__":
    sys.exit(main())
