"""The verb `retrain`: from labels and the reviewers' decisions to a model that is used only if it is better.

Promises: the active model stays unless the new one is better beyond chance on texts that neither has learned
from; whether and why is said and written into the new model's card; labels that are likely wrong are listed
before training. Never does: change a label or a decision.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from review import options
from review.tables import metrics_table
from review.terminal import console, say, say_skipped, shown
from store.db import reading
from store.decisions import Reviewed
from store.reviewed import reviewed_documents
from store.session import opened
from verbs.learning import models_promote
from verbs.places import DEFAULT_DB, LABELS, VAR
from verbs.recording import taken_out

#: Label lines made of decisions, and what is likely wrong in them; they hold whole texts and stay here.
REVIEWS = VAR / "reviews"


def retrain(
    out: Annotated[Path, typer.Option("--out", help="Folder of the new model; its name is the version.")],
    labels: Annotated[Path, typer.Option("--labels", help="Folder with label files.")] = LABELS,
    reviews: Annotated[
        bool, typer.Option("--reviews", help="Learn from the decisions in the database, too.")
    ] = False,
    db: options.DbOption = DEFAULT_DB,
    base: Annotated[str | None, typer.Option("--base", help="Encoder: a folder or a hub name.")] = None,
    revision: Annotated[str | None, typer.Option("--revision", help="Revision of a hub name.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of split, order and fresh weights.")] = 17,
    held_out_from: Annotated[
        int | None,
        typer.Option("--held-out-from", help="Hold out texts of this year and later, not families."),
    ] = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Then compare it with the model in use; if better, use it.")
    ] = False,
) -> int:
    """Train: label files to a model folder, measured on held-out families; --promote makes it active."""
    from nlp.retrain import retrain as train_model
    from nlp.train import Plan

    files = sorted(labels.glob("*.jsonl"))
    audit: list[Reviewed] = []
    if reviews:
        extra, learn, audit = gather_reviews(db, out.name)
        files.append(extra)
        list_suspects(db, files, REVIEWS / f"{out.name}-suspects.csv", learn)
    with shown("retrain", None) as update:
        metrics, problems = train_model(
            files,
            out,
            plan=Plan(seed=seed, held_out_from=held_out_from),
            base=base,
            revision=revision,
            progress=lambda step, _: update(step),
        )
    console.print(metrics_table(metrics["held_out"]))
    say(f"model: {out}")
    if promote:
        promote_if_better(db, out, sorted(labels.glob("*.jsonl")), audit)
    return say_skipped(problems, metrics["n_train"] + metrics["n_held_out"])


def gather_reviews(db: str, version: str) -> tuple[Path, list[Reviewed], list[Reviewed]]:
    """(file of label lines to learn from, what is in it, recent audit sample kept for the comparison)."""
    from nlp.reviewed import split_reviewed, write_lines

    path = REVIEWS / f"{version}.jsonl"
    with opened(db, exclusive=False) as engine:
        with reading(engine) as conn:
            learn, audit = split_reviewed(reviewed_documents(conn), now=datetime.now(UTC))
        with _taken_out(engine, path, learn) as staged:
            count = write_lines(staged, learn)
    say(f"reviews: {count} decided texts to learn from, {len(audit)} to compare on")
    return path, learn, audit


def list_suspects(db: str, files: Sequence[Path], out: Path, learn: Sequence[Reviewed]) -> None:
    """Write which labels are likely wrong, for a person to look at; those of `learn` may be among them."""
    from nlp.items import read_items
    from nlp.label_check import find_suspects, write_suspects

    suspects = find_suspects(read_items(files, gold=True)[0])
    with opened(db, exclusive=False) as engine, _taken_out(engine, out, learn) as staged:
        write_suspects(staged, suspects)
    say(f"labels that are likely wrong: {len(suspects)}, likeliest first in {out}")


def keep_sample(db: str, version: str, audit: Sequence[Reviewed]) -> Path:
    """Write the audit sample that models are compared on; without one an empty file, which shows nobody."""
    from nlp.reviewed import write_lines

    path = REVIEWS / f"{version}-audit.jsonl"
    if not audit:
        write_lines(path, audit)
        return path
    with opened(db, exclusive=False) as engine, _taken_out(engine, path, audit) as staged:
        write_lines(staged, audit)
    return path


def promote_if_better(db: str, out: Path, files: Sequence[Path], audit: Sequence[Reviewed]) -> bool:
    """Compare with the active model, write that into the new card, promote if better; whether it was."""
    from nlp.compare import compare, comparison_text, frozen_items
    from nlp.items import read_items
    from nlp.registry import active_folder, add_to_card

    active = active_folder()
    sample = keep_sample(db, out.name, audit)
    sets = {
        "frozen held-out texts": frozen_items(out, active, files),
        "recent audit sample": read_items([sample], gold=True)[0],
    }
    with shown("compare", None) as update:
        comparison = compare(out, active, sets, progress=update)
    add_to_card(out, comparison_text(comparison))
    if not comparison.better:
        say(f"{active.name} stays in use: {comparison.reason}. To use the new one anyway: models promote")
        return False
    say(f"{out.name} is better than {active.name}: {comparison.reason}")
    models_promote(str(out))
    return True


def _taken_out(engine: Engine, path: Path, texts: Sequence[Reviewed]) -> AbstractContextManager[Path]:
    """A file with decided texts, on record before it is in its place."""
    ids = list(dict.fromkeys(one.incident_id for one in texts))
    return taken_out(engine, path, "decided texts taken out", incidents=ids, shown=len(texts))
