"""Texts of our own on 63 acts, to measure grouping by: copies, rewrites, follow-ups, and near misses.

Each line of acts.jsonl is a document with the act that it tells and gold fields of the codebook. Acts come in
neighbourhoods of about three: another person of the same office in the same kabupaten, the same person with
another act, a person of the same name elsewhere. `set` a is the half of them that thresholds were tuned on,
b the rest (its errors were read, too). `how` says what a document is to its act: first, follow-up,
or copy with what was done to it.
answers.jsonl holds what a model said of the same texts, so that grouping is measured under real mistakes.

All persons are invented, and every text is ours.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from nlp.clusters import compare_groupings
from nlp.floors import Floor, check_floors, read_floors
from nlp.group import group
from nlp.items import Item
from store.records import Document, Prediction

FOLDER = Path(__file__).parent
#: One document less moves the recall of a half by about so much; the measure itself never varies.
MARGIN = 0.01
HEADER = """\
# What grouping must reach on the acts of this folder. Below a bound the tests fail.
#   metric    gold.*: with the gold fields; model.*: with what a model said of the flagged texts
#             (answers.jsonl); *.a.*, *.b.*: the half that thresholds were tuned on, and the other
#   measured  the value, version of the rules and day when the bound was set
# `python -m tests.nlp.incidents raise` tightens the bounds and never loosens one. To give one up, delete it
# by hand, with the reason, in a commit of its own.
"""

View = Literal["gold", "model"]
Pair = tuple[Document, Prediction]


@dataclass(frozen=True, slots=True)
class Told:
    """One line: a document of an act, with gold fields."""

    id: str
    act: str
    half: str
    how: str
    copy_of: str
    document: Document
    prediction: Prediction


def read_lines(name: str) -> list[dict[str, Any]]:
    """The decoded lines of a file of this folder."""
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def read_told() -> list[Told]:
    """All documents in the order of the file, each published a minute after the one before on its day."""
    return [_read_line(number, line) for number, line in enumerate(read_lines("acts.jsonl"))]


def _read_line(number: int, line: dict[str, Any]) -> Told:
    at = datetime.fromisoformat(line["date"]).replace(tzinfo=UTC) + timedelta(hours=3, minutes=number)
    item = Item(id=line["id"], kind=line["kind"], title=line["title"], text=line["text"])
    document = replace(
        item.document(),
        source_id=line["source"],
        url=f"https://{line['source']}.test/{line['id']}",
        published_at=at,
        published_precision="minute",
        night=at.date(),
    )
    prediction = _predict(line, score=0.9, model="gold")
    return Told(line["id"], line["act"], line["set"], line["how"], line["copy_of"], document, prediction)


def _predict(line: dict[str, Any], *, score: float, model: str) -> Prediction:
    types, evidence = tuple(line["types"]), tuple(line["evidence"])
    fields = line["process"], line["position"], line["region"]
    return Prediction(line["id"], "case", score, True, types, "unknown", *fields, evidence, model)


def pairs_of(told: Sequence[Told], view: View) -> list[Pair]:
    """Documents with gold predictions; or those that a model flagged, with what it said."""
    if view == "gold":
        return [(one.document, one.prediction) for one in told]
    answers = {
        line["id"]: _predict(line, score=line["score"], model=line["model"])
        for line in read_lines("answers.jsonl")
        if line["flagged"]
    }
    return [(one.document, answers[one.id]) for one in told if one.id in answers]


def measure_grouping() -> dict[str, Any]:
    """The numbers of `compare_groupings` for both views and both halves."""
    told = read_told()
    return {
        view: {half: _measure([one for one in told if one.half == half], view) for half in ("a", "b")}
        for view in ("gold", "model")
    }


def _measure(told: Sequence[Told], view: View) -> dict[str, float | int]:
    incidents = group(pairs_of(told, view), [])
    found = {doc_id: incident.incident_id for incident in incidents for doc_id in incident.doc_ids}
    return compare_groupings(found, {one.id: one.act for one in told})


def floors() -> list[Floor]:
    """The pinned bounds of this folder."""
    return read_floors(FOLDER)


def check_grouping(metrics: dict[str, Any]) -> list[str]:
    """One message for each bound that is not held."""
    return check_floors(metrics, floors())
