"""The word lists of `data/lexicon/`, read, checked and compiled to spaCy phrase matchers.

How a pattern is written, word by word, in lower case and without punctuation:

    kepala dinas              these words, in this order
    guru [pns|asn|tenaga x]   one of these; an alternative may have several words
    nomor? urut               the word may be missing
    ~kampanye                 any form of the root: berkampanye, mengampanyekan, kampanyenya ...
    kadis*                    any word that begins so: kadisdik, kadishub ...
                              (plain words beside a ~ or * stand for their forms too, if they have any)

Promises: a text is matched in time that grows with its length only, since no regular expression of a list
ever runs over a text; an unknown key, an unknown type or a pattern that cannot be read is a `UsageError`
that names the file and the entry. Never does: decide what is a candidate (that is `nlp.screen`).
"""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

from spacy.attrs import LOWER, NORM  # type: ignore[import-not-found]  # Cython without stubs
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from store.records import TYPES, Kind, UsageError

Group = Literal["who", "act", "object"]

LEXICON_DIR = Path(__file__).resolve().parent.parent / "data" / "lexicon"

#: Group of the entries in each file; the order is that of the error messages only.
FILES: Mapping[str, Group] = {"who.toml": "who", "acts.toml": "act", "objects.toml": "object"}
SLANG_FILE = "slang.toml"

#: A text is matched in blocks of this many words, so that a huge one needs no huge memory.
BLOCK_WORDS = 20_000
#: Words whose place in the lists is kept: a night's texts share most of theirs.
KNOWN_WORDS = 50_000
#: Stands for every word that no pattern names; no pattern can name it.
UNLISTED = "-"

_ENTRY_KEYS = frozenset({"id", "patterns", "except", "types", "weak", "only", "note"})
_ENTRY_ID = re.compile(r"[a-z0-9-]+")
_PIECE = re.compile(r"\[[^\[\]]+\]\??|[^\s\[\]]+")
_PATTERN_WORD = re.compile(r"~?[a-z0-9]+|[a-z0-9]{3,}\*")
_WORD = re.compile(r"[a-z0-9]+")
_ELONGATED = re.compile(r"([a-z])\1{2,}")
_HASHTAG = re.compile(r"#(\w{2,140})")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Za-z])")
#: Variation selectors, zero-width joiner, the five skin tones: they change how a sign looks, not its meaning.
_SIGN_DRESS = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")

