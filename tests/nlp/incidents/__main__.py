"""Floors of grouping, and a model's answers on the acts.

python -m tests.nlp.incidents check          compare grouping with tests/nlp/incidents/floors.toml
python -m tests.nlp.incidents raise          lift the floors to what it reached, less a margin
python -m tests.nlp.incidents answer [DIR]   write answers.jsonl with a model folder (default: the active one)
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from nlp.answers import answer_items, load_classifier
from nlp.floors import find_metric, raise_floors, write_floors
from nlp.group import GROUP_VERSION
from nlp.items import Item
from store.records import NetraError
from tests.nlp.incidents import FOLDER, HEADER, MARGIN, check_grouping, floors, measure_grouping, read_told


def main(arguments: list[str]) -> int:
    """Run a command: 0 when all is well, 1 below a floor, 2 on wrong use or lowering."""
    verb, *rest = arguments or [""]
    if verb == "answer" and len(rest) <= 1:
        return write_answers(Path(rest[0]) if rest else None)
    if verb not in ("check", "raise") or rest:
        sys.stderr.write(__doc__ or "")
        return 2
    metrics = measure_grouping()
    try:
        if verb == "raise":
            today = datetime.now(UTC).date()
            raised = raise_floors(floors(), metrics, MARGIN, model=f"group-{GROUP_VERSION}", today=today)
            write_floors(raised, FOLDER, header=HEADER)
        below = check_grouping(metrics)
    except NetraError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    for floor in floors():
        sys.stdout.write(f"{floor.metric}: {find_metric(metrics, floor.metric)}, at least {floor.bound}\n")
    for message in below:
        sys.stderr.write(f"{message}\n")
    return int(bool(below))


def write_answers(model: Path | None) -> int:
    """Write what a model, in float32, says of all texts, those that it does not flag too."""
    classifier = load_classifier(model, engine="torch", device="cpu")
    documents = [one.document for one in read_told()]
    items = [Item(id=d.doc_id, kind=d.kind, title=d.title, text=d.text) for d in documents]
    answers, failed = answer_items(items, classifier)
    with (FOLDER / "answers.jsonl").open("w", encoding="utf-8") as file:
        for answer in answers:
            said = answer.prediction
            line = {
                "id": answer.item.id,
                "flagged": bool(said and said.flagged),
                "score": said.score if said else 0.0,
                "types": said.types if said else (),
                "process": said.process if said else "",
                "position": said.position if said else "",
                "region": said.region if said else "",
                "evidence": said.evidence if said else (),
                "model": classifier.version,
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stderr.writelines(f"{problem}\n" for problem in failed)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
