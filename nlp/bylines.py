"""Finds who wrote an article, and reads a name out of a byline.

Promises: labels, editors, dates and accounts that are nobody's name ("admin") are no part of a name.
Never does: read the article's text (its bylines come from the cleaner), or raise on any page.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from nlp.boilerplate import phrases
from nlp.stamps import texts_around, walk_behind

#: A byline is short; a longer text is a list of people or prose.
_LONGEST_NAME = 80
#: Bylines stand close to the headline: so many elements behind it are looked at.
_BEHIND = 40

_MARKED = re.compile(
    r"(?:\A|[\s_-])(?:author|authors|penulis|reporter|byline|by|writer|wartawan|pewarta|jurnalis|kontributor)"
    r"(?:\Z|[\s_-](?!box|bio|avatar|img|image|photo|desc|title|link-all))",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:(?:penulis|pewarta|reporter|wartawan|jurnalis|laporan|author|kontributor)\s?[:–-]"
    r"|(?:(?:ditulis|diposting|diposkan|diterbitkan|posted|written) )?(?:oleh|by)\b\s?[:–-]?)\s?",
    re.IGNORECASE,
)
_INNER_LABEL = re.compile(
    r"(?:\A|[|•·(]\s?|\d\s)(?:(?:ditulis|diposting|diposkan|posted) (?:oleh|by)\b"
    r"|(?:penulis|pewarta|reporter|laporan|oleh)\s?[:–-]|by\s(?=[A-Za-z]))\s?:?\s?",
    re.IGNORECASE,
)
#: A label at the end of a text: the name stands in the next element.
_LABEL_ALONE = re.compile(
    r"(?:\A|\W)(?:penulis|pewarta|reporter|laporan|(?:ditulis |diposting )?oleh|by)\s?[:–-]?\s?\Z",
    re.IGNORECASE,
)
#: What follows the name: another label, a date, a separator.
_BEHIND_NAME = re.compile(
    r"\s?(?:[|•·/(]\s?)?\b(?:editor|redaktur|penyunting|uploader|fotografer|copyright|hak cipta)\b.*"
    r"|\s?[|•·©].*|\s?[–-]\s.*|,?\s(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad),?\s\d.*|,?\s\d.*"
    r"|\s?,?\s(?:pada|on)\s.*",
    re.IGNORECASE,
)
#: "Rani Paembonan • 27 September 2023", "Rani Paembonan | Senin, 10/03/2025"
_NAME_AND_DATE = re.compile(
    r"(?P<name>[A-Z][\w.'’]{1,19}(?:\s[A-Z][\w.'’]{0,19}){0,4})\s?[|•·–-]\s?"
    r"(?:\d{1,2}[\s/]|(?:Senin|Selasa|Rabu|Kamis|Jum'?at|Sabtu|Minggu|Ahad)\b)"
)
_NOBODY = phrases("""
    admin | administrator | super user | superuser | webmaster | root | user | editor | author | penulis
    | drupal | joomla | wordpress | redaktur | wartawan | reporter | posted by | by | oleh
    | unknown | anonim | anonymous
""")


def clean_author(text: str) -> str:
    """Return the name in a byline or an author's field; "" when it names nobody."""
    name = " ".join(text.split())
    label = _LABEL.match(name)
    if label:
        name = name[label.end() :]
    if len(name) > 1:
        name = _BEHIND_NAME.sub("", name) or name
    name = name.strip(" ,;:|–-")
    return "" if name.casefold() in _NOBODY or not any(map(str.isalpha, name)) else name


def find_author(heading: Any | None) -> str:
    """Return the name in the byline near the headline (an lxml element), or ""."""
    if heading is None:
        return ""
    return next(
        (name for text in _bylines(heading) if 1 < len(name := clean_author(text)) <= _LONGEST_NAME), ""
    )


def _bylines(heading: Any) -> Iterator[str]:
    for element in islice(walk_behind(heading), _BEHIND):
        if element.get("rel") == "author" or element.get("itemprop") == "author":
            yield " ".join(element.itertext())
        elif _MARKED.search(element.get("class") or ""):
            text = " ".join(" ".join(element.itertext()).split())
            if len(text) <= _LONGEST_NAME:
                yield text
    labelled = False
    for text in texts_around(heading):
        if labelled:
            yield text
        labelled = bool(_LABEL_ALONE.search(text)) and len(text) <= _LONGEST_NAME
        label = _INNER_LABEL.search(text)
        if label and len(text) <= 2 * _LONGEST_NAME:
            yield text[label.end() :]
        named = _NAME_AND_DATE.match(text)
        if named:
            yield named["name"]
