"""How far an incident's process has come: its documents as dated steps, each with the institution in charge.

    rumor ─▶ report ─▶ clarification ─▶ forwarded ─▶ recommendation ─▶ sanction, verdict or cleared

Promises: every document stands in one step; copies are counted apart from accounts of their own; a step is
dated by the first document that tells it and says whether it goes beyond all before; institutions come from
data/institutions.toml with source and mark. Never does: say that a step was taken (documents report it), fill
in a step that no document tells, state guilt.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from nlp.copies import find_copies
from nlp.group import PROGRESS, time_of
from nlp.institutions import Body, find_charge, load_bodies
from store.records import Document, Prediction, Step

#: Days are those of Jakarta, where the bodies sit that change.
ZONE = ZoneInfo("Asia/Jakarta")

_Told = tuple[Document, Prediction]


def timeline(
    documents: Sequence[Document],
    predictions: Sequence[Prediction],
    *,
    bodies: Sequence[Body] | None = None,
) -> list[Step]:
    """The steps that an incident's documents tell, by the time of the first telling.

    `predictions` are those of `documents`, in step. `bodies` are the institutions; those of
    data/institutions.toml where None is given. Documents of one process are one step, however often it is
    told; "unknown" and values outside the codebook are a step "unknown". Raises UsageError as `load_bodies`.
    """
    known = load_bodies() if bodies is None else bodies
    told = sorted(zip(documents, predictions, strict=True), key=lambda pair: _order(pair[0]))
    copies = find_copies([document for document, _ in told])
    steps: dict[str, list[_Told]] = {}
    for document, prediction in told:
        process = prediction.process if prediction.process in PROGRESS else "unknown"
        steps.setdefault(process, []).append((document, prediction))
    made: list[Step] = []
    reached = -1
    for process, tellers in steps.items():
        advances = PROGRESS[process] > reached
        reached = max(reached, PROGRESS[process])
        made.append(_make_step(process, tellers, copies.keys(), known, advances=advances))
    return made


def _make_step(
    process: str, tellers: Sequence[_Told], copies: Collection[str], bodies: Sequence[Body], *, advances: bool
) -> Step:
    first, prediction = tellers[0]
    at = time_of(first)
    texts = (f"{document.title}\n{document.text}" for document, _ in tellers)
    charge = find_charge(process, at.astimezone(ZONE).date(), texts, bodies)
    return Step(
        process=process,
        at=at,
        precision=first.published_precision,
        doc_ids=tuple(document.doc_id for document, _ in tellers),
        n_copies=sum(document.doc_id in copies for document, _ in tellers),
        evidence=prediction.evidence,
        advances=advances,
        body=charge.body.id if charge else "",
        body_name=charge.body.short if charge else "",
        body_named=bool(charge and charge.named),
        body_in_force=bool(charge and charge.in_force),
        body_source=charge.body.source if charge else "",
        body_verified=bool(charge and charge.body.verified),
    )


def _order(document: Document) -> tuple[datetime, str]:
    return time_of(document), document.doc_id
