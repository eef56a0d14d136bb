"""Who decides: an id that stands in the register of decisions, and beside it the name, which can be erased.

The register (`store.labels`) is chained by hashes and only grows, so it holds no name: only this table knows
who "R-3f2a91c04b7d" is. When a reviewer asks for erasure (UU 27/2022), `erase_reviewer` puts a pseudonym in
place of the name and takes the password away; all decisions stay, and the chain stays whole.

Promises: ids are random, so that no list of names leads back to one; two names that differ in case or spaces
are one account; ten wrong passwords in turn lock it until somebody unlocks it. Never does: see a password
(`review.passwords` makes the hash), or delete an account.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, insert, or_, select, update

from store.decisions import ROLES, Reviewer
from store.records import UsageError
from store.schema import reviewers

#: Wrong passwords in turn after which an account is locked (issue 5).
MAX_TRIES: Final = 10
#: Bytes of an id: two of a million accounts share one with a chance of 1 in 500.
ID_BYTES: Final = 6
#: Condition on `reviewers`: the account has this id or this name; see `named_values`.
IS_NAMED: Final = or_(
    reviewers.c.reviewer_id == bindparam("reviewer_id"), reviewers.c.name_key == bindparam("name_key")
)


def add_reviewer(conn: Connection, *, name: str, role: str, password_hash: str, at: datetime) -> Reviewer:
    """Make an account; an empty `password_hash` makes one that nobody can log in with.

    Raises UsageError for an empty or taken name and for a role outside ROLES.
    """
    shown = " ".join(name.split())
    if not shown:
        raise UsageError("reviewer: the name is empty; give one.")
    _check_role(shown, role)
    if find_reviewer(conn, shown):
        raise UsageError(f"reviewer {shown!r} is there already; choose another name, or change that account.")
    made = Reviewer("R-" + secrets.token_hex(ID_BYTES), shown, role, password_hash, at)
    conn.execute(insert(reviewers).values(_values(made)))
    return made


def find_reviewer(conn: Connection, who: str) -> Reviewer | None:
    """The account with this id or this name (case and spaces do not count), or None."""
    row = conn.execute(select(reviewers).where(IS_NAMED), named_values(who)).mappings().one_or_none()
    return _read(row) if row else None


def get_reviewer(conn: Connection, who: str) -> Reviewer:
    """As `find_reviewer`, but raises UsageError where there is none."""
    if found := find_reviewer(conn, who):
        return found
    raise UsageError(f"reviewer {who!r} is not known; see `reviewers list`, or `reviewers add {who!r}`.")


def list_reviewers(conn: Connection) -> list[Reviewer]:
    """All accounts by name."""
    found = conn.execute(select(reviewers).order_by(reviewers.c.name_key))
    return [_read(row) for row in found.mappings()]


def set_password(conn: Connection, who: str, *, password_hash: str) -> Reviewer:
    """Replace the password's hash. A locked account stays locked. Raises UsageError when it is not known."""
    return _change(conn, replace(get_reviewer(conn, who), password_hash=password_hash))


def set_role(conn: Connection, who: str, *, role: str) -> Reviewer:
    """Change what a reviewer may do. Raises UsageError for an unknown account or role."""
    _check_role(who, role)
    return _change(conn, replace(get_reviewer(conn, who), role=role))


def count_failure(conn: Connection, who: str, *, at: datetime) -> Reviewer:
    """Count one wrong password; the MAX_TRIES-th in turn locks the account that is returned."""
    found = get_reviewer(conn, who)
    # Counted by the database, so that two tries at once are two.
    conn.execute(
        update(reviewers)
        .where(reviewers.c.reviewer_id == found.reviewer_id)
        .values(failures=reviewers.c.failures + 1)
    )
    found = get_reviewer(conn, found.reviewer_id)
    if found.failures >= MAX_TRIES and found.locked_at is None:
        return lock_reviewer(conn, found.reviewer_id, at=at)
    return found


def clear_failures(conn: Connection, who: str) -> Reviewer:
    """Forget the wrong tries after a good one; a locked account stays locked."""
    return _change(conn, replace(get_reviewer(conn, who), failures=0))


def lock_reviewer(conn: Connection, who: str, *, at: datetime) -> Reviewer:
    """Let nobody log in with an account; the time of the first lock stays."""
    found = get_reviewer(conn, who)
    return _change(conn, replace(found, locked_at=found.locked_at or at))


def unlock_reviewer(conn: Connection, who: str) -> Reviewer:
    """Let an account log in again, with all its tries."""
    return _change(conn, replace(get_reviewer(conn, who), failures=0, locked_at=None))


def erase_reviewer(conn: Connection, who: str, *, at: datetime) -> Reviewer:
    """Put a pseudonym in place of the name, take the password away and lock the account.

    The decisions keep the id. What a reviewer wrote into a note is not touched.
    """
    found = get_reviewer(conn, who)
    return _change(
        conn,
        replace(
            found,
            name=f"peninjau {found.reviewer_id}",
            password_hash="",
            locked_at=found.locked_at or at,
        ),
    )


def register_reviewer(conn: Connection, who: str, *, at: datetime) -> str:
    """The id that belongs to an id or a name; a new name gets an account without a password.

    So a name that an analyst has written into a sheet never enters the register of decisions.
    """
    found = find_reviewer(conn, who)
    return (
        found.reviewer_id
        if found
        else add_reviewer(conn, name=who, role="reviewer", password_hash="", at=at).reviewer_id
    )


def named_values(who: str) -> dict[str, str]:
    """The values of IS_NAMED for an id or a name."""
    return {"reviewer_id": who.strip(), "name_key": _key_of(who)}


def _key_of(name: str) -> str:
    return " ".join(name.casefold().split())


def _check_role(who: str, role: str) -> None:
    if role not in ROLES:
        raise UsageError(f"reviewer {who!r}: role {role!r} does not exist; there are {', '.join(ROLES)}.")


def _values(reviewer: Reviewer) -> Mapping[str, Any]:
    names = (column.name for column in reviewers.c if column.name != "name_key")
    return {name: getattr(reviewer, name) for name in names} | {"name_key": _key_of(reviewer.name)}


def _change(conn: Connection, changed: Reviewer) -> Reviewer:
    conn.execute(
        update(reviewers)
        .where(reviewers.c.reviewer_id == changed.reviewer_id)
        .values({name: value for name, value in _values(changed).items() if name != "reviewer_id"})
    )
    return changed


def _read(row: RowMapping) -> Reviewer:
    return Reviewer(**{name: row[name] for name in row if name != "name_key"})
