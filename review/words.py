"""The words that an analyst sees, Indonesian first, English by choice.

Promises: every value of the codebook has a word in both languages (tested); an act is always called
*dugaan* (alleged). Never does: state guilt or a sanction as a fact of ours.
"""

from typing import Literal

from store.records import Origin

Language = Literal["id", "en"]

HEADERS: dict[Language, dict[str, str]] = {
    "id": {
        "decision": "keputusan",
        "decided_type": "jenis",
        "actor": "pelaku",
        "note": "catatan",
        "reviewer": "peninjau",
        "incident_id": "id_kejadian",
        "n_documents": "jumlah_artikel",
        "n_copies": "jumlah_salinan",
        "night": "malam",
        "published": "waktu_terbit",
        "sources": "sumber",
        "link": "tautan",
        "title": "judul",
        "evidence": "bukti",
        "types": "dugaan_jenis",
        "position": "dugaan_jabatan",
        "region": "wilayah",
        "stage": "tahap",
        "process": "proses",
        "score": "skor_persen",
        "model": "versi_model",
        "text_hash": "sidik_teks",
        "event": "versi_keputusan",
    },
    "en": {
        "decision": "decision",
        "decided_type": "type",
        "actor": "actor",
        "note": "note",
        "reviewer": "reviewer",
        "incident_id": "incident_id",
        "n_documents": "articles",
        "n_copies": "copies",
        "night": "night",
        "published": "published",
        "sources": "sources",
        "link": "link",
        "title": "title",
        "evidence": "evidence",
        "types": "alleged_types",
        "position": "alleged_position",
        "region": "region",
        "stage": "stage",
        "process": "process",
        "score": "score_percent",
        "model": "model_version",
        "text_hash": "text_hash",
        "event": "decision_version",
    },
}

#: First column of a sheet for people outside; by this header `import` knows one that comes back.
SHARED_MARK: dict[Language, str] = {"id": "lembar_dibagikan", "en": "shared_sheet"}
#: What people typed, and what only an import needs.
_NOT_SHARED = ("note", "reviewer", "text_hash", "event")


def shared_headers(lang: Language) -> dict[str, str]:
    """The headers of a sheet for people outside by the names of HEADERS; first the mark, as "shared"."""
    rest = {name: header for name, header in HEADERS[lang].items() if name not in _NOT_SHARED}
    return {"shared": SHARED_MARK[lang]} | rest


WORDS: dict[Language, dict[str, str]] = {
    "id": {
        "banner": "memasang spanduk/baliho",
        "online_campaign": "kampanye di media sosial",
        "engage": "suka/komentar/bagikan di media sosial",
        "photo_symbol": "foto bersama/simbol dukungan",
        "attend_active": "hadir dan aktif dalam deklarasi/kampanye",
        "spouse_no_leave": "mendampingi pasangan tanpa cuti",
        "party_approach": "pendekatan ke partai/mencalonkan diri",
        "party_member": "anggota/pengurus partai",
        "partisan_activity": "kegiatan yang berpihak",
        "mobilise": "mengerahkan/mengarahkan orang",
        "team": "masuk tim kampanye",
        "id_support": "surat dukungan/fotokopi KTP",
        "partisan_decision": "keputusan yang menguntungkan/merugikan calon",
        "state_facility": "memakai fasilitas negara",
        "other": "bentuk lain",
        "pre": "sebelum penetapan calon",
        "post": "setelah penetapan calon",
        "unknown": "belum diketahui",
        "rumor": "informasi awal",
        "report": "laporan/temuan",
        "clarification": "klarifikasi",
        "forwarded": "diteruskan",
        "recommendation": "rekomendasi",
        "sanction": "sanksi diberitakan",
        "verdict": "putusan diberitakan",
        "cleared": "dinyatakan tidak terbukti/dihentikan",
        "jpt": "pimpinan tinggi (sekda/kepala dinas/setara)",
        "pj_head": "penjabat kepala daerah",
        "camat_lurah": "camat/lurah",
        "school_health": "pendidikan/kesehatan",
        "other_asn": "ASN lain",
        "unspecified": "ASN (jabatan tidak disebut)",
    },
    "en": {
        "banner": "banners or billboards",
        "online_campaign": "campaigning online",
        "engage": "like/comment/share",
        "photo_symbol": "photo or symbol of support",
        "attend_active": "active at a declaration or campaign",
        "spouse_no_leave": "joins spouse's campaign without leave",
        "party_approach": "approaches parties or declares candidacy",
        "party_member": "party member or officer",
        "partisan_activity": "partisan activity",
        "mobilise": "mobilises people",
        "team": "in a campaign team",
        "id_support": "support letter or identity-card copies",
        "partisan_decision": "decision for or against a side",
        "state_facility": "uses state facilities",
        "other": "other form",
        "pre": "before candidates are fixed",
        "post": "after candidates are fixed",
        "unknown": "not known",
        "rumor": "first information",
        "report": "report or finding",
        "clarification": "clarification",
        "forwarded": "forwarded",
        "recommendation": "recommendation",
        "sanction": "sanction reported",
        "verdict": "verdict reported",
        "cleared": "reported as cleared or stopped",
        "jpt": "senior official (regional secretary, head of agency)",
        "pj_head": "acting head of region",
        "camat_lurah": "head of district or ward",
        "school_health": "school or health",
        "other_asn": "other ASN",
        "unspecified": "ASN (position not told)",
    },
}

