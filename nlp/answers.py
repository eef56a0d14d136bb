"""Answers for texts that come from a file: screening, then the classifier, no database.

Promises: answers in the order of the items, one JSON object a line with the fields of the command-line
contract; a text that breaks a stage is named and left out, the rest goes on. Never does: train, store.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.classify import Classifier, EncoderClassifier
from nlp.items import Item
from nlp.registry import active_folder, load_model
from nlp.screen import screen
from store.records import Candidate, Prediction, UsageError


@dataclass(frozen=True, slots=True)
class Answer:
    """One item with what screening and the classifier said of it."""

    item: Item
    candidate: Candidate
    prediction: Prediction | None


def load_classifier(folder: Path | None) -> EncoderClassifier:
    """The classifier of a model folder, or of the active one. Raises UsageError as `load_model` does."""
    return EncoderClassifier(load_model(folder or active_folder()))


def answer_items(
    items: Sequence[Item], classifier: Classifier, *, progress: Callable[[int], None] = lambda _: None
) -> tuple[list[Answer], list[str]]:
    """(answers, one message for each item left out); `progress` is told how many items are done."""
    answers: list[Answer] = []
    failed: list[str] = []
    for done, item in enumerate(items, 1):
        document = item.document()
        try:
            candidate = screen(document)
            answers.append(Answer(item, candidate, classifier.classify(document, candidate)))
        except Exception as error:  # noqa: BLE001 - a poison text may raise anything; it is named and skipped
            failed.append(f"item {item.id}: {type(error).__name__}: {error}; item skipped")
        progress(done)
    return answers, failed


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
