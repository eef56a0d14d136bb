"""Golden files and floors of the saved pages.

python -m tests.pages regenerate NAME...   rewrite golden files; read the difference first
python -m tests.pages check                compare the extractor with tests/pages/floors.toml
python -m tests.pages raise                lift the floors to what it reached, less a margin
"""

import sys
from datetime import UTC, datetime

import tests.pages as saved
from nlp.extract import EXTRACTOR_VERSION
from nlp.floors import check_floors, find_metric, raise_floors, write_floors
from store.records import NetraError
from tests.pages.gate import HEADER, MARGIN, floors, measure_pages


def main(arguments: list[str]) -> int:
    """Run a command: 0 when all is well, 1 below a floor, 2 on wrong use."""
    verb, *names = arguments or [""]
    if verb in ("check", "raise") and not names:
        return _gate(raising=verb == "raise")
    unknown = sorted(set(names) - set(saved.page_names()))
    if verb != "regenerate" or not names or unknown:
        reason = f"no saved page named {', '.join(unknown)}" if unknown else (__doc__ or "").strip()
        sys.stderr.write(f"{reason}\nsaved pages: {', '.join(saved.page_names())}\n")
        return 2
    for name in names:
        sys.stdout.write(f"wrote {saved.write_golden(name)}: read the difference before you commit it\n")
    return 0


def _gate(*, raising: bool) -> int:
    metrics = measure_pages()
    try:
        if raising:
            today = datetime.now(UTC).date()
            model = f"extractor-{EXTRACTOR_VERSION}"
            raised = raise_floors(floors(), metrics, MARGIN, model=model, today=today)
            write_floors(raised, saved.FOLDER, header=HEADER)
        below = check_floors(metrics, floors())
    except NetraError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    for floor in floors():
        found = find_metric(metrics, floor.metric)
        sys.stdout.write(f"{floor.metric}: {found}, {floor.side.replace('_', ' ')} {floor.bound}\n")
    for message in below:
        sys.stderr.write(f"{message}\n")
    return int(bool(below))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
