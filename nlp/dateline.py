"""Reads the dateline of a news text: where it was written, and which outlet says so.

Promises: a place that stands alone before a dash is believed in the first line only; before a colon or a
comma, where sentences begin as well, only if the table of regions knows it; the outlet's own name is no
place. Never does: raise, or look further than the first EDGE characters of a line.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from nlp.boilerplate import EDGE, letters, phrases
from nlp.regions import names_region

_DOMAIN = r"(?i:com|id|net|org|test|news|tv|info|co)"
_HOST = rf"(?:www\.)?[A-Za-z0-9][A-Za-z0-9-]{{1,29}}(?:\.[A-Za-z0-9-]{{1,20}}){{0,2}}\.{_DOMAIN}"
_CAPITAL = r"[A-Z][\w'’]{1,19}(?:-[A-Z][\w'’]{1,19})?"
_WORDS = rf"{_CAPITAL}(?:\s{_CAPITAL}){{0,3}}"
_PLACE = rf"(?P<place>{_WORDS})"
#: "Indralaya, Sumatera Selatan", "Bantul, D.I. Yogyakarta"
_PLACE_IN_PROVINCE = rf"(?P<place>{_WORDS}(?:,\s(?:D\.?I\.?\s)?{_CAPITAL}(?:\s{_CAPITAL}){{0,2}})?)"
_AGENCY = rf"(?P<agency>{_HOST}|{_CAPITAL}(?:\s{_CAPITAL}){{0,2}})"
_STAMP = r"(?:,?\s?\(?\d{1,2}/\d{1,2}(?:/\d{2,4})?\)?)?"
DASHES = "-–—―"
_DASH = r"\s?(?:\s-{1,3}|-{1,3}\s|--+|[–—―])\s?(?=[A-Z0-9\"“'‘(])"
_SIDE = r"(?:Selatan|Utara|Timur|Barat|Tengah|Pusat)"
_FROM_HOST = rf"{_HOST}\s?[,|–-]\s?{_PLACE}{_STAMP}"
#: Press offices put their name between the dash and the text.
_OFFICE = r"(?:(?:Humas|Biro|Puspen|Info)\s[A-Z][\w/]{1,11},\s)?"
#: Datelines that name their outlet; looked for in each of the first lines.
_WITH_OUTLET = (
    re.compile(rf"{_PLACE_IN_PROVINCE}\s?,\s?{_HOST}{_STAMP}(?:{_DASH}|[-–](?=[A-Z]))"),
    re.compile(rf"{_PLACE}\s?,\s?{_AGENCY}{_STAMP}{_DASH}"),
    re.compile(rf"{_FROM_HOST}(?:{_DASH}|\s?[|:]\s?)"),
    re.compile(rf"{_PLACE_IN_PROVINCE}\s?,?\s?\({_AGENCY}\){_STAMP}(?:{_DASH}|\s?[|:]\s?)"),
    re.compile(rf"{_HOST}\s?,\s(?P<place>{_CAPITAL}(?:\s{_SIDE})?)\s(?=[A-Z\"“])"),
    re.compile(rf"(?P<place>)(?P<host>{_HOST}){_STAMP}{_DASH}"),
)
#: A place and a dash; only believed in the first line, and not for a word of _NO_PLACES.
_BARE = re.compile(rf"{_PLACE}{_STAMP}{_DASH}{_OFFICE}")
#: Forms in which sentences begin as well.
_OF_REGION = (
    re.compile(rf"[A-Z]{{3,8}}\s?,\s{_PLACE}\s?:\s(?=[A-Z\"“])"),
    re.compile(rf"{_PLACE}\s?:\s(?=[A-Z\"“])"),
    re.compile(rf"{_PLACE},\s(?=(?P<next>[A-Z][a-z]+(?:\s[A-Z][a-z]+){{0,2}})(?P<stop>[\s,]))"),
)
#: The outlet's initials and a stop, as news agencies of parties and regions write them.
_INITIALS = re.compile(r"(?P<initials>[A-Z]{4,8})\.\s(?=[A-Z\"“])")
_NO_PLACES = phrases("""
    asn | pns | kpu | bawaslu | panwaslu | kasn | bkn | tni | polri | pemilu | pilkada | video | foto | opini
    | breaking | update | info | camat | lurah | bupati | gubernur | walikota | sekda | kepala | ketua | wakil
    | calon | paslon | sekretaris | menteri | presiden | direktur | anggota | komisioner | dinas
""")


@dataclass(frozen=True, slots=True)
class Outlet:
    """How an outlet may call itself at the head of its texts: names and hosts, in any spelling."""

    names: tuple[str, ...] = ()

    def is_called(self, name: str) -> bool:
        """Say whether `name` is the outlet's, whatever the case, blanks and dots."""
        wanted = letters(name)
        return bool(wanted) and any(
            wanted in (letters(own), letters(own.partition(".")[0])) for own in self.names
        )

    def has_initials(self, initials: str) -> bool:
        """Say whether the letters of `initials` stand in one of the names, in their order."""
        return any(_is_within(initials.casefold(), letters(own)) for own in self.names)


#: Nothing is known of the outlet.
NO_OUTLET = Outlet()


class Dateline(NamedTuple):
    """The place, "" when only the outlet is named, and how many characters the dateline takes."""

    place: str
    length: int


def read_dateline(line: str, outlet: Outlet, *, is_first: bool) -> Dateline | None:
    """Return the dateline that `line` begins with, or None. `is_first`: it is the first line of the text."""
    head = line[:EDGE]
    patterns = (*_WITH_OUTLET, _BARE) if is_first else _WITH_OUTLET
    match = next((found for pattern in patterns if (found := pattern.match(head))), None)
    if match is not None:
        return _judge(match, outlet)
    if not is_first:
        return None
    for pattern in _OF_REGION:
        match = pattern.match(head)
        if match is not None and _names_place(match["place"]) and not _goes_on(match):
            return Dateline(match["place"], match.end())
    match = _INITIALS.match(head)
    if match is not None and outlet.has_initials(match["initials"]):
        return Dateline("", match.end())
    return None


def _judge(match: re.Match[str], outlet: Outlet) -> Dateline | None:
    found = match.groupdict()
    place = match["place"]
    if any(word.strip(",").casefold() in _NO_PLACES for word in place.split()):
        return None
    agency, host = found.get("agency") or "", found.get("host") or ""
    if agency and "(" not in match[0] and names_region(agency):
        # "Malang, Jawa Timur -": no outlet, but the province.
        place = f"{place}, {agency}"
    first_label = host.partition(".")[0]
    if host.count(".") > 1 and names_region(first_label):
        place = first_label
    # Regional outlets are called by their towns; a town is a place all the same.
    return Dateline("" if outlet.is_called(place) and not names_region(place) else place, match.end())


def _names_place(place: str) -> bool:
    return names_region(place) and not any(word.casefold() in _NO_PLACES for word in place.split())


def _goes_on(match: re.Match[str]) -> bool:
    """Say whether a list of places begins here ("Jakarta, Bandung dan Surabaya"), not a sentence."""
    found = match.groupdict()
    words = (found.get("next") or "").split()
    return found.get("stop") == "," or any(
        names_region(" ".join(words[:count])) for count in range(1, len(words) + 1)
    )


def _is_within(short: str, long: str) -> bool:
    rest = iter(long)
    return all(char in rest for char in short)
