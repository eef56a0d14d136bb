"""Takes personal numbers, mail addresses and names of minors out of a document before it is stored.

Promises: NIK, NIP, telephone numbers, mail addresses and names of minors become fixed Indonesian marks; a
text without them comes back unchanged; masking twice changes nothing more; time grows linearly with the text.
Never does: touch the sealed archive, look a number up, or mask initials (the press gives them to protect).
"""

import re
from collections import Counter
from typing import Final

#: The mark that takes the place of each kind.
MARKS: Final = {
    "nik": "[NIK]",
    "nip": "[NIP]",
    "phone": "[nomor telepon]",
    "mail": "[surel]",
    "minor": "[nama anak]",
}
#: Below this age a person is a child: UU 35/2014, article 1.
ADULT: Final = 18

_GAP = r"[ .\-]?"
_MONTH = rf"(?:0{_GAP}[1-9]|1{_GAP}[0-2])"
# Province codes of the ministry of home affairs, Papua's of 2022 too.
_PROVINCE = (
    rf"(?:1{_GAP}[1-9]|2{_GAP}1|3{_GAP}[1-6]|5{_GAP}[1-3]|6{_GAP}[1-5]|7{_GAP}[1-6]|8{_GAP}[12]|9{_GAP}[1-7])"
)
# The day of birth, 40 more for women.
_DAY_40 = rf"(?:[04]{_GAP}[1-9]|[1256]{_GAP}\d|[37]{_GAP}[01])"
_DAY = rf"(?:0{_GAP}[1-9]|[12]{_GAP}\d|3{_GAP}[01])"
# After a slash or a sign of equality stands the number of a page, not of a person.
_HEAD = r"(?<![\w/=])(?<!\d[.,\-])"
_TAIL = r"(?![\d/])(?![.,\-]\d)"
_NIK = re.compile(
    rf"{_HEAD}{_PROVINCE}(?:{_GAP}\d){{4}}{_GAP}{_DAY_40}{_GAP}{_MONTH}(?:{_GAP}\d){{6}}{_TAIL}", re.ASCII
)
_NIP = re.compile(
    rf"{_HEAD}(?:1{_GAP}9{_GAP}[4-9]|2{_GAP}0{_GAP}[01]){_GAP}\d{_GAP}{_MONTH}{_GAP}{_DAY}"
    # Contract staff have a TMT month above 12.
    rf"{_GAP}(?:1{_GAP}9|2{_GAP}0)(?:{_GAP}\d){{2}}{_GAP}[0-2]{_GAP}\d{_GAP}[12](?:{_GAP}\d){{3}}{_TAIL}",
    re.ASCII,
)
#: Sums and vote counts group by three; no identity number is written so.
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_SEP = r"[ .\-–]{0,2}"
_PHONE = re.compile(
    r"(?<![\w/+=])(?<!\d[.,\-])(?:"
    rf"(?:\(?\+62\)?{_SEP}(?:\(0\){_SEP})?|0062{_SEP}|62|0)8{_SEP}[1-9](?:{_SEP}\d){{7,10}}"
    rf"|\(?\+62\)?{_SEP}\(?[2-79]\d{{1,2}}\)?(?:{_SEP}\d){{6,8}}"
    rf"|\(0[2-79]\d{{1,2}}\){_SEP}\d(?:{_SEP}\d){{5,7}}"
    r"|0[2-79]\d{1,2} ?- ?\d{5,8}"
    r"|(?:(?<=telp )|(?<=telp\. )|(?<=telp: )|(?<=telepon )|(?<=telepon: ))0[2-79]\d(?:[ \-]?\d){5,9}"
    rf"){_TAIL}",
    re.ASCII | re.IGNORECASE,
)
# The lookbehind starts each try at the head of a word, which keeps the search linear.
_MAIL = re.compile(
    r"(?<![\w.+\-])([\w.+\-]{1,64})@((?:[\w\-]{1,63}\.){1,5}[a-z]{2,24})(?![\w\-])", re.IGNORECASE
)
#: Mailboxes of an office, not of a person: readable on state domains, since they identify an institution.
_OFFICES = frozenset(
    [
        "humas",
        "info",
        "informasi",
        "ppid",
        "pengaduan",
        "lapor",
        "sekretariat",
        "setda",
        "kontak",
        "layanan",
        "persuratan",
        "admin",
    ]
)
_STATE_DOMAINS = (".go.id", ".mil.id")

