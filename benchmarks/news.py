"""News documents of the length of real ones, put together from the texts of data/labels.

Promises: the same items and seed give the same documents; no two are alike. Never does: label them (they are
for measuring time), read a file.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import replace

from nlp.items import Item
from nlp.screen import screen
from store.records import UsageError

#: Words of a news article: log-normal around the median, within the bounds.
MEDIAN_WORDS, SPREAD, FEWEST_WORDS, MOST_WORDS = 250, 0.5, 60, 1_200
#: Share of candidates in a night's news, as issue 3 puts it.
CANDIDATES = 0.05
#: Documents drawn for each one wanted, since some are not what screening should say of them.
DRAWN = 3


def write_documents(items: Sequence[Item], *, count: int, seed: int) -> list[Item]:
    """`count` news documents of the length of articles, put together from whole texts and cut at a word.

    Each is made of other texts than its neighbours, so that no two are alike; the same items and seed give
    the same documents. Raises UsageError when there is no text.
    """
    chance = random.Random(seed)
    texts = [item for item in items if item.text.strip()]
    if not texts:
        raise UsageError("throughput: the label files hold no text to make documents of")
    documents: list[Item] = []
    deck: list[Item] = []
    for number in range(count):
        length = round(
            min(max(chance.lognormvariate(math.log(MEDIAN_WORDS), SPREAD), FEWEST_WORDS), MOST_WORDS)
        )
        parts: list[str] = []
        words = 0
        title = ""
        while words < length:
            if not deck:
                deck = chance.sample(texts, len(texts))
            item = deck.pop()
            title = title or item.title
            text, told = _cut(item.text, length - words)
            parts.append(text)
            words += told
        documents.append(Item(id=f"d{number}", kind="news", title=title, text="\n\n".join(parts)))
    return documents


def _cut(text: str, words: int) -> tuple[str, int]:
    """The first `words` words of a text with its line breaks, and how many it has."""
    kept: list[str] = []
    count = 0
    for line in text.split("\n"):
        told = line.split()[: words - count]
        kept.append(" ".join(told))
        count += len(told)
        if count == words:
            break
    return "\n".join(kept).strip(), count


def write_mix(items: Sequence[Item], *, count: int, seed: int) -> list[Item]:
    """Documents of which `CANDIDATES` are candidates for screening and the rest are not, in random order.

    The rest is about other things altogether, as most news is. Raises UsageError when `items` lack either.
    """
    let_go = [i for i in items if i.tag == "off_topic" and not screen(i.document()).candidate]
    cases = [i for i in items if i.label == "case"]
    wanted = {True: round(CANDIDATES * count), False: count - round(CANDIDATES * count)}
    mix: list[Item] = []
    for candidate, pool in ((True, cases), (False, let_go)):
        # Texts that screening lets go one by one can make a candidate together, and the other way round.
        drawn = write_documents(pool, count=DRAWN * wanted[candidate] + DRAWN, seed=seed + candidate)
        fitting = [i for i in drawn if screen(i.document()).candidate == candidate][: wanted[candidate]]
        if len(fitting) < wanted[candidate]:
            raise UsageError(
                "throughput: too few texts in the label files for a mix; write more of label none"
            )
        mix += [replace(i, id=f"{'c' if candidate else 'n'}{i.id}") for i in fitting]
    random.Random(seed).shuffle(mix)
    return mix
