"""Marks the evidence in a text, for a template that escapes everything itself.

Promises: the pieces, joined, are the text, character for character. Never does: make HTML.
"""

from collections.abc import Sequence


def split_marked(text: str, evidence: Sequence[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is evidence; overlapping evidence is one piece."""
    spans = sorted((at, at + len(e)) for e in evidence if e and (at := text.find(e)) >= 0)
    pieces: list[tuple[str, bool]] = []
    end = 0
    for start, stop in _merged(spans):
        pieces += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    pieces.append((text[end:], False))
    return [(piece, marked) for piece, marked in pieces if piece]


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged
