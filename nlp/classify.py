"""Answers the codebook's questions for screened documents.

Promises: one Prediction for each candidate and none for the rest; the same text and model give the same
numbers on one machine's CPU, alone or in a batch, read anew or remembered (news agencies' texts and repeated
posts are read once). Never does: state guilt; fetch; write.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nlp.engine import (
    ALONE,
    Engine,
    Floats,
    Output,
    TorchEngine,
    case_score,
    label_probabilities,
    read_window,
)
from nlp.inputs import Window
from nlp.regions import find_region
from nlp.registry import Model
from store.records import LABELS, POSITIONS, PROCESSES, STAGES, TYPES, Candidate, Document, Label, Prediction

#: Windows whose output is remembered: a night of flagged-like texts, about 30 MB.
KNOWN_WINDOWS = 20_000
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


@runtime_checkable
class BatchClassifier(Classifier, Protocol):
    """A classifier that answers several documents faster than one after the other."""

    def classify_many(
        self, pairs: Sequence[tuple[Document, Candidate]], *, outlet_regions: Sequence[str] | None = None
    ) -> list[Prediction | None]:
        """What `classify` says of each pair, in order."""


class EncoderClassifier:
    """The trained encoder behind the `Classifier` interface; float32 on the CPU unless an engine is given."""

    def __init__(self, model: Model, *, engine: Engine | None = None) -> None:
        self._model = model
        self._engine = engine or TorchEngine(model, device="cpu", batch_tokens=ALONE)
        self._known: OrderedDict[bytes, Output] = OrderedDict()

    @property
    def version(self) -> str:
        """Version of the model folder."""
        return self._model.settings.version

    @property
    def engine(self) -> Engine:
        """What runs the network."""
        return self._engine

    def classify(
        self, document: Document, candidate: Candidate, *, outlet_region: str = ""
    ) -> Prediction | None:
        """The prediction for one screened document; None for a document that is no candidate."""
        return self.classify_many([(document, candidate)], outlet_regions=[outlet_region])[0]

    def classify_many(
        self, pairs: Sequence[tuple[Document, Candidate]], *, outlet_regions: Sequence[str] | None = None
    ) -> list[Prediction | None]:
        """What `classify` says of each pair, in order; faster, since several texts are read at once.

        `outlet_regions` has one region for each pair. A text that raises takes the whole call with it: the
        caller asks again one by one.
        """
        regions = outlet_regions or [""] * len(pairs)
        windows = [read_window(self._model, d, c) if c.candidate else None for d, c in pairs]
        outputs = self._answer([w for w in windows if w])
        return [
            self._read(document, window, next(outputs), region) if window else None
            for (document, _), window, region in zip(pairs, windows, regions, strict=True)
        ]

    def _answer(self, windows: Sequence[Window]) -> Iterator[Output]:
        """The network's output for each window; one that was read before is not read again."""
        keys = [self._key(window) for window in windows]
        new = {key: window for key, window in zip(keys, windows, strict=True) if key not in self._known}
        found = dict(zip(new, self._engine.run(list(new.values())) if new else (), strict=True))
        answers = [found[key] if key in found else self._known[key] for key in keys]
        for key, answer in zip(keys, answers, strict=True):
            self._known[key] = answer
            self._known.move_to_end(key)
        while len(self._known) > KNOWN_WINDOWS:
            self._known.popitem(last=False)
        return iter(answers)

    def _key(self, window: Window) -> bytes:
        ids = ",".join(map(str, window.ids))
        return hashlib.sha256(f"{self.version}:{ids}".encode()).digest()

    def _read(self, document: Document, window: Window, output: Output, outlet_region: str) -> Prediction:
        settings = self._model.settings
        score = case_score(output, settings)
        if score < settings.threshold:
            label = _best_other(label_probabilities(output, settings))
            return Prediction(
                doc_id=document.doc_id,
                label=label,
                score=score,
                flagged=False,
                types=(),
                stage="",
                process="",
                position="",
                region="",
                evidence=(),
                model=settings.version,
            )
        evidence = pick_evidence(window, _chances(output.evidence), settings.evidence_threshold)
        return Prediction(
            doc_id=document.doc_id,
            label="case",
            score=score,
            flagged=True,
            types=_pick_types(_chances(output.types), settings.type_threshold),
            stage=STAGES[int(output.stage.argmax())],
            process=PROCESSES[int(output.process.argmax())],
            position=POSITIONS[int(output.position.argmax())],
            region=find_region(
                title=document.title,
                text=document.text,
                evidence=evidence,
                dateline=document.dateline,
                outlet_region=outlet_region,
            ),
            evidence=evidence,
            model=settings.version,
        )


def _chances(logits: Floats) -> list[float]:
    """The logistic function of each logit."""
    chances: list[float] = (1 / (1 + np.exp(-logits.astype(np.float64)))).tolist()
    return chances


def _best_other(probabilities: NDArray[np.float64]) -> Label:
    """The likelier of `related` and `none`, for a text below the threshold."""
    return (
        "related" if probabilities[LABELS.index("related")] > probabilities[LABELS.index("none")] else "none"
    )


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
