"""Three ways to find cases without a network of our own: what Netra's classifier has to beat.

Promises: each is given what a person who built it well would give it: the regularisation with the best
average precision on the texts held out, and Platt scaling there; the same texts give the same scores.
Never does: import the classifier, its word lists or its screening; choose a threshold.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

Floats = NDArray[np.float64]
#: From texts (or their vectors) to one number each: the higher, the more like a case.
Score = Callable[[Sequence[str]], Floats]

#: Phrases that people who follow the topic put into alerts and search boxes.
PHRASES = (
    *("netralitas asn", "netralitas pns", "netralitas aparatur", "netralitas pegawai negeri"),
    *("asn tidak netral", "asn tak netral", "pns tidak netral", "pns tak netral"),
    *("langgar netralitas", "melanggar netralitas", "pelanggaran netralitas"),
    *("asn dukung", "pns dukung", "asn kampanye", "asn ikut kampanye", "pns ikut kampanye"),
    *("asn terlibat politik praktis", "asn berpolitik praktis", "oknum asn"),
)
SERVANTS = (
    r"asn|pns|aparatur sipil negara|pegawai negeri|camat|lurah|sekda|kadis|kepala (?:dinas|sekolah)|guru"
)
ELECTION = (
    r"pilkada|pemilu|pilpres|pileg|pilgub|pilbup|pilwali|paslon|pasangan calon|caleg|capres|cagub|cabup"
    r"|cawali|calon (?:bupati|gubernur|wali ?kota|presiden|legislatif)|kampanye|parpol|partai"
)
#: Words between a civil servant and an election word that still count as near; one line of a news text.
NEAR = 10
_GAP = rf"(?:\W+\w+){{0,{NEAR}}}?\W+"
RULES = (
    *(re.compile(rf"\b{re.escape(phrase)}\b") for phrase in PHRASES),
    re.compile(rf"\b(?:{SERVANTS})\b{_GAP}(?:{ELECTION})\b"),
    re.compile(rf"\b(?:{ELECTION})\b{_GAP}(?:{SERVANTS})\b"),
)
#: A text that one rule hits is a find, as an alert would be.
RULE_THRESHOLD = 1
#: Inverse regularisation strengths tried, a decade and a half to either side of scikit-learn's default 1.
STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
#: Steps that the solver may take; 100, the default, is too few for weak regularisation.
STEPS = 2_000


def rule_hits(texts: Sequence[str]) -> Floats:
    """How many of `RULES` hit each text, [N]."""
    lowered = (" ".join(text.lower().split()) for text in texts)
    return np.array([sum(bool(rule.search(text)) for rule in RULES) for text in lowered], dtype=np.float64)


def word_features() -> TfidfVectorizer:
    """TF-IDF over words, 1 to 2, not yet fitted."""
    return TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)


def fit_tfidf(learn: Sequence[str], gold: Floats, tune: Sequence[str], tune_gold: Floats) -> Score:
    """TF-IDF over words (1 to 2) and characters (3 to 5), logistic regression; a score is its log odds.

    `gold` and `tune_gold` are 1 for a case, else 0; both values must occur in each.
    """
    features = make_union(
        word_features(),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True),
    ).fit(learn)
    model = _fit(features.transform(learn), gold, features.transform(tune), tune_gold, _regression)
    return lambda texts: np.asarray(model.decision_function(features.transform(texts)), dtype=np.float64)


def fit_vectors(learn: Floats, gold: Floats, tune: Floats, tune_gold: Floats) -> Callable[[Floats], Floats]:
    """Logistic regression over vectors [N, size], each dimension standardised; a score is its log odds."""
    model = _fit(learn, gold, tune, tune_gold, lambda c: make_pipeline(StandardScaler(), _regression(c)))
    return lambda vectors: np.asarray(model.decision_function(vectors), dtype=np.float64)


def fit_platt(scores: Floats, gold: Floats) -> Callable[[Floats], Floats]:
    """Platt scaling: from scores [N] to calibrated probabilities of a case, fitted on texts held out."""
    # Next to no regularisation, as Platt 1999 fits it.
    model = LogisticRegression(C=1e6, max_iter=STEPS).fit(scores[:, None], gold)
    return lambda new: np.asarray(model.predict_proba(new[:, None])[:, 1], dtype=np.float64)


def _regression(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=STEPS)


def _fit(
    learn: Any, gold: Floats, tune: Any, tune_gold: Floats, build: Callable[[float], Any]
) -> Any:  # scikit-learn ships no types
    """The fitted model of the strength with the best average precision on the texts held out."""
    best: tuple[float, Any] = (-math.inf, None)
    for strength in STRENGTHS:
        model = build(strength).fit(learn, gold)
        found = float(average_precision_score(tune_gold, model.decision_function(tune)))
        if found > best[0]:
            best = (found, model)
    return best[1]
