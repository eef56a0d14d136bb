"""Splits Indonesian news text into sentences.

Promises: every sentence is a verbatim piece of the text, in text order, without blanks at its ends; together
the sentences hold every visible character; a line break always ends a sentence; quotation marks stay with
the sentence that they open or close. Runs in linear time on any input.
Never does: normalise, clean, or guess a sentence end inside an abbreviation, a title, a sum or a clock time.
"""

import itertools
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

import spacy
from spacy.lang.lex_attrs import like_url
from spacy.language import Language


def _words(listing: str) -> frozenset[str]:
    return frozenset(listing.split())


#: Titles and short forms that stand before a name or a number; a sentence hardly ever ends with one.
_TITLES = _words("""
    drs dra dr drg drh ir prof h hj kh ust ustaz pdt rm r rr tn ny nn sdr sdri bpk yth a.n an u.b u.p
    d.h d.a pj pjs plt plh pgs wk ka kasubbag no nmr jl jln gg kel kec kab kp ds dk dsn prov komp blok
    rt rw lt rp st sta ps vs ttd cq q.q mr mrs ms gen kol letkol mayjen brigjen irjen kompol akp akbp
    iptu ipda bripka hlm hal tlp telp hp faks fax nip nik max min maks cap
""")
#: Short forms that may also end a sentence; it ends there when a word of _STARTERS or a quotation follows.
_SHORT_FORMS = _words("""
    jan feb mar apr jun jul agu ags agt agust sept sep okt nov nop des sen sel rab kam jum sab
    tbk pt cv ud co ltd jr sr s.d a.l p.p n.b thn tgl bln
""")
#: Short forms that close a list: an upper-case word after them begins a sentence.
_LIST_ENDS = _words("dll dsb dst dkk")
#: Words that open sentences and are never names.
_STARTERS = _words("""
    ia dia mereka kami kita saya beliau hal ini itu namun tetapi tapi sementara selain sebelumnya
    selanjutnya kemudian lalu menurut adapun akan akibat apabila atas bahkan bahwa bagi berdasarkan dalam
    dan dari dengan di jika kalau karena kata katanya kepada ketika maka melalui menanggapi meski meskipun
    oleh pada padahal para pasalnya pihak pihaknya saat salah sebab sebagai sebanyak sebelum sedangkan
    sehingga sejak sejumlah selama semua seperti serta seusai setelah sesuai tak tidak terkait termasuk
    untuk usai walau artinya begitu demikian tersebut hingga jadi juga lebih ujarnya
""")
#: What follows a stop in a host name that was typed with a blank ("Liputan6. com").
_HOST_ENDINGS = _words("com co id net org tv go")
_TERMINATORS = frozenset(".!?…")
_OPENERS = frozenset("“‘«([{„")
_CLOSERS = frozenset("”’»)]}")
_STRAIGHT = frozenset("\"'`")
#: Academic degrees and initials: S.Pd  M.Si  S.I.K  A.Md.Kep  (checked on one short word, never on a text)
_DOTTED = re.compile(r"[A-Za-z][A-Za-z]{0,4}(?:\.[A-Za-z]{1,5})+\Z")
#: A word ends where one of these stands before it: the last stretch of "(Pj." is "Pj.".
_WORD_EDGE = re.compile(r"[\s\"'`“”‘’«»()\[\]{},;:/]")
_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
#: spaCy strips affixes one by one, which is quadratic in the length of a word; longer words than this one are
#: hidden from it. The longest real word in news text is a URL or a hashtag.
_LONGEST_WORD = 200
_OVERLONG = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Words with the blanks before them.
_WORD = re.compile(r"(\s*)(\S+)")
#: Words that spaCy's rules have taken apart, which are kept: a night's texts share most of theirs.
_KNOWN_WORDS = 50_000
#: Enough letters to hold the longest short form; a word is never looked up further back.
_LOOKBACK = 24
#: List numbers have up to so many digits; a longer number at the head of a line is a quantity or a year.
_LIST_DIGITS = 3


