"""One measurement of a file with gold labels, with all that a person may want of it.

Promises: the same path as a night (screening, then the classifier); errors, plot and workload are made from
that very run; what was left out is named. Never does: train, choose a threshold, store.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlp.answers import answer_items
from nlp.classify import Classifier
from nlp.errors import error_rows, judged_rows, write_errors
from nlp.evaluate import Pair, arrays, evaluate
from nlp.items import read_items
from nlp.metrics import share
from nlp.workload import GRID, measure_workload
from store.records import UsageError


@dataclass(frozen=True, slots=True)
class Measured:
    """Metrics (see `evaluate`; with `thresholds`, `model` and perhaps `workload`), and what was left out."""

    metrics: dict[str, Any]
    problems: list[str]
    #: How many texts with gold labels were measured.
    good: int


def measure_file(
    file: Path,
    classifier: Classifier,
    *,
    threshold: float,
    errors: Path | None = None,
    plot: Path | None = None,
    workload: Path | None = None,
    per_day: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Measured:
    """Measure `classifier` on `file`; write `errors` (CSV) and `plot` (PNG); count flags in `workload`.

    `threshold` is the classifier's own. `per_day` is the number of texts collected on a usual day; it goes
    with `workload`, a JSONL or JSONL.gz file of unlabelled texts. `progress` is told how many texts are done.
    Raises UsageError when a file cannot be read or written, or of the two options one is missing.
    """
    if (workload is None) != (per_day is None):
        raise UsageError("evaluate: --workload FILE and --per-day N go together; give both or neither")
    items, problems = read_items([file], gold=True)
    answers, failed = answer_items(items, classifier, progress=progress)
    pairs: list[Pair] = [(a.item, a.prediction) for a in answers]
    metrics = evaluate(pairs) | {
        "model": classifier.version,
        "threshold": threshold,
        "thresholds": threshold_table(pairs, sorted({*GRID, threshold})),
    }
    problems = [*problems, *failed]
    rows = error_rows(pairs, threshold=threshold)
    if workload is not None and per_day is not None:
        metrics["workload"], skipped = measure_workload(
            workload,
            classifier,
            threshold=threshold,
            per_day=per_day,
            progress=lambda done: progress(len(items) + done),
        )
        problems += skipped
        rows += judged_rows(metrics["workload"]["flagged_texts"], threshold=threshold)
    if errors is not None:
        write_errors(errors, rows)
    if plot is not None:
        # matplotlib takes a second to load, and most measurements draw nothing.
        from nlp.reliability import write_reliability

        write_reliability(plot, metrics, title=f"{classifier.version} on {file.name}")
    return Measured(metrics, problems, len(answers))


def threshold_table(pairs: Sequence[Pair], thresholds: Sequence[float]) -> list[dict[str, Any]]:
    """What each threshold would give: recall and precision, with counts and intervals."""
    gold, scores, _ = arrays(pairs)
    table = []
    for threshold in thresholds:
        flags = (scores >= threshold).astype(np.float64)
        table.append(
            {
                "threshold": threshold,
                "recall": share(int(gold @ flags), int(gold.sum())),
                "precision": share(int(gold @ flags), int(flags.sum())),
            }
        )
    return table
