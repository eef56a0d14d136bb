"""What is wrong with a manifest, in words that name the file, the line, what is allowed and the nearest word.

Promises: one line for each fault. Never does: read a file, or decide what is wrong.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel


def nearest(word: str, known: Iterable[str]) -> str:
    """Name the known word that is most like a wrong one; "" when none is."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def describe(
    path: Path, text: str, error: Any, *, root: type[BaseModel], tables: Mapping[str, type[BaseModel]]
) -> str:
    """Turn one pydantic error into "file:line: key: what is wrong, what is allowed".

    `root` is the model of a whole file, `tables` those of its tables by name.
    """
    place: tuple[int | str, ...] = error["loc"]
    key = ".".join(str(step) for step in place) or "file"
    if error["type"] == "extra_forbidden":
        known = sorted(_model_at(place[:-1], root, tables).model_fields)
        what = f"unknown key{nearest(str(place[-1]), known)}; known: {', '.join(known)}"
    elif error["type"] == "missing":
        what = "this key is missing"
    else:
        what = error["msg"].removeprefix("Value error, ")
        if isinstance(error["input"], str) and "expected" in error.get("ctx", {}):
            allowed = re.findall(r"'([^']+)'", str(error["ctx"]["expected"]))
            what += f", not {error['input']!r}{nearest(error['input'], allowed)}"
    return f"{path}:{line_of(text, place)}: {key}: {what}"


def _model_at(
    place: tuple[int | str, ...], root: type[BaseModel], tables: Mapping[str, type[BaseModel]]
) -> type[BaseModel]:
    names = [step for step in place if isinstance(step, str)]
    return tables[names[-1]] if names else root


def line_of(text: str, place: tuple[int | str, ...]) -> int:
    """Give the line on which a key stands; for a missing key, the line of its table; else line 1."""
    lines: dict[tuple[int | str, ...], int] = {(): 1}
    table: tuple[int | str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([\w.\-]+)\s*\]", line):
            table = _table_path(lines, header[2].split("."), is_list=header[1] == "[[")
            lines[table] = number
        elif key := re.match(r"\s*\"?([\w\-]+)\"?\s*=", line):
            lines.setdefault((*table, key[1]), number)
    while place not in lines:
        place = place[:-1]
    return lines[place]


def _table_path(
    lines: dict[tuple[int | str, ...], int], names: list[str], *, is_list: bool
) -> tuple[int | str, ...]:
    """Name a table header as pydantic does: "[[entries]]" the second time is ("entries", 1)."""
    path: tuple[int | str, ...] = ()
    for depth, name in enumerate(names):
        path = (*path, name)
        count = sum(1 for known in lines if known and known[:-1] == path and isinstance(known[-1], int))
        if depth == len(names) - 1 and is_list:
            path = (*path, count)
        elif count:
            path = (*path, count - 1)
    return path