class _Token(NamedTuple):
    """A piece of a word as spaCy cuts it, or a run of odd blanks, which spaCy counts as a token as well."""

    text: str
    #: Offset in its paragraph.
    start: int
    #: Whether one ordinary blank follows.
    spaced: bool


def split_sentences(text: str) -> list[str]:
    """Return the sentences of `text` in order, each one a verbatim substring without blanks at its ends.

    An empty or blank text gives an empty list. No input raises.
    """
    sentences: list[str] = []
    for line in _LINE.finditer(text):
        paragraph = line.group()
        masked = _OVERLONG.sub(lambda word: "x" * len(word.group()), paragraph)
        # spaCy cannot hash lone surrogates; one character stands for one character, so offsets hold.
        masked = _SURROGATE.sub("\ufffd", masked)
        starts = [*_find_starts(masked), len(paragraph)]
        for start, end in itertools.pairwise(starts):
            sentence = paragraph[start:end].strip()
            if sentence:
                sentences.append(sentence)
    return sentences


def _find_starts(text: str) -> list[int]:
    """Offsets at which the sentences of a text without line breaks begin."""
    tokens = _cut(text)
    starts = [0]
    position = 0
    quotes_seen = 0
    while position < len(tokens):
        token = tokens[position]
        quotes_seen += token.text.count('"')
        position += 1
        if token.text[-1] not in _TERMINATORS or like_url(token.text):
            continue
        stop = token
        while position < len(tokens) and _only(tokens[position].text, _TERMINATORS):
            stop = tokens[position]
            position += 1
        closed = False
        while position < len(tokens) and _closes(tokens, position, quotes_seen):
            quotes_seen += tokens[position].text.count('"')
            closed = True
            position += 1
        following = position
        while following < len(tokens) and tokens[following].text.isspace():
            following += 1
        if following < len(tokens) and _is_boundary(tokens, text, stop, closed, following):
            starts.append(tokens[following].start)
    return starts


def _cut(text: str) -> list[_Token]:
    """Tokens of a text without line breaks, as spaCy cuts it.

    Words without a stop in them or right before them stay whole, since nothing is asked of them but their
    quotation marks. They are most words: with all of them cut, splitting took ten times as long.
    """
    tokens: list[_Token] = []
    after_stop = False
    end = 0
    for match in _WORD.finditer(text):
        blanks, word = match.groups()
        start = match.start(2)
        if blanks:
            # One ordinary blank belongs to the word before it; what is left is a token of its own.
            odd = blanks[1:] if tokens and blanks[0] == " " else blanks
            if odd:
                tokens.append(_Token(odd, start - len(odd), False))
        end = match.end()
        has_stop = not _TERMINATORS.isdisjoint(word)
        pieces = _take_apart(word) if has_stop or after_stop else (word,)
        for piece in pieces[:-1]:
            tokens.append(_Token(piece, start, False))
            start += len(piece)
        tokens.append(_Token(pieces[-1], start, text[end : end + 1] == " "))
        # Quotation marks and dashes may stand between a stop and the word that tells whether it ends there.
        after_stop = has_stop or (after_stop and not any(map(str.isalnum, word)))
    odd = text[end:].removeprefix(" ") if tokens else text[end:]
    if odd:
        tokens.append(_Token(odd, len(text) - len(odd), False))
    return tokens


@lru_cache(maxsize=_KNOWN_WORDS)
def _take_apart(word: str) -> tuple[str, ...]:
    """The tokens that spaCy makes of a word without blanks."""
    if word.isalpha():
        return (word,)
    nlp = _pipeline()
    # The zone frees what spaCy remembers of rare words; without it a night of texts fills the memory.
    with nlp.memory_zone():
        return tuple(token.text for token in nlp.tokenizer(word))


