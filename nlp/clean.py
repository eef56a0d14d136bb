"""Cleans the text of an Indonesian news article: boilerplate out, dateline and reporter noted.

Promises: what is taken out is listed in `removed`, word for word; the text that stays is unchanged but for
blanks, composed accents (NFC) and characters that nobody can see; paragraphs are lines; any input is cleaned
in linear time, with or without HTML behind it.
Never does: remove a "baca juga" that is part of a sentence, reword, translate, or raise on any text.
"""

import re
import unicodedata
from dataclasses import dataclass

from nlp.boilerplate import (
    EDGE,
    is_boilerplate,
    is_end_line,
    is_head_matter,
    is_headline,
    is_list_heading,
    is_name,
    is_office,
    read_author,
    split_marks,
)
from nlp.dateline import DASHES, NO_OUTLET, Outlet, read_dateline

#: Lines at the head of the text in which captions, stamps and datelines are expected.
_HEAD_LINES = 4
#: What stands behind the reporters' signature is an author box, tags or links, if it is no larger a part of
#: the text than this; otherwise the signature closed one of several reports on the page.
_LARGEST_TAIL = 0.25
#: The same for what stands behind "Postingan Populer" and the like: a list of links may be long.
_LARGEST_LIST = 0.5

#: Lone surrogates, controls (NUL breaks PostgreSQL), soft hyphens, zero-width and direction marks, BOM.
_INVISIBLE = re.compile(
    "[\ud800-\udfff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_LINE_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


_SENTENCE_END = r"(?:(?<=[.!?\"”'’)])|(?<=[.!?\"”'’)]\s)|\A)"
#: Reporters' initials and agency codes in brackets behind the last sentence: (abc/def), (ant), [red], (Z-1).
_SIGNATURE = re.compile(
    rf"{_SENTENCE_END}[(\[](?:[a-z]{{2,6}}|\*{{1,3}}|[A-Z]{{1,3}}-\d{{1,2}}"
    r"|[a-z0-9]{2,16}(?:\.(?:com|id|test|co\.id))?(?:\s?[/,&-]\s?[a-z0-9*]{2,16}){1,3}"
    r"|[A-Za-z]{2,4}(?:/[A-Za-z]{1,4}(?:-\d{1,2})?){1,2}|[a-z]{2,4}/(?:HUMAS|Humas|humas)[\w ]{0,20}"
    r"|ANT|Ant|Antara|Red|ADV|Adv|Hms|Rls|Hum)[)\]](?:\s?\*{1,3})?\Z"
)
#: What may stand behind the very last sentence only: initials, a number and initials, stars, an office or a
#: name in brackets.
_LAST_SIGNATURE = re.compile(
    r"(?:(?<=[.!?\"”]\s)(?:[A-Z]{2,3}|[a-z]{2,4}|\d{1,2}\s[a-z]{2,4}|\*{1,3}\s?[a-z]{0,4})"
    rf"|{_SENTENCE_END}[(\[](?=[^)\]]*[a-z])[A-Z][\w.']{{1,15}}(?:[ /&.][\w.']{{1,15}}){{0,5}}[)\]]"
    r"(?:\s?\*{1,3})?"
    r"|(?<=[.!?\"”])\*{1,3})\Z"
)
#: A line that is nothing but a signature: "(Warta.test/Rani Paembonan)", "(SEP)", "ISHADI RAKA", "Puspen X".
_SIGNATURE_LINE = re.compile(
    r"[(\[][\w./,&' -]{2,70}[)\]]\*{0,3}\Z|[A-Z][A-Z.']{2,15}(?:\s[A-Z][A-Z.']{1,15}){1,3}\Z"
    r"|(?:Puspen|Humas|Biro Humas|Tim Humas|Kominfo|Diskominfo|Tim Redaksi)\b[\w ]{0,30}\Z|\*{1,3}\Z"
)
#: Two or more names, with the outlet perhaps before or behind them.
_SIGNER = re.compile(
    r"[(\[](?:[\w.]+/)?([A-Z][a-z'.]{1,15}(?:\s[A-Z][a-z'.]{0,15}){1,3})(?:/[\w.]+)?[)\]]\*{0,3}\Z"
)
#: A line in brackets at the head that names the reporter.
_HEAD_BYLINE = re.compile(r"\((?:laporan|oleh|penulis|reporter)\b", re.IGNORECASE)

#: A line and its number in the normalised text.
_Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text, what was taken out of it in text order, the place of its dateline, its reporter."""

    text: str
    removed: tuple[str, ...]
    dateline: str
    author_hint: str


def normalize_text(text: str) -> str:
    """Return `text` composed (NFC), without invisible characters, with one blank between words and no empty
    lines. This is all the cleaning that a social post gets."""
    visible = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    lines = (" ".join(line.split()) for line in _LINE_BREAK.split(visible))
    return "\n".join(line for line in lines if line)


def clean_text(text: str, *, title: str = "", outlet: Outlet = NO_OUTLET) -> Cleaned:
    """Return the article in `text` without boilerplate.

    `title`: the headline, if known; a first line that only repeats it is taken out. `outlet`: how the outlet
    may call itself, since its name before the text is no place.
    """
    removed: list[_Line] = []
    lines = _take_out_lines(normalize_text(text).split("\n"), title, removed)
    lines = _cut_tail(lines, removed)
    hints = (name for _, line in sorted(removed) if (name := read_author(line) or _read_signer(line)))
    author_hint = next(hints, "")
    dateline, lines = _cut_dateline(lines, outlet, removed)
    return Cleaned(
        text="\n".join(line for _, line in lines),
        removed=tuple(line for _, line in sorted(removed)),
        dateline=dateline,
        author_hint=author_hint,
    )


def _take_out_lines(lines: list[str], title: str, removed: list[_Line]) -> list[_Line]:
    """Sort whole lines into those that stay (returned, with their numbers) and those in `removed`."""
    kept: list[_Line] = []
    in_list = False
    for number, line in enumerate(lines):
        in_list = is_list_heading(line) or (in_list and is_headline(line))
        at_head = len(kept) < _HEAD_LINES and _is_head_matter(line, title)
        # A name on its own before the text is the reporter's.
        if in_list or is_boilerplate(line) or at_head or (not kept and is_name(line)):
            removed.append((number, line))
            continue
        prose, marks = split_marks(line)
        removed.extend((number, mark) for mark in marks)
        if prose:
            kept.append((number, prose))
    return kept


def _is_head_matter(line: str, title: str) -> bool:
    return is_head_matter(line, title) or bool(_HEAD_BYLINE.match(line))


def _cut_tail(lines: list[_Line], removed: list[_Line]) -> list[_Line]:
    """Cut what stands behind "Komentar" or behind the reporters' signature, and the signature itself."""
    sizes = [len(line) for _, line in lines]
    total = sum(sizes)
    behind = total
    for index, (number, line) in enumerate(lines):
        behind -= sizes[index]
        if is_end_line(line):
            if index and behind <= _LARGEST_LIST * total:
                removed.extend(lines[index:])
                lines = lines[:index]
                break
            continue
        signature = _SIGNATURE.search(line[-EDGE:])
        if signature:
            removed.append((number, signature[0]))
            lines[index] = (number, line[: len(line) - len(signature[0])].rstrip())
            if behind <= _LARGEST_TAIL * total:
                removed.extend(lines[index + 1 :])
                lines = lines[: index + 1]
                break
    while lines and _SIGNATURE_LINE.match(lines[-1][1]):
        removed.append(lines.pop())
    if lines:
        number, line = lines[-1]
        signature = _LAST_SIGNATURE.search(line[-EDGE:])
        if signature:
            removed.append((number, signature[0]))
            lines[-1] = (number, line[: len(line) - len(signature[0])].rstrip())
    return [(number, line) for number, line in lines if line]


def _read_signer(line: str) -> str:
    """Return the name in a signature such as "(Rani Paembonan)" or "(Rani Paembonan/warta)", or ""."""
    signer = _SIGNER.match(line)
    return "" if signer is None or is_office(signer[1]) else signer[1]


def _cut_dateline(lines: list[_Line], outlet: Outlet, removed: list[_Line]) -> tuple[str, list[_Line]]:
    """Cut the first dateline; return its place and the lines."""
    for index, (number, line) in enumerate(lines[:_HEAD_LINES]):
        # Some pages close the paragraph behind the dash.
        alone = line.endswith(tuple(DASHES)) and index + 1 < len(lines)
        head = f"{line} {lines[index + 1][1]}" if alone else line
        found = read_dateline(head, outlet, is_first=index == 0)
        if found is None or (alone and found.length <= len(line)):
            continue
        removed.append((number, head[: found.length].strip()))
        rest = line[found.length :].lstrip()
        return found.place, [*lines[:index], *([(number, rest)] if rest else []), *lines[index + 1 :]]
    return "", lines
