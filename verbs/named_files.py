"""Our own files with texts, in which a person's name may stand: which hold it, and masking it there.

Promises: a text file keeps its encoding, line ends and rights; what cannot be read or masked is named, never
passed over. Never does: follow a link, or change a file of labels.
"""

import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from pathlib import Path
from typing import Any, Final

from review.sheet_text import decode
from store.persons import holds_anyhow
from store.records import UsageError
from verbs.places import LABELS

TEXT_FILES: Final = frozenset({".csv", ".json", ".jsonl", ".html", ".txt", ".md", ".log"})
PACKED_FILES: Final = frozenset({".xlsx", ".ods"})
#: A kept sheet comes from outside: what unpacks to more than this is named and not read.
MAX_UNPACKED_BYTES: Final = 256 * 1024 * 1024

Holds = Callable[[str], bool]
Mask = Callable[[str], str]


def files_with(pattern: re.Pattern[str], places: Sequence[Path]) -> Iterator[Path]:
    """Files of ours that hold a name, by folder and path; packed sheets are looked into."""
    return files_where(lambda text: bool(pattern.search(text)), places)


def files_where(holds: Holds, places: Sequence[Path]) -> Iterator[Path]:
    """Files of ours with a text that `holds` says yes to, by place and path; one that is no text, too."""
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            suffix = path.suffix.lower()
            if path.is_file() and (
                (suffix in TEXT_FILES and holds_anyhow(holds, _read(path)[0]))
                or (suffix in PACKED_FILES and _packed_holds(holds, path))
            ):
                yield path


def mask_files(files: Sequence[Path], mask: Mask, holds: Holds) -> list[str]:
    """Mask names in files of ours; a packed sheet goes whole. Gives what still holds a name, and why.

    Labels are the owner's to edit; a link leads to what may be somebody else's.
    """
    left = []
    for path in files:
        if path.is_relative_to(LABELS):
            left.append(f"{path}: labels are yours to edit")
        elif path.is_symlink():
            left.append(f"{path}: a link; what it leads to is left")
        elif path.suffix.lower() in PACKED_FILES:
            path.unlink()
        elif holds_anyhow(holds, _mask_file(path, mask)):
            left.append(f"{path}: spelled in a way that could not be masked; delete it, or edit it by hand")
    return left


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody but its owner may read, replacing an older one of the name in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.part")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _read(path: Path) -> tuple[str, str]:
    """A file's text and encoding; where none fits, every byte is a letter, and names in ASCII are found."""
    raw = path.read_bytes()
    try:
        return decode(raw, path.name)
    except UsageError:
        return raw.decode("latin-1"), "latin-1"


def _mask_file(path: Path, mask: Mask) -> str:
    """Mask a text file in its place; gives what it says now."""
    text, encoding = _read(path)
    suffix = path.suffix.lower()
    if suffix == ".json":
        made = _mask_json(text, mask, indent=1)
    elif suffix == ".jsonl":
        # By line feeds alone: a text may hold other signs that end a line.
        made = "\n".join(_mask_json(line, mask, indent=None) for line in text.split("\n"))
    else:
        made = mask(text)
    draft = path.with_name(f"{path.name}.part")
    draft.unlink(missing_ok=True)
    draft.write_bytes(made.encode(encoding))
    shutil.copymode(path, draft)
    draft.replace(path)
    return made


def _mask_json(text: str, mask: Mask, *, indent: int | None) -> str:
    """JSON with its texts masked as they are meant, whatever is escaped; as a plain text where it is none."""
    try:
        told = json.loads(text)
    except ValueError:
        return mask(text)
    masked = _mask_value(told, mask)
    return text if masked == told else json.dumps(masked, ensure_ascii=False, indent=indent)


def _mask_value(value: Any, mask: Mask) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_mask_value(one, mask) for one in value]
    if isinstance(value, dict):
        return {mask(key): _mask_value(one, mask) for key, one in value.items()}
    return value


def _packed_holds(holds: Holds, path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED_BYTES:
                return True
            texts = (packed.read(part) for part in packed.namelist() if part.endswith(".xml"))
            return any(holds(unescape(text.decode("utf-8", "replace"))) for text in texts)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        # Nobody can tell what is in it: better named than passed over.
        return True
