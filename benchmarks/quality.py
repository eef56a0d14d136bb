"""Is the classifier worth its weight? The shipped model and three baselines on the same texts.

Promises: every row sees the same texts and trains on the same families; every number has a bootstrap 95%
interval over families, and the gain over each baseline an interval of its own, paired over the same draws.
Never does: choose anything on a file that is named; hide what was chosen on the texts held out.

    python -m benchmarks.quality                       on the families held out of data/labels
    python -m benchmarks.quality FILE.jsonl ...        on files with gold fields, never trained on
    python -m benchmarks.quality --split time --model DIR    trained before 2024, DIR as well; told of 2024-25
"""

import argparse
import hashlib
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.baselines import RULE_THRESHOLD, fit_platt, fit_tfidf, fit_vectors, rule_hits
from benchmarks.vectors import sentence_vectors
from nlp.answers import answer_items, load_classifier
from nlp.classify import Classifier
from nlp.encoder import derive
from nlp.evaluate import arrays, families
from nlp.items import Item, read_items
from nlp.metrics import (
    Floats,
    Metric,
    average_precision_of,
    calibration_error_of,
    f1_of,
    intervals,
    precision_of,
    recall_of,
)
from nlp.registry import active_folder, read_settings
from nlp.retrain import DEFAULT_ENCODER
from nlp.screen import screen
from nlp.train import Plan, choose_threshold, split
from store.records import NetraError, UsageError

ROOT = Path(__file__).parent.parent
LABELS = ROOT / "data" / "labels"
STORE = ROOT / "data" / "var" / "bench"
#: The time split: elections before this year to learn from, those since to be measured on.
FIRST_YEAR_MEASURED = 2024
#: Wide enough for the table in a log; a terminal may show less.
COLUMNS = 220

#: From items to (scores, flags), each [N].
Judge = Callable[[Sequence[Item]], tuple[Floats, Floats]]


def compare(
    learn: Sequence[Item],
    held: Sequence[Item],
    sets: Mapping[str, Sequence[Item]],
    *,
    encoder: Path,
    store: Path,
    target_recall: float,
    classifier: Classifier | None = None,
    screened: bool = False,
) -> dict[str, Any]:
    """Metrics of each row on each of `sets`; baselines learn from `learn` and are tuned on `held`.

    Their thresholds keep `target_recall` of the cases of `held`. `store` is the folder of sentence vectors.
    `screened` lets baselines judge only what screening let through, as the model does. Raises UsageError
    when a text breaks the model, so that all rows are about the same texts.
    """
    for name, part in (("training", learn), ("held-out", held)):
        if len({i.label == "case" for i in part}) < 2:
            raise UsageError(f"quality: the {name} part needs cases and other texts; give more labels")
    judges: dict[str, Judge] = {}
    if classifier is not None:
        judges[classifier.version] = lambda items: _model(items, classifier)
    found = _baselines(learn, held, encoder=encoder, store=store, target_recall=target_recall)
    judges |= {name: _after_screening(judge) if screened else judge for name, judge in found.items()}
    model = classifier.version if classifier else None
    return {name: _measure(items, judges, model=model) for name, items in sets.items()}


def _baselines(
    learn: Sequence[Item], held: Sequence[Item], *, encoder: Path, store: Path, target_recall: float
) -> dict[str, Judge]:
    gold, held_gold = arrays([(i, None) for i in learn])[0], arrays([(i, None) for i in held])[0]
    tfidf = fit_tfidf(_texts(learn), gold, _texts(held), held_gold)

    def vectors(items: Sequence[Item]) -> Floats:
        return sentence_vectors(items, encoder, store)

    frozen = fit_vectors(vectors(learn), gold, vectors(held), held_gold)

    def calibrated(score: Callable[[Sequence[Item]], Floats], *, flag_from: float | None = None) -> Judge:
        """Scores scaled and the threshold chosen on `held`, as the model's; or flags from a raw number on."""
        raw = score(held)
        scale = fit_platt(raw, held_gold)
        threshold = choose_threshold(scale(raw)[held_gold == 1].tolist(), target_recall=target_recall)

        def judge(items: Sequence[Item]) -> tuple[Floats, Floats]:
            raw = score(items)
            scores = scale(raw)
            flags = scores >= threshold if flag_from is None else raw >= flag_from
            return scores, flags.astype(np.float64)

        return judge

    return {
        "keyword rules": calibrated(lambda items: rule_hits(_texts(items)), flag_from=RULE_THRESHOLD),
        "TF-IDF + logistic regression": calibrated(lambda items: tfidf(_texts(items))),
        "frozen vectors + logistic regression": calibrated(lambda items: frozen(vectors(items))),
    }


