"""Labels that are likely wrong are found, likeliest first, and nothing is changed."""

import csv
from dataclasses import replace
from pathlib import Path

from nlp.items import read_items
from nlp.label_check import find_suspects, write_suspects


def test_swapped_labels_are_found(labels: Path, tmp_path: Path) -> None:
    items, _ = read_items([labels], gold=True)
    swapped = {"c3": "none", "n8": "case"}
    changed = [replace(i, label=swapped.get(i.id, i.label)) for i in items]
    suspects = find_suspects(changed)
    assert {s.item.id for s in suspects} == set(swapped)
    assert {s.item.id: s.suggested for s in suspects} == {"c3": "case", "n8": "none"}
    assert suspects == sorted(suspects, key=lambda s: s.confidence)
    write_suspects(tmp_path / "s.csv", suspects)
    with (tmp_path / "s.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [s.item.id for s in suspects]


def test_too_few_texts_give_no_suspects(labels: Path) -> None:
    items, _ = read_items([labels], gold=True)
    assert find_suspects(items[:6]) == []
    assert find_suspects([i for i in items if i.label == "none"]) == []


def test_a_title_that_could_be_a_formula_is_guarded(labels: Path, tmp_path: Path) -> None:
    items, _ = read_items([labels], gold=True)
    changed = [replace(i, label="none", title="=cmd()") if i.id == "c3" else i for i in items]
    write_suspects(tmp_path / "s.csv", find_suspects(changed))
    assert "'=cmd()" in (tmp_path / "s.csv").read_text(encoding="utf-8-sig")
