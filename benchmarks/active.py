"""In which order should texts be labelled? How many labels each order needs for 95% of what all would give.

Promises: a simulation on `data/labels` with families split per seed; every order starts from the same texts
and is measured on the same held-out ones after each batch; the queue's shares, band and threshold rule are
those of `store/` and `nlp/train.py`. Two pools: all texts, and one with cases as rare as a night may have.
Never does: train the network. Hundreds of trainings of an hour each are out of reach, so that the learner is
TF-IDF over words and logistic regression; what the orders would save the network is not measured.

    python -m benchmarks.active                the table
    python -m benchmarks.active --seeds 10     more splits, narrower intervals
    python -m benchmarks.active --json         the same numbers as JSON
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from benchmarks.baselines import word_features
from benchmarks.machine import cpu_name, load
from nlp.items import Item, read_items
from nlp.train import Plan, choose_threshold, split_families
from store.draw import AUDIT_SHARES
from store.queue import UNCERTAIN_LOG_ODDS
from store.records import UsageError

LABELS = Path(__file__).parent.parent / "data" / "labels"
Floats = NDArray[np.float64]
Places = NDArray[np.intp]

#: Issue 5: the share of the full-data average precision to reach, and the share of random order's labels.
REACH, BOUND = 0.95, 1 / 3
#: Share of families held out: twice the plan's, since it is only measured on.
HELD_OUT = 0.25
#: Cases among texts of the rare pool, an assumption about a night; None leaves the corpus alone.
POOLS: dict[str, float | None] = {"as in data/labels": None, "5% cases": 0.05}
#: First labels, drawn at random; more are drawn until there are FEWEST of either kind, one for each fold.
START, FEWEST = 50, 2
#: A batch is this share of what is labelled, at least SMALLEST: the figure is good to a tenth.
GROWTH, SMALLEST = 0.1, 25
#: Inverse regularisation, of `baselines.STRENGTHS`; too few labels to choose it anew after every batch.
STRENGTH = 10.0
#: Resamples of the seeds for an interval.
RESAMPLES = 2_000
COLUMNS = 110


@dataclass(frozen=True, slots=True)
class Pool:
    """What may be labelled and what it is measured on: features [N, F] (sparse), 1 for a case, weights."""

    features: Any  # scipy ships no types
    gold: Floats
    held: Any  # scipy ships no types
    held_gold: Floats
    #: Makes cases as frequent among the held-out texts as in the pool.
    held_weights: Floats


@dataclass(frozen=True, slots=True)
class Offer:
    """What an order sees of the texts not yet labelled: arrays [N], by place."""

    log_odds: Floats
    #: Log odds of the threshold.
    middle: float
    #: A place in the draw for each text, evenly spread over [0, 1), the same in all batches.
    drawn: Floats


#: The texts of an offer in the order in which they would be labelled; `size` of them are taken.
Order = Callable[[Offer, int], Places]


def by_chance(offer: Offer, size: int) -> Places:
    """Random order."""
    return np.argsort(offer.drawn)[:size]


def by_score(offer: Offer, size: int) -> Places:
    """The queue `new`, highest score first, and the audit slice."""
    return _with_audit(offer, size, _flagged(offer))


def by_doubt(offer: Offer, size: int) -> Places:
    """The queue `uncertain`, nearest to the threshold first, then `new`, and the audit slice."""
    return _with_audit(offer, size, _merge(_uncertain(offer), _flagged(offer)))


def by_queue(offer: Offer, size: int) -> Places:
    """`new` and `uncertain` by turns, and the audit slice: a reviewer who works on all three."""
    new, near = _flagged(offer), _uncertain(offer)
    turns = [place for pair in zip(new, near, strict=False) for place in pair]
    return _with_audit(offer, size, _merge(np.array(turns, dtype=np.intp), new, near))


ORDERS: dict[str, Order] = {
    "random": by_chance,
    "queue: new": by_score,
    "queue: uncertain": by_doubt,
    "queue: both by turns": by_queue,
}


def _flagged(offer: Offer) -> Places:
    ranked = np.argsort(-offer.log_odds, kind="stable")
    return ranked[offer.log_odds[ranked] >= offer.middle]


def _uncertain(offer: Offer) -> Places:
    """As `store.queue` has it: of what was flagged or drawn for the audit, what lies in the band."""
    away = np.abs(offer.log_odds - offer.middle)
    ranked = np.argsort(away, kind="stable")
    waits = (offer.log_odds >= offer.middle) | (offer.drawn < AUDIT_SHARES["below"])
    return ranked[(waits & (away <= UNCERTAIN_LOG_ODDS))[ranked]]


def _with_audit(offer: Offer, size: int, ranked: Places) -> Places:
    """A batch with its audit slice, drawn from below the threshold; empty places are drawn there too."""
    slice_size = math.ceil(AUDIT_SHARES["below"] * size)
    below = by_chance(offer, len(offer.drawn))
    below = below[offer.log_odds[below] < offer.middle]
    chosen = _merge(ranked[: size - min(slice_size, len(below))], below, ranked)
    return chosen[:size]


def _merge(*parts: Places) -> Places:
    """All places in order, each once."""
    return np.array(list(dict.fromkeys(np.concatenate(parts).tolist())), dtype=np.intp)


def make_pool(items: Sequence[Item], *, seed: int, share: float | None) -> Pool:
    """Texts to label and held-out ones, by families; `share` of the pool are cases, None: as they come.

    The features know the pool's texts, never their labels. Raises UsageError when a side lacks cases
    or others.
    """
    learn, held = split_families(items, share=HELD_OUT, seed=seed)
    chance = np.random.default_rng(seed)
    gold, held_gold = _gold(learn), _gold(held)
    for name, told in (("pool", gold), ("held-out part", held_gold)):
        if min(told.sum(), len(told) - told.sum()) < FEWEST:
            raise UsageError(f"active: the {name} has fewer than {FEWEST} cases or others; give more labels")
    kept = np.arange(len(learn))
    if share is not None:
        wanted = max(FEWEST, round(share / (1 - share) * float((gold == 0).sum())))
        cases = chance.permutation(np.flatnonzero(gold == 1))[:wanted]
        kept = np.sort(np.concatenate([np.flatnonzero(gold == 0), cases]))
    gold = gold[kept]
    odds = [part.sum() / (len(part) - part.sum()) for part in (gold, held_gold)]
    texts = [f"{learn[i].title}\n{learn[i].text}" for i in kept]
    features = word_features().fit(texts)
    return Pool(
        features=features.transform(texts),
        gold=gold,
        held=features.transform([f"{item.title}\n{item.text}" for item in held]),
        held_gold=held_gold,
        held_weights=np.where(held_gold == 1, odds[0] / odds[1], 1.0),
    )


def _gold(items: Sequence[Item]) -> Floats:
    return np.array([float(item.label == "case") for item in items])


def learn_from(pool: Pool, labelled: Places) -> LogisticRegression:
    """The learner over some texts of the pool."""
    # Rare cases count more, or the first models would flag nothing; the network weighs its classes too.
    model = LogisticRegression(C=STRENGTH, solver="liblinear", class_weight="balanced")
    return model.fit(pool.features[labelled], pool.gold[labelled])


def precision_of(pool: Pool, model: LogisticRegression) -> float:
    """Average precision on the held-out texts, cases weighted to be as frequent as in the pool."""
    scores = model.decision_function(pool.held)
    return float(average_precision_score(pool.held_gold, scores, sample_weight=pool.held_weights))


def threshold_of(pool: Pool, labelled: Places) -> float:
    """Log odds of the threshold by the rule of training, from two halves that score each other's cases."""
    found: list[float] = []
    cases, others = (labelled[pool.gold[labelled] == value] for value in (1, 0))
    halves = [np.concatenate([cases[i::2], others[i::2]]) for i in (0, 1)]
    for mine, yours in (halves, halves[::-1]):
        told = yours[pool.gold[yours] == 1]
        found += learn_from(pool, mine).predict_proba(pool.features[told])[:, 1].tolist()
    threshold = choose_threshold(found, target_recall=Plan().target_recall)
    return math.log(threshold / (1 - threshold))


