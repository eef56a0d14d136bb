"""How far first and blind second decisions agree, per field and month.

Promises: a field is compared where both reviewers were asked it (types and actor: both said case); every
figure comes with its number of pairs, and with `few` where that number is too small to say much; kappa and
alpha are None where everybody said the same throughout, since chance alone would agree too. So it is in
`nlp.agreement`, which compares label files; the rooms may not import each other, and what they could share is
one call to scikit-learn.
Never does: decide who is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score

from store.decisions import LabelEvent
from store.records import TYPES
from store.second import plain_actor

#: Months are those of the office, as nights are.
ZONE: Final = ZoneInfo("Asia/Jakarta")
#: Pairs below which a kappa says little: at 30 pairs with 80% agreement by halves its standard error,
#: sqrt(p (1 - p) / n) / (1 - chance), is still 0.15 (Cohen 1960).
MIN_PAIRS: Final = 30
#: The month of a row over all months.
ALL_MONTHS: Final = "all"

Pair = tuple[LabelEvent, LabelEvent]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One field in one month ("2026-11", or "all")."""

    month: str
    #: "decision", "types" (all types together), "type:<name>", "actor".
    field: str
    n: int
    #: Share of pairs that say the same; None without pairs.
    share: float | None
    #: Cohen's kappa and Krippendorff's alpha (nominal), at most 1.
    kappa: float | None
    alpha: float | None
    #: Whether n is below MIN_PAIRS.
    few: bool


def agreement_of(pairs: Sequence[Pair]) -> list[Agreement]:
    """Rows for all months together, then per month of the second decision; the fields in one order.

    A type has a row where somebody in that month has named it.
    """
    months = sorted({_month_of(second) for _, second in pairs})
    rows = _of_month(ALL_MONTHS, pairs)
    for month in months:
        rows += _of_month(month, [pair for pair in pairs if _month_of(pair[1]) == month])
    return rows


def compare(month: str, field: str, said: Sequence[tuple[str, str]], *, n: int | None = None) -> Agreement:
    """Agreement on one field: what the first and the second reviewer said of each item.

    `n` is the number of pairs where one pair gives several items.
    """
    count = len(said) if n is None else n
    values = sorted({value for pair in said for value in pair})
    kappa = alpha = None
    if len(values) > 1:
        first, second = zip(*said, strict=True)
        kappa = float(cohen_kappa_score(first, second))
        counts = np.array([[pair.count(value) for value in values] for pair in said])
        alpha = float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))
    same = sum(one == other for one, other in said)
    return Agreement(
        month=month,
        field=field,
        n=count,
        share=same / len(said) if said else None,
        kappa=kappa,
        alpha=alpha,
        few=count < MIN_PAIRS,
    )


def _of_month(month: str, pairs: Sequence[Pair]) -> list[Agreement]:
    said = [(first.new, second.new) for first, second in pairs if first.new and second.new]
    cases = [(a, b) for a, b in said if a.decision == b.decision == "case"]
    rows = [compare(month, "decision", [(a.decision, b.decision) for a, b in said])]
    named = [name for name in TYPES if any(name in (*a.types, *b.types) for a, b in cases)]
    by_type = {name: [(str(name in a.types), str(name in b.types)) for a, b in cases] for name in TYPES}
    together = [item for items in by_type.values() for item in items]
    rows.append(compare(month, "types", together, n=len(cases)))
    rows += [compare(month, f"type:{name}", by_type[name]) for name in named]
    actors = [(plain_actor(a.actor), plain_actor(b.actor)) for a, b in cases]
    rows.append(compare(month, "actor", [(a, b) for a, b in actors if a and b]))
    return rows


def _month_of(event: LabelEvent) -> str:
    return event.at.astimezone(ZONE).strftime("%Y-%m")
