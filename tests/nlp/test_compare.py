"""A model is called better only where the gain is beyond chance and nothing is lost."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nlp.compare import FEWEST_CASES, TOLERATED_LOSS, compare, comparison_text, frozen_items, judge
from nlp.items import read_items
from nlp.registry import add_to_card, check_folder
from store.records import UsageError


def found(low: float, value: float, *, n_case: int = FEWEST_CASES) -> dict[str, Any]:
    return {"n_case": n_case, "average_precision": {"gain": {"value": value, "low": low, "high": 1.0}}}


@pytest.mark.parametrize(
    ("sets", "better", "why"),
    [
        ({"frozen": found(0.01, 0.03)}, True, "gains beyond chance on frozen"),
        ({"frozen": found(-0.01, 0.02)}, False, "no gain"),
        ({"frozen": found(-0.01, 0.0), "audit": found(0.02, 0.1)}, True, "on audit"),
        ({"frozen": found(-TOLERATED_LOSS - 0.001, 0.0), "audit": found(0.02, 0.1)}, False, "on frozen"),
        ({"audit": found(0.3, 0.5, n_case=FEWEST_CASES - 1)}, False, "nothing can be said"),
        ({}, False, "nothing can be said"),
    ],
)
def test_the_verdict_and_its_reason(sets: dict[str, Any], better: bool, why: str) -> None:
    verdict, reason = judge(sets)
    assert verdict is better
    assert why in reason


def test_a_model_is_not_better_than_itself(tiny_model: Path, labels: Path) -> None:
    items, _ = read_items([labels], gold=True)
    comparison = compare(tiny_model, tiny_model, {"all": items, "none": []})
    assert list(comparison.sets) == ["all"]
    gain = comparison.sets["all"]["average_precision"]["gain"]
    assert (gain["value"], gain["low"], gain["high"]) == (0, 0, 0)
    assert not comparison.better
    text = comparison_text(comparison)
    assert "Not better: no gain" in text
    assert f"| all | {len(items)} | 20 | average_precision |" in text


def test_frozen_texts_are_those_that_neither_model_has_learned_from(
    tiny_model: Path, labels: Path, tmp_path: Path
) -> None:
    held = json.loads((tiny_model / "metrics.json").read_text())["held_out_families"]
    assert [i.id for i in frozen_items(tiny_model, tiny_model, [labels])] == [
        i.id for i in read_items([labels], gold=True)[0] if i.family in held
    ]
    older = shutil.copytree(tiny_model, tmp_path / "older")
    (older / "metrics.json").write_text("{}")
    with pytest.raises(UsageError, match="does not name the held-out families"):
        frozen_items(tiny_model, older, [labels])


def test_a_section_added_to_the_card_keeps_the_folder_whole(tiny_model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "candidate")
    add_to_card(folder, "## Compared\n\nnothing\n")
    check_folder(folder)
    card = (folder / "CARD.md").read_text()
    assert card.startswith((tiny_model / "CARD.md").read_text().rstrip())
    assert card.endswith("## Compared\n\nnothing\n")