def _texts(items: Sequence[Item]) -> list[str]:
    # A lone surrogate, which JSON can carry, is no text for scikit-learn.
    return [f"{i.title}\n{i.text}".encode("utf-8", "replace").decode() for i in items]


def _model(items: Sequence[Item], classifier: Classifier) -> tuple[Floats, Floats]:
    answers, failed = answer_items(items, classifier)
    if failed:
        raise UsageError(f"quality: {failed[0]}; mend or remove it, all rows must see the same texts")
    _, scores, flags = arrays([(a.item, a.prediction) for a in answers])
    return scores, flags


def _after_screening(judge: Judge) -> Judge:
    def screened(items: Sequence[Item]) -> tuple[Floats, Floats]:
        passed = np.array([screen(i.document()).candidate for i in items], dtype=np.float64)
        scores, flags = judge(items)
        return scores * passed, flags * passed

    return screened


def _measure(items: Sequence[Item], judges: Mapping[str, Judge], *, model: str | None) -> dict[str, Any]:
    """All rows on one set: each metric with its interval, and what the model gains over each baseline."""
    gold = arrays([(i, None) for i in items])[0]
    metrics: dict[str, Metric] = {}
    for name, judge in judges.items():
        scores, flags = judge(items)
        metrics |= {
            f"{name}/average_precision": average_precision_of(gold, scores),
            f"{name}/f1": f1_of(gold, flags),
            f"{name}/precision": precision_of(gold, flags),
            f"{name}/recall": recall_of(gold, flags),
            f"{name}/calibration_error": calibration_error_of(gold, scores),
        }
    for name in judges if model else ():
        if name != model:
            for metric in ("average_precision", "f1"):
                ours, theirs = metrics[f"{model}/{metric}"], metrics[f"{name}/{metric}"]
                metrics[f"{name}/gain_{metric}"] = _difference(ours, theirs)
    errors = [name for name in metrics if name.endswith("calibration_error")]
    found = intervals(metrics, families(items), centred=errors)
    rows = {
        name: {key.split("/")[1]: value for key, value in found.items() if key.startswith(f"{name}/")}
        for name in judges
    }
    return {"n": len(items), "n_case": int(gold.sum()), "rows": rows}


def _difference(ours: Metric, theirs: Metric) -> Metric:
    return lambda weights: ours(weights) - theirs(weights)


def set_table(name: str, found: Mapping[str, Any]) -> Table:
    """One set as a table: a row for the model and each baseline, in that order."""
    table = Table(title=f"{name}: {found['n']} texts, {found['n_case']} cases", title_justify="left")
    table.add_column(no_wrap=True)
    for column in ("AP", "F1", "precision", "recall", "ECE", "model gains AP", "model gains F1"):
        table.add_column(column)
    for row, metrics in found["rows"].items():
        columns = ("average_precision", "f1", "precision", "recall", "calibration_error")
        gains = ("gain_average_precision", "gain_f1")
        table.add_row(
            row,
            *(_cell(metrics[c]) for c in columns),
            *(_cell(metrics[g], sign="+") if g in metrics else "" for g in gains),
        )
    return table


