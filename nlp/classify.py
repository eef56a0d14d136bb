"""Answers the codebook's questions for screened documents.

Promises: one Prediction for each candidate and none for the rest; the same text and model give the same
numbers on one machine, whatever stands beside it in the batch (texts go through the network one by one:
on a CPU padding costs more than batching wins); scores are rounded to `SCORE_DIGITS`, and the flag is
decided on the rounded number that the analyst sees. Never does: state guilt; fetch; write.
"""

from typing import Protocol

import torch

from nlp.inputs import Window, build_window
from nlp.model import Answers
from nlp.regions import find_region
from nlp.registry import Model
from store.records import LABELS, POSITIONS, PROCESSES, STAGES, TYPES, Candidate, Document, Label, Prediction

SCORE_DIGITS = 4
#: The codebook asks for one to three sentences that tell the act.
MAX_EVIDENCE = 3


class Classifier(Protocol):
    """What the night needs of a classifier, whatever stands behind it."""

    @property
    def version(self) -> str:
        """Name of the model, as every flagged row shows it."""

    def classify(
        self, document: Document, candidate: Candidate, *, outlet_region: str = ""
    ) -> Prediction | None:
        """The prediction for one document; None when screening let it go."""


class EncoderClassifier:
    """The trained encoder behind the `Classifier` interface."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def version(self) -> str:
        """Version of the model folder."""
        return self._model.settings.version

    def classify(
        self, document: Document, candidate: Candidate, *, outlet_region: str = ""
    ) -> Prediction | None:
        """The prediction for one screened document; None for a document that is no candidate."""
        if not candidate.candidate:
            return None
        model = self._model
        window = build_window(
            model.tokenizer,
            title=document.title,
            text=document.text,
            matched=candidate.sentences,
            max_tokens=model.settings.max_tokens,
        )
        with torch.inference_mode():
            ids = torch.tensor([window.ids])
            answers = model.network(ids, torch.ones_like(ids))
        return self._read(document, window, answers, outlet_region)

    def _read(self, document: Document, window: Window, answers: Answers, outlet_region: str) -> Prediction:
        settings = self._model.settings
        probabilities = (answers.label[0] / settings.temperature).softmax(-1)
        score = round(float(probabilities[LABELS.index("case")]), SCORE_DIGITS)
        flagged = score >= settings.threshold
        label: Label = "case" if flagged else _best_other(probabilities)
        evidence = pick_evidence(window, answers.evidence[0].sigmoid().tolist(), settings.evidence_threshold)
        return Prediction(
            doc_id=document.doc_id,
            label=label,
            score=score,
            flagged=flagged,
            types=_pick_types(answers.types[0].sigmoid().tolist(), settings.type_threshold)
            if flagged
            else (),
            stage=STAGES[int(answers.stage[0].argmax())] if flagged else "",
            process=PROCESSES[int(answers.process[0].argmax())] if flagged else "",
            position=POSITIONS[int(answers.position[0].argmax())] if flagged else "",
            region=find_region(
                title=document.title,
                text=document.text,
                evidence=evidence,
                dateline=document.dateline,
                outlet_region=outlet_region,
            )
            if flagged
            else "",
            evidence=evidence if flagged else (),
            model=settings.version,
        )


def _best_other(probabilities: torch.Tensor) -> Label:
    """The likelier of `related` and `none`, for a text below the threshold."""
    related = probabilities[LABELS.index("related")] > probabilities[LABELS.index("none")]
    return "related" if bool(related) else "none"


def _pick_types(probabilities: list[float], threshold: float) -> tuple[str, ...]:
    """All types above the threshold, likeliest first; always at least one, as the codebook asks."""
    ranked = sorted(range(len(TYPES)), key=lambda i: -probabilities[i])
    return tuple(TYPES[i] for i in ranked if probabilities[i] >= threshold) or (TYPES[ranked[0]],)


def pick_evidence(window: Window, token_scores: list[float], threshold: float) -> tuple[str, ...]:
    """The sentences whose tokens score highest on average: one to three, in text order."""
    sums = [0.0] * len(window.segments)
    counts = [0] * len(window.segments)
    for segment, score in zip(window.segment, token_scores, strict=True):
        if segment >= 0:
            sums[segment] += score
            counts[segment] += 1
    means = {i: sums[i] / counts[i] for i in range(len(sums)) if counts[i]}
    ranked = sorted(means, key=lambda i: (-means[i], i))
    chosen = [i for i in ranked if means[i] >= threshold][:MAX_EVIDENCE] or ranked[:1]
    return tuple(window.segments[i] for i in sorted(chosen))
