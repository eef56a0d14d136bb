"""Takes personal numbers, mail addresses and names of minors out of a document before it is stored.

Promises: NIK, NIP, telephone numbers, mail addresses and names of minors become fixed Indonesian marks; a
text without them comes back unchanged; masking twice changes nothing more; time grows linearly with the text.
Never does: touch the sealed archive, look a number up, or mask initials (the press gives them to protect).
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
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


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


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
_OFFICES = _words(
    "humas info informasi ppid pengaduan lapor sekretariat setda kontak layanan persuratan admin"
)
_STATE_DOMAINS = (".go.id", ".mil.id")

# Cheap looks ahead, each true wherever a pattern below could match: most texts need no closer look. The
# shortest number masked has eight digits, with at most four signs between two of them, as in "+62) (0) 8".
_MANY_DIGITS = re.compile(r"\d(?:[ .\-–()]{0,4}\d){7}", re.ASCII)
_SOME_AGE = re.compile(r"\d ?(?:tahun|thn|th)|\(\d{1,2}\)")

_WORD = r"[A-Z][A-Za-z'’]{1,24}"
_NAME = rf"(?<![\w'’\]])({_WORD}(?: {_WORD}){{0,5}})"
_MINOR = re.compile(
    rf"{_NAME}(?: \((\d{{1,2}})(?: ?(?:tahun|thn|th)\.?)?\)"
    r"|,? (?:yang )?(?:masih )?(?:berusia|berumur|usia|umur) (\d{1,2}) (?:tahun|thn|th)\b"
    r"|, (\d{1,2}) (?:tahun|thn|th)(?=[,.;)]))"
)
# Words with capitals in a row; what is in brackets of ours is left alone.
_RUN = re.compile(r"(?<![\w\[])[A-Z][A-Za-z'’]{1,24}(?!\w)(?: [A-Z][A-Za-z'’]{1,24}(?!\w)){0,11}")
_DOUBLED = re.compile(r"\[nama anak\](?: \[nama anak\])+")
#: Words before a name that are no part of it.
_ROLES = _words(
    "Korban Siswa Siswi Pelajar Anak Remaja Bocah Santri Santriwati Murid Gadis Putri Putra Seorang"
    " Pelaku Saksi Sementara Sedangkan Menurut Kepada Ketika Saat Namun Dan Adik Kakak Balita Bernama"
    " Inisial Almarhum Almarhumah Sekolah Kelas Oleh Bersama Dengan Yang Ada Adalah Antara Terhadap Dari"
    " Lalu Kemudian Setelah Sebelum Pada Karena Kata Nama Negeri Dasar Menengah Pertama Kejuruan Warga"
    " Ketua Wakil Anggota Dia Ia Mereka"
)
#: Characters around a name in which a word of children makes a bare number in brackets an age. Without one,
#: "Rahmat (2)" is a number on the ballot and "Maros (9)" a count. A choice of ours.
CHILD_WORD_NEAR: Final = 100
_CHILD_WORD = re.compile(
    r"\b(?:anak|balita|bocah|bayi|sisw[ai]|murid|korban|pelajar|remaja|santri|gadis|sekolah|bersekolah"
    r"|di bawah umur|pramuka|osis\b|(?:SDN?|SMPN?|SMAN?|SMKN?|MTsN?)\b)",
    re.IGNORECASE,
)
#: Words before the names of adults alone.
_OFFICE = _words(
    "Camat Bupati Gubernur Wali Walikota Wagub Wabup Lurah Kades Sekda Sekdes Kadis Caleg Cagub Cawagub Cabup"
    " Cawabup Cawali Pasangan Presiden Menteri Kapolsek Kapolres Kapolda Dandim Danramil Hakim Jaksa Haji"
    " Hajah Drs Dra Prof Advokat Pengacara Kompol Iptu Ipda Aiptu Aipda Bripka Letkol Mayor Kapten"
)
#: First names that so many bear that one of them beside other words says nothing of the child.
_FREQUENT = _words(
    "Muhammad Mohammad Mohamad Muhamad Muh Ahmad Achmad Abdul Abdullah Andi Siti Nur Sri Dewi Tri Dwi"
    " Eka Made Wayan Nyoman Ketut Putu Kadek Komang Gede Agus Budi Daeng La Ni"
)
#: A name before a number in brackets with one of these is a law, a day or a count of seats, not a child.
_NO_CHILD = _words(
    "Pasal Ayat Huruf Angka Bab Butir Nomor No Lampiran Tabel Gambar Senin Selasa Rabu Kamis Jumat Jum'at"
    " Sabtu Minggu Ahad Januari Februari Maret April Mei Juni Juli Agustus September Oktober November"
    " Desember Partai Golkar Gerindra Nasdem NasDem Demokrat Hanura Perindo Gelora Garuda Buruh Ummat"
    " Kabupaten Kota Kecamatan Provinsi Kelurahan Desa Dapil Komisi Fraksi TPS Zona Wilayah Grup Liga"
    " Peringkat Undang Peraturan Jalan Dinas Badan Kantor Bawaslu Panwaslu Indonesia Jawa Sumatera"
    " Sulawesi Kalimantan Papua Bali Maluku Poin Video Sumber Referensi Program Pilkada Pemilu Tahap"
    " Gelombang Edisi Seri Jilid Halaman Paslon Urut Calon Pak Bu"
    " Perjuangan Amanat Kebangkitan Keadilan Persatuan Pembangunan Solidaritas Nasional Bulan Bintang"
)


def mask_fields(*fields: str) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the fields of one document masked, and how many items of each kind of `MARKS` went.

    Fields belong together: a child named with an age in one is masked wherever the name stands in the others.
    """
    counts: Counter[str] = Counter()
    clean = [_numbers(field, counts) for field in fields]
    names: dict[str, bool] = {}
    for field in clean:
        for word, called in _child_words(field).items():
            names[word] = called or names.get(word, False)
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

    if "@" in text:
        text = _MAIL.sub(mail, text)
    if not _MANY_DIGITS.search(text):
        return text
    for kind, pattern in (("nip", _NIP), ("nik", _NIK), ("phone", _PHONE)):

        def hide(match: re.Match[str], kind: str = kind) -> str:
            if _THOUSANDS.fullmatch(match[0]):
                return match[0]
            counts[kind] += 1
            return MARKS[kind]

        text = pattern.sub(hide, text)
    return text