@cache
def _pipeline() -> Language:
    nlp = spacy.blank("id")
    # Shape, stem and flags of each word, which nobody asks for here, take time. The stubs do not know them.
    vocab: Any = nlp.vocab
    vocab.lex_attr_getters = {}
    infixes = [*(nlp.Defaults.infixes or []), r"[\"“”«»]", r"(?<=[a-z0-9)])[.!?](?=[A-Z(])"]
    # The stubs call the tokenizer a plain function; it is an object whose rules can be set.
    tokenizer: Any = nlp.tokenizer
    tokenizer.infix_finditer = spacy.util.compile_infix_regex(infixes).finditer
    return nlp


def _only(text: str, allowed: frozenset[str]) -> bool:
    return all(char in allowed for char in text)


def _closes(tokens: Sequence[_Token], position: int, quotes_seen: int) -> bool:
    """Say whether the token at `position`, right after a stop, still belongs to the sentence of that stop."""
    token = tokens[position]
    if _only(token.text, _CLOSERS):
        return True
    if not _only(token.text, _STRAIGHT):
        return False
    blank_before = tokens[position - 1].spaced or tokens[position - 1].text.isspace()
    blank_after = token.spaced or position + 1 == len(tokens)
    if blank_before != blank_after:
        return blank_after
    return quotes_seen % 2 == 1


def _is_boundary(tokens: Sequence[_Token], text: str, stop: _Token, closed: bool, following: int) -> bool:
    """Say whether a sentence ends with `stop` (and what closes it) when the next token is `following`."""
    before = text[max(0, stop.start - _LOOKBACK) : stop.start + len(stop.text)]
    word = _WORD_EDGE.split(before.rstrip("".join(_TERMINATORS)))[-1]
    ellipsis = before.endswith(("..", "…"))
    full_stop = before.endswith(".") and not ellipsis
    # What really begins the next sentence stands behind its opening quotation marks.
    content = following
    while content < len(tokens) - 1 and _only(tokens[content].text, _OPENERS | _STRAIGHT | {" "}):
        content += 1
    quoted = content > following
    head = tokens[content].text
    gap = tokens[following].start > tokens[following - 1].start + len(tokens[following - 1].text)

    if not gap and not quoted and not (head[:1].isupper() and len(head) > 1 and (len(word) > 1 or closed)):
        return False
    if full_stop and head.casefold() in _HOST_ENDINGS:
        return False
    if full_stop and not closed:
        if _is_list_mark(text, stop, word):
            return False
        if _is_short_form(word):
            return _ends_after_short_form(word, head, quoted=quoted)
    if head[:1].islower():
        # »"Netral!" kata dia« goes on, and so does "lalu ... pergi"; a careless post really starts anew.
        return not closed and not ellipsis
    # "pukul 17. 30"
    return not (full_stop and not closed and word.isdigit() and len(word) <= 2 and head[:1].isdigit())


def _is_list_mark(text: str, stop: _Token, word: str) -> bool:
    # "1. Netral", "a. Netral", "(2. Netral" at the head of a line
    short_number = word.isdigit() and len(word) <= _LIST_DIGITS
    small_letter = len(word) == 1 and word.islower()
    at_head = stop.start <= _LIST_DIGITS + 2 and text[:_LOOKBACK].lstrip(" (").startswith(f"{word}.")
    return (short_number or small_letter) and at_head


def _is_short_form(word: str) -> bool:
    folded = word.casefold()
    if folded in _TITLES or folded in _SHORT_FORMS or folded in _LIST_ENDS or _DOTTED.match(word):
        return True
    return len(word) == 1 and word.isalpha()


def _ends_after_short_form(word: str, head: str, *, quoted: bool) -> bool:
    folded = word.casefold()
    if folded in _LIST_ENDS:
        return quoted or head[:1].isupper()
    if head[:1].isupper() and head.casefold() in _STARTERS:
        return True
    return quoted and folded not in _TITLES and len(word) > 1
