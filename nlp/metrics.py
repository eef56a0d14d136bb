"""The numbers behind an evaluation: rates, average precision, calibration, and their 95% intervals.

Promises: every metric is a function of how often each text counts, so that the value (each once) and the
bootstrap draws come from one formula; a draw takes whole families, because a minimal pair is not two
independent texts; the same input gives the same interval. Never does: know a model, the codebook, a file.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Resamples and seed of the percentile bootstrap; 1,000 keeps the interval's own error below 0.005.
RESAMPLES, BOOTSTRAP_SEED = 1_000, 20240917
#: Equal-width bins of the calibration error (Guo et al. 2017 use 15; small sets allow 10).
BINS = 10
#: Standard normal quantile of a two-sided 95% interval.
Z95 = 1.959964
#: Digits of every number that is written down.
DIGITS = 4

Floats = NDArray[np.float64]
#: From the weight of each text, [N], to a number; NaN where the weighted texts cannot say.
Metric = Callable[[Floats], float]


def precision_of(gold: Floats, flags: Floats) -> Metric:
    """Share of cases among the flagged, 0 when nothing is flagged; `gold` and `flags` are [N] of 0 and 1."""
    return lambda w: _where_cases(w, gold, _ratio(w @ (gold * flags), w @ flags))


def recall_of(gold: Floats, flags: Floats) -> Metric:
    """Share of flagged among the cases; `gold` and `flags` are [N] of 0 and 1."""
    return lambda w: _where_cases(w, gold, _ratio(w @ (gold * flags), w @ gold))


def f1_of(gold: Floats, flags: Floats) -> Metric:
    """Harmonic mean of precision and recall; `gold` and `flags` are [N] of 0 and 1."""
    return lambda w: _where_cases(w, gold, _ratio(2 * (w @ (gold * flags)), w @ gold + w @ flags))


def average_precision_of(gold: Floats, scores: Floats) -> Metric:
    """Area under the precision-recall steps, ties taken together (as scikit-learn's); inputs are [N]."""
    order = np.argsort(-scores, kind="stable")
    ranked = gold[order]
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True)) if len(scores) else order

    def metric(weights: Floats) -> float:
        mass = weights[order]
        seen, hits = np.cumsum(mass)[ends], np.cumsum(mass * ranked)[ends]
        if not len(hits) or not hits[-1]:
            return math.nan
        share = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
        return float(np.diff(hits, prepend=0.0) @ share / hits[-1])

    return metric


def calibration_error_of(gold: Floats, scores: Floats) -> Metric:
    """Expected calibration error over `BINS` equal bins of the score, 0 to 1; inputs are [N]."""
    bins, gap = _bins(scores), gold - scores

    def metric(weights: Floats) -> float:
        total = weights.sum()
        gaps = np.bincount(bins, weights=weights * gap, minlength=BINS)
        return float(np.abs(gaps).sum() / total) if total else math.nan

    return metric


def calibration_bins(gold: Floats, scores: Floats) -> list[dict[str, Any]]:
    """What a reliability plot shows: per bin its bounds, mean score and share of cases with interval."""
    bins = _bins(scores)
    table = []
    for b in range(BINS):
        inside = bins == b
        n = int(inside.sum())
        table.append(
            {
                "from": b / BINS,
                "to": (b + 1) / BINS,
                "mean_score": rounded(scores[inside].mean()) if n else None,
                "cases": share(int(gold[inside].sum()), n),
            }
        )
    return table


def micro_f1_of(hit: Floats, miss: Floats, false: Floats) -> Metric:
    """F1 over all answers of a head with several answers; inputs are counts per text, [N]."""

    def metric(weights: Floats) -> float:
        hits, wrong = weights @ hit, weights @ (miss + false)
        return _ratio(2 * hits, 2 * hits + wrong) if hits + wrong else math.nan

    return metric


def draws(groups: Sequence[str]) -> Iterator[Floats]:
    """`RESAMPLES` weight vectors [N]: how often each text is in a resample of whole groups (families)."""
    number = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    member = np.array([number[group] for group in groups], dtype=np.intp)
    chance = np.random.default_rng(BOOTSTRAP_SEED)
    for _ in range(RESAMPLES if number else 0):
        drawn = chance.integers(0, len(number), len(number))
        yield np.bincount(drawn, minlength=len(number)).astype(np.float64)[member]


def intervals(
    metrics: Mapping[str, Metric], groups: Sequence[str], *, centred: Collection[str] = ()
) -> dict[str, dict[str, float | None]]:
    """Value, low and high (percentile bootstrap, 95%) of each metric over the same draws; None where NaN.

    The draws of a metric named in `centred` are moved so that their mean is the value. The calibration error
    needs it: noise only ever widens the gap of a bin, so that draws lie above the value on average.
    """
    once = np.ones(len(groups))
    values = {name: metric(once) for name, metric in metrics.items()}
    drawn: dict[str, list[float]] = {name: [] for name in metrics}
    for weights in draws(groups):
        for name, metric in metrics.items():
            drawn[name].append(metric(weights))
    return {name: _interval(values[name], np.array(drawn[name]), centred=name in centred) for name in metrics}


def _interval(value: float, drawn: Floats, *, centred: bool) -> dict[str, float | None]:
    drawn = drawn[~np.isnan(drawn)]
    if math.isnan(value) or not len(drawn):
        return {"value": None, "low": None, "high": None}
    low, high = np.percentile(drawn, [2.5, 97.5])
    if centred:
        shift = value - drawn.mean()
        low, high = max(0.0, low + shift), high + shift
    return {"value": rounded(value), "low": rounded(low), "high": rounded(high)}


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927), which has a width even at none and at all; (0, 1) of 0."""
    if not whole:
        return 0.0, 1.0
    share_, z2 = part / whole, Z95 * Z95
    middle = (share_ + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z95 / (1 + z2 / whole) * math.sqrt(share_ * (1 - share_) / whole + z2 / (4 * whole * whole))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(part: int, whole: int) -> dict[str, float | int | None]:
    """A share with the numbers that it was made of and its Wilson interval; None where `whole` is 0."""
    if not whole:
        return {"share": None, "part": part, "whole": whole, "low": None, "high": None}
    low, high = wilson(part, whole)
    return {
        "share": rounded(part / whole),
        "part": part,
        "whole": whole,
        "low": rounded(low),
        "high": rounded(high),
    }


def rounded(value: float) -> float:
    """The value with `DIGITS` digits behind the point."""
    return round(float(value), DIGITS)


def _ratio(part: Floats | float, whole: Floats | float) -> float:
    return float(part / whole) if whole else 0.0


def _where_cases(weights: Floats, gold: Floats, value: float) -> float:
    """The value, or NaN: texts without a single case say nothing of how cases are found."""
    return value if weights @ gold else math.nan


def _bins(scores: Floats) -> NDArray[np.intp]:
    return np.minimum((scores * BINS).astype(np.intp), BINS - 1)
