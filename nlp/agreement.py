"""How far two annotations of the same texts agree, field by field.

Promises: texts are matched by id; a field is compared where both annotators were asked it (both said `case`);
Cohen's kappa is given with the plain share of agreement and the number of texts, so that a kappa over few
texts is seen as such. Never does: decide who is right, change a label.

    python -m nlp.agreement FIRST.jsonl[,FIRST2.jsonl ...] SECOND.jsonl
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.metrics import cohen_kappa_score

from nlp.evaluate import same_sentence
from nlp.items import Item, read_items
from store.records import TYPES, UsageError

#: Fields that have one value; `tag` is asked where both say that the text is no case.
CASE_FIELDS = ("stage", "process", "position")


def agree(first: Sequence[Item], second: Sequence[Item]) -> dict[str, Any]:
    """Agreement of two annotations: label, case or not, tag, stage, process, position, types, evidence.

    Raises UsageError when no text is in both.
    """
    by_id = {item.id: item for item in second}
    pairs = [(item, by_id[item.id]) for item in first if item.id in by_id]
    if not pairs:
        raise UsageError("agreement: no id is in both annotations; give two files about the same texts")
    cases = [(a, b) for a, b in pairs if a.label == b.label == "case"]
    others = [(a, b) for a, b in pairs if a.label == b.label != "case"]
    return {
        "n": len(pairs),
        "label": _kappa([(a.label, b.label) for a, b in pairs]),
        "case": _kappa([(a.label == "case", b.label == "case") for a, b in pairs]),
        "tag": _kappa([(a.tag, b.tag) for a, b in others]),
        **{f: _kappa([(getattr(a, f), getattr(b, f)) for a, b in cases]) for f in CASE_FIELDS},
        "types": _types(cases),
        "evidence": _evidence(cases),
        "disagree": [
            {"id": a.id, "first": a.label, "second": b.label} for a, b in pairs if a.label != b.label
        ],
    }


def _kappa(pairs: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    """Kappa is None where both said one and the same value throughout: chance alone would agree too."""
    said = [[str(value) for value in side] for side in zip(*pairs, strict=True)] if pairs else [[], []]
    kappa = float(cohen_kappa_score(*said)) if len({*said[0], *said[1]}) > 1 else None
    same = sum(a == b for a, b in pairs)
    return {
        "kappa": None if kappa is None else round(kappa, 3),
        "share": round(same / len(pairs), 3) if pairs else None,
        "n": len(pairs),
    }


def _types(cases: Sequence[tuple[Item, Item]]) -> dict[str, Any]:
    """Kappa over all (text, type) decisions, and the micro F1 of one annotator against the other."""
    told = [(t in (a.types or ()), t in (b.types or ())) for a, b in cases for t in TYPES]
    both = sum(a and b for a, b in told)
    either = sum(a + b for a, b in told)
    return {**_kappa(told), "f1": round(2 * both / either, 3) if either else None, "n": len(cases)}


def _evidence(cases: Sequence[tuple[Item, Item]]) -> dict[str, Any]:
    """Share of cases in which the annotators name at least one common sentence."""
    asked = [(a, b) for a, b in cases if a.evidence and b.evidence]
    hits = sum(any(same_sentence(x, y) for x in a.evidence for y in b.evidence) for a, b in asked)
    return {"share": round(hits / len(asked), 3) if asked else None, "n": len(asked)}


def main(arguments: Sequence[str]) -> int:
    """Print the agreement of two annotations as JSON; several first files are given with commas."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m nlp.agreement FIRST.jsonl[,...] SECOND.jsonl\n")
        return UsageError.exit_code
    sides = [read_items([Path(p) for p in a.split(",")], gold=True) for a in arguments]
    for _, problems in sides:
        sys.stderr.writelines(f"{p}\n" for p in problems)
    try:
        found = agree(sides[0][0], sides[1][0])
    except UsageError as error:
        sys.stderr.write(f"netra: {error}\n")
        return error.exit_code
    sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
