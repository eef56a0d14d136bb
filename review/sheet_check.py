"""Judges the rows of a sheet that came back: which decisions are new, known, wrong or in conflict.

Promises: case and blanks do not matter, and nothing else is forgiven; a problem names row, column, value and
what is accepted; a text, a model or a decision that changed since export is a conflict; a row that says what
is known already changes nothing. Never does: write, guess a word, look at a machine column for a decision.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from review.cells import days_in, moments_in, numbers_in
from review.sheet import (
    EVENT_PREFIX,
    HASH_PREFIX,
    NO_EVENT,
    SHORT_HASH,
    TYPE_SEPARATOR,
    flatten,
    format_score,
    format_time,
    short_event,
    short_hash,
    show_title,
)
from review.sheet_read import SheetLine
from review.sheet_words import Problem
from review.words import ALLEGED, DECISION_WORDS, WORDS, Language
from store.decisions import DECISIONS, ERASED, Decision, LabelEvent, Reviewer, Seen
from store.records import POSITIONS, TYPES, QueueRow

Outcome = Literal["new", "same", "blank", "error", "conflict"]

#: A note may be longer than what a sheet shows of it; beyond this it is no note.
MAX_NOTE: Final = 5_000
MAX_ACTOR: Final = 200
#: Columns that export fills and that a spreadsheet may rewrite; the rest is too volatile to compare.
COMPARED: Final = ("night", "published", "title", "score")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one row."""

    line: int
    outcome: Outcome
    incident_id: str = ""
    problem: Problem | None = None
    #: Name of the column in HEADERS, its value, and what would be accepted.
    column: str = ""
    value: str = ""
    accepted: str = ""
    #: Of a new decision: what stood before it, who decides, and what append_events is to check.
    old: Decision | None = None
    new: Decision | None = None
    reviewer: Reviewer | None = None
    seen: Seen | None = None
    expected: str = ""
    title: str = ""
    #: Machine columns that are not what export wrote.
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of the incidents of a sheet."""

    rows: Mapping[str, QueueRow]
    #: The last event of each incident, also one that takes a decision back.
    last: Mapping[str, LabelEvent]
    #: By name as a reviewer writes it; None for a name that is not known.
    find_reviewer: Callable[[str], Reviewer | None]
    #: Names of those who may decide.
    deciders: tuple[str, ...]
    #: Origins of the decisions that came from this very file before.
    applied: frozenset[str]


class _WrongError(Exception):
    def __init__(self, problem: Problem, column: str, value: str = "", accepted: str = "") -> None:
        super().__init__(problem)
        self.problem: Problem = problem
        self.column = column
        self.value = value
        self.accepted = accepted


class _ConflictingError(_WrongError):
    pass


def check_lines(
    lines: Iterable[SheetLine], known: Known, *, origin: str, default_reviewer: str, lang: Language
) -> list[Verdict]:
    """One verdict per row, in the order of the file; `origin` is that of the file, without the row."""
    verdicts = []
    first_of: dict[str, tuple[int, tuple[object, ...]]] = {}
    for line in lines:
        try:
            verdict = _check(line, known, origin=origin, default_reviewer=default_reviewer, lang=lang)
            if verdict.outcome == "new":
                told = (verdict.new, verdict.reviewer)
                number, before = first_of.setdefault(verdict.incident_id, (line.line, told))
                if before != told:
                    raise _WrongError("twice", "incident_id", verdict.incident_id, str(number))
                if number != line.line:
                    verdict = Verdict(line.line, "same", verdict.incident_id)
        except _WrongError as wrong:
            verdict = Verdict(
                line.line,
                "conflict" if isinstance(wrong, _ConflictingError) else "error",
                line.cells.get("incident_id", "").strip(),
                wrong.problem,
                wrong.column,
                wrong.value,
                wrong.accepted,
            )
        verdicts.append(verdict)
    return _refuse_first_of_twice(verdicts)


def read_decision(cell: str) -> str | None:
    """The decision that a cell names in either language, as in the code; None when it names none."""
    return _DECISIONS.get(_normal(cell))


def read_types(cell: str) -> tuple[tuple[str, ...], str]:
    """The types that a cell names, in the order of the codebook, and the first word that is none."""
    found = set()
    for part in re.split(f"[{TYPE_SEPARATOR}\n]", cell):
        name = _normal(part)
        if not name:
            continue
        if name not in _TYPES:
            return (), part.strip()
        found.add(_TYPES[name])
    return tuple(name for name in TYPES if name in found), ""


def _check(line: SheetLine, known: Known, *, origin: str, default_reviewer: str, lang: Language) -> Verdict:
    cells = line.cells
    incident_id = cells["incident_id"].strip()
    analyst = ("decision", "decided_type", "actor", "note")
    formula = next((name for name in (*analyst, "reviewer", "incident_id") if name in line.formulas), "")
    if formula:
        raise _WrongError("formula", formula)
    if not any(cells.get(name, "").strip() for name in analyst):
        return Verdict(line.line, "blank", incident_id)
    if line.too_long:
        raise _WrongError("too_long", "incident_id", incident_id)
    decision = _read_row(cells, lang)
    row = known.rows.get(incident_id)
    if row is None:
        raise _WrongError("unknown_incident", "incident_id", incident_id)
    link = cells.get("link", "").strip()
    if link and flatten(link) != flatten(row.document.url):
        raise _WrongError("link", "link", link)
    last = known.last.get(incident_id)
    standing = last.new if last else None
    if standing and _same(decision, standing):
        return Verdict(line.line, "same", incident_id)
    if f"{origin}:{line.line}" in known.applied:
        return Verdict(line.line, "same", incident_id)
    reviewer = _read_reviewer(cells, known, default_reviewer)
    _check_seen(cells, row)
    _check_event(cells["event"].strip(), last, reviewer, lang)
    _check_erased(decision, standing)
    if standing and flatten(decision.note) == flatten(standing.note):
        # The sheet shows the beginning of a long note on one line; that is no reason to cut it.
        decision = Decision(decision.decision, decision.types, decision.actor, standing.note)
    return Verdict(
        line=line.line,
        outcome="new",
        incident_id=incident_id,
        old=standing,
        new=decision,
        reviewer=reviewer,
        seen=Seen(row.document.text_sha256, row.prediction.model),
        expected=last.event_id if last else "",
        title=show_title(row.document),
        changed=_changed(cells, row),
    )


def _read_row(cells: Mapping[str, str], lang: Language) -> Decision:
    """The decision of a row, from the analyst's columns alone."""
    words = DECISION_WORDS[lang]
    told = cells["decision"]
    if not told.strip():
        raise _WrongError("decision_missing", "decision", "", ", ".join(words.values()))
    decision = read_decision(told)
    if decision is None:
        raise _WrongError("decision", "decision", told, ", ".join(words.values()))
    types, wrong = read_types(cells.get("decided_type", ""))
    if wrong:
        raise _WrongError("type", "decided_type", wrong, " | ".join(WORDS[lang][name] for name in TYPES))
    if types and decision == "none":
        accepted = ", ".join((words["case"], words["unsure"]))
        raise _WrongError("types_without_case", "decided_type", cells["decided_type"], accepted)
    actor = _clean(cells.get("actor", ""))
    note = _clean(cells.get("note", ""))
    for column, text, limit in (("actor", actor, MAX_ACTOR), ("note", note, MAX_NOTE)):
        if len(text) > limit:
            raise _WrongError("long", column, text[:40] + "…", str(limit))
    return Decision(decision, types, _POSITIONS.get(_normal(actor), actor), note)


