"""Which names of character encodings are believed.

Promises: a believed encoding is one that Python reads in one pass. Never does: guess.
"""

import codecs

#: Codecs of Python that no page is written in; `punycode` takes minutes for some MiB.
NOT_OF_THE_WEB = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})


def is_web_encoding(name: str) -> bool:
    """Say whether a character encoding is one that Python can read and pages are written in."""
    try:
        found = codecs.lookup(name).name
        # Codecs from bytes to bytes (zlib, rot13) say so only when they are used.
        b"a".decode(name, "ignore")
    except (LookupError, UnicodeError):
        return False
    return found.replace("_", "-") not in NOT_OF_THE_WEB
