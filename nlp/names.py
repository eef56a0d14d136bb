"""Rare proper names in what a document tells of an act: what two accounts of one act share.

Promises: the same text always gives the same names; words of our lists, regions, months, titles and everyday
given names are left out. Never does: decide whose name it is, or write one anywhere.
"""

import re
from collections.abc import Set
from functools import lru_cache

from nlp.lexicon import list_words
from nlp.likeness import is_rare
from nlp.regions import list_region_words
from store.records import Document, Prediction

MIN_NAME_LETTERS = 3
#: Names that must be common to two accounts: of one alone there are many.
MIN_SHARED_NAMES = 2
#: Mark of initials among the names of a document: they stand for a person's whole name.
INITIALS = "inisial:"

_WORD = re.compile(r"\w+")
_INITIALS = re.compile(r"\b(?:ber)?inisial\s+([A-Z]{1,5})\b")
#: A capital says little at the start of a sentence, unless a second one follows at once.
_NAME_FOLLOWS = re.compile(r" [A-Z][a-z]")
_SENTENCE_GAP = re.compile(r"[.!?:;\n\"“”'‘’(\[]")


def _words(listing: str) -> frozenset[str]:
    return frozenset(listing.split())


#: A name after one of these is a candidate's or a spokesman's, not that of the civil servant.
_OTHERS = _words("""
    calon paslon pasangan bakal cabup cagub cawabup cawagub cawalkot cawali caleg capres cawapres kandidat
    petahana bupati gubernur wali walikota wakil presiden ketua anggota komisioner koordinator divisi partai
    relawan kata ujar jelas tutur menurut nomor urut bawaslu panwaslu kpu tim kubu mendukung dukung memilih
    pilih
""")
_VERB_STARTS = ("me", "di", "ber", "ter")
_ACTING_HEADS = _words("pj penjabat pjs")
_AND = _words("dan serta bersama")
#: Capitalised words that are no names, or names of half the country, and stand in no list of ours.
_COMMON = _words("""
    januari februari maret april mei juni juli agustus september oktober november desember senin selasa rabu
    kamis jumat sabtu minggu ahad wib wita wit haji hajah drs dra pasal ayat undang tahun surat keputusan
    peraturan pemerintah republik indonesia komisi aparatur sipil badan sentra penegakan hukum terpadu
    provinsi desa jalan twitter smp sma smk sdn universitas senior junior bapak ibu sdr sdri saudara pak
    muhammad mohammad muh ahmad abdul siti nur andi com wartawan reporter laporan editor penulis tribun
    tribunnews kompas detik antara liputan cnn republika okezone jpnn tempo sindonews covid
""")


def find_names(document: Document, prediction: Prediction) -> frozenset[str]:
    """Lower-cased words of title and evidence that are part of a rare proper name, and "inisial:am".

    A word is a name when it stands with a capital inside a sentence of text or evidence and nowhere in small
    letters. Left out: words of our lists and regions, months, titles, and names that follow a word such as
    "calon" or "Ketua" (candidates and spokesmen, who turn up in many incidents).
    """
    told = " \n".join(prediction.evidence)
    inside, others, small = _read_capitals(f"{told}\n{document.text}")
    spoken = {word.lower() for word in _WORD.findall(f"{document.title} {told}") if word[0].isupper()}
    names = (inside - others - small) & spoken
    initials = {found.lower() for found in _INITIALS.findall(f"{document.title} {told}")}
    return frozenset((names - initials - _COMMON - _known_words()) | {INITIALS + found for found in initials})


def name_others(one: Set[str], other: Set[str]) -> bool:
    """Whether two sets of names are surely of two people: both name somebody, and nothing is common.

    Initials may stand for a name that begins with their first letter.
    """
    if not one.isdisjoint(other):
        return False
    written = [{name.removeprefix(INITIALS) for name in names if is_initials(name)} for names in (one, other)]
    if all(written):
        return True
    if any(written):
        short, names = (written[0], other) if written[0] else (written[1], one)
        return len(names) >= MIN_SHARED_NAMES and {name[0] for name in names}.isdisjoint(i[0] for i in short)
    return min(len(one), len(other)) >= MIN_SHARED_NAMES


def share_names(shared: Set[str]) -> bool:
    """Whether names that two documents have in common are enough to mean one person."""
    return len(shared) >= MIN_SHARED_NAMES or any(map(is_initials, shared))


def is_initials(name: str) -> bool:
    """Whether an entry of `find_names` is a person's initials."""
    return name.startswith(INITIALS)


def _read_capitals(text: str) -> tuple[set[str], set[str], set[str]]:
    """Words with a capital inside a sentence, those of them that name others, and words in small letters."""
    inside: set[str] = set()
    others: set[str] = set()
    small: set[str] = set()
    before: list[str] = []
    end, of_other = 0, False
    for match in _WORD.finditer(text):
        word, lower = match.group(), match.group().lower()
        starts_sentence = end == 0 or bool(_SENTENCE_GAP.search(text[end : match.start()]))
        end = match.end()
        if starts_sentence:
            before, of_other = [], False
        if not word[0].isupper():
            small.add(lower)
            of_other = of_other and lower in _AND
            # "Bupati memberhentikan Yosef": what follows a verb is somebody else.
            before = [lower] if lower.startswith(_VERB_STARTS) else [*before[-2:], lower]
            continue
        of_other = (of_other or not _OTHERS.isdisjoint(before)) and _ACTING_HEADS.isdisjoint(before)
        if of_other and lower not in _OTHERS:
            others.add(lower)
        is_surely_capital = not starts_sentence or (_NAME_FOLLOWS.match(text, end) and is_rare(lower))
        if is_surely_capital and len(lower) >= MIN_NAME_LETTERS and lower.isalpha():
            inside.add(lower)
        before = [*before[-2:], lower] if lower in _OTHERS | _ACTING_HEADS else before
    return inside, others, small


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    return list_words() | list_region_words()
