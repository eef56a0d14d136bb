import json
import math

import numpy as np
import pytest

from benchmarks.active import (
    FEWEST,
    ORDERS,
    START,
    Offer,
    by_chance,
    by_doubt,
    by_queue,
    by_score,
    interval,
    labels_needed,
    learn_from,
    main,
    make_pool,
    precision_of,
)
from nlp.items import Item
from store.draw import AUDIT_SHARES
from store.queue import UNCERTAIN_LOG_ODDS
from store.records import UsageError
from tests.nlp.tiny import write_labels

#: Ten texts from sure to none; the threshold is at 0, the draw runs backwards.
OFFER = Offer(np.array([3.0, 2, 1, 0.4, 0.1, -0.2, -1, -2, -3, -4]), 0.0, np.arange(10)[::-1] / 10)


def texts(cases: int, others: int) -> list[Item]:
    told = [("case", f"Lurah Sukamaju mengajak warga RT {i} memilih paslon nomor dua") for i in range(cases)]
    told += [("none", f"Harga cabai naik {i} persen, pedagang mengeluh") for i in range(others)]
    return [
        Item(id=f"t{i}", kind="news", title="", text=text, label=label, family=f"f{i}")
        for i, (label, text) in enumerate(told)
    ]


def test_random_order_knows_nothing_of_scores():
    assert by_chance(OFFER, 3).tolist() == [9, 8, 7]


def test_new_takes_flagged_texts_by_score_and_draws_the_audit_slice_below():
    assert by_score(OFFER, 4).tolist() == [0, 1, 2, 9]


def test_uncertain_takes_the_nearest_within_the_band_first():
    assert by_doubt(OFFER, 5).tolist() == [4, 3, 0, 1, 9]
    assert 0.4 < UNCERTAIN_LOG_ODDS < 1


def test_uncertain_holds_what_the_audit_drew_from_below():
    drawn = np.array([5, 6, 7, 8, 9, 0, 1, 2, 3, 4]) / 10
    assert by_doubt(Offer(OFFER.log_odds, 0.0, drawn), 5).tolist() == [4, 5, 3, 0, 6]


def test_by_turns_takes_from_both():
    assert by_queue(OFFER, 5).tolist() == [0, 4, 1, 3, 9]


def test_empty_places_are_drawn_from_below():
    low = Offer(OFFER.log_odds - 9, 0.0, OFFER.drawn)
    assert all(order(low, 3).tolist() == [9, 8, 7] for order in ORDERS.values())


@pytest.mark.parametrize("order", ORDERS.values())
def test_every_order_gives_each_text_once_and_all_in_the_end(order):
    assert sorted(order(OFFER, 99).tolist()) == list(range(10))
    high = Offer(OFFER.log_odds + 9, 0.0, OFFER.drawn)
    assert sorted(order(high, 10).tolist()) == list(range(10))


def test_the_audit_slice_is_the_share_of_the_draw():
    many = Offer(np.linspace(-3, 3, 400), 0.0, np.arange(400) / 400)
    chosen = by_score(many, 50)
    assert sum(many.log_odds[chosen] < 0) == math.ceil(50 * AUDIT_SHARES["below"])


def test_a_rare_pool_weighs_held_out_cases_as_rare():
    pool = make_pool(texts(120, 200), seed=1, share=0.05)
    assert pool.gold.mean() == pytest.approx(0.05, abs=0.01)
    weight = pool.held_weights[pool.held_gold == 1].sum() / pool.held_weights.sum()
    assert weight == pytest.approx(pool.gold.mean())
    plain = make_pool(texts(120, 200), seed=1, share=None)
    assert plain.gold.sum() == 90


def test_a_target_within_reach_needs_the_start_and_one_beyond_it_the_whole_pool():
    pool = make_pool(texts(60, 120), seed=1, share=None)
    best = precision_of(pool, learn_from(pool, np.arange(len(pool.gold))))
    assert best > 0.9
    for order in ORDERS.values():
        assert labels_needed(pool, order, target=0.0, seed=1) == START
        assert labels_needed(pool, order, target=1.1, seed=1) == len(pool.gold)


def test_the_start_grows_until_both_kinds_are_in_it():
    pool = make_pool(texts(8, 400), seed=1, share=None)
    least = [labels_needed(pool, by_chance, target=0.0, seed=seed) for seed in range(8)]
    assert max(least) > START
    assert pool.gold.sum() >= FEWEST


def test_texts_without_cases_are_refused():
    with pytest.raises(UsageError, match="fewer than 2 cases"):
        make_pool(texts(2, 90), seed=1, share=None)


def test_an_interval_holds_the_mean():
    found = interval([0.25, 1.0])
    assert (found["low"], found["value"], found["high"]) == (0.25, 0.5, 1.0)


def test_the_command_prints_both_pools_with_labels_and_ratio(tmp_path, capsys):
    write_labels(tmp_path / "tiny.jsonl")
    assert main(["--labels", str(tmp_path), "--seeds", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["pools"]) == ["as in data/labels", "5% cases"]
    for found in told["pools"].values():
        assert found["of_random"]["random"]["value"] == 1
        assert all(len(labels) == 2 for labels in found["labels"].values())
    assert main(["--labels", str(tmp_path), "--seeds", "1"]) == 0
    assert "queue: new" in capsys.readouterr().out


def test_a_folder_without_labels_is_refused_by_name(tmp_path, capsys):
    assert main(["--labels", str(tmp_path)]) == 2
    assert "no usable label line" in capsys.readouterr().err