def _read_reviewer(cells: Mapping[str, str], known: Known, default_reviewer: str) -> Reviewer:
    name = cells.get("reviewer", "").strip() or default_reviewer
    accepted = ", ".join(known.deciders)
    if not name:
        raise _WrongError("reviewer_missing", "reviewer", "", accepted)
    reviewer = known.find_reviewer(name)
    if reviewer is None:
        raise _WrongError("reviewer_unknown", "reviewer", name, accepted)
    if reviewer.name not in known.deciders:
        raise _WrongError("reviewer_reader", "reviewer", name, accepted)
    return reviewer


def _check_seen(cells: Mapping[str, str], row: QueueRow) -> None:
    told = cells["text_hash"].strip()
    if not re.fullmatch(f"{HASH_PREFIX}[0-9a-f]{{{SHORT_HASH}}}", told):
        raise _WrongError("hash_broken", "text_hash", told)
    if told != short_hash(row.document.text_sha256):
        raise _ConflictingError("text_changed", "text_hash", told)
    model = cells["model"].strip()
    if model != flatten(row.prediction.model):
        raise _ConflictingError("model_changed", "model", model, row.prediction.model)


def _check_event(told: str, last: LabelEvent | None, reviewer: Reviewer, lang: Language) -> None:
    if told != NO_EVENT and not re.fullmatch(f"{EVENT_PREFIX}[0-9a-f]{{{SHORT_HASH}}}", told):
        raise _WrongError("event_broken", "event", told)
    if last is None:
        if told != NO_EVENT:
            raise _ConflictingError("undone_since", "event", told)
        return
    # A decision that was taken back leaves nothing that the sheet could have shown.
    if told == short_event(last) or (last.new is None and told == NO_EVENT):
        return
    if last.reviewer == reviewer.reviewer_id and last.origin.startswith("sheet:"):
        # The same person sends a mended sheet.
        return
    if last.new is None:
        raise _ConflictingError("undone_since", "event", told)
    word = DECISION_WORDS[lang][last.new.decision]
    raise _ConflictingError("decided_since", "decision", "", f"{word} ({last.at:%Y-%m-%d %H:%M} UTC)")


