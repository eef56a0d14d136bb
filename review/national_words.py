"""The words of the national picture, Indonesian first.

Promises: both languages have the same keys (tested); an incident is alleged, a sanction is one that a text
reports. Never does: state guilt, or a sanction as a fact of ours.
"""

from collections.abc import Mapping
from typing import Final

from review.words import Language

NATIONAL: Final[Mapping[Language, Mapping[str, str]]] = {
    "id": {
        "heading": "Gambaran nasional",
        "period": "Malam {0} sampai {1}",
        "rate_map": "Teks yang ditandai per 1.000 teks terkumpul, menurut provinsi",
        "reading": (
            "Angka ini adalah pemberitaan yang ditandai, bukan jumlah pelanggaran. Teks dihitung menurut "
            "tempat di awal beritanya, dan bila tidak disebut, menurut wilayah medianya; kejadian dihitung "
            "menurut wilayah perbuatan yang diduga."
        ),
        "few": "terlalu sedikit",
        "few_text": "Kurang dari {0} teks terkumpul: angka per 1.000 tidak ditampilkan.",
        "gap_text": "Petak bergaris putus-putus: celah liputan; sedikit tanda belum tentu sedikit kejadian.",
        "whole": "Seluruh Indonesia",
        "nowhere": "tanpa wilayah",
        "region": "wilayah",
        "province": "provinsi",
        "items": "teks terkumpul",
        "flagged": "ditandai",
        "rate": "ditandai per 1.000",
        "low": "batas bawah 95%",
        "high": "batas atas 95%",
        "interval": "selang 95%",
        "incidents": "kejadian (dugaan)",
        "open": "belum ada hasil setelah {0} hari",
        "old": "berumur {0} hari atau lebih",
        "of": "{0} dari {1}",
        "sanctions": "sanksi diberitakan",
        "verdicts": "putusan diberitakan",
        "cleared": "diberitakan tidak terbukti/dihentikan",
        "normative": "teks imbauan atau ikrar (batas bawah)",
        "sources": "sumber",
        "working": "sumber yang bekerja",
        "gap": "celah liputan",
        "no_source": "tidak ada sumber",
        "none_working": "tidak ada sumber yang bekerja 14 malam terakhir",
        "no_items": "tidak ada teks dari wilayah ini",
        "no_gap": "",
        "provinces": "Provinsi",
        "regencies": "Kabupaten dan kota: {0}",
        "choose": "Pilih provinsi untuk melihat kabupaten dan kotanya.",
        "gaps": "Celah liputan",
        "gaps_count": "{0} provinsi serta {1} kabupaten dan kota",
        "months": "Jabatan dan jenis menurut bulan terbit ({0} bulan terakhir)",
        "month": "bulan",
        "kind": "perihal",
        "value": "isi",
        "position": "dugaan jabatan",
        "type": "dugaan jenis",
        "prevention": "pencegahan",
        "count": "jumlah",
    },
    "en": {
        "heading": "National picture",
        "period": "Nights {0} to {1}",
        "rate_map": "Texts flagged per 1,000 texts collected, by province",
        "reading": (
            "These figures are reports that were flagged, not breaches. Texts are counted by the place that "
            "their dateline names, else by the region of their outlet; incidents by the region of the "
            "alleged act."
        ),
        "few": "too few",
        "few_text": "Fewer than {0} texts collected: no figure per 1,000 is shown.",
        "gap_text": "Tiles with a dashed line: a gap in coverage; few flags do not mean few incidents.",
        "whole": "All of Indonesia",
        "nowhere": "no region",
        "region": "region",
        "province": "province",
        "items": "texts collected",
        "flagged": "flagged",
        "rate": "flagged per 1,000",
        "low": "low end, 95%",
        "high": "high end, 95%",
        "interval": "95% interval",
        "incidents": "incidents (alleged)",
        "open": "no outcome after {0} days",
        "old": "{0} days old or more",
        "of": "{0} of {1}",
        "sanctions": "sanctions reported",
        "verdicts": "verdicts reported",
        "cleared": "reported as cleared or stopped",
        "normative": "exhortations and pledges (lower bound)",
        "sources": "sources",
        "working": "sources that work",
        "gap": "gap in coverage",
        "no_source": "no source",
        "none_working": "no source that worked in the last 14 nights",
        "no_items": "no text from this region",
        "no_gap": "",
        "provinces": "Provinces",
        "regencies": "Kabupaten and kota: {0}",
        "choose": "Choose a province to see its kabupaten and kota.",
        "gaps": "Gaps in coverage",
        "gaps_count": "{0} provinces, and {1} kabupaten and kota",
        "months": "Positions and types by month of publication (last {0} months)",
        "month": "month",
        "kind": "of what",
        "value": "value",
        "position": "alleged position",
        "type": "alleged type",
        "prevention": "prevention",
        "count": "how many",
    },
}


def gap_word(gap: str, lang: Language) -> str:
    """Why nothing may be seen of a region, in words; "" where there is no gap."""
    return NATIONAL[lang][gap or "no_gap"]
