"""Whether a candidate model is better than the one in use: both on the same texts, with paired intervals.

Promises: both answer the same texts through the whole path of a night; the interval is of the difference,
drawn over whole families; a model that is better nowhere beyond chance, or clearly worse somewhere, is not
called better, and the verdict says why in one sentence. Never does: promote, or look at texts that either
model has trained on (the caller gives texts that neither has).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nlp.answers import answer_items, load_classifier
from nlp.evaluate import arrays, families
from nlp.items import Item, read_items
from nlp.metrics import Floats, Metric, average_precision_of, f1_of, intervals
from store.records import UsageError

#: A candidate must not lose more than this on any set, with 95% certainty: half of what one more round of
#: texts has brought so far (docs/method.md).
TOLERATED_LOSS: Final = 0.02
#: Sets with fewer cases than this say nothing about a difference that matters.
FEWEST_CASES: Final = 20


@dataclass(frozen=True, slots=True)
class Comparison:
    """`sets`: name -> n, n_case, and per metric candidate, active and gain with value, low and high."""

    candidate: str
    active: str
    sets: Mapping[str, Mapping[str, Any]]
    better: bool
    reason: str


def compare(
    candidate: Path,
    active: Path,
    sets: Mapping[str, Sequence[Item]],
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Comparison:
    """Measure two model folders on each set of labelled items. Raises UsageError where a text breaks one."""
    classifiers = {"candidate": load_classifier(candidate), "active": load_classifier(active)}
    found = {
        name: _measure(items, {who: _scores(items, model, progress) for who, model in classifiers.items()})
        for name, items in sets.items()
        if items
    }
    better, reason = judge(found)
    return Comparison(candidate.name, active.name, found, better, reason)


def frozen_items(candidate: Path, active: Path, label_files: Sequence[Path]) -> list[Item]:
    """The labelled texts of families that neither model has learned from, by what both folders say.

    Raises UsageError for a folder that does not say (older than this rule).
    """
    held: set[str] = set.intersection(*(_held_out(folder) for folder in (candidate, active)))
    items, _ = read_items(label_files, gold=True)
    return [item for item in items if item.family in held]


def judge(sets: Mapping[str, Mapping[str, Any]]) -> tuple[bool, str]:
    """(better, why): better beyond chance in average precision on one set, on none worse than tolerated."""
    telling = {name: found for name, found in sets.items() if found["n_case"] >= FEWEST_CASES}
    if not telling:
        return False, f"no set has {FEWEST_CASES} cases or more, so that nothing can be said"
    gains = {name: found["average_precision"]["gain"] for name, found in telling.items()}
    for name, gain in gains.items():
        if gain["low"] < -TOLERATED_LOSS:
            return False, (
                f"on {name} it may lose up to {-gain['low']:.3f} of average precision "
                f"(gain {gain['value']:+.3f}, tolerated loss {TOLERATED_LOSS})"
            )
    won = [name for name, gain in gains.items() if gain["low"] > 0]
    if not won:
        return False, "no gain in average precision is beyond chance on any set"
    return True, f"average precision gains beyond chance on {', '.join(won)} and is lost nowhere"


def comparison_text(comparison: Comparison) -> str:
    """The comparison as a section of a model card (Markdown)."""
    rows = [
        f"| {name} | {found['n']} | {found['n_case']} | {metric} | {_cell(found[metric]['candidate'])} "
        f"| {_cell(found[metric]['active'])} | {_cell(found[metric]['gain'], sign='+')} |"
        for name, found in comparison.sets.items()
        for metric in ("average_precision", "f1")
    ]
    table = "\n".join(rows)
    verdict = "Better" if comparison.better else "Not better"
    return f"""## Compared with {comparison.active}

{verdict}: {comparison.reason}. Same texts, whole path, gains paired over families, 95% intervals.

| set | texts | cases | metric | {comparison.candidate} | {comparison.active} | gain |
|---|---|---|---|---|---|---|
{table}
"""


def _held_out(folder: Path) -> set[str]:
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    if "held_out_families" not in metrics:
        raise UsageError(
            f"{folder}: metrics.json does not name the held-out families, so that nobody knows which texts "
            "the model has not seen; train it again, or promote the other one with: models promote"
        )
    return set(metrics["held_out_families"])


def _scores(items: Sequence[Item], classifier: Any, progress: Callable[[int], None]) -> tuple[Floats, Floats]:
    answers, failed = answer_items(items, classifier, progress=progress)
    if failed:
        raise UsageError(f"comparison: {failed[0]}; both models must answer the same texts")
    _, scores, flags = arrays([(a.item, a.prediction) for a in answers])
    return scores, flags


def _measure(items: Sequence[Item], said: Mapping[str, tuple[Floats, Floats]]) -> dict[str, Any]:
    gold = arrays([(item, None) for item in items])[0]
    metrics: dict[str, Metric] = {}
    for who, (scores, flags) in said.items():
        metrics[f"average_precision/{who}"] = average_precision_of(gold, scores)
        metrics[f"f1/{who}"] = f1_of(gold, flags)
    for name in ("average_precision", "f1"):
        metrics[f"{name}/gain"] = _difference(metrics[f"{name}/candidate"], metrics[f"{name}/active"])
    found = intervals(metrics, families(items))
    nested: dict[str, Any] = {"n": len(items), "n_case": int(gold.sum())}
    for key, value in found.items():
        name, who = key.split("/")
        nested.setdefault(name, {})[who] = value
    return nested


def _difference(one: Metric, other: Metric) -> Metric:
    return lambda weights: one(weights) - other(weights)


def _cell(found: Mapping[str, float | None], *, sign: str = "") -> str:
    if found["value"] is None:
        return "–"
    return f"{found['value']:{sign}.3f} ({found['low']:{sign}.3f} to {found['high']:{sign}.3f})"
