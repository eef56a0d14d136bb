"""How many of the cases that came in were flagged: an estimate from the random audit, with an interval.

    recall = found / (found + missed), counted in documents
    found:  documents of flagged incidents that were decided to be a case
    missed: documents below the threshold, or let go by screening, that the audit found to be a case, each
            counted 1/share times (Horvitz and Thompson 1952), since that many were not looked at

Decided rows stand for the undecided ones of their stratum; flagged ones are split by score first, since
reviewers take the surest first. `unsure` counts as undecided.

Promises: strata are weighted by the share with which they were drawn; no case among the audited does not give
the interval [1, 1]; where there is nothing to go by, there is no figure but a reason. Never does: call a
figure more certain than the audit is; decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from store.audits import Sampled

#: Draws of the bootstrap: the ends of a 95% interval then move by less than half a point.
DRAWS: Final = 4_000
CONFIDENCE: Final = 0.95
#: The same rows give the same interval.
SEED: Final = 20241127
#: Equal parts of the flagged incidents by score; five remove over 90% of the bias of one variable (Cochran
#: 1968), here: of decisions that go by score.
SCORE_BANDS: Final = 5
#: Jeffreys' prior of a share: added to the cases and to the others of an audited stratum when drawing. A
#: plain bootstrap of rows without a case only ever draws rows without a case.
PRIOR: Final = 0.5

Numbers = npt.NDArray[np.float64]
#: Why there is no figure: nothing was audited; a stratum has rows and no decision; no case was found at all.
Problem = Literal["", "not_audited", "undecided", "no_case"]


@dataclass(frozen=True, slots=True)
class Stratum:
    """What went into the estimate from one stratum."""

    name: str
    #: Rows drawn (or flagged), decided as case or none, decided as case.
    drawn: int
    decided: int
    cases: int
    #: Documents that the drawn rows stand for, and cases among them, by the estimate.
    documents: float
    estimated: float


@dataclass(frozen=True, slots=True)
class Recall:
    """The estimate. `recall`, `low` and `high` (0 to 1) are None where there is a `problem`."""

    recall: float | None
    low: float | None
    high: float | None
    strata: tuple[Stratum, ...]
    problem: Problem = ""


def estimate_recall(samples: Sequence[Sampled], *, draws: int = DRAWS, seed: int = SEED) -> Recall:
    """Recall in documents with a 95% interval, from all flagged incidents and audited documents of a time."""
    flagged = [s for s in samples if s.stratum == "flagged"]
    audits = {name: [s for s in samples if s.stratum == name] for name in _audited(samples)}
    bands = _bands(flagged)
    strata = (
        _describe("flagged", flagged, sum((_total_cases(band) for band in bands), 0.0)),
        *(_describe(name, rows, _total_cases(rows)) for name, rows in audits.items()),
    )
    problem = _problem(strata)
    found = strata[0].estimated
    missed = sum(stratum.estimated for stratum in strata[1:])
    if not problem and found + missed == 0:
        problem = "no_case"
    if problem:
        return Recall(None, None, None, strata, problem)
    dice = np.random.default_rng(seed)
    some_found = sum((_draw_found(band, draws, dice) for band in bands), np.zeros(draws))
    some_missed = sum((_draw_missed(rows, draws, dice) for rows in audits.values()), np.zeros(draws))
    whole = some_found + some_missed
    shares = np.divide(some_found, whole, out=np.zeros(draws), where=whole > 0)
    low, high = np.quantile(shares, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    recall = found / (found + missed)
    # With no case in the audit the estimate is 1 and every draw below it.
    return Recall(recall, min(float(low), recall), max(float(high), recall), strata)


def _audited(samples: Sequence[Sampled]) -> list[str]:
    return sorted({s.stratum for s in samples} - {"flagged"})


def _decided(rows: Sequence[Sampled]) -> list[Sampled]:
    return [row for row in rows if row.decision in ("case", "none")]


def _weight(rows: Sequence[Sampled]) -> float:
    return sum(row.documents / row.share for row in rows)


def _total_cases(rows: Sequence[Sampled]) -> float:
    """Documents that are a case among those that the rows of a stratum stand for; 0 where none is decided."""
    decided = _decided(rows)
    if not decided:
        return 0.0
    cases = [row for row in decided if row.decision == "case"]
    return _weight(rows) * _weight(cases) / _weight(decided)


def _describe(name: str, rows: Sequence[Sampled], estimated: float) -> Stratum:
    decided = _decided(rows)
    return Stratum(
        name=name,
        drawn=len(rows),
        decided=len(decided),
        cases=sum(row.decision == "case" for row in decided),
        documents=_weight(rows),
        estimated=estimated,
    )


def _problem(strata: Sequence[Stratum]) -> Problem:
    if len(strata) == 1:
        return "not_audited"
    return "undecided" if any(stratum.drawn and not stratum.decided for stratum in strata) else ""


def _bands(flagged: Sequence[Sampled]) -> list[list[Sampled]]:
    """Parts of the flagged by score; one without a decision goes with its neighbour."""
    ordered = sorted(flagged, key=lambda row: (row.score, row.incident_id))
    parts = [
        ordered[i * len(ordered) // SCORE_BANDS : (i + 1) * len(ordered) // SCORE_BANDS]
        for i in range(SCORE_BANDS)
    ]
    bands: list[list[Sampled]] = []
    waiting: list[Sampled] = []
    for part in parts:
        waiting = waiting + part
        if _decided(waiting):
            bands.append(waiting)
            waiting = []
    if waiting and bands:
        bands[-1] = bands[-1] + waiting
    return bands


def _draw_found(band: Sequence[Sampled], draws: int, dice: np.random.Generator) -> Numbers:
    """Cases among the flagged of a band, as often as asked; known and always the same once all is decided."""
    decided = _decided(band)
    if len(decided) == len(band):
        return np.full(draws, _total_cases(band))
    documents = np.array([row.documents for row in decided], dtype=float)
    cases = documents * [row.decision == "case" for row in decided]
    found = np.empty(draws)
    for i in range(draws):
        some = dice.integers(len(decided), size=len(decided))
        found[i] = cases[some].sum() / documents[some].sum()
    return found * _weight(band)


def _draw_missed(rows: Sequence[Sampled], draws: int, dice: np.random.Generator) -> Numbers:
    """Cases that an audited stratum stands for, as often as asked: a bootstrap from Jeffreys' distribution.

    Rows drawn with different shares count as so many equal ones as tell as much (Kish 1965).
    """
    decided = _decided(rows)
    weights = np.array([row.documents / row.share for row in decided])
    n = weights.sum() ** 2 / (weights**2).sum()
    share = _total_cases(rows) / _weight(rows)
    return dice.beta(share * n + PRIOR, (1 - share) * n + PRIOR, size=draws) * _weight(rows)
