"""Agreement per field and month, with the numbers that it is made of."""

from datetime import UTC, datetime
from itertools import count

import pytest

from review.agreement import MIN_PAIRS, Agreement, agreement_of, compare
from store.decisions import Decision, LabelEvent

NUMBERS = count()
CASE, NONE = Decision("case"), Decision("none")


def make_pair(
    one: Decision, other: Decision, *, at: datetime = datetime(2024, 9, 18, tzinfo=UTC)
) -> tuple[LabelEvent, LabelEvent]:
    incident = f"I-{next(NUMBERS)}"
    first = LabelEvent("a", "", incident, "", "", "", at, "R-1", "page", "first", None, one)
    second = LabelEvent("b", "a", incident, "", "", "", at, "R-2", "page", "second", None, other)
    return first, second


def row_of(rows: list[Agreement], field: str, month: str = "all") -> Agreement:
    (found,) = [row for row in rows if (row.month, row.field) == (month, field)]
    return found


def test_kappa_and_alpha_of_a_known_table() -> None:
    # 20 both case, 15 both none, 5 and 10 apart: agreement 0.7, by chance 0.5, so kappa 0.4.
    said = (
        [("case", "case")] * 20 + [("case", "none")] * 5 + [("none", "case")] * 10 + [("none", "none")] * 15
    )
    row = compare("all", "decision", said)
    assert (row.n, row.share, row.few) == (50, 0.7, False)
    assert row.kappa == pytest.approx(0.4)
    # By hand: 55 of 100 values are case; observed disagreement 30/100, expected 2 * 55 * 45 / (100 * 99).
    assert row.alpha == pytest.approx(1 - 0.3 / (2 * 55 * 45 / 9900))


def test_where_everybody_says_the_same_chance_would_agree_too() -> None:
    row = compare("all", "decision", [("case", "case")] * MIN_PAIRS)
    assert (row.share, row.kappa, row.alpha, row.few) == (1.0, None, None, False)
    assert compare("all", "actor", []) == Agreement("all", "actor", 0, None, None, None, True)


def test_types_and_actor_are_compared_where_both_say_case() -> None:
    rows = agreement_of(
        [
            make_pair(
                Decision("case", ("banner",), "Camat Tallo"),
                Decision("case", ("banner", "team"), "camat tallo"),
            ),
            make_pair(Decision("case", ("banner",), "lurah"), Decision("case", (), "")),
            make_pair(Decision("case", ("mobilise",)), NONE),
        ]
    )
    assert [row.field for row in rows if row.month == "all"] == [
        *("decision", "types", "type:banner", "type:team", "actor"),
    ]
    assert row_of(rows, "decision").n == 3
    assert (row_of(rows, "types").n, row_of(rows, "types").share) == (2, 28 / 30)
    assert (row_of(rows, "type:banner").share, row_of(rows, "type:team").share) == (0.5, 0.5)
    assert (row_of(rows, "actor").n, row_of(rows, "actor").share) == (1, 1.0)
    assert all(row.few for row in rows)


def test_months_are_those_of_jakarta() -> None:
    late = datetime(2024, 9, 30, 18, tzinfo=UTC)
    rows = agreement_of([make_pair(CASE, CASE), make_pair(CASE, NONE, at=late)])
    assert row_of(rows, "decision", "2024-09").share == 1.0
    assert row_of(rows, "decision", "2024-10").share == 0.0
    assert row_of(rows, "decision").share == 0.5


def test_without_a_pair_there_is_nothing_to_say() -> None:
    assert all((row.n, row.kappa, row.few) == (0, None, True) for row in agreement_of([]))
