"""Whether the flags serve all alike: recall and wrong flags by island group, position, outlet, kind and year.

Promises: every share comes with its counts and its Wilson interval; a text that does not tell a group is left
out of that dimension alone; a gap between groups is told when it is above GAP and both groups have MIN_CASES
texts or more, and whether their intervals meet; metrics of a model that was measured before this existed say
so. Never does: judge why groups differ; families of minimal pairs count as if they were independent, so that
the intervals are somewhat too narrow.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from nlp.items import Item
from nlp.metrics import share
from nlp.regions import islands_of
from store.records import Prediction

#: A difference of shares above this opens a warning (issue 6, item 6: 10 points).
GAP: Final = 0.10
#: Groups with fewer texts are told and not compared: at 30 texts the interval of a half is 34 points wide.
MIN_CASES: Final = 30
#: `platform` of a label item -> outlet kind. A headline or an entry of a register tells no outlet.
OUTLETS: Final[Mapping[str, str]] = {
    "portal": "national",
    "daerah": "regional",
    "blog": "blog",
    "bawaslu": "official",
    **dict.fromkeys(
        ("facebook", "x", "whatsapp", "instagram", "tiktok", "youtube", "reddit", "telegram"), "post"
    ),
}
#: What each dimension reads of an item; "" where the item does not tell. Only cases have a position.
DIMENSIONS: Final[Mapping[str, Callable[[Item], str]]] = {
    "island": lambda item: islands_of(item.region),
    "position": lambda item: item.position or "",
    "outlet": lambda item: OUTLETS.get(item.platform, ""),
    "kind": lambda item: item.kind,
    "year": lambda item: str(item.year or ""),
}
#: Which texts a share is of: cases that were flagged, and other texts that were flagged wrongly.
SHARES: Final = ("recall", "wrong_flags")

#: Dimension -> group -> "recall" and "wrong_flags" as `nlp.metrics.share` gives them.
Fairness = Mapping[str, Mapping[str, Mapping[str, Any]]]


def measure_fairness(pairs: Sequence[tuple[Item, Prediction | None]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Recall and share of wrong flags of (gold item, prediction) pairs; see `Fairness`."""
    measured = {}
    for dimension, group_of in DIMENSIONS.items():
        total: Counter[tuple[str, str]] = Counter()
        flagged: Counter[tuple[str, str]] = Counter()
        for item, prediction in pairs:
            key = group_of(item), SHARES[item.label != "case"]
            total[key] += 1
            flagged[key] += bool(prediction and prediction.flagged)
        groups = sorted({group for group, _ in total if group})
        measured[dimension] = {
            group: {name: share(flagged[group, name], total[group, name]) for name in SHARES}
            for group in groups
        }
    return measured


def fairness_of(metrics: Mapping[str, Any]) -> Fairness | None:
    """What an evaluation holds of it; None where it was made before fairness was measured."""
    found: Fairness | None = metrics.get("fairness")
    return found


def warnings_of(fairness: Fairness | None) -> list[str]:
    """A line for each dimension and share whose groups lie more than GAP apart; one if none was measured."""
    if fairness is None:
        return [
            "fairness was not measured for this model, it is older than the measure; measure it: "
            "pipeline.py evaluate FILE, or retrain"
        ]
    return [line for dimension in fairness for name in SHARES for line in _gap(fairness, dimension, name)]


def fairness_lines(fairness: Fairness) -> Iterator[str]:
    """A table in Markdown: dimension, group, recall, wrong flags, each with interval and counts."""
    yield "| by | group | recall | wrong flags |"
    yield "|---|---|---|---|"
    for dimension, groups in fairness.items():
        for group, shares in groups.items():
            yield f"| {dimension} | {group} | " + " | ".join(_told(shares[name]) for name in SHARES) + " |"


def _gap(fairness: Fairness, dimension: str, name: str) -> Iterator[str]:
    """The widest gap of a share within a dimension, if it is above GAP."""
    known = [(g, s[name]) for g, s in fairness[dimension].items() if s[name]["whole"] >= MIN_CASES]
    pairs = [sorted(pair, key=lambda one: float(one[1]["share"])) for pair in combinations(known, 2)]
    if not pairs:
        return
    (low, small), (high, large) = max(pairs, key=lambda p: float(p[1][1]["share"] - p[0][1]["share"]))
    points = large["share"] - small["share"]
    # Shares have four digits; without the rounding a gap of exactly 10 points could be more.
    if round(points, 4) > GAP:
        meet = "their intervals meet" if small["high"] >= large["low"] else "their intervals do not meet"
        yield (
            f"{name.replace('_', ' ')} by {dimension}: {low} {_told(small)} and {high} {_told(large)} lie "
            f"{100 * points:.0f} points apart; {meet}"
        )


def _told(found: Mapping[str, Any]) -> str:
    """A share with interval and counts: "0.92 (0.81 to 0.98, 23/25)"; a dash where there is no text."""
    if found["share"] is None:
        return "–"
    counts = f"{found['part']}/{found['whole']}"
    return f"{found['share']:.2f} ({found['low']:.2f} to {found['high']:.2f}, {counts})"