#: Active prefix by the first sound of a root (me-, pe- and colloquial), with what becomes of that sound.
_NASAL: Mapping[str, tuple[str, str, bool]] = {
    "p": ("m", "m", True),
    "b": ("m", "m", False),
    "f": ("m", "m", False),
    "t": ("n", "n", True),
    "d": ("n", "n", False),
    "j": ("n", "n", False),
    "c": ("n", "ny", False),
    "s": ("ny", "ny", True),
    "k": ("ng", "ng", True),
    "g": ("ng", "ng", False),
    "h": ("ng", "ng", False),
    "a": ("ng", "ng", False),
    "e": ("ng", "ng", False),
    "i": ("ng", "ng", False),
    "o": ("ng", "ng", False),
    "u": ("ng", "ng", False),
}
_PREFIXES = ("", "di", "ter", "ber", "se", "ke", "keber", "ku", "kau", "dipe", "diper", "nge")
_SUFFIXES = (
    "",
    "kan",
    "an",
    "i",
    "in",
    "nya",
    "kannya",
    "annya",
    "inya",
    "lah",
    "kanlah",
    "ku",
    "mu",
    "ken",
    "kn",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of thought of a list: everything that means `camat`, or `deklarasi`."""

    key: str
    group: Group
    patterns: tuple[str, ...]
    exceptions: tuple[str, ...]
    types: tuple[str, ...]
    #: Kinds of text in which the entry alone says little.
    weak: tuple[Kind, ...]
    #: Kinds of text in which the entry counts at all.
    kinds: tuple[Kind, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One match: the entry and the span of words [start, end) in the word list that was searched."""

    entry: Entry
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The compiled lists. `digest` is 12 hex digits over the files: it changes with every edit of them."""

    entries: Mapping[str, Entry]
    digest: str
    slang: Mapping[str, str]
    signs: Mapping[str, str]
    #: A sign and its immediate repetitions, which say no more than the sign itself.
    sign_run: re.Pattern[str]
    vocab: Vocab
    matchers: tuple[PhraseMatcher, ...]
    #: A word that may be part of a match as it is, any other word as `UNLISTED`.
    keep: Callable[[str], str]
    #: The number by which spaCy knows a key of `entries`, or that key with "!" before it for its exceptions.
    keys: Mapping[int, str]


def inflect(root: str) -> frozenset[str]:
    """All everyday forms of an Indonesian verb root, colloquial ones included: dukung -> mendukung, dukungin.

    Built by rule, so forms that nobody writes are among them; in a word list that does no harm.
    """
    stems = {prefix + root for prefix in _PREFIXES}
    first = root[0]
    nasal, colloquial, dropped = _NASAL.get(first, ("", "", False))
    for prefix in ("me", "pe", "dipe", "memper", "mempe"):
        base = prefix if prefix.startswith("memp") else prefix + nasal
        stems.add(base + root)
        if dropped and not prefix.startswith("memp"):
            stems.add(base + root[1:])
    if colloquial:
        stems.add(colloquial + (root[1:] if dropped or first == "c" else root))
    return frozenset(stem + suffix for stem in stems for suffix in _SUFFIXES)


def read_words(lexicon: Lexicon, text: str) -> list[str]:
    """The words of a text as the lists know them: lower case, no punctuation, slang and signs translated.

    Hashtags are taken apart at their humps (#PilihNomor2 -> pilih nomor 2); letters written three times or
    more stand for one (dukuuung -> dukung). Linear in the length of the text.
    """
    signs = lexicon.signs
    text = lexicon.sign_run.sub(lambda match: f" {signs[match[1]]} ", _SIGN_DRESS.sub("", text))
    text = _HASHTAG.sub(
        lambda match: " " + _HUMP.sub(" ", match[1]) + " ", unicodedata.normalize("NFKC", text)
    )
    text = _ELONGATED.sub(r"\1", text.lower())
    slang = lexicon.slang
    return [slang.get(word, word) for word in _WORD.findall(text)]


def find_hits(lexicon: Lexicon, words: Sequence[str]) -> list[Hit]:
    """All matches in a list of words (see `read_words`), by start, then longest first, then key."""
    hits: list[Hit] = []
    for offset in range(0, len(words), BLOCK_WORDS):
        hits.extend(_find_in_block(lexicon, words[offset : offset + BLOCK_WORDS], offset))
    return hits


def _find_in_block(lexicon: Lexicon, words: Sequence[str], offset: int) -> list[Hit]:
    spans: set[tuple[str, int, int]] = set()
    # Words that no list names are one word here; else a long night would fill the memory with names.
    doc = Doc(lexicon.vocab, words=[lexicon.keep(word) for word in words])
    for matcher in lexicon.matchers:
        for match_id, start, end in matcher(doc):
            spans.add((lexicon.keys[match_id], start, end))
    excluded = {(key[1:], i) for key, start, end in spans if key.startswith("!") for i in range(start, end)}
    found = [
        Hit(lexicon.entries[key], offset + start, offset + end)
        for key, start, end in spans
        if not key.startswith("!") and not all((key, i) in excluded for i in range(start, end))
    ]
    return sorted(found, key=lambda hit: (hit.start, -hit.end, hit.entry.key))


@lru_cache(maxsize=2)
def load_lexicon(folder: Path = LEXICON_DIR) -> Lexicon:
    """Read, check and compile the lists of a folder; the result is kept for the process.

    Raises UsageError that names the file (and entry) when one is missing, is not TOML, or breaks a rule.
    """
    entries: dict[str, Entry] = {}
    digest = hashlib.sha256()
    for name, group in FILES.items():
        for entry in _read_entries(folder / name, group):
            if entry.key in entries:
                raise UsageError(
                    f"{folder / name}: id {entry.key!r} occurs twice; rename or merge one of them"
                )
            entries[entry.key] = entry
    tables = _read_toml(folder / SLANG_FILE)
    if unknown := set(tables) - {"words", "signs"}:
        raise UsageError(
            f"{folder / SLANG_FILE}: unknown table {sorted(unknown)[0]!r}; allowed: words, signs"
        )
    for name in (*FILES, SLANG_FILE):
        digest.update((folder / name).read_bytes())
    vocab, matchers, keep = _compile(entries, folder)
    signs = {_SIGN_DRESS.sub("", sign): meaning for sign, meaning in tables.get("signs", {}).items()}
    return Lexicon(
        entries=entries,
        digest=digest.hexdigest()[:12],
        slang=_check_words(tables.get("words", {}), folder),
        signs=signs,
        sign_run=re.compile(rf"({'|'.join(map(re.escape, signs))})\1*" if signs else "(?!)"),
        vocab=vocab,
        matchers=matchers,
        keep=keep,
        keys={
            vocab.strings[name]: name for key in entries for name in (key, f"!{key}") if name in vocab.strings
        },
    )


def list_words(folder: Path = LEXICON_DIR) -> frozenset[str]:
    """Every word that a pattern of the lists names, without its ~ or *."""
    entries = load_lexicon(folder).entries.values()
    patterns = [pattern for entry in entries for pattern in (*entry.patterns, *entry.exceptions)]
    return frozenset(word for pattern in patterns for word in _WORD.findall(pattern))


def _check_words(words: Mapping[str, str], folder: Path) -> dict[str, str]:
    for word, meaning in words.items():
        if not _WORD.fullmatch(word) or not _WORD.fullmatch(meaning):
            raise UsageError(
                f"{folder / SLANG_FILE}: {word!r} = {meaning!r}: write one word each, in small letters"
            )
    return dict(words)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); restore the file from the repository") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: is not TOML: {error}") from error


def _read_entries(path: Path, group: Group) -> list[Entry]:
    table = _read_toml(path)
    if unknown := set(table) - {"entries"}:
        raise UsageError(f"{path}: unknown table {sorted(unknown)[0]!r}; allowed: [[entries]]")
    return [_read_entry(raw, path, group) for raw in table.get("entries", [])]


def _read_entry(raw: Mapping[str, Any], path: Path, group: Group) -> Entry:
    name = str(raw.get("id", ""))
    if not _ENTRY_ID.fullmatch(name):
        raise UsageError(f"{path}: an entry has the id {name!r}; write small letters, digits and hyphens")
    where = f"{path}: entry {name!r}"
    if unknown := set(raw) - _ENTRY_KEYS:
        raise UsageError(
            f"{where}: unknown key {sorted(unknown)[0]!r}; allowed: {', '.join(sorted(_ENTRY_KEYS))}"
        )
    types = tuple(raw.get("types", ()))
    if strange := [name for name in types if name not in TYPES]:
        raise UsageError(f"{where}: unknown type {strange[0]!r}; allowed: {', '.join(TYPES)}")
    if types and group != "act":
        raise UsageError(f"{where}: types belong to acts.toml; remove the key")
    weak = _read_kinds(raw.get("weak", False), f"{where}: weak")
    kinds = _read_kinds(raw.get("only", True), f"{where}: only")
    patterns = tuple(raw.get("patterns", ()))
    if not patterns:
        raise UsageError(f"{where}: has no patterns; add one or remove the entry")
    return Entry(
        key=f"{group}:{name}",
        group=group,
        patterns=patterns,
        exceptions=tuple(raw.get("except", ())),
        types=types,
        weak=weak,
        kinds=kinds,
        note=str(raw.get("note", "")),
    )


def _read_kinds(value: object, where: str) -> tuple[Kind, ...]:
    """true, false, "news" or "post" as the kinds of text that they name."""
    named: dict[object, tuple[Kind, ...]] = {
        True: ("news", "post"),
        False: (),
        "news": ("news",),
        "post": ("post",),
    }
    if value not in named:
        raise UsageError(f'{where} = {value!r}; write true, false, "news" or "post"')
    return named[value]


def expand_pattern(pattern: str) -> list[tuple[str, ...]]:
    """The word sequences that a pattern stands for; raises ValueError on a pattern that breaks the syntax."""
    if _PIECE.sub("", pattern).strip():
        raise ValueError("brackets do not match")
    choices: list[list[tuple[str, ...]]] = []
    for piece in _PIECE.findall(pattern):
        body, optional = (piece[:-1], True) if piece.endswith("?") else (piece, False)
        alternatives = body[1:-1].split("|") if body.startswith("[") else [body]
        words = [tuple(alternative.split()) for alternative in alternatives]
        for word in (word for alternative in words for word in alternative or ("",)):
            if not _PATTERN_WORD.fullmatch(word):
                raise ValueError(f"{word!r} is not a word of small letters and digits")
        choices.append([*words, ()] if optional else words)
    sequences = [tuple(word for part in parts for word in part) for parts in product(*choices)]
    if not all(sequences):
        raise ValueError("nothing is left when its optional words are missing")
    return list(dict.fromkeys(sequences))


def _compile(
    entries: Mapping[str, Entry], folder: Path
) -> tuple[Vocab, tuple[PhraseMatcher, ...], Callable[[str], str]]:
    """Two matchers, on words as they are and on words folded to their root; and `Lexicon.keep`."""
    phrases: dict[str, list[tuple[str, ...]]] = {}
    for entry in entries.values():
        for key, patterns in ((entry.key, entry.patterns), (f"!{entry.key}", entry.exceptions)):
            for pattern in patterns:
                try:
                    phrases.setdefault(key, []).extend(expand_pattern(pattern))
                except ValueError as error:
                    raise UsageError(
                        f"{folder}: entry {entry.key!r}: pattern {pattern!r}: {error}"
                    ) from error
    words = {word for sequences in phrases.values() for sequence in sequences for word in sequence}
    fold = _make_fold(words)
    vocab = Vocab(lex_attr_getters={LOWER: lambda word: word, NORM: fold})
    plain, folded = PhraseMatcher(vocab, attr="LOWER"), PhraseMatcher(vocab, attr="NORM")
    for key, sequences in phrases.items():
        for matcher, is_folded in ((plain, False), (folded, True)):
            chosen = [words for words in dict.fromkeys(sequences) if _has_wildcard(words) == is_folded]
            if chosen:
                matcher.add(key, [Doc(vocab, words=list(words)) for words in chosen])

    @lru_cache(maxsize=KNOWN_WORDS)
    def keep(word: str) -> str:
        return word if word in words or fold(word) != word else UNLISTED

    return vocab, (plain, folded), keep


def _has_wildcard(words: Sequence[str]) -> bool:
    return any(word[0] == "~" or word[-1] == "*" for word in words)


def _make_fold(pattern_words: Set[str]) -> Callable[[str], str]:
    """A function from a word of a text to the pattern word with ~ or * that stands for it, or to itself."""
    roots = sorted((word[1:] for word in pattern_words if word[0] == "~"), key=lambda root: (len(root), root))
    # Longer roots last, so that a form shared by two roots goes to the longer one, always the same way.
    form_of = {form: f"~{root}" for root in roots for form in inflect(root)}
    stems = tuple(
        sorted((word[:-1] for word in pattern_words if word[-1] == "*"), key=lambda stem: (-len(stem), stem))
    )

    def fold(word: str) -> str:
        if word in form_of:
            return form_of[word]
        if word.startswith(stems):
            return next(f"{stem}*" for stem in stems if word.startswith(stem))
        return word

    return fold
