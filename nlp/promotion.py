"""Which model answers: lists the model folders, makes one active, goes back to the one before.

Promises: `active.toml` is replaced in one step, so that a reader sees the old or the new model and nothing
between; a folder that is damaged or below the floors is refused and the active model stays; every switch can
be undone. Never does: delete a model, change a folder's content.
"""

import json
import os
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.fairness import fairness_of, warnings_of
from nlp.floors import read_floors
from nlp.gate import check_model
from nlp.registry import MODELS, SUMS, active_folder, check_folder, load_model, read_settings
from store.records import UsageError

#: Earlier models that `active.toml` remembers; a rollback needs one.
MAX_HISTORY = 20

_HEADER = """\
# The model in use: the name of a folder beside this file, and those in use before it, oldest first.
# Written by: python pipeline.py models promote | rollback
"""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One model folder: what a person needs to choose. `problem` says why it cannot be used, or is empty."""

    name: str
    active: bool
    problem: str
    metrics: dict[str, Any]


def list_models(models: Path = MODELS) -> list[Shelved]:
    """All folders of `models` that look like a model, by name; a damaged one is listed with its problem."""
    active = active_folder(models).name
    return [
        _inspect(folder, active=folder.name == active)
        for folder in sorted(models.iterdir())
        if folder.is_dir() and ((folder / SUMS).is_file() or (folder / "netra.json").is_file())
    ]


def show_model(name: str | None, models: Path = MODELS) -> str:
    """The card of a model (None: of the active one), below what has to be warned of its fairness.

    Raises UsageError for an unknown or damaged folder.
    """
    folder = models / name if name else active_folder(models)
    if name and (Path(name).name != name or not folder.is_dir()):
        raise UsageError(f"models: {name!r} is not a folder in {models}; see: pipeline.py models list")
    read_settings(folder)
    warnings = warnings_of(fairness_of(_read_metrics(folder).get("held_out", {})))
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    return "".join(f"WARNING: {warning}\n" for warning in warnings) + card


def promote(model: str, models: Path = MODELS) -> str:
    """Make `model` the active one: a name in `models`, or the path of a folder, which is copied there first.

    Returns its name. Raises UsageError, with the active model unchanged, when the folder is damaged, its
    heads do not fit, its metrics fall below the floors, or another folder has its name.
    """
    source = models / model if (models / model).is_dir() else Path(model)
    if not source.is_dir():
        raise UsageError(f"models: {model!r} is neither a name in {models} nor a folder; see: models list")
    # Read whole, weights too: what is active must be able to answer.
    load_model(source)
    below = check_model(source, read_floors(models))
    if below:
        raise UsageError(f"models: {source.name} stays off, it is below the floors: {'; '.join(below)}")
    name = source.name or source.resolve().name
    if source.resolve().parent != models.resolve():
        _copy(source, models / name)
    current, history = active_folder(models).name, _read_history(models)
    if name != current:
        _write_pointer(models, active=name, history=[*history, current][-MAX_HISTORY:])
    return name


def rollback(models: Path = MODELS) -> str:
    """Go back to the model before; returns its name. Raises UsageError when none is left or it is damaged."""
    history = _read_history(models)
    if not history:
        raise UsageError(f"models: {models / 'active.toml'} remembers no earlier model to go back to")
    *rest, name = history
    if not (models / name).is_dir():
        raise UsageError(f"models: the earlier model {name!r} is not in {models} any more; bring it back")
    load_model(models / name)
    _write_pointer(models, active=name, history=rest)
    return name


def _inspect(folder: Path, *, active: bool) -> Shelved:
    try:
        read_settings(folder)
    except UsageError as error:
        return Shelved(folder.name, active, str(error), {})
    return Shelved(folder.name, active, "", _read_metrics(folder))


def _read_metrics(folder: Path) -> dict[str, Any]:
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return metrics


def _read_history(models: Path) -> list[str]:
    text = (models / "active.toml").read_text(encoding="utf-8")
    try:
        names = tomllib.loads(text).get("before", [])
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{models / 'active.toml'}: {error}; run: git checkout models") from None
    return [str(n) for n in names if Path(str(n)).name == str(n)]


def _write_pointer(models: Path, *, active: str, history: list[str]) -> None:
    text = f"{_HEADER}active = {json.dumps(active)}\nbefore = {json.dumps(history)}\n"
    partial = models / "active.toml.partial"
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(models / "active.toml")


def _copy(source: Path, target: Path) -> None:
    if (target / SUMS).is_file() and (target / SUMS).read_bytes() == (source / SUMS).read_bytes():
        # A run that was killed between the copy and the switch has left it here.
        check_folder(target)
        return
    if target.exists():
        raise UsageError(f"models: {target} exists already; give the new model's folder another name")
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    partial.rename(target)