_WORD = r"[A-Z][A-Za-z'’]{1,24}"
_NAME = rf"(?<![\w'’\]])({_WORD}(?: {_WORD}){{0,5}})"
_MINOR = re.compile(
    rf"{_NAME}(?: \((\d{{1,2}})(?: ?(?:tahun|thn|th)\.?)?\)"
    r"|,? (?:yang )?(?:masih )?(?:berusia|berumur|usia|umur) (\d{1,2}) (?:tahun|thn|th)\b"
    r"|, (\d{1,2}) (?:tahun|thn|th)(?=[,.;)]))"
)
_ANY_WORD = re.compile(r"(?<![\w\[])[A-Z][A-Za-z'’]{1,24}(?!\w)")
_DOUBLED = re.compile(r"\[nama anak\](?: \[nama anak\])+")
#: Words before a name that are no part of it.
_ROLES = frozenset(
    [
        "Korban",
        "Siswa",
        "Siswi",
        "Pelajar",
        "Anak",
        "Remaja",
        "Bocah",
        "Santri",
        "Santriwati",
        "Murid",
        "Gadis",
        "Putri",
        "Putra",
        "Seorang",
        "Pelaku",
        "Saksi",
        "Sementara",
        "Sedangkan",
        "Menurut",
        "Kepada",
        "Ketika",
        "Saat",
        "Namun",
        "Dan",
        "Adik",
        "Kakak",
        "Balita",
        "Bernama",
        "Inisial",
        "Almarhum",
        "Almarhumah",
        "Sekolah",
        "Kelas",
        "Oleh",
        "Bersama",
        "Dengan",
        "Yang",
        "Ada",
        "Adalah",
        "Antara",
        "Terhadap",
    ]
)
#: A name before a number in brackets with one of these is a law, a day or a count of seats, not a child.
_NO_CHILD = frozenset(
    [
        "Pasal",
        "Ayat",
        "Huruf",
        "Angka",
        "Bab",
        "Butir",
        "Nomor",
        "No",
        "Lampiran",
        "Tabel",
        "Gambar",
        "Senin",
        "Selasa",
        "Rabu",
        "Kamis",
        "Jumat",
        "Jum'at",
        "Sabtu",
        "Minggu",
        "Ahad",
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
        "Partai",
        "Golkar",
        "Gerindra",
        "Nasdem",
        "NasDem",
        "Demokrat",
        "Hanura",
        "Perindo",
        "Gelora",
        "Garuda",
        "Buruh",
        "Ummat",
        "Kabupaten",
        "Kota",
        "Kecamatan",
        "Provinsi",
        "Kelurahan",
        "Desa",
        "Dapil",
        "Komisi",
        "Fraksi",
        "TPS",
        "Zona",
        "Wilayah",
        "Grup",
        "Liga",
        "Peringkat",
        "Undang",
        "Peraturan",
        "Jalan",
        "Dinas",
        "Badan",
        "Kantor",
        "Bawaslu",
        "Panwaslu",
        "Indonesia",
        "Jawa",
        "Sumatera",
        "Sulawesi",
        "Kalimantan",
        "Papua",
        "Bali",
        "Maluku",
        "Poin",
        "Video",
        "Sumber",
        "Referensi",
        "Program",
        "Pilkada",
        "Pemilu",
        "Tahap",
        "Gelombang",
        "Edisi",
        "Seri",
        "Jilid",
        "Halaman",
        "Paslon",
        "Urut",
        "Calon",
    ]
)


def mask_fields(*fields: str) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the fields of one document masked, and how many items of each kind of `MARKS` went.

    Fields belong together: a child named with an age in one is masked wherever the name stands in the others.
    """
    counts: Counter[str] = Counter()
    clean = [_numbers(field, counts) for field in fields]
    names = {word for field in clean for word in _child_words(field)}
    if names:
        clean = [_without(field, names, counts) for field in clean]
    return tuple(clean), dict(counts)


def mask_text(text: str) -> str:
    """Return one text masked, as `mask_fields` does."""
    return mask_fields(text)[0][0]


def _numbers(text: str, counts: Counter[str]) -> str:
    def mail(match: re.Match[str]) -> str:
        if match[1].lower() in _OFFICES and match[2].lower().endswith(_STATE_DOMAINS):
            return match[0]
        counts["mail"] += 1
        return MARKS["mail"]

    text = _MAIL.sub(mail, text)
    for kind, pattern in (("nip", _NIP), ("nik", _NIK), ("phone", _PHONE)):

        def hide(match: re.Match[str], kind: str = kind) -> str:
            if _THOUSANDS.fullmatch(match[0]):
                return match[0]
            counts[kind] += 1
            return MARKS[kind]

        text = pattern.sub(hide, text)
    return text


def _child_words(text: str) -> set[str]:
    """Give the words of the names that stand with an age of a child; initials in capitals are left out."""
    found: set[str] = set()
    for match in _MINOR.finditer(text):
        if not 0 < int(match[2] or match[3] or match[4]) < ADULT:
            continue
        words = match[1].split()
        if _NO_CHILD.isdisjoint(words):
            found.update(word for word in words if not word.isupper() and word not in _ROLES)
    return found


def _without(text: str, names: set[str], counts: Counter[str]) -> str:
    def hide(match: re.Match[str]) -> str:
        # A headline may have the name in capitals.
        return MARKS["minor"] if match[0] in names or match[0].capitalize() in names else match[0]

    masked = _ANY_WORD.sub(hide, text)
    masked = _DOUBLED.sub(MARKS["minor"], masked)
    counts["minor"] += masked.count(MARKS["minor"]) - text.count(MARKS["minor"])
    return masked
