"""The verbs about the model: measure one, choose which one answers.

Promises and exit codes are those of `pipeline.py`, which offers these verbs; here to keep it short.
Never does: crawl, or write to the database.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from review import options
from review.drift import drift_table
from review.tables import fairness_table, metrics_table, models_table, threshold_table
from review.terminal import console, print_json, say, say_skipped, shown
from store.db import reading
from store.drift import candidate_texts, weekly_drift
from store.revisions import NIGHT_ZONE
from store.session import opened
from verbs.places import DEFAULT_DB, LABELS

models_app = typer.Typer(no_args_is_help=True, help="See the models, and choose which one answers.")


def evaluate(
    file: Annotated[Path, typer.Argument(help="JSONL of texts with the gold fields of the codebook.")],
    as_json: Annotated[bool, typer.Option("--json", help="All metrics as JSON on stdout.")] = False,
    errors: Annotated[
        Path | None, typer.Option("--errors", help="CSV of what was wrong, worst first.")
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="PNG of the reliability of the scores.")] = None,
    workload: Annotated[
        Path | None, typer.Option("--workload", help="JSONL of unlabelled texts: how many are flagged?")
    ] = None,
    per_day: Annotated[
        int | None, typer.Option("--per-day", help="Texts collected on a usual day; with --workload.")
    ] = None,
    model: options.ModelOption = None,
    runtime: options.EngineOption = "onnx",
    device: options.DeviceOption = "cpu",
) -> int:
    """Measure: texts with gold labels to metrics per label, tag, type and kind."""
    from nlp.answers import load_classifier
    from nlp.fairness import fairness_of, warnings_of
    from nlp.measure import measure_file
    from nlp.registry import active_folder, read_settings

    folder = model or active_folder()
    with shown("evaluate", None) as update:
        measured = measure_file(
            file,
            load_classifier(folder, engine=runtime, device=device),
            threshold=read_settings(folder).threshold,
            errors=errors,
            plot=plot,
            workload=workload,
            per_day=per_day,
            progress=update,
        )
    if as_json:
        print_json(measured.metrics)
    else:
        console.print(metrics_table(measured.metrics))
        console.print(threshold_table(measured.metrics))
        console.print(fairness_table(measured.metrics))
        for warning in warnings_of(fairness_of(measured.metrics)):
            say(f"WARNING: {warning}")
    return say_skipped(measured.problems, measured.good)


@models_app.command("list")
def models_list() -> int:
    """List the model folders; the one in use is marked."""
    from nlp.promotion import list_models

    console.print(models_table([(m.name, m.active, m.problem, m.metrics) for m in list_models()]))
    return 0


@models_app.command("show")
def models_show(name: Annotated[str | None, typer.Argument(help="Default: the one in use.")] = None) -> int:
    """Show a model's card."""
    from nlp.promotion import show_model

    say(show_model(name))
    return 0


@models_app.command("promote")
def models_promote(model: Annotated[str, typer.Argument(help="A name in models/, or a folder.")]) -> int:
    """Make a model the one in use; refused when it is damaged or measures below the floors."""
    from nlp.promotion import promote

    say(f"active model: {promote(model)}")
    return 0


@models_app.command("drift")
def models_drift(
    db: options.DbOption = DEFAULT_DB,
    weeks: Annotated[int, typer.Option("--weeks", min=1, help="Look back on that many weeks.")] = 12,
    lang: options.LangOption = "id",
) -> int:
    """Show week by week how scores, decisions and names have changed: whether to retrain."""
    from nlp.drift import find_new_names
    from nlp.items import read_items

    labelled, _ = read_items(sorted(LABELS.glob("*.jsonl")), gold=True)
    known = [f"{item.title}\n{item.text}" for item in labelled]
    since = datetime.now(NIGHT_ZONE).date() - timedelta(weeks=weeks)
    with opened(db, exclusive=False) as engine, reading(engine) as conn:
        found = weekly_drift(conn, since=since)
        names = find_new_names(candidate_texts(conn, since=since), known)
    console.print(drift_table(found, names, lang))
    return 0


@models_app.command("rollback")
def models_rollback() -> int:
    """Go back to the model that was in use before."""
    from nlp.promotion import rollback

    say(f"active model: {rollback()}")
    return 0
