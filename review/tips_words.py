"""What is said of a list of tips and of its rows, in both languages.

Promises: every column has a header and a word on what it accepts in both languages (tested).
Never does: decide.
"""

from typing import Final, Literal

from review.words import Language

Column = Literal[
    "tip_id", "received", "text", "place", "link", "consent_keep", "consent_contact", "keep_until"
]
Problem = Literal["formula", "too_long", "value", "twice"]
#: What became of a row; "new" to "terms" are in the store, the others are not.
Outcome = Literal["new", "revised", "same", "terms", "no_consent", "expired", "withdrawn", "error"]

HEADERS: Final[dict[Language, dict[Column, str]]] = {
    "id": {
        "tip_id": "id_tips",
        "received": "waktu_terima",
        "text": "teks",
        "place": "tempat",
        "link": "tautan",
        "consent_keep": "izin_simpan",
        "consent_contact": "izin_hubungi",
        "keep_until": "simpan_sampai",
    },
    "en": {
        "tip_id": "tip_id",
        "received": "received",
        "text": "text",
        "place": "place",
        "link": "link",
        "consent_keep": "consent_keep",
        "consent_contact": "consent_contact",
        "keep_until": "keep_until",
    },
}
ACCEPTED: Final[dict[Language, dict[Column, str]]] = {
    "id": {
        "tip_id": "paling banyak 64 huruf, angka, titik, garis, garis miring; mulai dengan huruf atau angka",
        "received": "2026-03-04 atau 04/03/2026 (hari lebih dulu), boleh dengan jam 09:11 dan zona "
        "WIB, WITA, WIT; tidak di masa depan",
        "text": "isi laporan; tidak boleh kosong",
        "place": "paling banyak 200 huruf",
        "link": "alamat http:// atau https://, atau kosong",
        "consent_keep": "ya, tidak",
        "consent_contact": "ya, tidak",
        "keep_until": "2026-09-04 atau 04/09/2026 (hari lebih dulu)",
    },
    "en": {
        "tip_id": "at most 64 letters, digits, dots, dashes and slashes, with a letter or digit first",
        "received": "2026-03-04 or 04/03/2026 (day first), with 09:11 and WIB, WITA, WIT if known; "
        "not in future",
        "text": "what was reported; not empty",
        "place": "at most 200 characters",
        "link": "an address with http:// or https://, or nothing",
        "consent_keep": "yes, no",
        "consent_contact": "yes, no",
        "keep_until": "2026-09-04 or 04/09/2026 (day first)",
    },
}
PROBLEMS: Final[dict[Language, dict[Problem, str]]] = {
    "id": {
        "formula": "sel ini berisi rumus; tulis isinya sebagai teks",
        "too_long": "ada sel di luar kolom terakhir; mungkin ada pemisah di dalam teks tanpa tanda petik",
        "value": "yang diterima: {0}",
        "twice": "nomor ini ada juga di baris {0} dengan isi lain; sisakan satu",
    },
    "en": {
        "formula": "this cell holds a formula; write its content as text",
        "too_long": "cells beyond the last column; there may be a separator in a text without quotes",
        "value": "accepted: {0}",
        "twice": "this number stands in row {0} as well, filled in otherwise; leave one",
    },
}
OUTCOME_WORDS: Final[dict[Language, dict[Outcome, str]]] = {
    "id": {
        "new": "baru",
        "revised": "teks berubah",
        "same": "sudah tercatat",
        "terms": "izin atau tanggal berubah",
        "no_consent": "tanpa izin simpan, tidak disimpan",
        "expired": "lewat tanggal simpan, tidak disimpan",
        "withdrawn": "izin berakhir, dihapus oleh retensi berikutnya",
        "error": "salah isi",
    },
    "en": {
        "new": "new",
        "revised": "changed text",
        "same": "known already",
        "terms": "changed consent or date",
        "no_consent": "no consent, not stored",
        "expired": "past its date, not stored",
        "withdrawn": "consent ended, cleared by the next retention run",
        "error": "wrong",
    },
}
LINES: Final[dict[Language, dict[str, str]]] = {
    "id": {
        "row": "baris {0}, {1} {2}: {3}",
        "reporter": "kolom tentang pelapor, tidak disimpan: {0}",
        "extra": "kolom yang tidak dikenal dan tidak dibaca: {0}",
        "would": "Uji coba, tidak ada yang disimpan.",
        "nothing": "Tidak ada yang disimpan: --all-or-nothing dan ada baris yang ditolak.",
        "empty": "(kosong)",
    },
    "en": {
        "row": "row {0}, {1} {2}: {3}",
        "reporter": "columns about the reporter, not stored: {0}",
        "extra": "columns that are not known and not read: {0}",
        "would": "Dry run, nothing was stored.",
        "nothing": "Nothing was stored: --all-or-nothing, and rows were refused.",
        "empty": "(empty)",
    },
}
