"""Measures predictions against gold labels.

Promises: every share comes with the numbers it was made of; case metrics carry bootstrap 95% intervals with a
fixed seed; false flags are counted per tag and recall per type, process, kind and depth; null gold fields
(annotators disagreed) are left out of that field alone. Never does: choose a threshold, see training texts.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from nlp.items import Item
from store.records import LABELS, TYPES, Prediction

#: Resamples and seed of the percentile bootstrap; 1,000 keeps the interval's own error below 0.005.
RESAMPLES, BOOTSTRAP_SEED = 1_000, 20240917
#: Equal-width bins of the calibration error (Guo et al. 2017 use 15; small sets allow 10).
BINS = 10
#: Two sentences tell the same when this share of the shorter one's words is common.
SAME_SENTENCE = 0.6

Floats = NDArray[np.float64]
Pair = tuple[Item, Prediction | None]


def evaluate(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Metrics of (gold item, prediction) pairs; None stands for a text that screening let go (score 0)."""
    gold = np.array([item.label == "case" for item, _ in pairs], dtype=float)
    scores = np.array([p.score if p else 0.0 for _, p in pairs], dtype=float)
    flags = np.array([bool(p and p.flagged) for _, p in pairs], dtype=float)
    cases = [(i, p) for i, p in pairs if i.label == "case"]
    return {
        "n": len(pairs),
        "n_case": int(gold.sum()),
        "case": {
            "average_precision": _with_interval(_average_precision, gold, scores),
            "precision": _with_interval(_precision, gold, flags),
            "recall": _with_interval(_recall, gold, flags),
            "f1": _with_interval(_f1, gold, flags),
        },
        "calibration_error": _rounded(calibration_error(gold, scores)),
        "label_accuracy": _share(sum((p.label if p else "none") == i.label for i, p in pairs), len(pairs)),
        "labels": _confusion(pairs),
        "screened_out_cases": sum(p is None for _, p in cases),
        "false_flags_by_tag": _by(
            [(i, p) for i, p in pairs if i.label != "case"], lambda i: [i.tag or i.label or ""]
        ),
        "recall_by_type": _by(cases, lambda i: list(i.types or ())),
        "recall_by_process": _by(cases, lambda i: [i.process] if i.process else []),
        "recall_by_kind": _by(cases, lambda i: [i.kind]),
        "recall_deep": _by(cases, lambda i: ["deep" if i.deep else "plain"]),
        "types": _types(cases),
        "stage": _field(cases, "stage"),
        "process": _field(cases, "process"),
        "position": _field(cases, "position"),
        "evidence": _evidence(cases),
    }


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _share(part: int, whole: int) -> dict[str, float | int | None]:
    return {"share": _rounded(part / whole) if whole else None, "part": part, "whole": whole}


def _average_precision(gold: Floats, scores: Floats) -> float:
    return float(average_precision_score(gold, scores)) if gold.any() else float("nan")


def _precision(gold: Floats, flags: Floats) -> float:
    return float((gold * flags).sum() / flags.sum()) if flags.any() else 0.0


def _recall(gold: Floats, flags: Floats) -> float:
    return float((gold * flags).sum() / gold.sum()) if gold.any() else float("nan")


def _f1(gold: Floats, flags: Floats) -> float:
    total = gold.sum() + flags.sum()
    return float(2 * (gold * flags).sum() / total) if total else 0.0


def _with_interval(
    metric: Callable[[Floats, Floats], float], gold: Floats, predicted: Floats
) -> dict[str, Any]:
    """The metric with its percentile bootstrap interval; None where the sample has no case at all."""
    if not len(gold) or not gold.any():
        return {"value": None, "low": None, "high": None}
    chance = np.random.default_rng(BOOTSTRAP_SEED)
    draws = []
    for _ in range(RESAMPLES):
        rows = chance.integers(0, len(gold), len(gold))
        if gold[rows].any():
            draws.append(metric(gold[rows], predicted[rows]))
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"value": _rounded(metric(gold, predicted)), "low": _rounded(low), "high": _rounded(high)}


def calibration_error(gold: Floats, scores: Floats) -> float:
    """Expected calibration error over `BINS` equal bins of the score."""
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    error = 0.0
    for b in range(BINS):
        inside = bins == b
        if inside.any():
            error += inside.mean() * abs(gold[inside].mean() - scores[inside].mean())
    return float(error)


def _confusion(pairs: Sequence[Pair]) -> dict[str, dict[str, int]]:
    counts: Counter[tuple[str, str]] = Counter((i.label or "", p.label if p else "none") for i, p in pairs)
    return {gold: {said: counts[gold, said] for said in LABELS} for gold in LABELS}


def _by(pairs: Sequence[Pair], keys: Callable[[Item], list[str]]) -> dict[str, dict[str, float | int | None]]:
    """Share of flagged items per key, in key order."""
    flagged: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for item, prediction in pairs:
        for key in keys(item):
            total[key] += 1
            flagged[key] += bool(prediction and prediction.flagged)
    return {key: _share(flagged[key], total[key]) for key in sorted(total)}


def _types(cases: Sequence[Pair]) -> dict[str, Any]:
    """Micro F1 over the types of flagged cases, and hits, misses and false ones per type."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for item, prediction in cases:
        if prediction is None or not prediction.flagged or item.types is None:
            continue
        for name in TYPES:
            told, said = name in item.types, name in prediction.types
            counts[name]["hit" if told and said else "miss" if told else "false" if said else "none"] += 1
    hit, miss, false = (sum(c[k] for c in counts.values()) for k in ("hit", "miss", "false"))
    return {
        "micro_f1": _rounded(2 * hit / (2 * hit + miss + false)) if hit + miss + false else None,
        "per_type": {t: {k: counts[t][k] for k in ("hit", "miss", "false")} for t in TYPES if counts[t]},
    }


def _field(cases: Sequence[Pair], name: str) -> dict[str, float | int | None]:
    """Accuracy of one field over flagged cases whose gold field is known."""
    known = [(i, p) for i, p in cases if p and p.flagged and getattr(i, name)]
    return _share(sum(getattr(i, name) == getattr(p, name) for i, p in known), len(known))


def _evidence(cases: Sequence[Pair]) -> dict[str, float | int | None]:
    """Share of flagged cases with at least one evidence sentence that gold names as well."""
    known = [(i, p) for i, p in cases if p and p.flagged and i.evidence]
    hits = sum(any(same_sentence(a, b) for a in i.evidence for b in p.evidence) for i, p in known)
    return _share(hits, len(known))


def same_sentence(one: str, other: str) -> bool:
    """Whether two quotations are of the same sentence, whatever was cut off at their ends."""
    a, b = set(one.lower().split()), set(other.lower().split())
    shorter = min(len(a), len(b))
    return bool(shorter) and len(a & b) / shorter >= SAME_SENTENCE
