"""Pairwise and B-cubed numbers, checked by hand."""

import pytest

from nlp.clusters import compare_groupings

TRUE = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2}


@pytest.mark.parametrize(
    ("found", "pairs", "bcubed"),
    [
        (TRUE, (1.0, 1.0), (1.0, 1.0)),
        # All in one: 4 of 10 pairs are right.
        (dict.fromkeys(TRUE, 0), (0.4, 1.0), (0.52, 1.0)),
        # Each alone: no pair is wrong, none is found.
        ({name: name for name in TRUE}, (1.0, 0.0), (1.0, 0.4)),
        ({"a": 1, "b": 1, "c": 2, "d": 2, "e": 2}, (0.5, 0.5), (0.7333, 0.7333)),
    ],
)
def test_numbers_are_right(
    found: dict[str, int], pairs: tuple[float, float], bcubed: tuple[float, float]
) -> None:
    measured = compare_groupings(found, TRUE)
    assert (measured["pair_precision"], measured["pair_recall"]) == pairs
    assert (measured["bcubed_precision"], measured["bcubed_recall"]) == bcubed


def test_documents_of_one_grouping_alone_do_not_count() -> None:
    assert compare_groupings({"a": 1, "x": 1}, TRUE)["documents"] == 1
    assert compare_groupings({}, TRUE)["pair_recall"] == 1.0
