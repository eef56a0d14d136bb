"""Passwords: argon2id with RFC 9106's parameters, none by default, none too short."""

import pytest

from review.passwords import MAX_LENGTH, MIN_LENGTH, check_password, hash_password, needs_new_hash
from store.records import UsageError

GOOD = "kuda hijau 42"


def test_a_password_fits_its_own_hash_alone() -> None:
    one, two = hash_password(GOOD), hash_password(GOOD)
    assert one != two
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert check_password(one, GOOD)
    assert not check_password(one, GOOD + " ")
    assert not needs_new_hash(one)


@pytest.mark.parametrize("stored", ["", "no hash", "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAA"])
def test_without_a_good_hash_nothing_fits(stored: str) -> None:
    assert not check_password(stored, GOOD)
    assert not check_password(stored, "nobody has this password")
    assert not check_password(stored, "")


@pytest.mark.parametrize("password", ["", "x" * (MIN_LENGTH - 1), "x" * (MAX_LENGTH + 1)])
def test_too_short_and_too_long_are_refused(password: str) -> None:
    with pytest.raises(UsageError, match="characters"):
        hash_password(password)


def test_the_same_letters_typed_elsewhere_are_the_same_password() -> None:
    composed = hash_password("kafé di Mamuju")
    assert check_password(composed, "kafe\N{COMBINING ACUTE ACCENT} di Mamuju")


def test_a_hash_with_older_parameters_is_told() -> None:
    assert needs_new_hash("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43)
