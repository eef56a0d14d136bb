"""What is said of a row of a sheet that came back, in both languages.

Promises: every problem has a text in both (tested); what is accepted is named. Never does: decide.
"""

from typing import Literal

from review.words import Language

Problem = Literal[
    "formula",
    "too_long",
    "unknown_incident",
    "decision",
    "decision_missing",
    "type",
    "types_without_case",
    "reviewer_missing",
    "reviewer_unknown",
    "reviewer_reader",
    "long",
    "link",
    "twice",
    "hash_broken",
    "event_broken",
    "text_changed",
    "model_changed",
    "decided_since",
    "undone_since",
    "erased",
    "refused",
]

PROBLEMS: dict[Language, dict[Problem, str]] = {
    "id": {
        "formula": "sel ini berisi rumus; tulis isinya sebagai teks",
        "too_long": "ada sel di luar kolom terakhir; mungkin ada pemisah di dalam teks tanpa tanda petik",
        "unknown_incident": "tidak ada kejadian dengan nomor ini; jangan ubah kolom ini",
        "decision": "yang diterima: {accepted}",
        "decision_missing": "kolom lain sudah diisi, keputusan belum; yang diterima: {accepted}",
        "type": "yang diterima, dipisah titik koma: {accepted}",
        "types_without_case": "jenis hanya untuk {accepted}; kosongkan jenis atau ubah keputusan",
        "reviewer_missing": "peninjau belum diisi; isi kolom ini, atau beri --reviewer NAMA",
        "reviewer_unknown": "peninjau tidak terdaftar; yang terdaftar: {accepted}",
        "reviewer_reader": "akun ini hanya boleh membaca; yang boleh memutuskan: {accepted}",
        "long": "lebih dari {accepted} huruf",
        "link": "tautan ini bukan milik kejadian di baris ini; mungkin hanya sebagian kolom yang diurutkan",
        "twice": "kejadian ini ada juga di baris {accepted} dengan isi lain; sisakan satu",
        "hash_broken": "sidik teks hilang atau rusak; ekspor ulang lembarnya",
        "event_broken": "versi keputusan hilang atau rusak; ekspor ulang lembarnya",
        "text_changed": "teksnya berubah sejak lembar ini diekspor; baca lagi di lembar baru",
        "model_changed": "modelnya lain sejak lembar ini diekspor (sekarang {accepted}); lihat lembar baru",
        "decided_since": "sesudah lembar ini diekspor sudah diputuskan: {accepted}",
        "undone_since": "sesudah lembar ini diekspor keputusannya dibatalkan; lihat lembar baru",
        "erased": "teksnya sudah dihapus dan tidak kembali lewat lembar; tulis yang baru di halaman telaah",
        "refused": "{accepted}",
    },
    "en": {
        "formula": "this cell holds a formula; write its content as text",
        "too_long": "cells beyond the last column; there may be a separator in a text without quotes",
        "unknown_incident": "there is no incident with this number; leave this column as it is",
        "decision": "accepted: {accepted}",
        "decision_missing": "other columns are filled in, the decision is not; accepted: {accepted}",
        "type": "accepted, with semicolons between: {accepted}",
        "types_without_case": "types are for {accepted} only; clear the type, or change the decision",
        "reviewer_missing": "no reviewer; fill in this column, or give --reviewer NAME",
        "reviewer_unknown": "this reviewer is not known; known: {accepted}",
        "reviewer_reader": "this account may only read; those who may decide: {accepted}",
        "long": "more than {accepted} characters",
        "link": "this link is not that of the row's incident; perhaps only some columns were sorted",
        "twice": "this incident stands in row {accepted} as well, filled in otherwise; leave one",
        "hash_broken": "the text hash is missing or broken; export the sheet anew",
        "event_broken": "the decision version is missing or broken; export the sheet anew",
        "text_changed": "its text has changed since this sheet was exported; read it again in a new sheet",
        "model_changed": "another model since this sheet was exported (now {accepted}); see a new sheet",
        "decided_since": "decided after this sheet was exported: {accepted}",
        "undone_since": "its decision was taken back after this sheet was exported; see a new sheet",
        "erased": "its text was erased and comes back by no sheet; write a new one on the review page",
        "refused": "{accepted}",
    },
}

OUTCOME_WORDS: dict[Language, dict[str, str]] = {
    "id": {
        "new": "baru",
        "same": "sudah tercatat",
        "blank": "belum diputuskan",
        "error": "salah isi",
        "conflict": "bertentangan",
    },
    "en": {
        "new": "new",
        "same": "known already",
        "blank": "not decided",
        "error": "wrong",
        "conflict": "in conflict",
    },
}

LINES: dict[Language, dict[str, str]] = {
    "id": {
        "row": "baris",
        "would": "Uji coba, tidak ada yang disimpan.",
        "nothing": "Tidak ada yang disimpan: --all-or-nothing dan ada baris yang ditolak.",
        "extra": "kolom yang tidak dikenal dan tidak dibaca: {0}",
        "changed": "kolom {0} berbeda dari basis data pada baris {1}; kolom mesin tidak dibaca",
        "empty": "(kosong)",
        "workload": "Beban kerja: {0} kejadian dan {1} audit per malam (rata-rata {2} malam); menunggu: {3}.",
    },
    "en": {
        "row": "row",
        "would": "Dry run, nothing was stored.",
        "nothing": "Nothing was stored: --all-or-nothing, and rows were refused.",
        "extra": "columns that are not known and not read: {0}",
        "changed": "column {0} differs from the database in row {1}; machine columns are not taken",
        "empty": "(empty)",
        "workload": "Workload: {0} incidents and {1} audit rows a night (mean of {2} nights); waiting: {3}.",
    },
}