def _check_erased(decision: Decision, standing: Decision | None) -> None:
    """A sheet from before an erasure would bring the text back; nothing tells it from one with a new text."""
    for column in ("actor", "note"):
        said = getattr(decision, column)
        if standing and getattr(standing, column) == ERASED and said not in ("", ERASED):
            raise _ConflictingError("erased", column, "")


def _same(one: Decision, two: Decision) -> bool:
    return (
        one.decision == two.decision
        and set(one.types) == set(two.types)
        and flatten(one.actor) == flatten(two.actor)
        and flatten(one.note) == flatten(two.note)
    )


def _changed(cells: Mapping[str, str], row: QueueRow) -> tuple[str, ...]:
    """Machine columns whose cell cannot be what export wrote, in whatever locale it was saved."""
    night, score = row.incident.first_night.isoformat(), format_score(row.incident.score)
    published = format_time(row.document)
    equal: dict[str, Callable[[str], object]] = {
        "night": lambda told: told == night or days_in(told) & days_in(night),
        "published": lambda told: told == published or moments_in(told) & moments_in(published),
        "score": lambda told: told == score or float(score) in numbers_in(told),
        "title": lambda told: flatten(told) == flatten(show_title(row.document)),
    }
    return tuple(name for name in COMPARED if name in cells and not equal[name](cells[name].strip()))


def _refuse_first_of_twice(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Where two rows of one incident differ, the first is as wrong as the second."""
    later = {v.incident_id: v.line for v in verdicts if v.problem == "twice"}
    return [
        Verdict(
            v.line, "error", v.incident_id, "twice", "incident_id", v.incident_id, str(later[v.incident_id])
        )
        if v.outcome == "new" and v.incident_id in later
        else v
        for v in verdicts
    ]


def _clean(text: str) -> str:
    """The text without control characters and blanks around it; line breaks stay."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _normal(word: str) -> str:
    return " ".join(word.split()).casefold()


def _by_word(values: Sequence[str], *, alleged: bool = False) -> dict[str, str]:
    found = {}
    for lang, words in WORDS.items():
        for value in values:
            for spelling in (value, words[value]):
                found[_normal(spelling)] = value
                if alleged:
                    # What stands in the machine's column may be copied.
                    found[_normal(f"{ALLEGED[lang]}: {spelling}")] = value
    return found


_TYPES = _by_word(TYPES, alleged=True)
_POSITIONS = _by_word(POSITIONS)
_DECISIONS = {_normal(words[name]): name for words in DECISION_WORDS.values() for name in DECISIONS} | {
    name: name for name in DECISIONS
}