def labels_needed(pool: Pool, order: Order, *, target: float, seed: int) -> int:
    """Labels after the first batch that reaches `target`; the whole pool when none before does."""
    drawn = np.random.default_rng(seed).permutation(len(pool.gold)) / len(pool.gold)
    ranked = np.argsort(drawn)
    seen = np.cumsum(pool.gold[ranked])
    enough = (seen >= FEWEST) & (np.arange(1, len(seen) + 1) - seen >= FEWEST)
    labelled = ranked[: max(START, int(np.argmax(enough)) + 1)]
    while len(labelled) < len(pool.gold):
        model = learn_from(pool, labelled)
        if precision_of(pool, model) >= target:
            break
        left = np.setdiff1d(np.arange(len(pool.gold)), labelled)
        middle = 0.0 if order is by_chance else threshold_of(pool, labelled)
        offer = Offer(model.decision_function(pool.features[left]), middle, drawn[left])
        size = max(SMALLEST, round(GROWTH * len(labelled)))
        labelled = np.concatenate([labelled, left[order(offer, size)]])
    return len(labelled)


def interval(ratios: Sequence[float]) -> dict[str, float]:
    """Geometric mean of ratios over seeds with a 95% bootstrap interval."""
    logs = np.log(np.array(ratios))
    means = np.random.default_rng(0).choice(logs, size=(RESAMPLES, len(logs))).mean(1)
    low, high = np.exp(np.percentile(means, [2.5, 97.5]))
    return {"value": round(float(np.exp(logs.mean())), 3), "low": round(low, 3), "high": round(high, 3)}


