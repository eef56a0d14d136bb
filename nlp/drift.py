"""Names of institutions that the labels do not know: how a change of law or office shows first.

Promises: only acronyms (BKN, KASN, Gakkumdu is none) that stand in several texts of a week; most frequent
first. Never does: say that a name matters, a person looks.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

#: Capital letters as institutions abbreviate themselves; longer ones are shouted headlines.
_ACRONYM: Final = re.compile(r"\b[A-Z]{3,8}\b")
#: In fewer texts of a week a new acronym is somebody's slip of the pen.
FEWEST_TEXTS: Final = 3
#: What shouts rather than abbreviates: a text in which so many of the words are capitals tells nothing.
MOST_CAPITALS: Final = 0.3


def acronyms_of(text: str) -> set[str]:
    """The acronyms of a text; none of a text that shouts."""
    words = re.findall(r"\w+", text)
    found = set(_ACRONYM.findall(text))
    shouted = sum(word.isupper() and len(word) > 1 for word in words)
    return set() if shouted > MOST_CAPITALS * max(1, len(words)) else found


def find_new_names(
    texts: Iterable[tuple[str, str]], known: Iterable[str]
) -> Mapping[str, list[tuple[str, int]]]:
    """week -> [(acronym, texts of the week that name it)], for those that no text of `known` names."""
    names = set[str]().union(*(acronyms_of(text) for text in known))
    counts: dict[str, Counter[str]] = {}
    for week, text in texts:
        counts.setdefault(week, Counter()).update(acronyms_of(text) - names)
    return {
        week: sorted(
            ((name, n) for name, n in found.items() if n >= FEWEST_TEXTS),
            key=lambda pair: (-pair[1], pair[0]),
        )
        for week, found in counts.items()
    }
