"""A person's name in texts: found whatever its case, spacing and titles; or known by keyed hashes alone.

    name_pattern("H. Budi  Santoso, S.E.") ─▶ finds "BUDI SANTOSO", "budi-santoso" in an address
    Hidden(key, rows of suppressed_names)  ─▶ finds the same without knowing any name
    holds_anyhow(holds, text)              ─▶ the same in JSON, HTML and addresses, whose letters are escaped

Promises: whole words alone ("Budi Santosoputra" is somebody else); titles before and degrees behind a name
make no difference; without the key nobody can tell or test which names are hidden. Never does: read, write.
"""

import hashlib
import hmac
import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from urllib.parse import unquote

from store.records import UsageError

#: What stands in place of an erased name; it holds no word that screening looks for.
PLACEHOLDER: Final = "[nama dihapus]"
#: The same inside an address.
ADDRESS_PLACEHOLDER: Final = "nama-dihapus"
#: Words that a name may be written with or without: titles of nobility, faith, rank, office and learning.
TITLES: Final = frozenset(
    word
    for row in (
        "h hj haji hajah kh kiai kyai ust ustaz ustadz ustadzah dr drs dra dh ir prof rd raden rr r",
        "andi datuk tgk teuku tengku bapak bpk ibu pak bu sdr sdri tn ny drg apt kol letkol mayor",
        "kapten jend brigjen irjen akp akbp kompol",
    )
    for word in row.split()
)
#: Titles that are first names, too: they stay unless two more words tell the person.
GIVEN_TOO: Final = frozenset({"andi", "raden", "teuku", "tengku", "datuk", "haji", "hajah", "mayor"})
#: Degrees behind a name, without their dots.
DEGREES: Final = frozenset(
    word
    for row in (
        "se sh si sip sos spd sag skm skep st stp ssi skom ssos sstp spt sp mm mh msi mpd map mkes ma mt",
        "mkom msc mp mba phd amd sked spog",
    )
    for word in row.split()
)
#: Between two words of a name: spaces, a dot, a hyphen, the codes of a space in an address. A comma with a
#: space behind it; nothing that parts two cells of a sheet or two texts: they may be two people.
_BETWEEN: Final = r"(?:[^\w;|\"<>,]|_|,(?=\s)|%20|&nbsp;){1,8}"
_GAP: Final = re.compile(_BETWEEN)
#: The signs that stand for the apostrophe of Nur'aini.
_APOSTROPHES: Final = "'’‘ʼ`"
_WORD: Final = re.compile(rf"[^\W_]+(?:[{_APOSTROPHES}][^\W_]+)*")
#: The same behind the code of a space, whose letters are none of the word's.
_TOKEN: Final = re.compile(rf"(?:%20|&nbsp;)?({_WORD.pattern})")
_PLAIN_APOSTROPHE: Final = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
#: What a JSON text writes instead of a line's end, a tab or a letter.
_JSON_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([bfnrt/\"]))")
_TAG: Final = re.compile(r"<[^<>]{0,2000}>")
#: A single word of fewer letters than this is no name to search a database for.
MIN_LETTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A name as the list keeps it: keyed hashes of its first word and of all its words, and how many."""

    whole: bytes
    first_word: bytes
    words: int


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name without titles and degrees, case-folded.

    Raises UsageError when too little is left to search for.
    """
    front, *behind = name.split(",")
    told = front.split()
    while told and _letters(told[0]) in TITLES and (len(told) > 2 or _letters(told[0]) not in GIVEN_TOO):
        told.pop(0)
    # "Siti Ma" is a name; "Siti M.A." has a degree.
    while len(told) > 1 and _letters(told[-1]) in DEGREES and (len(told) > 2 or "." in told[-1]):
        told.pop()
    # "Santoso, Budi" is a name too: what stands behind a comma counts unless it is a degree or a title.
    told += [part for part in behind if not {_letters(word) for word in part.split()} <= DEGREES | TITLES]
    words = [_plain(word) for part in told for word in _WORD.findall(part)]
    if sum(map(len, words)) < MIN_LETTERS:
        raise UsageError(f"name {name!r}: too short without its titles; give the whole name, or an alias")
    return tuple(words)


def name_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of these names. Raises UsageError as `name_words` does."""
    spelled = sorted(
        {_BETWEEN.join(map(_spelled, name_words(name))) for name in names}, key=len, reverse=True
    )
    return re.compile(rf"(?:(?<![^\W_])|(?<=%20))(?:{'|'.join(spelled)})(?![^\W_])", re.IGNORECASE)


def suppress(key: bytes, name: str) -> Suppressed:
    """What the list keeps of a name. Raises UsageError as `name_words`, and for words of the placeholder."""
    words = name_words(name)
    if name_pattern([name]).search(PLACEHOLDER):
        raise UsageError(f"name {name!r}: these are the words that stand for an erased name")
    return Suppressed(_hash(key, " ".join(words)), _hash(key, words[0]), len(words))


class Hidden:
    """Finds suppressed names in texts by their keyed hashes."""

    def __init__(self, key: bytes, names: Iterable[Suppressed]) -> None:
        self._key = key
        self._wholes: dict[bytes, set[bytes]] = {}
        self._lengths: dict[bytes, set[int]] = {}
        for name in names:
            self._wholes.setdefault(name.first_word, set()).add(name.whole)
            self._lengths.setdefault(name.first_word, set()).add(name.words)
        # Most words come again and again: each is hashed once.
        self._known: dict[str, bytes | None] = {}

    def __bool__(self) -> bool:
        return bool(self._wholes)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of every suppressed name in a text, in order, none inside another."""
        if not self._wholes:
            return
        words = [(_plain(match[1]), match.start(1), match.end(1)) for match in _TOKEN.finditer(text)]
        last = 0
        for place, (word, start, _) in enumerate(words):
            first = self._first(word)
            if first is None or start < last:
                continue
            for length in sorted(self._lengths[first], reverse=True):
                told = words[place : place + length]
                gaps = all(_GAP.fullmatch(text, a[2], b[1]) for a, b in pairwise(told))
                if len(told) == length and gaps and self._is_name(first, [one for one, _, _ in told]):
                    last = told[-1][2]
                    yield start, last
                    break

    def mask(self, text: str, placeholder: str = PLACEHOLDER) -> str:
        """The text with a placeholder for every suppressed name."""
        made, last = [], 0
        for start, end in self.find(text):
            made += [text[last:start], placeholder]
            last = end
        return "".join([*made, text[last:]])

    def holds(self, text: str) -> bool:
        """Whether a suppressed name is in a text."""
        return next(self.find(text), None) is not None

    def _first(self, word: str) -> bytes | None:
        if word not in self._known:
            hashed = _hash(self._key, word)
            self._known[word] = hashed if hashed in self._wholes else None
        return self._known[word]

    def _is_name(self, first: bytes, words: list[str]) -> bool:
        return _hash(self._key, " ".join(words)) in self._wholes[first]


def holds_anyhow(holds: Callable[[str], bool], text: str) -> bool:
    """Whether `holds` says yes to a text as it is, or as its reader sees it.

    In JSON "\\n" and "\\u003e" stick to the word behind them, HTML cuts a name by tags, an address by "%20".
    """
    if holds(text):
        return True
    seen = _JSON_ESCAPE.sub(_json_letter, text) if "\\" in text else text
    seen = html.unescape(seen) if "&" in seen else seen
    seen = unquote(seen) if "%" in seen else seen
    return (seen != text and holds(seen)) or ("<" in seen and holds(_TAG.sub("", seen)))


def mask_address(key: bytes, url: str, mask: Callable[[str, str], str]) -> str:
    """An address without a name; a keyed hash of the old one tells it from others.

    `mask(text, placeholder)` puts the placeholder in; an address without a name comes back as it is.
    """
    sign = _hash(key, url).hex()[:12]
    return mask(url, f"{ADDRESS_PLACEHOLDER}-{sign}")


def _plain(word: str) -> str:
    return word.casefold().translate(_PLAIN_APOSTROPHE)


def _spelled(word: str) -> str:
    return re.escape(word).replace("'", f"[{_APOSTROPHES}]")


def _json_letter(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return match[2] if match[2] in '/\\"' else " "


def _letters(word: str) -> str:
    return re.sub(r"[\W_]+", "", word.casefold())


def _hash(key: bytes, text: str) -> bytes:
    return hmac.new(key, f"name\n{text}".encode("utf-8", "replace"), hashlib.sha256).digest()
