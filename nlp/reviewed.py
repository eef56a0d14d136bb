"""Decisions of reviewers as texts to learn from, and as texts to compare models on.

Promises: an incident is one family, so that it never stands on both sides of a split; a label that only
carries over from another document of the incident counts CARRIED_WEIGHT; the recent audit sample, drawn by
chance, is kept for comparison and never learned from. Never does: learn from `unsure`, guess a field.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from store.decisions import Reviewed
from store.records import POSITIONS

#: A copy is not a second witness: what carries over counts a third (issue 5 asks for less than one; untuned).
CARRIED_WEIGHT: Final = 0.3
#: Audit rows decided in this time are the comparison's; older ones are learned from.
RECENT: Final = timedelta(days=90)


def split_reviewed(reviewed: Iterable[Reviewed], *, now: datetime) -> tuple[list[Reviewed], list[Reviewed]]:
    """(to learn from, recent audit sample to compare on); a carried-over label is no sample."""
    learn, audit = [], []
    for one in reviewed:
        if one.queue != "audit" or now - one.decided_at > RECENT:
            learn.append(one)
        elif not one.carried_over:
            audit.append(one)
    return learn, audit


def label_line(one: Reviewed) -> dict[str, Any]:
    """A decided document as a line of `data/labels`: what the decision does not say is null."""
    document, decision = one.document, one.decision
    is_case = decision.decision == "case"
    told_at = document.published_at or document.fetched_at
    return {
        "id": document.doc_id,
        "kind": document.kind,
        "title": document.title,
        "text": document.text,
        "label": decision.decision,
        "types": list(decision.types) if is_case and decision.types else None,
        "stage": None,
        "process": None,
        "position": decision.actor if is_case and decision.actor in POSITIONS else None,
        # The reviewer saw these sentences marked and agreed that they tell a case.
        "evidence": list(one.evidence) if is_case else [],
        "family": one.incident_id,
        "year": told_at.year if told_at else document.night.year,
        "weight": CARRIED_WEIGHT if one.carried_over else 1.0,
    }


def write_lines(path: Path, reviewed: Iterable[Reviewed]) -> int:
    """Write label lines for `retrain`, readable by this user alone (they hold whole texts); how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    lines = [json.dumps(label_line(one), ensure_ascii=False) + "\n" for one in reviewed]
    path.write_text("".join(lines), encoding="utf-8")
    return len(lines)
