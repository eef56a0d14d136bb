"""Accounts: one per name, a lock after ten wrong tries, a name that can be erased."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from store.chain import check_chain
from store.decisions import Decision
from store.labels import append_event
from store.records import UsageError
from store.reviewers import (
    MAX_TRIES,
    add_reviewer,
    clear_failures,
    count_failure,
    erase_reviewer,
    find_reviewer,
    get_reviewer,
    list_reviewers,
    lock_reviewer,
    register_reviewer,
    set_password,
    set_role,
    unlock_reviewer,
)
from store.schema import label_events
from tests.store.samples import put_grouped

AT = datetime(2024, 9, 18, tzinfo=UTC)
HASH, OTHER = "hash one", "hash two"


def test_an_account_is_found_by_name_and_by_id(engine: Engine) -> None:
    with engine.begin() as conn:
        made = add_reviewer(conn, name=" Sri  Wahyuni ", role="admin", password_hash=HASH, at=AT)
        assert made.name == "Sri Wahyuni"
        for who in ("sri wahyuni", "SRI\tWAHYUNI", made.reviewer_id):
            assert find_reviewer(conn, who) == get_reviewer(conn, who) == made
            assert register_reviewer(conn, who, at=AT) == made.reviewer_id
        assert find_reviewer(conn, "Budi") is None
        budi = register_reviewer(conn, "Budi", at=AT)
        found = get_reviewer(conn, budi)
        assert (found.name, found.role, found.password_hash) == ("Budi", "reviewer", "")
        assert list_reviewers(conn) == [found, made]


def test_what_cannot_be_is_refused(engine: Engine) -> None:
    with engine.begin() as conn:
        made = add_reviewer(conn, name="Sri", role="reader", password_hash="", at=AT)
        for name, role, word in (
            ("sri", "admin", "is there already"),
            (made.reviewer_id, "admin", "is there already"),
            (" ", "admin", "empty"),
            ("Budi", "boss", "'boss'"),
        ):
            with pytest.raises(UsageError, match=word):
                add_reviewer(conn, name=name, role=role, password_hash="", at=AT)
        with pytest.raises(UsageError, match="'Budi' is not known"):
            get_reviewer(conn, "Budi")
        with pytest.raises(UsageError, match="'boss'"):
            set_role(conn, "Sri", role="boss")
        assert set_role(conn, "Sri", role="admin") == get_reviewer(conn, "sri")
        assert get_reviewer(conn, "sri").role == "admin"


def test_ten_wrong_tries_in_turn_lock_an_account_until_it_is_unlocked(engine: Engine) -> None:
    with engine.begin() as conn:
        add_reviewer(conn, name="Sri", role="reviewer", password_hash=HASH, at=AT)
        for _ in range(MAX_TRIES - 1):
            assert count_failure(conn, "Sri", at=AT).locked_at is None
        assert clear_failures(conn, "Sri").failures == 0
        tries = [count_failure(conn, "Sri", at=AT) for _ in range(MAX_TRIES + 1)]
        assert [account.locked_at for account in tries] == [None] * (MAX_TRIES - 1) + [AT, AT]
        assert clear_failures(conn, "Sri").locked_at == AT
        assert set_password(conn, "Sri", password_hash=OTHER).locked_at == AT
        opened = unlock_reviewer(conn, "Sri")
        assert (opened.failures, opened.locked_at, opened.password_hash) == (0, None, OTHER)
        assert lock_reviewer(conn, "Sri", at=AT) == get_reviewer(conn, "Sri")


def test_a_name_can_be_erased_and_the_chain_stays_whole(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        made = add_reviewer(conn, name="Sri Wahyuni", role="admin", password_hash=HASH, at=AT)
        event = append_event(
            conn,
            incident_id=incident.incident_id,
            new=Decision("case"),
            seen=None,
            reviewer="Sri Wahyuni",
            origin="page",
            at=AT,
        )
        assert event
        assert event.reviewer == made.reviewer_id
        erased = erase_reviewer(conn, "sri wahyuni", at=AT)
        assert (erased.name, erased.password_hash) == (f"peninjau {made.reviewer_id}", "")
        assert erased.locked_at == AT
        assert find_reviewer(conn, "Sri Wahyuni") is None
        assert check_chain(conn) == ""
        rows = [*conn.execute(label_events.select()), *conn.exec_driver_sql("SELECT * FROM reviewers")]
        assert "Wahyuni" not in str(rows).title()
