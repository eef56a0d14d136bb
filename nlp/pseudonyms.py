"""Puts initials in place of persons' names, for readers outside of the reviewing team.

    "Camat Surti Wonokasihan hadir di Kota Makassar"  ─▶  "Camat S. W. hadir di Kota Makassar"

The rule errs on the side of hiding: every run of capitalised words is taken for a name, unless each of its
words is an office title, a month or day, a party, an institution, a word of our lexicon or of a region.
Office titles stay in any run. So a sentence's first word, a street or a school may be hidden without need,
and a region's name that stands right beside a person's is hidden with it.

Promises: the same text gives the same initials; handles, addresses and long numbers go, too. May miss: a name
in small letters; a person whose whole name is words of our lists, such as that of a town; who is meant where
office and place have one holder. So it makes a text pseudonymous, not anonymous. Never does: keep a key.
"""

import re
from functools import lru_cache
from typing import Final

from nlp.institutions import load_bodies
from nlp.lexicon import list_words
from nlp.regions import list_region_words

#: What stands for a handle, an address and a number of a person.
HANDLE, ADDRESS, NUMBER = "@…", "[alamat]", "[nomor]"

#: A mail address from its first character on, of 64 at most before the @ (RFC 5321): so it is read in one go.
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w.-]+", re.IGNORECASE)
_HANDLE: Final = re.compile(r"@\w[\w.]*")
#: Telephone numbers have 8 digits or more, NIP 18 and NIK 16; dates and articles fewer in a row.
_NUMBER: Final = re.compile(r"\+?\d(?:[ .-]?\d){7,}")
#: What may stand between two words of one name: "H. Surti Wono-kasih".
_GAPS: Final = frozenset((" ", ". ", ".", "-", "'", "’"))
_WORD: Final = re.compile(r"\w+")


def _words(listing: str) -> frozenset[str]:
    return frozenset(listing.split())


#: Titles of offices: no names, and they stay beside one.
_OFFICES: Final = _words("""
    camat lurah bupati wali kota walikota wakil gubernur presiden menteri kepala sekretaris daerah sekda dinas
    kadis badan bidang bagian seksi asn pns pppk pejabat pegawai ketua anggota calon paslon pj plt pjs kades
    desa kelurahan kecamatan kabupaten provinsi oknum mantan
""")
#: No names either; parties of the elections of 2024 by the words that they are written with.
_OTHERS: Final = _words("""
    januari februari maret april mei juni juli agustus september oktober november desember senin selasa rabu
    kamis jumat sabtu minggu ahad wib wita wit pemilu pilkada pilpres pilgub pilbup pilwalkot partai pdi pdip
    perjuangan golkar gerindra nasdem pkb pks pan demokrat hanura ppp perindo psi bawaslu panwaslu kpu kasn
    bkn dprd dpr kpk polri tni di ke dari dan yang dalam pada untuk dengan oleh ini itu saat sementara namun
    para seorang sejumlah menurut
""")


def hide_names(text: str) -> str:
    """The text with initials for names, and marks for handles, addresses and long numbers."""
    plain = _NUMBER.sub(NUMBER, _HANDLE.sub(HANDLE, _ADDRESS.sub(ADDRESS, text)))
    made: list[str] = []
    run: list[re.Match[str]] = []
    end = 0
    for word in _WORD.finditer(plain):
        is_capital = word.group()[0].isupper()
        if run and not (is_capital and plain[run[-1].end() : word.start()] in _GAPS):
            made.append(_shorten(plain, run))
            end = run[-1].end()
            run = []
        if is_capital:
            if not run:
                made.append(plain[end : word.start()])
            run.append(word)
    if run:
        made.append(_shorten(plain, run))
        end = run[-1].end()
    return "".join([*made, plain[end:]])


def _shorten(text: str, run: list[re.Match[str]]) -> str:
    words = [word.group() for word in run]
    if all(word.lower() in _known() for word in words):
        return text[run[0].start() : run[-1].end()]
    return " ".join(word if word.lower() in _OFFICES else f"{word[0]}." for word in words)


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    named = {
        word.lower()
        for body in load_bodies()
        for name in (body.name, body.short, *body.names)
        for word in _WORD.findall(name)
    }
    return _OFFICES | _OTHERS | named | list_words() | list_region_words()
