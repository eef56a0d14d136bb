"""Handles of accounts: a keyed hash in everything that is stored, the clear name in the sealed WARC alone.

Promises: the same account of the same network gives the same hash under the same key; without the key
nobody can compute or test one (HMAC-SHA256; a plain hash of a public handle is found by trying them all).
The key is made on first use, in a file that only its owner can read. Never does: put a key or a clear
handle into a message, or replace a key that it cannot read.
"""

import hashlib
import hmac
import logging
import os
import re
import secrets
import tempfile
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from store.records import UsageError

log = logging.getLogger(__name__)

#: Environment variable with the key itself, for machines that keep secrets elsewhere.
KEY_VARIABLE = "NETRA_HANDLE_KEY"
KEY_FILE = Path(__file__).resolve().parents[1] / "data" / "var" / "handle.key"
#: 256 bits, as long as the hash (RFC 2104 advises a key of at least the hash's length).
KEY_BYTES = 32
#: A key given by hand must have at least so many characters.
MIN_KEY_CHARS = 32

#: "account"; one word with what follows, so that no list of the screening takes it for speech.
MARK = "akun"
#: 64 bits: among ten million accounts a collision has a chance of 1 in 370,000.
HASH_CHARS = 16
_HASHED = re.compile(rb"akun[0-9a-f]{16}(?![0-9a-z])")

#: Parts of a handle; X allows no dot in it, so that "@budi.Hari" is @budi and a new sentence.
_NAMES: Mapping[str, str] = MappingProxyType({"x": r"[A-Za-z0-9_]{1,50}"})
_ANY_NAME = r"\w(?:[\w.\-]{0,62}\w)?(?:@\w(?:[\w.\-]{0,98}\w)?)?"
#: An address of electronic mail is no mention. The lookbehind starts each try at the head of a word, which
#: keeps the search linear.
_MAIL = r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){0,5}\.[a-z]{2,24}(?![\w.\-@]*\w)"
_REDDIT_USER = re.compile(r"(?<![\w/])(/?u/)([A-Za-z0-9_\-]{3,20})(?![\w\-])")

#: A post's address that names its author, and the form of the network that needs no name.
_X_STATUS = re.compile(
    r"(?:https?://)?(?:www\.|mobile\.|m\.)?(?:x|twitter)\.com/\w{1,50}/status(?:es)?/(\d{1,20})[^\s\"'<>)]*",
    re.ASCII | re.IGNORECASE,
)
_TIKTOK_VIDEO = re.compile(
    r"(?:https?://)?(?:www\.|m\.)?tiktok\.com/@[\w.\-]{1,60}/video/(\d{1,20})[^\s\"'<>)]*", re.IGNORECASE
)
_PROFILE = re.compile(
    r"(?<![\w\-])((?:x|twitter|instagram|facebook|threads)\.(?:com|net)/)"
    r"(?!(?:i|p|reels?|stories|story|tv|explore|hashtag|search|intent|share|home|watch|groups|events|pages|"
    r"photo|photos|permalink|profile|login|plugins|media)\b)([A-Za-z0-9_.]{2,50})(?![\w.])",
    re.IGNORECASE,
)


def handle_key() -> bytes:
    """Give the key: of the environment, else of the key file, which is made when there is none.

    Raises UsageError when the key is too short or the file is not readable by its owner alone.
    """
    return _checked(os.environ.get(KEY_VARIABLE, "").strip(), KEY_FILE)


@lru_cache(maxsize=4)
def _checked(given: str, path: Path) -> bytes:
    if given:
        if len(given) < MIN_KEY_CHARS:
            raise UsageError(f"{KEY_VARIABLE} is too short: give at least {MIN_KEY_CHARS} random characters")
        return given.encode()
    return read_key(path)


def read_key(path: Path) -> bytes:
    """Read the key file, or make it with mode 0600. Raises UsageError as `handle_key` does."""
    try:
        text = path.read_text(encoding="ascii").strip() if path.exists() else _make_key(path)
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise UsageError(f"{path}: the key for handles cannot be read or made: {reason}") from None
    if mode & 0o077:
        raise UsageError(f"{path}: others may read the key for handles; run: chmod 600 {path}")
    if len(text) < MIN_KEY_CHARS:
        raise UsageError(f"{path}: the key for handles is damaged; put the file back from the backup")
    return text.encode()


def _make_key(path: Path) -> str:
    """Write a new key in one step: a process that is killed here leaves none or a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file with mode 0600.
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(KEY_BYTES) + "\n")
            out.flush()
            os.fsync(out.fileno())
        try:
            # A link, not a rename: of two processes the first wins and both read its key.
            Path(path).hardlink_to(draft)
            log.warning("made a key for the handles of accounts: %s; keep it with the database", path)
        except FileExistsError:
            log.debug("%s: another process made the key first", path)
    finally:
        Path(draft).unlink()
    return path.read_text(encoding="ascii").strip()


def pseudonym(platform: str, handle: str, *, keep: Collection[str] = ()) -> str:
    """Give "akun" and 16 hex digits for a handle; "" for none; the handle itself when it is in `keep`.

    Case and a leading @ make no difference. `keep`: handles of institutions, in any case, with or
    without @.
    """
    plain = handle.strip().lstrip("@＠").casefold()
    if not plain:
        return ""
    if plain in {name.lstrip("@").casefold() for name in keep}:
        return handle.strip().lstrip("@＠")
    digest = hmac.new(handle_key(), f"{platform}\n{plain}".encode("utf-8", "replace"), hashlib.sha256)
    return MARK + digest.hexdigest()[:HASH_CHARS]


def hide_handles(text: str, platform: str, keep: Collection[str] = ()) -> str:
    """Replace the mentions in a text, and the handles in its links to X, TikTok and the like.

    Mail addresses stay. Institutions in `keep` stay. Applied twice it changes nothing more.
    """
    text = _X_STATUS.sub(r"https://x.com/i/web/status/\1", text)
    text = _TIKTOK_VIDEO.sub(r"https://www.tiktok.com/player/v1/\1", text)

    def named(network: str, sign: str, name: str) -> str:
        return sign + (name if _HASHED.fullmatch(name.encode()) else pseudonym(network, name, keep=keep))

    def profile(match: re.Match[str]) -> str:
        network = match[1].split(".", 1)[0].lower()
        return named("x" if network == "twitter" else network, match[1], match[2])

    text = _PROFILE.sub(profile, text)
    if platform == "reddit":
        text = _REDDIT_USER.sub(lambda match: named("reddit", match[1], match[2]), text)
    return _mentions(platform).sub(
        lambda match: match[0] if match["name"] is None else named(platform, "@", match["name"]), text
    )


def plain_address(url: str) -> str:
    """Give the address of a post on X or TikTok without its author's handle; others as they are."""
    for pattern, form in (
        (_X_STATUS, "https://x.com/i/web/status/{}"),
        (_TIKTOK_VIDEO, "https://www.tiktok.com/player/v1/{}"),
    ):
        if match := pattern.fullmatch(url):
            return form.format(match[1])
    return url


def without_hashes(body: bytes) -> bytes:
    """Blank the hashes out of a stored row.

    What checks a row against its archive must neither need the key nor let anybody test a handle.
    """
    return _HASHED.sub(MARK.encode(), body)


@lru_cache(maxsize=16)
def _mentions(platform: str) -> re.Pattern[str]:
    name = _NAMES.get(platform, _ANY_NAME)
    return re.compile(rf"{_MAIL}|[@＠](?P<name>{name})")
