"""Passwords of reviewers: argon2id hashes, made and checked.

Promises: a password shorter than MIN_LENGTH is refused; a check takes as long for an account that does not
exist as for one that does; a hash made with other parameters is told, so that it can be made anew.
Never does: know a default password, store or log one.
"""

import unicodedata
from functools import cache
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from store.records import UsageError

#: Characters; NIST SP 800-63B-4 asks for 15 where a password is all there is, and for 8 at the very least;
#: 12 is what the OWASP ASVS 4.0 (2.1.1) asks for, and what issue 5 decided on.
MIN_LENGTH: Final = 12
#: Characters; nobody may keep the server busy with the hash of a book.
MAX_LENGTH: Final = 1024
#: RFC 9106, section 4, second recommended option (for machines with little memory): 3 passes over 64 MiB in
#: 4 lanes, 128 bits of salt, 256 bits of tag.
PASSES: Final = 3
MEMORY_KIB: Final = 64 * 1024
LANES: Final = 4
SALT_BYTES: Final = 16
TAG_BYTES: Final = 32

_HASHER: Final = PasswordHasher(
    time_cost=PASSES,
    memory_cost=MEMORY_KIB,
    parallelism=LANES,
    hash_len=TAG_BYTES,
    salt_len=SALT_BYTES,
    type=Type.ID,
)


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its salt and parameters; another one at every call.

    Raises UsageError when the password is too short or too long.
    """
    plain = _plain(password)
    if len(plain) < MIN_LENGTH:
        raise UsageError(f"password: it has {len(plain)} characters; choose one of {MIN_LENGTH} or more.")
    if len(plain) > MAX_LENGTH:
        raise UsageError(f"password: it has more than {MAX_LENGTH} characters; choose a shorter one.")
    return _HASHER.hash(plain)


def check_password(password_hash: str, password: str) -> bool:
    """Whether a password belongs to a hash. Give "" where there is no account or no password: always False.

    That answer takes as long as any other, so that nobody can find out by the clock which accounts there are.
    """
    try:
        _HASHER.verify(password_hash or _nobodys_hash(), _plain(password[: MAX_LENGTH + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return bool(password_hash)


def needs_new_hash(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than today's: make it anew at the next good login."""
    return _HASHER.check_needs_rehash(password_hash)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody has this password")


def _plain(password: str) -> str:
    # The same letters typed on two systems can be different code points.
    return unicodedata.normalize("NFC", password)
