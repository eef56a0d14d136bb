"""How alike two accounts are in words, rare ones counting most: TF-IDF vectors and their cosine.

Promises: a text's vector depends on the text and on `data/word-counts.csv` alone, so that it is the same in
every night and needs no model. Never does: read the files it was counted on, see other texts of the night.

Why words and not the classifier's vectors: of our test set's pairs of accounts, of one act or of two nearby,
words tell them apart best (docs/method.md has the figures): what makes an act this one and no other is who,
where and what, and the network was trained to see through just that.

    python -m nlp.likeness FILE.jsonl ...   count words anew
"""

import csv
import json
import math
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from store.records import UsageError

WORD_COUNTS = Path(__file__).parent.parent / "data" / "word-counts.csv"
#: Words in fewer texts than this are as rare as unknown ones and not kept.
MIN_TEXTS = 5
#: Share of texts up to which a word may be a name: 30 of the 6,983 that were counted.
RARE_SHARE = 0.0043
#: Where the file states the number of texts: a word that no text can hold.
ALL_TEXTS = "*"

#: Without digits: times, ages and numbers of articles are shared by chance.
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True, eq=False)
class WordVector:
    """A text's words as sorted 32-bit hashes, with weights of length 1."""

    words: NDArray[np.uint32]
    weights: NDArray[np.float32]


def make_vector(text: str) -> WordVector:
    """The vector of a text: (1 + log count) times the inverse document frequency of each word.

    Raises UsageError when the counts cannot be read.
    """
    rarity, unknown = _load_rarity()
    counts = Counter(_WORD.findall(text.lower()))
    weights: dict[int, float] = {}
    for word, count in counts.items():
        number = zlib.crc32(word.encode("utf-8", "replace"))
        weights[number] = (1 + math.log(count)) * rarity.get(word, unknown)
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    words = sorted(weights)
    return WordVector(
        np.array(words, dtype=np.uint32),
        np.array([weights[word] / length for word in words], dtype=np.float32),
    )


def likeness(one: WordVector, other: WordVector) -> float:
    """The cosine of two vectors, 0 to 1; 0 for a text without words."""
    _, mine, theirs = np.intersect1d(one.words, other.words, assume_unique=True, return_indices=True)
    return float(one.weights[mine] @ other.weights[theirs])


def is_rare(word: str) -> bool:
    """Whether a lower-cased word stands in fewer than RARE_SHARE of all texts."""
    rarity, unknown = _load_rarity()
    return rarity.get(word, unknown) > -math.log(RARE_SHARE)


def read_counts() -> dict[str, int]:
    """In how many texts each word of the file stands, and under ALL_TEXTS the number of texts.

    Raises UsageError when the file is missing or is not what `main` writes.
    """
    try:
        with WORD_COUNTS.open(encoding="utf-8", newline="") as file:
            counts = {row["word"]: int(row["texts"]) for row in csv.DictReader(file)}
        return {ALL_TEXTS: counts.pop(ALL_TEXTS), **counts}
    except (OSError, KeyError, ValueError) as error:
        raise UsageError(
            f"{WORD_COUNTS}: cannot be read ({error}); run: git checkout {WORD_COUNTS}"
        ) from None


@lru_cache(maxsize=1)
def _load_rarity() -> tuple[dict[str, float], float]:
    """The inverse document frequency of each word of the file, and that of any other word."""
    counts = read_counts()
    texts = counts.pop(ALL_TEXTS)
    return {word: math.log((1 + texts) / (1 + count)) for word, count in counts.items()}, math.log(1 + texts)


def count_words(texts: Iterable[str]) -> list[tuple[str, int]]:
    """In how many texts each word stands, those in at least MIN_TEXTS, by word; first the number of texts."""
    counts: Counter[str] = Counter()
    n_texts = 0
    for text in texts:
        n_texts += 1
        counts.update(set(_WORD.findall(text.lower())))
    return [(ALL_TEXTS, n_texts), *sorted((w, n) for w, n in counts.items() if n >= MIN_TEXTS)]


def main(arguments: Sequence[str]) -> None:
    """The command of the module docstring."""
    lines = (line for name in arguments for line in Path(name).read_text(encoding="utf-8").splitlines())
    items = map(json.loads, lines)
    rows = count_words(f"{item.get('title') or ''} {item['text']}" for item in items)
    with WORD_COUNTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("word", "texts"))
        writer.writerows(rows)
    sys.stdout.write(f"{WORD_COUNTS}: {len(rows) - 1} words of {rows[0][1]} texts\n")


if __name__ == "__main__":
    main(sys.argv[1:])