def _child_words(text: str) -> dict[str, bool]:
    """Give the words of the names that stand with an age of a child; initials in capitals are left out.

    True is the word that the child is called by: it goes even where it stands beside words that are no part
    of the name. A family name or a frequent first name there may be an adult's.
    """
    found: dict[str, bool] = {}
    if not _SOME_AGE.search(text):
        return found
    told: list[int] | None = None
    for match in _MINOR.finditer(text):
        age = int(match[2] or match[3] or match[4])
        if not 0 < age < ADULT:
            continue
        if match[0].endswith(f"({match[2]})"):
            if told is None:
                told = [word.start() for word in _CHILD_WORD.finditer(text)]
            place = bisect_left(told, match.start() - CHILD_WORD_NEAR)
            if place == len(told) or told[place] > match.end() + CHILD_WORD_NEAR:
                continue
        words = match[1].split()
        if _NO_CHILD.isdisjoint(words) and _OFFICE.isdisjoint(words):
            name = [word for word in words if not word.isupper() and word not in _ROLES]
            called = next((word for word in name if word not in _FREQUENT), None)
            found |= {word: found.get(word, False) or word == called for word in name}
    return found


def _without(text: str, names: Mapping[str, bool], counts: Counter[str]) -> str:
    def hide(match: re.Match[str]) -> str:
        words = match[0].split(" ")
        # A headline may have the name in capitals.
        told = [word if word in names else word.capitalize() for word in words]
        if not _OFFICE.isdisjoint(told):
            # "Camat Muhammad Arifin" is an adult, even where a child is called Muhammad too.
            return match[0]
        known = sum(word in names for word in told)
        sure = known >= 2 or known == len(words)
        return " ".join(
            MARKS["minor"] if names.get(say, False) or (sure and say in names) else word
            for word, say in zip(words, told, strict=True)
        )

    masked = _RUN.sub(hide, text)
    masked = _DOUBLED.sub(MARKS["minor"], masked)
    counts["minor"] += masked.count(MARKS["minor"]) - text.count(MARKS["minor"])
    return masked
