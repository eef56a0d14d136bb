"""Measures predictions against gold labels.

Promises: every share comes with the numbers it was made of and its Wilson interval, every other metric with
a bootstrap interval over families (`nlp/metrics.py`); false flags are counted per tag, recall per type,
process, kind and depth, both by groups (`nlp/fairness.py`), and each head on flagged cases; null gold fields
(annotators disagreed) are left out of that field alone. Never does: choose a threshold, see training texts.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nlp.fairness import measure_fairness
from nlp.items import Item
from nlp.metrics import (
    Floats,
    average_precision_of,
    calibration_bins,
    calibration_error_of,
    f1_of,
    intervals,
    micro_f1_of,
    precision_of,
    recall_of,
    rounded,
    share,
)
from store.records import LABELS, TYPES, Prediction

#: Two sentences tell the same when this share of the shorter one's words is common.
SAME_SENTENCE = 0.6
#: Fields with one value each, as `Item` and `Prediction` name them.
FIELDS = ("stage", "process", "position")

Pair = tuple[Item, Prediction | None]


def kind_of(item: Item) -> str:
    """`news`, `post`, or `headline`: news without a text is another task than an article."""
    return "headline" if item.kind == "news" and not item.text.strip() else item.kind


def evaluate(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Metrics of (gold item, prediction) pairs; None stands for a text that screening let go (score 0)."""
    cases = [(i, p) for i, p in pairs if i.label == "case"]
    rest = [(i, p) for i, p in pairs if i.label != "case"]
    gold, scores, _ = arrays(pairs)
    summary = _summary(pairs)
    kinds = sorted({kind_of(item) for item, _ in pairs})
    return {
        **summary,
        "calibration_error": summary["calibration"]["error"]["value"],
        "calibration": summary["calibration"] | {"bins": calibration_bins(gold, scores)},
        "by_kind": {k: _summary([(i, p) for i, p in pairs if kind_of(i) == k]) for k in kinds},
        "label_accuracy": share(sum((p.label if p else "none") == i.label for i, p in pairs), len(pairs)),
        "labels": _confusion(pairs),
        "screened_out_cases": sum(p is None for _, p in cases),
        "false_flags_by_tag": _flagged_by(rest, lambda i: [i.tag or i.label or ""]),
        "recall_by_type": _flagged_by(cases, lambda i: list(i.types or ())),
        "recall_by_process": _flagged_by(cases, lambda i: [i.process] if i.process else []),
        "recall_by_kind": _flagged_by(cases, lambda i: [kind_of(i)]),
        "recall_deep": _flagged_by(cases, lambda i: ["deep" if i.deep else "plain"]),
        "types": summary["types"] | {"per_type": _per_type(cases)},
        **{f"accuracy_by_{name}": _accuracy_by(cases, name) for name in FIELDS},
        "fairness": measure_fairness(pairs),
    }


def arrays(pairs: Sequence[Pair]) -> tuple[Floats, Floats, Floats]:
    """(gold, scores, flags), each [N]: 1 for a case, the score, 1 for a flag."""
    return (
        np.array([item.label == "case" for item, _ in pairs], dtype=np.float64),
        np.array([p.score if p else 0.0 for _, p in pairs], dtype=np.float64),
        np.array([bool(p and p.flagged) for _, p in pairs], dtype=np.float64),
    )


def families(items: Sequence[Item]) -> list[str]:
    """The family of each item; an item that names none stands alone."""
    return [item.family or item.id for item in items]


def _summary(pairs: Sequence[Pair]) -> dict[str, Any]:
    """What is told of all texts together and of each kind: how cases are found, and how heads answer."""
    gold, scores, flags = arrays(pairs)
    counted = [_type_counts(item, prediction) for item, prediction in pairs]
    hit, miss, false = (np.array([c[k] for c in counted], dtype=np.float64) for k in ("hit", "miss", "false"))
    found = intervals(
        {
            "average_precision": average_precision_of(gold, scores),
            "precision": precision_of(gold, flags),
            "recall": recall_of(gold, flags),
            "f1": f1_of(gold, flags),
            "calibration_error": calibration_error_of(gold, scores),
            "types": micro_f1_of(hit, miss, false),
        },
        families([item for item, _ in pairs]),
        centred=("calibration_error",),
    )
    cases = [(i, p) for i, p in pairs if i.label == "case"]
    return {
        "n": len(pairs),
        "n_case": len(cases),
        "case": {k: found[k] for k in ("average_precision", "precision", "recall", "f1")},
        "calibration": {"error": found["calibration_error"]},
        "types": {"micro_f1": found["types"]["value"], "interval": found["types"]},
        **{name: _accuracy(cases, name) for name in FIELDS},
        "evidence": _evidence(cases),
    }