def _cell(found: Mapping[str, float | None], *, sign: str = "") -> str:
    if found["value"] is None:
        return "–"
    return f"{found['value']:{sign}.2f} ({found['low']:{sign}.2f} to {found['high']:{sign}.2f})"


def main(arguments: Sequence[str]) -> int:
    """Print the tables, or with --json everything as JSON; exit code 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality")
    parser.add_argument("files", nargs="*", type=Path, help="JSONL with gold fields, never trained on")
    parser.add_argument("--split", choices=("family", "time"), default="family")
    parser.add_argument("--json", action="store_true", help="everything as JSON on stdout")
    parser.add_argument("--model", type=Path, help="model folder (default: the active one; none for time)")
    parser.add_argument("--labels", type=Path, default=LABELS, help="folder with label files")
    parser.add_argument("--encoder", type=Path, default=DEFAULT_ENCODER, help="derived when it is missing")
    parser.add_argument("--screened", action="store_true", help="baselines after our screening, too")
    told = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        result = run(told)
    except NetraError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if told.json:
        print(json.dumps(result, indent=1, ensure_ascii=False))
        return 0
    console = Console() if sys.stdout.isatty() else Console(width=COLUMNS)
    for name, found in result["sets"].items():
        console.print(set_table(name, found))
    for note in result["notes"]:
        console.print(f"- {note}", markup=False, highlight=False, soft_wrap=True)
    return 0


def run(told: argparse.Namespace) -> dict[str, Any]:
    """What the options ask for: split, sets, notes. Raises UsageError for unusable files or folders."""
    if told.encoder == DEFAULT_ENCODER and not (DEFAULT_ENCODER / "model.safetensors").is_file():
        derive(DEFAULT_ENCODER)
    items, problems = read_items(sorted(told.labels.glob("*.jsonl")), gold=True)
    if not items:
        raise UsageError(f"quality: {told.labels} holds no usable label line")
    folder = told.model or (active_folder() if told.split == "family" else None)
    plan = Plan(seed=read_settings(folder).seed) if folder else Plan()
    if told.split == "time":
        plan = replace(plan, held_out_from=FIRST_YEAR_MEASURED)
    learn, held = split(items, plan)
    sets: dict[str, Sequence[Item]] = {}
    for file in told.files:
        sets[file.name], skipped = read_items([file], gold=True)
        problems += skipped
        if not sets[file.name]:
            raise UsageError(f"quality: {file} holds no usable line with gold fields")
    found = compare(
        learn,
        held,
        sets or {f"held out by {told.split}": held},
        encoder=told.encoder,
        store=STORE,
        target_recall=plan.target_recall,
        classifier=load_classifier(folder) if folder else None,
        screened=told.screened,
    )
    return {"split": told.split, "sets": found, "notes": [*_notes(told, folder), *problems]}


def _notes(told: argparse.Namespace, folder: Path | None) -> list[str]:
    """What a reader must know before comparing: where things were chosen, and on what."""
    chosen = (
        "epoch, temperature and threshold of the model; regularisation, scaling and threshold of baselines"
    )
    notes = [
        f"nothing was chosen on these files; on families or years held out of {told.labels.name}: {chosen}"
        if told.files
        else f"chosen on these very texts, so read all rows as upper bounds: {chosen}",
        "baselines read the whole text"
        + (", and only what our screening let through" if told.screened else ", without our screening"),
    ]
    held_out_shown = not told.files and told.split == "family"
    if folder and held_out_shown and read_settings(folder).labels_sha256 != _digest(told.labels):
        notes.append(
            f"{folder.name} was trained on other label files than {told.labels}: texts held out here may "
            "have been trained on there, and its row may be too good"
        )
    if folder and told.split == "time":
        notes.append(f"{folder.name} must have been trained with --held-out-from {FIRST_YEAR_MEASURED}")
    return notes


def _digest(labels: Path) -> str:
    """The digest of the label files that a model folder records."""
    return hashlib.sha256(b"".join(p.read_bytes() for p in sorted(labels.glob("*.jsonl")))).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
