"""Fairness against counts made by hand, and the gaps that open a warning."""

import pytest

from nlp.evaluate import evaluate
from nlp.fairness import DIMENSIONS, fairness_lines, fairness_of, measure_fairness, warnings_of
from nlp.items import Item
from tests.nlp.test_evaluate import item, said


def texts(n: int, hits: int, label: str = "case", **more: object) -> list[tuple[Item, object]]:
    """`n` pairs of one group, the first `hits` of them flagged."""
    name = "-".join(map(str, (label, *more.values())))
    return [(item(f"{name}-{i}", label, **more), said(0.9 if i < hits else 0.1)) for i in range(n)]


def test_shares_are_what_a_hand_count_gives_and_an_untold_group_is_left_out() -> None:
    pairs = [
        *texts(4, 3, region="Kota Bima, NTB", position="jpt", platform="daerah", year=2020),
        *texts(
            2, 1, kind="post", region="Kabupaten Garut, Provinsi Jawa Barat", platform="tiktok", year=2024
        ),
        *texts(3, 1, label="none", region="Aceh", platform="bawaslu"),
        (item("x", "related", platform="headline"), None),
    ]
    found = measure_fairness(pairs)
    assert set(found) == set(DIMENSIONS) == {"island", "position", "outlet", "kind", "year"}
    counts = {
        dimension: {
            g: [(s[n]["part"], s[n]["whole"]) for n in ("recall", "wrong_flags")] for g, s in of.items()
        }
        for dimension, of in found.items()
    }
    assert counts == {
        "island": {
            "Bali dan Nusa Tenggara": [(3, 4), (0, 0)],
            "Jawa": [(1, 2), (0, 0)],
            "Sumatera": [(0, 0), (1, 3)],
        },
        "position": {"jpt": [(3, 4), (0, 0)]},
        "outlet": {"official": [(0, 0), (1, 3)], "post": [(1, 2), (0, 0)], "regional": [(3, 4), (0, 0)]},
        "kind": {"news": [(3, 4), (1, 4)], "post": [(1, 2), (0, 0)]},
        "year": {"2020": [(3, 4), (0, 0)], "2024": [(1, 2), (0, 0)]},
    }
    assert found["position"]["jpt"]["recall"]["low"] == pytest.approx(0.3006, abs=1e-3)
    assert found["position"]["jpt"]["wrong_flags"]["share"] is None
    assert evaluate(pairs)["fairness"] == found


@pytest.mark.parametrize(
    ("n", "hits", "warned"),
    [(30, 27, False), (30, 26, True), (29, 0, False), (300, 240, True)],
    ids=["10 points are none", "more are one", "too few to compare", "surely apart"],
)
def test_a_gap_above_ten_points_between_large_groups_is_told(n: int, hits: int, warned: bool) -> None:
    pairs = [*texts(30, 30, year=2020), *texts(n, hits, year=2024)]
    lines = warnings_of(measure_fairness(pairs))
    assert [line.startswith("recall by year: 2024") for line in lines] == [True] * warned
    if warned:
        meet = hits != 240
        assert lines[0].endswith("their intervals meet" if meet else "their intervals do not meet")


def test_wrong_flags_are_compared_as_recall_is() -> None:
    pairs = [*texts(40, 20, label="none", region="Aceh"), *texts(40, 4, label="none", region="Bali")]
    [line] = warnings_of(measure_fairness(pairs))
    assert line.startswith("wrong flags by island: Bali dan Nusa Tenggara 0.10")
    assert "Sumatera 0.50 (0.35 to 0.65, 20/40) lie 40 points apart" in line


def test_metrics_from_before_say_that_nothing_was_measured() -> None:
    assert fairness_of({"n": 1}) is None
    [line] = warnings_of(None)
    assert "not measured" in line
    assert "pipeline.py evaluate" in line


def test_the_table_of_a_card_has_a_row_for_each_group() -> None:
    lines = list(fairness_lines(measure_fairness(texts(2, 1, year=2020))))
    assert lines[2:] == [
        "| kind | news | 0.50 (0.09 to 0.91, 1/2) | – |",
        "| year | 2020 | 0.50 (0.09 to 0.91, 1/2) | – |",
    ]
