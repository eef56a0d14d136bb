"""Which labels are likely wrong: what cleanlab makes of out-of-sample probabilities, before a retraining.

Promises: every text is judged by a model that has not seen it or its family; the likeliest error comes first;
the same items give the same list. Never does: change or drop a label, because a person decides.

The judge is TF-IDF with logistic regression: minutes on the whole corpus instead of hours, and its errors
differ from those of the network whose labels are to be checked.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from cleanlab.filter import find_label_issues
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from nlp.errors import guard
from nlp.evaluate import families
from nlp.items import Item

#: Folds of the cross-validation: cleanlab's own examples use 5.
FOLDS: Final = 5
#: Fewer texts of a label than this and its probabilities say nothing (cleanlab breaks on very rare classes).
FEWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Suspect:
    """One label that is likely wrong; `confidence` is the judge's probability of the label that stands."""

    item: Item
    suggested: str
    confidence: float


def find_suspects(items: Sequence[Item]) -> list[Suspect]:
    """Items whose label is likely wrong, likeliest first; [] where there are too few texts to tell."""
    labels = sorted({item.label or "" for item in items})
    gold = np.array([labels.index(item.label or "") for item in items])
    groups = families(items)
    if len(labels) < 2 or min(np.bincount(gold)) < FEWEST or len(set(groups)) < FOLDS:
        return []
    judge = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2), max_features=50_000),
        LogisticRegression(max_iter=1_000, class_weight="balanced"),
    )
    texts = [f"{item.title}\n{item.text}" for item in items]
    said = cross_val_predict(judge, texts, gold, groups=groups, cv=GroupKFold(FOLDS), method="predict_proba")
    wrong = find_label_issues(gold, said, return_indices_ranked_by="self_confidence", n_jobs=1)
    return [
        Suspect(items[i], labels[int(said[i].argmax())], round(float(said[i][gold[i]]), 4)) for i in wrong
    ]


def write_suspects(path: Path, suspects: Sequence[Suspect]) -> None:
    """The list as a CSV for a person to go through; ids and the first words, no whole texts."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "label", "suggested", "confidence", "start"])
        for suspect in suspects:
            start = " ".join((suspect.item.title or suspect.item.text).split())[:80]
            told = (
                suspect.item.id,
                suspect.item.label or "",
                suspect.suggested,
                str(suspect.confidence),
                start,
            )
            rows.writerow([guard(cell) for cell in told])
