import json

import pytest
import torch

from nlp.items import Item, read_items
from nlp.train import choose_threshold, encode, fit_temperature, split_families, split_time, train
from store.records import UsageError
from tests.nlp.conftest import PLAN


def families(n: int, size: int) -> list[Item]:
    return [
        Item(id=f"{f}-{i}", kind="news", title="", text="", label=("case", "none")[f % 2], family=f"f{f}")
        for f in range(n)
        for i in range(size)
    ]


def test_families_never_cross_the_split_and_both_labels_are_held_out():
    kept, held = split_families(families(60, 3), share=0.2, seed=1)
    assert not {i.family for i in kept} & {i.family for i in held}
    assert len(kept) + len(held) == 180
    assert {i.label for i in held} == {"case", "none"}
    assert len({i.family for i in held}) == 12


def test_the_split_is_the_same_whatever_the_order_of_the_items():
    items = families(40, 2)
    one = {i.id for i in split_families(items, share=0.2, seed=5)[1]}
    assert one == {i.id for i in split_families(items[::-1], share=0.2, seed=5)[1]}
    assert one != {i.id for i in split_families(items, share=0.2, seed=6)[1]}


def test_a_split_by_time_learns_from_the_past_and_holds_whole_families_out():
    years = [("a", 2020), ("a", 2024), ("b", 2023), ("c", 2024), ("d", None)]
    items = [
        Item(id=str(i), kind="news", title="", text="", label="none", family=family, year=year)
        for i, (family, year) in enumerate(years)
    ]
    kept, held = split_time(items, year=2024)
    assert [i.id for i in kept] == ["2"]
    assert [i.id for i in held] == ["0", "1", "3", "4"]


def test_a_labelled_item_marks_the_tokens_of_its_evidence(tiny_base, labels):
    from transformers import AutoTokenizer

    items, _ = read_items([labels], gold=True)
    case = next(i for i in items if i.label == "case")
    example = encode(case, AutoTokenizer.from_pretrained(tiny_base), max_tokens=64)
    told = {
        example.window.segments[s] for s, e in zip(example.window.segment, example.evidence, strict=True) if e
    }
    assert told == set(case.evidence)
    none = encode(
        next(i for i in items if i.label == "none"), AutoTokenizer.from_pretrained(tiny_base), max_tokens=64
    )
    assert (none.stage, none.process, none.position, none.types) == (-1, -1, -1, [])
    assert not any(none.evidence)


def test_temperature_cools_a_model_that_is_too_sure():
    chance = torch.Generator().manual_seed(1)
    logits = torch.randn(200, 3, generator=chance)
    gold = torch.distributions.Categorical(logits=logits).sample()
    assert fit_temperature(logits * 3, gold) > 2
    assert 0.7 < fit_temperature(logits, gold) < 1.5


def test_threshold_keeps_the_wanted_share_of_cases_within_bounds():
    assert choose_threshold([0.9, 0.8, 0.3, 0.2], target_recall=0.75) == 0.3
    assert choose_threshold([0.9, 0.8], target_recall=1.0) == 0.5
    assert choose_threshold([0.01], target_recall=1.0) == 0.05


def test_one_label_alone_cannot_be_learned(tiny_base, labels):
    items, _ = read_items([labels], gold=True)
    with pytest.raises(UsageError, match="no item with label 'none'"):
        train([i for i in items if i.label == "case"], str(tiny_base), plan=PLAN)


def test_training_learns_what_two_words_tell_and_records_it(tiny_model):
    metrics = json.loads((tiny_model / "metrics.json").read_text())
    assert metrics["n_train"] == 30
    assert metrics["n_held_out"] == 10
    assert metrics["held_out"]["case"]["average_precision"]["value"] == 1.0
    card = (tiny_model / "CARD.md").read_text()
    assert "not the IndoBERT of IndoNLU" in card
    assert str(metrics["held_out"]["case"]["f1"]["value"]) in card


def test_the_same_seed_gives_the_same_weights(tiny_base, labels):
    items, _ = read_items([labels], gold=True)
    runs = [train(items, str(tiny_base), plan=PLAN).network.state_dict() for _ in range(2)]
    assert all(torch.equal(runs[0][name], runs[1][name]) for name in runs[0])
