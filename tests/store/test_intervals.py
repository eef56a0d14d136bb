"""One formula in two rooms that may not import each other."""

import pytest

from nlp.metrics import wilson as wilson_of_nlp
from store.intervals import wilson


@pytest.mark.parametrize(("part", "whole"), [(0, 0), (0, 10), (10, 10), (1, 3), (37, 1_000)])
def test_it_is_the_interval_of_the_evaluation(part: int, whole: int) -> None:
    assert wilson(part, whole) == pytest.approx(wilson_of_nlp(part, whole), abs=1e-12)
