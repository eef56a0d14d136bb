import time

import numpy as np
import pytest

from benchmarks.baselines import RULE_THRESHOLD, fit_platt, fit_tfidf, fit_vectors, rule_hits

CASES = [f"Lurah Sukamaju mengajak warga RT {i} memilih paslon nomor dua di balai" for i in range(20)]
OTHERS = [f"Harga cabai naik {i} persen menjelang lebaran, pedagang mengeluh" for i in range(20)]
GOLD = np.array([1.0] * 20 + [0.0] * 20)


@pytest.mark.parametrize(
    "text",
    [
        "Bawaslu temukan pelanggaran netralitas di tiga kecamatan",
        "Oknum ASN ikut deklarasi",
        "Camat itu hadir bersama warga saat kampanye di lapangan",
        "Di tengah kampanye, seorang guru terlihat memakai kaus",
        "ASN\nTIDAK   NETRAL",
    ],
)
def test_rules_find_what_an_alert_would(text):
    assert rule_hits([text])[0] >= RULE_THRESHOLD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Harga cabai naik",
        "Guru honorer menunggu gaji",
        "camat " + "kata " * 40 + "pilkada",
        "Gurunya berpartai-partai",
    ],
)
def test_rules_let_the_rest_go(text):
    assert rule_hits([text])[0] == 0


def test_more_rules_give_a_higher_score():
    one, many = rule_hits(["netralitas ASN", "ASN tidak netral, langgar netralitas ASN saat kampanye"])
    assert many > one == 1


def test_rules_take_no_longer_than_the_text_asks_for():
    started = time.monotonic()
    rule_hits(["guru " * 50_000, "camat kata kata kata " * 20_000])
    assert time.monotonic() - started < 30


def test_tfidf_ranks_new_texts_and_is_the_same_every_time():
    score = fit_tfidf(CASES + OTHERS, GOLD, CASES[:4] + OTHERS[:4], np.repeat([1.0, 0.0], 4))
    new = ["Lurah mengajak warga memilih paslon nomor dua", "Harga cabai naik menjelang lebaran", ""]
    found = score(new)
    assert found[0] > found[1]
    again = fit_tfidf(CASES + OTHERS, GOLD, CASES[:4] + OTHERS[:4], np.repeat([1.0, 0.0], 4))
    assert (again(new) == found).all()


def test_vectors_are_separated_whatever_their_scale():
    chance = np.random.default_rng(1)
    vectors = chance.normal(size=(40, 8)) * 1e-3
    vectors[:20, 3] += 5e-3
    score = fit_vectors(vectors, GOLD, vectors, GOLD)
    assert score(vectors)[:20].min() > score(vectors)[20:].max()


def test_platt_scaling_gives_probabilities_in_the_order_of_the_scores():
    scores = np.array([0.0, 0, 0, 1, 1, 2, 2, 3])
    gold = np.array([0.0, 0, 1, 0, 1, 1, 0, 1])
    scaled = fit_platt(scores, gold)(np.array([-1.0, 0, 1, 2, 9]))
    assert (np.diff(scaled) > 0).all()
    assert 0 < scaled.min() < scaled.max() < 1
    assert fit_platt(scores, gold)(scores).mean() == pytest.approx(gold.mean(), abs=1e-3)