def measure(items: Sequence[Item], *, seeds: int, share: float | None) -> dict[str, Any]:
    """One pool over seeds 0, 1 ...: its size, full-data average precision, labels and ratios by order."""
    sizes: list[int] = []
    cases: list[float] = []
    full: list[float] = []
    needed: dict[str, list[int]] = {name: [] for name in ORDERS}
    for seed in range(seeds):
        pool = make_pool(items, seed=seed, share=share)
        best = precision_of(pool, learn_from(pool, np.arange(len(pool.gold))))
        sizes.append(len(pool.gold))
        cases.append(float(pool.gold.mean()))
        full.append(best)
        for name, order in ORDERS.items():
            needed[name].append(labels_needed(pool, order, target=REACH * best, seed=seed))
        print(f"seed {seed}: { ({name: n[-1] for name, n in needed.items()}) }", file=sys.stderr, flush=True)
    return {
        "texts": round(mean(sizes)),
        "cases": round(mean(cases), 3),
        "average_precision": round(mean(full), 3),
        "labels": needed,
        "of_random": {
            name: interval([mine / other for mine, other in zip(found, needed["random"], strict=True)])
            for name, found in needed.items()
        },
    }


def show(pools: dict[str, Any]) -> Table:
    """One row for each pool and order."""
    table = Table("pool", "texts", "AP, all", "order", "labels, mean", "min-max", "of random (95%)")
    for name, found in pools.items():
        for order, labels in found["labels"].items():
            part = found["of_random"][order]
            table.add_row(
                name,
                str(found["texts"]),
                f"{found['average_precision']:.3f}",
                order,
                f"{mean(labels):.0f}",
                f"{min(labels)}-{max(labels)}",
                f"{part['value']:.2f} ({part['low']:.2f}-{part['high']:.2f})",
            )
    return table


def main(arguments: Sequence[str]) -> int:
    """Print the table or, with --json, the numbers; progress goes to stderr."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.active")
    parser.add_argument("--seeds", type=int, default=5, help="splits and starting sets")
    parser.add_argument("--labels", type=Path, default=LABELS, help="folder with label files")
    parser.add_argument("--json", action="store_true", help="everything as JSON on stdout")
    told = parser.parse_args(arguments)
    if told.seeds < 1:
        parser.error("--seeds: 1 or more")
    started, busy = time.monotonic(), load()
    try:
        items, _ = read_items(sorted(told.labels.glob("*.jsonl")), gold=True)
        if not items:
            raise UsageError(f"active: {told.labels} holds no usable label line")
        pools = {name: measure(items, seeds=told.seeds, share=share) for name, share in POOLS.items()}
    except UsageError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    minutes = round((time.monotonic() - started) / 60, 1)
    result = {"machine": cpu_name(), "load": busy, "minutes": minutes, "seeds": told.seeds, "pools": pools}
    if told.json:
        print(json.dumps(result, indent=1))
        return 0
    console = Console() if sys.stdout.isatty() else Console(width=COLUMNS)
    console.print(show(pools))
    console.print(
        f"{told.seeds} seeds; labels until {REACH:.0%} of the average precision of all; wanted: at most "
        f"{BOUND:.2f} of random; {cpu_name()}, load {busy} before, {minutes} minutes",
        highlight=False,
        soft_wrap=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
