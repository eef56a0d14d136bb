"""Answers for texts that come from a file: screening, then the classifier, no database.

Promises: answers in the order of the items, one JSON object a line with the fields of the command-line
contract; a text that breaks a stage is named and left out, the rest goes on. Never does: train, store.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.classify import BatchClassifier, Classifier, EncoderClassifier
from nlp.engine import Device, EngineName, make_engine
from nlp.items import Item
from nlp.registry import active_folder, load_model
from nlp.screen import screen
from store.records import Candidate, Prediction, UsageError

#: Items that are answered together: enough to keep all threads busy, few enough for a bar that moves.
CHUNK = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """One item with what screening and the classifier said of it."""

    item: Item
    candidate: Candidate
    prediction: Prediction | None


def load_classifier(
    folder: Path | None, *, engine: EngineName = "onnx", device: Device = "cpu"
) -> EncoderClassifier:
    """The classifier of a model folder, or of the active one.

    The first call with `onnx` for a model builds its int8 file (half a minute). Raises UsageError as
    `load_model` and `make_engine` do.
    """
    model = load_model(folder or active_folder())
    return EncoderClassifier(model, engine=make_engine(model, engine=engine, device=device))


def answer_items(
    items: Sequence[Item], classifier: Classifier, *, progress: Callable[[int], None] = lambda _: None
) -> tuple[list[Answer], list[str]]:
    """(answers, one message for each item left out); `progress` is told how many items are done."""
    answers: list[Answer] = []
    failed: list[str] = []
    for start in range(0, len(items), CHUNK):
        chunk = items[start : start + CHUNK]
        try:
            answers += _answer_chunk(chunk, classifier)
        except Exception:  # noqa: BLE001 - a poison text may raise anything; one by one it is found and named
            for item in chunk:
                try:
                    answers += _answer_one(item, classifier)
                except Exception as error:  # noqa: BLE001 - named and skipped; the rest goes on
                    failed.append(f"item {item.id}: {type(error).__name__}: {error}; item skipped")
        progress(start + len(chunk))
    return answers, failed


def _answer_chunk(items: Sequence[Item], classifier: Classifier) -> list[Answer]:
    if not isinstance(classifier, BatchClassifier):
        return [answer for item in items for answer in _answer_one(item, classifier)]
    documents = [item.document() for item in items]
    candidates = [screen(document) for document in documents]
    said = classifier.classify_many(list(zip(documents, candidates, strict=True)))
    return [Answer(*told) for told in zip(items, candidates, said, strict=True)]


def _answer_one(item: Item, classifier: Classifier) -> list[Answer]:
    document = item.document()
    candidate = screen(document)
    return [Answer(item, candidate, classifier.classify(document, candidate))]


def answer_line(answer: Answer, *, model: str) -> dict[str, Any]:
    """One answer with the fields of the contract; a text that screening let go has score 0 and no fields."""
    said = answer.prediction
    return {
        "id": answer.item.id,
        "label": said.label if said else "none",
        "score": said.score if said else 0.0,
        "flagged": said.flagged if said else False,
        "types": list(said.types) if said else [],
        "stage": said.stage if said else "",
        "process": said.process if said else "",
        "position": said.position if said else "",
        "region": said.region if said else "",
        "evidence": list(said.evidence) if said else [],
        "candidate": answer.candidate.candidate,
        "reasons": list(answer.candidate.reasons),
        "model": model,
    }


def write_answers(path: Path, answers: Sequence[Answer], *, model: str) -> None:
    """Write the answers as JSON Lines; the file appears whole or not at all. Raises UsageError."""
    partial = path.with_suffix(path.suffix + ".partial")
    try:
        with partial.open("w", encoding="utf-8", errors="replace") as lines:
            for answer in answers:
                lines.write(json.dumps(answer_line(answer, model=model), ensure_ascii=False) + "\n")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); choose another --output") from None
