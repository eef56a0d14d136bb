"""Requests for correction in words: the table of them, and who waits longer than the law gives.

Promises: nothing of a requester but the kind and the number of the letter; the same lines in `status` and in
`corrections list`. Never does: read a clock.
"""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from review.sheet import flatten, format_moment
from review.words import Language
from store.corrections import CorrectionRequest

_WORDS: dict[Language, dict[str, str]] = {
    "id": {
        "title": "Permintaan koreksi",
        "columns": "nomor|kejadian|dari|perihal|surat|diterima|batas 3x24 jam|hasil",
        "open": "terbuka, dijeda",
        "upheld": "diterima",
        "refused": "ditolak",
        "late": "Permintaan koreksi {number} ({incident}) lewat 3x24 jam sejak {received}: belum diputuskan. "
        "Putuskan: corrections decide {number} --outcome upheld|refused --reviewer NAMA",
    },
    "en": {
        "title": "Requests for correction",
        "columns": "number|incident|from|about|letter|received|due after 3x24 h|outcome",
        "open": "open, paused",
        "upheld": "upheld",
        "refused": "refused",
        "late": "Request for correction {number} ({incident}) is undecided more than 3x24 hours after "
        "{received}. Decide it: corrections decide {number} --outcome upheld|refused --reviewer NAME",
    },
}


def corrections_table(requests: Sequence[CorrectionRequest], lang: Language) -> Table:
    """One line for each request, in the order given."""
    words = _WORDS[lang]
    table = Table(title=words["title"], title_justify="left")
    for name in words["columns"].split("|"):
        table.add_column(name)
    for one in requests:
        table.add_row(
            str(one.number),
            Text(flatten(one.incident_id)),
            one.requester,
            one.matter,
            Text(flatten(one.reference)),
            format_moment(one.received_at),
            format_moment(one.due_at),
            words[one.outcome or "open"],
        )
    return table


def overdue_lines(late: Sequence[CorrectionRequest], lang: Language) -> list[str]:
    """One sentence for each overdue request, with the next step."""
    return [
        _WORDS[lang]["late"].format(
            number=one.number, incident=one.incident_id, received=format_moment(one.received_at)
        )
        for one in late
    ]