#: What a reviewer says of an incident; each is a statement about the text, never about guilt.
DECISION_WORDS: dict[Language, dict[str, str]] = {
    "id": {"case": "pelanggaran", "none": "bukan", "unsure": "ragu"},
    "en": {"case": "violation", "none": "none", "unsure": "unsure"},
}

#: What stands before the types, so that a row read alone still says what it is.
ALLEGED: dict[Language, str] = {"id": "dugaan", "en": "alleged"}

#: Stands behind the sources of a text that looking back has brought, and says why it is an old one.
BROUGHT: dict[Language, dict[Origin, str]] = {
    "id": {"night": "", "walk": " (dari daftar hari lampau)", "import": " (dari arsip)"},
    "en": {"night": "", "walk": " (from lists of past days)", "import": " (from an archive)"},
}

OUTCOMES: dict[Language, dict[str, str]] = {
    "id": {
        "ok": "baik",
        "unchanged": "tidak ada yang baru",
        "empty": "kosong",
        "blocked": "diblokir",
        "challenge": "halaman tantangan",
        "robots": "dilarang robots.txt",
        "rate_limited": "dibatasi",
        "malformed": "rusak",
        "encoding": "salah enkode",
        "layout_changed": "tata letak berubah",
        "unavailable": "layanan tidak tersedia",
        "unauthorised": "kredensial ditolak",
        "timeout": "tidak menjawab",
        "error": "galat",
    },
    "en": {
        "ok": "ok",
        "unchanged": "nothing new",
        "empty": "empty",
        "blocked": "blocked",
        "challenge": "challenge page",
        "robots": "disallowed by robots.txt",
        "rate_limited": "rate limited",
        "malformed": "malformed",
        "encoding": "wrong encoding",
        "layout_changed": "layout changed",
        "unavailable": "service not available",
        "unauthorised": "credentials refused",
        "timeout": "timeout",
        "error": "error",
    },
}

#: What an operator does about an outcome; nothing for the good ones.
NEXT_STEPS: dict[Language, dict[str, str]] = {
    "id": {
        "ok": "",
        "unchanged": "",
        "empty": "buka situsnya: apakah umpannya pindah?",
        "blocked": "surati penerbit; jangan menyamar",
        "challenge": "pakai umpan lain, atau lepas sumber ini",
        "robots": "hormati robots.txt; surati penerbit",
        "rate_limited": "naikkan delay_s, kurangi entries",
        "malformed": "periksa alamat entri di manifes",
        "encoding": "beri tahu penerbit",
        "layout_changed": "simpan satu halaman, perbaiki [selectors]",
        "unavailable": "isi kredensial layanan, atau tunggu",
        "unauthorised": "perbarui kredensial",
        "timeout": "lihat lagi besok",
        "error": "baca sebabnya; galat 5xx sering reda sendiri",
    },
    "en": {
        "ok": "",
        "unchanged": "",
        "empty": "open the site: has its feed moved?",
        "blocked": "write to the publisher; no disguise",
        "challenge": "use another feed, or drop the source",
        "robots": "respect robots.txt; write to the publisher",
        "rate_limited": "raise delay_s, use fewer entries",
        "malformed": "check the entry's address in the manifest",
        "encoding": "tell the publisher",
        "layout_changed": "save a page, mend [selectors]",
        "unavailable": "set the service's credentials, or wait",
        "unauthorised": "renew the credentials",
        "timeout": "look again tomorrow",
        "error": "read the reason; a 5xx often passes by itself",
    },
}


def word(value: str, lang: Language) -> str:
    """The analyst's word for a codebook value; an unknown value is shown as it is."""
    return WORDS[lang].get(value, value)
