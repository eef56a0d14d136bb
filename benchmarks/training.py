"""What the amount of text, the seed and the plan of a training run change: learning curve, seeds, ablations.

Promises: every row is a whole training run (as `pipeline.py retrain` does it) measured on the whole path of
a night on the given files, on which nothing was chosen; smaller shares are subsets of larger ones, by whole
families, with as much less of joined articles. Never does: keep a model.

    python -m benchmarks.training FILE.jsonl ... --share 0.25 0.5 0.75 1      the learning curve
    python -m benchmarks.training FILE.jsonl ... --seed 17 18 19              three seeds
    python -m benchmarks.training FILE.jsonl ... --without headline           without a part of the texts
    python -m benchmarks.training FILE.jsonl ... --frozen-share 0 0.5         another number of trained layers
    python -m benchmarks.training FILE.jsonl ... --layers 6 8                 only the first layers
"""

import argparse
import hashlib
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nlp.answers import answer_items, load_classifier
from nlp.encoder import derive
from nlp.evaluate import evaluate
from nlp.items import read_items
from nlp.retrain import retrain
from nlp.train import Plan

LABELS = Path(__file__).parent.parent / "data" / "labels"


def write_part(files: Sequence[Path], out: Path, *, share: float, without: str) -> int:
    """Label lines of a share of all families, less those of one kind or platform; returns how many."""
    kept = []
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            rank = int(hashlib.sha256(item["family"].encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
            if rank <= share and without not in (item["kind"], item["platform"]):
                kept.append(line + "\n")
    out.write_text("".join(kept), encoding="utf-8")
    return len(kept)


def measure(folder: Path, files: Sequence[Path]) -> dict[str, Any]:
    """Average precision, F1 and the further fields of a model folder on each file."""
    classifier = load_classifier(folder)
    found = {}
    for path in files:
        answers, _ = answer_items(read_items([path], gold=True)[0], classifier)
        metrics = evaluate([(a.item, a.prediction) for a in answers])
        found[path.stem] = {
            "average_precision": metrics["case"]["average_precision"]["value"],
            "f1": metrics["case"]["f1"]["value"],
            "types": metrics["types"]["micro_f1"],
            "process": metrics["process"]["share"],
            "position": metrics["position"]["share"],
            "calibration_error": metrics["calibration_error"],
        }
    return found


def run(
    files: Sequence[Path], plan: Plan, *, share: float, without: str, layers: int | None
) -> dict[str, Any]:
    """One training run and its measurements; `layers`: of the encoder, None for all."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        labels = Path(folder) / "labels.jsonl"
        n = write_part(sorted(LABELS.glob("*.jsonl")), labels, share=share, without=without)
        base = str(derive(Path(folder) / "encoder", layers=layers)) if layers else None
        metrics, _ = retrain([labels], Path(folder) / "model", plan=plan, base=base)
        minutes = (time.monotonic() - started) / 60
        return {
            "texts": n,
            "share": share,
            "without": without,
            "layers": layers,
            "seed": plan.seed,
            "frozen_share": plan.frozen_share,
            "max_tokens": plan.max_tokens,
            "epochs": plan.epochs,
            "best_epoch": metrics["best_epoch"],
            "minutes": round(minutes, 1),
            "held_out": metrics["held_out"]["case"]["average_precision"]["value"],
            "files": measure(Path(folder) / "model", files),
        }


def main(arguments: Sequence[str]) -> int:
    """One JSON line per run on stdout, a short one for people on stderr."""
    default = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="JSONL with gold fields, never trained on")
    parser.add_argument("--share", nargs="+", type=float, default=[1.0])
    parser.add_argument("--seed", nargs="+", type=int, default=[default.seed])
    parser.add_argument("--frozen-share", nargs="+", type=float, default=[default.frozen_share])
    parser.add_argument("--layers", nargs="+", type=int, default=[None])
    parser.add_argument("--max-tokens", nargs="+", type=int, default=[default.max_tokens])
    parser.add_argument("--epochs", type=int, default=default.epochs)
    parser.add_argument(
        "--without", nargs="+", default=[""], help="kind or platform, such as post or headline"
    )
    told = parser.parse_args(arguments)
    runs = itertools.product(
        told.share, told.seed, told.frozen_share, told.max_tokens, told.without, told.layers
    )
    for share, seed, frozen_share, max_tokens, without, layers in runs:
        plan = replace(
            default,
            seed=seed,
            frozen_share=frozen_share,
            max_tokens=max_tokens,
            epochs=told.epochs,
            joined_nones=round(share * default.joined_nones),
            joined_cases=round(share * default.joined_cases),
        )
        row = run(told.files, plan, share=share, without=without, layers=layers)
        print(json.dumps(row), flush=True)
        short = {name: (m["average_precision"], m["f1"]) for name, m in row["files"].items()}
        print(f"{row['texts']} texts, seed {seed}: {short}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
