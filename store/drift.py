"""What the classifier's answers and the reviewers' decisions looked like, week by week.

Promises: weeks are ISO weeks of the night; one row for each week that has a document. Never does: judge,
write, or give a text except to whoever looks for new names in it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, select

from store.labels import current_labels
from store.schema import candidates, documents, incidents, predictions

#: Tenths of the score.
BINS = 10


@dataclass(slots=True)
class WeekDrift:
    """One week: what came in, how it was scored, and what reviewers made of it."""

    week: str
    documents: int = 0
    candidates: int = 0
    flagged: int = 0
    #: Scored documents by tenth of their score, lowest first.
    scores: list[int] = field(default_factory=lambda: [0] * BINS)
    #: Standing decisions on incidents first seen in the week, by decision.
    decisions: Counter[str] = field(default_factory=Counter)
    #: (score, decision) of decided flagged incidents, best score first.
    ranked: list[tuple[float, str]] = field(default_factory=list)

    @property
    def unsure(self) -> float | None:
        """Share of unsure among the decisions, or None without any."""
        total = sum(self.decisions.values())
        return self.decisions["unsure"] / total if total else None

    def precision_at(self, k: int) -> float | None:
        """Share of cases among the k best-scored decided incidents (case or none), or None without any."""
        top = [decision for _, decision in self.ranked if decision != "unsure"][:k]
        return sum(decision == "case" for decision in top) / len(top) if top else None


def week_of(night: date) -> str:
    """The ISO week of a night: "2024-W38"; sorts by time."""
    year, week, _ = night.isocalendar()
    return f"{year}-W{week:02}"


def weekly_drift(conn: Connection, *, since: date) -> list[WeekDrift]:
    """The weeks from that of `since` on, oldest first."""
    weeks: dict[str, WeekDrift] = {}
    for row in conn.execute(
        select(documents.c.night, candidates.c.candidate, predictions.c.score, predictions.c.flagged)
        .outerjoin(candidates, candidates.c.doc_id == documents.c.doc_id)
        .outerjoin(predictions, predictions.c.doc_id == documents.c.doc_id)
        .where(documents.c.night >= since)
    ):
        name = week_of(row.night)
        week = weeks.setdefault(name, WeekDrift(name))
        week.documents += 1
        week.candidates += bool(row.candidate)
        week.flagged += bool(row.flagged)
        if row.score is not None:
            week.scores[min(BINS - 1, int(row.score * BINS))] += 1
    labels = current_labels(conn, review="final")
    for seen in conn.execute(
        select(incidents.c.incident_id, incidents.c.first_night, incidents.c.score)
        .where(incidents.c.first_night >= since, incidents.c.kind == "flagged")
        .order_by(incidents.c.score.desc(), incidents.c.incident_id)
    ):
        event = labels.get(seen.incident_id)
        if event is not None and event.new is not None:
            name = week_of(seen.first_night)
            week = weeks.setdefault(name, WeekDrift(name))
            week.decisions[event.new.decision] += 1
            week.ranked.append((seen.score, event.new.decision))
    return [weeks[name] for name in sorted(weeks)]


def candidate_texts(conn: Connection, *, since: date) -> Iterator[tuple[str, str]]:
    """(week, title and text) of each candidate since a night, oldest first."""
    rows = conn.execute(
        select(documents.c.night, documents.c.title, documents.c.text)
        .join(candidates, candidates.c.doc_id == documents.c.doc_id)
        .where(documents.c.night >= since, candidates.c.candidate)
        .order_by(documents.c.night, documents.c.doc_id)
        .execution_options(yield_per=500)
    )
    for row in rows:
        yield week_of(row.night), f"{row.title}\n{row.text}"
