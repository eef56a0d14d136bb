"""The register of decisions on a terminal: a history, agreement, disagreements, accounts, recall.

Promises: a name stands beside every decision as long as the account has one; figures come with the numbers
they were made of; what was said is always said of the text ("dugaan"), never of guilt. Never does: decide.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from review.agreement import MIN_PAIRS, Agreement
from review.recall import CONFIDENCE, Recall
from review.sheet import flatten
from review.words import Language, word
from store.decisions import Decision, Erasure, LabelEvent, Reviewer
from store.second import Disagreement

#: Times are those of the office.
ZONE: Final = ZoneInfo("Asia/Jakarta")

_WORDS: Final[dict[Language, dict[str, str]]] = {
    "id": {
        "case": "dugaan pelanggaran",
        "none": "bukan",
        "unsure": "ragu",
        "undone": "(belum ada keputusan)",
        "first": "pertama",
        "second": "kedua",
        "adjudication": "penentuan",
        "history": "waktu (WIB)|telaah|peninjau|sebelum|sesudah|asal|alasan|nomor",
        "agreement": "bulan|bidang|pasangan|sama|kappa|alfa|",
        "erasures": "waktu (WIB)|nomor keputusan|bidang|dihapus oleh|alasan",
        "few": f"terlalu sedikit (di bawah {MIN_PAIRS})",
        "disagreements": "kejadian|beda pada|pertama|oleh|kedua|oleh",
        "reviewers": "nama|peran|id|sejak|kata sandi|salah berturut-turut|terkunci sejak",
        "yes": "ada",
        "no": "tidak ada",
        "flagged": "ditandai",
        "below": "di bawah ambang",
        "screened_out": "tersaring",
        "recall": "lapisan|diambil|diputuskan|dugaan|mewakili dokumen|perkiraan dugaan",
        "caught": "Dugaan yang tertangkap: {value} (selang {confidence:.0%}: {low}–{high})",
        "not_audited": "Dugaan yang tertangkap: tidak diketahui; belum ada sampel audit",
        "undecided": "Dugaan yang tertangkap: tidak diketahui; ada lapisan yang belum diputuskan",
        "no_case": "Dugaan yang tertangkap: tidak diketahui; tidak ada dugaan yang ditemukan",
    },
    "en": {
        "case": "alleged violation",
        "none": "none",
        "unsure": "unsure",
        "undone": "(no decision)",
        "first": "first",
        "second": "second",
        "adjudication": "adjudication",
        "history": "time (WIB)|review|reviewer|before|after|from|reason|event",
        "agreement": "month|field|pairs|same|kappa|alpha|",
        "erasures": "time (WIB)|event|field|erased by|reason",
        "few": f"too few (below {MIN_PAIRS})",
        "disagreements": "incident|differ in|first|by|second|by",
        "reviewers": "name|role|id|since|password|wrong in turn|locked since",
        "yes": "yes",
        "no": "none",
        "flagged": "flagged",
        "below": "below the threshold",
        "screened_out": "let go by screening",
        "recall": "stratum|drawn|decided|alleged|stand for documents|estimated alleged",
        "caught": "Alleged cases that were flagged: {value} ({confidence:.0%} interval: {low}–{high})",
        "not_audited": "Alleged cases that were flagged: not known; nothing was audited",
        "undecided": "Alleged cases that were flagged: not known; a stratum has no decision yet",
        "no_case": "Alleged cases that were flagged: not known; no case was found",
    },
}


def history_table(events: Sequence[LabelEvent], *, names: Mapping[str, str], lang: Language) -> Table:
    """Every event of an incident, oldest first; `names` are those of the reviewers by id."""
    table = _table("history", lang)
    words = _WORDS[lang]
    for event in events:
        table.add_row(
            _time(event.at),
            words[event.review],
            Text(flatten(names.get(event.reviewer, event.reviewer))),
            Text(said(event.old, lang)),
            Text(said(event.new, lang)),
            Text(flatten(event.origin)),
            Text(flatten(event.reason)),
            event.event_id[:12],
        )
    return table


def erasures_table(found: Sequence[Erasure], *, names: Mapping[str, str], lang: Language) -> Table:
    """What was erased, oldest first; the text is in nothing that could be shown."""
    table = _table("erasures", lang)
    for one in found:
        table.add_row(
            _time(one.at),
            one.event_id[:12],
            one.field,
            Text(flatten(names.get(one.reviewer, one.reviewer))),
            Text(flatten(one.reason)),
        )
    return table


def agreement_table(rows: Sequence[Agreement], *, lang: Language) -> Table:
    """Agreement per month and field; the last column says where there are too few pairs."""
    table = _table("agreement", lang)
    for row in rows:
        figures = [f"{row.share:.0%}" if row.share is not None else "–"]
        figures += ["–" if value is None else f"{value:.2f}" for value in (row.kappa, row.alpha)]
        table.add_row(row.month, _field(row.field, lang), str(row.n), *figures, _WORDS[lang]["few"] * row.few)
    return table


def disagreements_table(found: Sequence[Disagreement], *, names: Mapping[str, str], lang: Language) -> Table:
    """What waits for an adjudication."""
    table = _table("disagreements", lang)
    for item in found:
        sides = []
        for event in (item.first, item.second):
            sides += [Text(said(event.new, lang)), Text(flatten(names.get(event.reviewer, event.reviewer)))]
        table.add_row(item.incident_id, ", ".join(item.fields), *sides)
    return table


def reviewers_table(accounts: Sequence[Reviewer], *, lang: Language) -> Table:
    """All accounts; whether there is a password, never more of it."""
    table = _table("reviewers", lang)
    for account in accounts:
        table.add_row(
            Text(flatten(account.name)),
            account.role,
            account.reviewer_id,
            _time(account.added_at),
            _WORDS[lang]["yes" if account.password_hash else "no"],
            str(account.failures),
            _time(account.locked_at) if account.locked_at else "",
        )
    return table


def recall_table(recall: Recall, *, lang: Language) -> Table:
    """What the estimate was made of."""
    table = _table("recall", lang)
    for stratum in recall.strata:
        table.add_row(
            _WORDS[lang][stratum.name],
            str(stratum.drawn),
            str(stratum.decided),
            str(stratum.cases),
            f"{stratum.documents:.0f}",
            f"{stratum.estimated:.0f}",
        )
    return table


def recall_line(recall: Recall, *, lang: Language) -> str:
    """The estimate in one line, or why there is none."""
    if recall.recall is None or recall.low is None or recall.high is None:
        return _WORDS[lang][recall.problem]
    shares = {"value": recall.recall, "low": recall.low, "high": recall.high}
    return _WORDS[lang]["caught"].format(
        confidence=CONFIDENCE, **{name: f"{share:.0%}" for name, share in shares.items()}
    )


def said(decision: Decision | None, lang: Language) -> str:
    """A decision in one line of words."""
    if decision is None:
        return _WORDS[lang]["undone"]
    parts = [_WORDS[lang][decision.decision], *(word(name, lang) for name in decision.types)]
    parts += [flatten(text) for text in (word(decision.actor, lang), decision.note) if text]
    return "; ".join(parts)


def _table(title: str, lang: Language) -> Table:
    table = Table()
    for name in _WORDS[lang][title].split("|"):
        table.add_column(name)
    return table


def _field(field: str, lang: Language) -> str:
    kind, _, name = field.partition(":")
    return f"{kind}: {word(name, lang)}" if name else kind


def _time(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
