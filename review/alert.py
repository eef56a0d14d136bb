"""The message to the operator when a night has stopped: what its end means, and what to do.

Promises: it tells the exit code's meaning in the words of docs/operator.md and where the details are.
Never does: hold a text of a document, or a line of a log.
"""

from datetime import date
from pathlib import Path

from review.deliver import Message
from review.words import Language
from store.ledger import Run

_SUBJECT: dict[Language, str] = {
    "id": "Netra: malam {night} berhenti ({end})",
    "en": "Netra: night {night} has stopped ({end})",
}
_ENDS: dict[Language, dict[str, tuple[str, str]]] = {
    "id": {
        "2": (
            "kode 2: pemakaian atau pengaturan keliru",
            "Baca pesannya di log; ia menyebut berkas dan langkahnya.",
        ),
        "4": ("kode 4: berhenti oleh galat", "Jalankan lagi perintah yang sama; tidak ada yang hilang."),
        "other": (
            "{code}",
            "Proses dihentikan dari luar (memori, waktu, mesin). Jalankan lagi; tidak ada yang hilang.",
        ),
    },
    "en": {
        "2": (
            "code 2: wrong use or configuration",
            "Read the message in the log; it names file and next step.",
        ),
        "4": ("code 4: stopped by an error", "Run the same command again; nothing is lost."),
        "other": (
            "{code}",
            "The process was ended from outside (memory, time, machine). Run it again; nothing is lost.",
        ),
    },
}
_LINES: dict[Language, str] = {
    "id": "Perintah terakhir di buku jalan: {last}.\nLog: {log}\nRincian galat: {error_file}",
    "en": "Last command in the ledger: {last}.\nLog: {log}\nDetails of the error: {error_file}",
}
_RUN: dict[Language, tuple[str, str, str]] = {
    "id": (
        "belum ada",
        "{command} untuk malam {night}, kode {code}",
        "{command} untuk malam {night}, tidak selesai",
    ),
    "en": ("none yet", "{command} of night {night}, code {code}", "{command} of night {night}, not ended"),
}


def make_alert(
    code: str, *, night: date, last: Run | None, log: str, error_file: Path, lang: Language
) -> Message:
    """The alert for a night that ended with `code`: an exit code, or a word such as "signal 9"."""
    ends = _ENDS[lang]
    meaning, step = ends.get(code, ends["other"])
    subject = _SUBJECT[lang].format(night=night, end=meaning.format(code=code))
    lines = _LINES[lang].format(last=_run(last, lang), log=log, error_file=error_file)
    data = {"event": "netra.alert", "night": night.isoformat(), "code": code, "subject": subject}
    return Message(subject, f"{subject}\n\n{step}\n\n{lines}\n", data)


def _run(last: Run | None, lang: Language) -> str:
    nothing, ended, unended = _RUN[lang]
    if last is None:
        return nothing
    form = unended if last.ended_at is None else ended
    return form.format(command=last.command, night=last.night, code=last.exit_code)
