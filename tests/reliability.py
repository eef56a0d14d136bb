"""docs/reliability.md: which faults and attacks are tried, how often, and what was lost; made from the tests.

    python -m tests.reliability            writes docs/reliability.md
    python -m tests.reliability --check    says whether it is as it should be

Promises: each figure in braces is read from the test that uses it; each test named is there; what is not done
stands in the table with the reason. Never does: run a test (`make test` does).

The lines are those of tests/reliability.toml: `tried` and `lost` may hold {NAME} where the first of `tests`
has a constant of that name: a number is told as it is, anything else by how many it holds.
"""

import argparse
import importlib
import re
import sys
import tomllib
from collections.abc import Sized
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
LINES = Path(__file__).with_suffix(".toml")
PARTS = {"R": "Faults", "S": "Attacks", "P": "Personal data"}
HEAD = """\
# Reliability: what was tried, and what was lost

Made by `python -m tests.reliability` from `tests/reliability.toml` and the tests themselves; do not edit.
Every line with a test runs in `make test FULL=1`, which fails when more is lost than the line says.
"""


def figure(test: str, name: str) -> str:
    """A constant of a test module as the table tells it. Raises AttributeError where there is none."""
    value = getattr(importlib.import_module(test.removesuffix(".py").replace("/", ".")), name)
    number = value if isinstance(value, int | float) else len(value) if isinstance(value, Sized) else None
    if number is None:
        raise TypeError(f"{test}: {name} is neither a number nor a collection")
    return f"{number:,}"


def tell(line: dict[str, str | list[str]]) -> str:
    """One row of the table."""
    tests = [str(test) for test in line["tests"]]
    told = f"| {line['id']} | {line['what']} | {line['tried']} | {line['lost']} | "
    told = re.sub(r"\{(\w+)\}", lambda found: figure(tests[0], found[1]), told)
    return told + ", ".join(f"`{test}`" for test in tests) + " |"


def make_page() -> str:
    """The whole page."""
    told = tomllib.loads(LINES.read_text(encoding="utf-8"))
    page = [HEAD]
    for letter, title in PARTS.items():
        page += [f"## {title}\n", "| | what | tried | lost | where |", "|---|---|---|---|---|"]
        page += [tell(line) for line in told["done"] if line["id"].startswith(letter)]
        page.append("")
    page += ["## Not done, or not whole\n", "| | what is missing | why |", "|---|---|---|"]
    page += [f"| {line['id']} | {line['what']} | {line['why']} |" for line in told["missing"]]
    return "\n".join(page) + "\n"


def main() -> int:
    """Write the page, or with --check compare it; 1 when it is another."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability")
    parser.add_argument("--check", action="store_true", help="write nothing")
    page = make_page()
    if parser.parse_args().check:
        return int(PAGE.read_text(encoding="utf-8") != page)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
