"""Long articles made of the short texts of `data/labels`, so that length tells the network nothing.

Promises: the same items and seed give the same articles; an article of texts of label `none` is `none`, one
with a single `case` in it is that case with its evidence; all of them are candidates for screening, as what
the network reads at night is. Never does: join across a split (it is given one side of it), or write a file.

Why: our ordinary texts are shorter than the news that a crawler brings home, and of our longer ones half are
cases. A network trained on them alone took long ordinary articles for cases (docs/method.md).
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from nlp.items import Item
from nlp.screen import screen

#: Words of an article: log-normal around the median of real news that screening lets through, in bounds.
MEDIAN_WORDS, SPREAD, FEWEST_WORDS, MOST_WORDS = 220, 0.5, 90, 600
#: Shorter texts are headlines and register entries, which stand alone.
FEWEST_PART_WORDS = 25
#: Share of articles without title, as crawlers lose them; and of cases that keep the title of their own.
UNTITLED, OWN_TITLE = 0.4, 0.25
#: Tries for each article wanted, since not all that is joined is a candidate.
TRIES = 5


def join_items(items: Sequence[Item], *, nones: int, cases: int, seed: int) -> list[Item]:
    """At most `nones` articles of label none and `cases` of label case, made of the news among `items`."""
    chance = random.Random(seed)  # noqa: S311 - choice of texts, not secrecy
    parts = [i for i in items if i.kind == "news" and len(i.text.split()) >= FEWEST_PART_WORDS]
    ordinary = [i for i in parts if i.label == "none"]
    told = [i for i in parts if i.label == "case" and all(e in i.text for e in i.evidence)]
    if not ordinary:
        return []
    deck = _deal(ordinary, chance)
    joined = _candidates((_join(deck, None, chance) for _ in range(TRIES * nones)), nones)
    drawn = chance.choices(told, k=TRIES * cases) if told else []
    joined += _candidates((_join(deck, case, chance) for case in drawn), cases)
    return [replace(item, id=f"joined-{n}", family=f"joined-{n}") for n, item in enumerate(joined)]


def _deal(items: Sequence[Item], chance: random.Random) -> Iterator[Item]:
    """All items in random order, again and again."""
    while True:
        yield from chance.sample(items, len(items))


def _candidates(items: Iterator[Item], count: int) -> list[Item]:
    kept: list[Item] = []
    while len(kept) < count and (item := next(items, None)):
        if screen(item.document()).candidate:
            kept.append(item)
    return kept


def _join(deck: Iterator[Item], case: Item | None, chance: random.Random) -> Item:
    """One article: ordinary texts up to a length, the case, if any, somewhere among them."""
    wanted = chance.lognormvariate(math.log(MEDIAN_WORDS), SPREAD)
    wanted = min(max(wanted, FEWEST_WORDS), MOST_WORDS)
    parts = [next(deck)]
    words = len(parts[0].text.split()) + (len(case.text.split()) if case else 0)
    while words < wanted:
        parts.append(next(deck))
        words += len(parts[-1].text.split())
    title = "" if chance.random() < UNTITLED else parts[0].title
    if case is None:
        texts = [part.text for part in parts]
        return replace(parts[0], title=title, text="\n\n".join(texts))
    title = case.title if chance.random() < OWN_TITLE else title
    parts.insert(chance.randint(0, len(parts)), case)
    return replace(case, title=title, text="\n\n".join(part.text for part in parts), deep=True)
