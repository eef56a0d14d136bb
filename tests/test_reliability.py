"""docs/reliability.md agrees with the tests, and no rule is passed over in silence."""

import tomllib

import pytest

from tests.reliability import LINES, PAGE, ROOT, figure, make_page

TOLD = tomllib.loads(LINES.read_text(encoding="utf-8"))
#: How many rules of each kind the project has set itself.
RULES = {"R": 15, "S": 18, "P": 11}


def test_the_page_is_what_the_command_makes() -> None:
    assert PAGE.read_text(encoding="utf-8") == make_page(), "run: python -m tests.reliability"


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_is_in_the_table_done_or_missing(kind: str) -> None:
    told = {line["id"] for part in TOLD.values() for line in part}
    assert {f"{kind}{number}" for number in range(1, RULES[kind] + 1)} <= told


def test_every_test_of_the_table_is_there() -> None:
    named = [test for line in TOLD["done"] for test in line["tests"]]
    assert [test for test in named if not (ROOT / test).is_file()] == []


def test_a_figure_is_the_constant_of_its_test() -> None:
    assert figure("tests/test_reliability.py", "RULES") == "3"
    with pytest.raises(TypeError, match="neither a number"):
        figure("tests/test_reliability.py", "pytest")