def _confusion(pairs: Sequence[Pair]) -> dict[str, dict[str, int]]:
    counts: Counter[tuple[str, str]] = Counter((i.label or "", p.label if p else "none") for i, p in pairs)
    return {gold: {said: counts[gold, said] for said in LABELS} for gold in LABELS}


def _flagged_by(
    pairs: Sequence[Pair], keys: Callable[[Item], list[str]]
) -> dict[str, dict[str, float | int | None]]:
    """Share of flagged items per key, in key order."""
    flagged: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for item, prediction in pairs:
        for key in keys(item):
            total[key] += 1
            flagged[key] += bool(prediction and prediction.flagged)
    return {key: share(flagged[key], total[key]) for key in sorted(total)}


def _type_counts(item: Item, prediction: Prediction | None) -> Counter[str]:
    """Hits, misses and false ones among the types of a flagged case; nothing for any other text."""
    if item.label != "case" or item.types is None or prediction is None or not prediction.flagged:
        return Counter()
    told, said = set(item.types), set(prediction.types)
    return Counter(hit=len(told & said), miss=len(told - said), false=len(said - told))


def _per_type(cases: Sequence[Pair]) -> dict[str, dict[str, float | int | None]]:
    """Hits, misses, false ones, precision, recall and F1 of the type head on flagged cases, per type."""
    table: dict[str, dict[str, float | int | None]] = {}
    known = [(set(i.types), set(p.types)) for i, p in cases if p and p.flagged and i.types is not None]
    for name in TYPES if known else ():
        hit = sum(name in told and name in said for told, said in known)
        miss = sum(name in told and name not in said for told, said in known)
        false = sum(name not in told and name in said for told, said in known)
        table[name] = {
            "hit": hit,
            "miss": miss,
            "false": false,
            "precision": rounded(hit / (hit + false)) if hit + false else None,
            "recall": rounded(hit / (hit + miss)) if hit + miss else None,
            "f1": rounded(2 * hit / (2 * hit + miss + false)) if hit + miss + false else None,
        }
    return table


def _known(cases: Sequence[Pair], name: str) -> list[tuple[str, bool]]:
    """(gold value, answered right) of flagged cases whose gold field is known."""
    return [
        (getattr(i, name), getattr(i, name) == getattr(p, name))
        for i, p in cases
        if p and p.flagged and getattr(i, name)
    ]


def _accuracy(cases: Sequence[Pair], name: str) -> dict[str, float | int | None]:
    known = _known(cases, name)
    return share(sum(right for _, right in known), len(known))


def _accuracy_by(cases: Sequence[Pair], name: str) -> dict[str, dict[str, float | int | None]]:
    """Share of right answers per gold value, in order of the values."""
    total: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for value, right in _known(cases, name):
        total[value] += 1
        hits[value] += right
    return {value: share(hits[value], total[value]) for value in sorted(total)}


def _evidence(cases: Sequence[Pair]) -> dict[str, float | int | None]:
    """Share of flagged cases with at least one evidence sentence that gold names as well."""
    known = [(i, p) for i, p in cases if p and p.flagged and i.evidence]
    return share(sum(shares_evidence(i, p) for i, p in known), len(known))


def shares_evidence(item: Item, prediction: Prediction) -> bool:
    """Whether one of the evidence sentences of the prediction is one that gold names."""
    return any(same_sentence(a, b) for a in item.evidence for b in prediction.evidence)


def same_sentence(one: str, other: str) -> bool:
    """Whether two quotations are of the same sentence, whatever was cut off at their ends."""
    a, b = set(one.lower().split()), set(other.lower().split())
    shorter = min(len(a), len(b))
    return bool(shorter) and len(a & b) / shorter >= SAME_SENTENCE
