"""What is handed out, when, and in which order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, select

from store.frontier import (
    MAX_ATTEMPTS,
    Link,
    Stored,
    Validator,
    complete_page,
    count_fetched,
    count_waiting,
    fail,
    finish,
    get_validator,
    is_done,
    lease,
    night_of,
    offer,
    offer_changed,
    put_page,
    put_validator,
    release_leases,
    stored_page,
)
from store.records import StoppedError
from store.schema import frontier, pages
from tests.store.samples import NIGHT, SOURCE, make_link, make_page

NOW = datetime(2024, 9, 16, 19, 0, tzinfo=UTC)  # 02:00 of 17 September in Jakarta
DAY = timedelta(days=1)
LINKS = [make_link(number) for number in range(5)]


def take(conn: Connection, *, nights: int = 0, seconds: float = 0, limit: int = 100) -> list[Link]:
    now = NOW + nights * DAY + timedelta(seconds=seconds)
    return lease(conn, SOURCE, now=now, ttl_s=60, limit=limit)


def test_only_links_that_are_new_to_the_source_are_queued(engine: Engine) -> None:
    with engine.begin() as conn:
        assert offer(conn, SOURCE, LINKS[:3], night=NIGHT) == 3
        assert offer(conn, SOURCE, [*LINKS[1:4], LINKS[3]], night=NIGHT + DAY) == 1
        assert offer(conn, "warta-mandar", LINKS[:3], night=NIGHT) == 3
        assert offer(conn, SOURCE, [], night=NIGHT) == 0
        nights = conn.execute(select(frontier.c.night).where(frontier.c.source_id == SOURCE)).scalars().all()
    assert sorted(nights) == [NIGHT] * 3 + [NIGHT + DAY]


def test_a_twin_of_a_stored_article_is_done_and_not_stored_again(engine: Engine) -> None:
    twin = Link("https://amp.warta.test/1", "https://amp.warta.test/1")
    with engine.begin() as conn:
        offer(conn, SOURCE, [LINKS[1], twin], night=NIGHT)
        take(conn)
        assert finish(conn, make_page(1), leased=LINKS[1].canonical_url) is Stored.NEW
        assert finish(conn, make_page(1), leased=twin.canonical_url) is Stored.KNOWN
        assert take(conn, nights=2) == []
        assert offer(conn, SOURCE, [LINKS[1], twin], night=NIGHT + DAY) == 0


def test_a_twin_that_comes_first_stores_the_article(engine: Engine) -> None:
    twin = Link("https://amp.warta.test/1", "https://amp.warta.test/1")
    with engine.begin() as conn:
        offer(conn, SOURCE, [twin], night=NIGHT)
        take(conn)
        assert finish(conn, make_page(1), leased=twin.canonical_url) is Stored.NEW
        assert offer(conn, SOURCE, [LINKS[1], twin], night=NIGHT + DAY) == 0


def test_an_article_that_its_twin_brought_while_it_was_under_way_has_not_changed(engine: Engine) -> None:
    twin = Link("https://amp.warta.test/1", "https://amp.warta.test/1")
    with engine.begin() as conn:
        offer(conn, SOURCE, [twin, LINKS[1]], night=NIGHT)
        take(conn)
        page = make_page(1)
        assert finish(conn, page, leased=twin.canonical_url) is Stored.NEW
        own = replace(page, fetched_at=page.fetched_at + timedelta(seconds=5), body_sha256="0" * 64)
        assert finish(conn, own, leased=page.canonical_url) is Stored.KNOWN
        # When the outlet says later that it has changed the article, the next version counts.
        later = replace(LINKS[1], modified=NOW + DAY)
        assert offer_changed(conn, SOURCE, [later], night=NIGHT + DAY) == 1
        (link,) = take(conn, nights=1)
        assert finish(conn, replace(own, fetched_at=NOW + DAY), leased=link.canonical_url) is Stored.REVISED


def test_what_looking_back_has_named_or_brought_is_marked(engine: Engine) -> None:
    walked = replace(LINKS[2], origin="walk")
    with engine.begin() as conn:
        offer(conn, SOURCE, [LINKS[1], walked], night=NIGHT)
        offer(conn, SOURCE, [LINKS[2]], night=NIGHT)
        assert {link.origin for link in take(conn)} == {"night", "walk"}
        for number, origin in ((1, "night"), (2, "walk"), (3, "import")):
            put_page(conn, make_page(number, origin=origin))
        # An archive that somebody else filled is no burden to the outlet.
        assert count_fetched(conn, SOURCE, night=NIGHT) == 2
        page, state = stored_page(conn, SOURCE, make_page(3).canonical_url) or (None, None)
        assert (page, state) == (make_page(3, origin="import"), "fetched")
        assert stored_page(conn, "lain", make_page(3).canonical_url) is None


def test_pages_found_later_complete_an_article(engine: Engine) -> None:
    half = make_page(1, origin="import", refs=make_page(1).refs[:1], night=NIGHT + DAY)
    with engine.begin() as conn:
        put_page(conn, half)
        complete_page(conn, make_page(1, origin="import"))
        assert stored_page(conn, SOURCE, half.canonical_url) == (make_page(1, origin="import"), "fetched")
        with pytest.raises(StoppedError, match="not in the store"):
            complete_page(conn, make_page(2))


def test_a_link_whose_page_came_in_a_larger_response_is_not_queued(engine: Engine) -> None:
    with engine.begin() as conn:
        assert put_page(conn, make_page(1)) is Stored.NEW
        assert offer(conn, SOURCE, LINKS, night=NIGHT) == 4
        assert LINKS[1] not in take(conn)
        assert is_done(conn, SOURCE, LINKS[1].canonical_url)
        assert not is_done(conn, SOURCE, LINKS[2].canonical_url)
        assert not is_done(conn, "warta-mandar", LINKS[1].canonical_url)


def test_links_are_handed_out_newest_night_first_and_in_the_order_of_the_source(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, [LINKS[4], LINKS[0]], night=NIGHT)
        offer(conn, SOURCE, [LINKS[3], LINKS[1]], night=NIGHT + DAY)
        assert take(conn, nights=1, limit=3) == [LINKS[3], LINKS[1], LINKS[4]]
        assert take(conn, nights=1, limit=3) == [LINKS[0]]


def test_a_leased_link_is_handed_out_again_when_its_time_has_run_out(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, LINKS, night=NIGHT)
        assert len(take(conn)) == 5
        assert take(conn, seconds=59) == []
        assert len(take(conn, seconds=60)) == 5


def test_leases_of_a_dead_run_are_released_at_once_and_per_source(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, LINKS, night=NIGHT)
        offer(conn, "warta-mandar", LINKS, night=NIGHT)
        first = take(conn, limit=2)
        lease(conn, "warta-mandar", now=NOW, ttl_s=60, limit=9)
        assert release_leases(conn, SOURCE) == 2
        assert take(conn, limit=2) == first
        assert lease(conn, "warta-mandar", now=NOW, ttl_s=60, limit=9) == []


def test_a_finished_link_never_comes_back(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, LINKS[1:2], night=NIGHT)
        take(conn)
        assert finish(conn, make_page(1)) is Stored.NEW
        assert offer(conn, SOURCE, LINKS[1:2], night=NIGHT + DAY) == 0
        fail(conn, SOURCE, LINKS[1].canonical_url, reason="late answer", night=NIGHT)
        assert take(conn, nights=9) == []
        assert is_done(conn, SOURCE, LINKS[1].canonical_url)


def test_a_page_is_known_until_a_later_version_with_another_text_comes(engine: Engine) -> None:
    first = make_page(1)
    later = first.fetched_at + DAY
    with engine.begin() as conn:
        assert put_page(conn, first) is Stored.NEW
        assert put_page(conn, first) is Stored.KNOWN
        # Fetched later, nothing new in it; fetched earlier, as by a replay that starts over.
        assert put_page(conn, replace(first, fetched_at=later)) is Stored.KNOWN
        assert put_page(conn, replace(first, body_sha256="f" * 64)) is Stored.KNOWN
        # Another format cannot be compared; half an article does not replace a whole one.
        other = replace(first, fetched_at=later, body_sha256="f" * 64)
        assert put_page(conn, replace(other, format="feed", part="x")) is Stored.KNOWN
        assert put_page(conn, replace(other, refs=first.refs[:1])) is Stored.KNOWN
        assert conn.execute(select(pages.c.body_sha256)).scalars().all() == [first.body_sha256]
        assert finish(conn, replace(other, night=NIGHT + DAY)) is Stored.REVISED
        assert put_page(conn, first) is Stored.KNOWN
        row = conn.execute(select(pages)).mappings().one()
    assert (row["body_sha256"], row["night"], row["fetched_at"]) == ("f" * 64, NIGHT, later)
    assert (row["page_id"], row["state"]) == (first.page_id, "fetched")


def test_what_is_no_text_makes_no_revision(engine: Engine) -> None:
    first = make_page(1, content_sha256="a" * 64, modified=NOW)
    counted = replace(first, fetched_at=first.fetched_at + DAY, body_sha256="f" * 64)
    with engine.begin() as conn:
        assert put_page(conn, first) is Stored.NEW
        # A counter in the entry; a template that writes the date into the text; then an edit.
        assert put_page(conn, replace(counted, modified=NOW + DAY)) is Stored.KNOWN
        assert put_page(conn, replace(counted, content_sha256="b" * 64)) is Stored.KNOWN
        edited = replace(counted, content_sha256="b" * 64, modified=NOW + DAY)
        assert put_page(conn, edited) is Stored.REVISED


def changed(number: int, hours: float) -> Link:
    """A link that its outlet says it changed so many hours after the night's crawl."""
    return replace(LINKS[number], modified=NOW + timedelta(hours=hours))


def test_an_article_is_queued_again_when_its_outlet_changed_it_later(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, [changed(1, -2), changed(2, -2)], night=NIGHT)
        take(conn)
        for number in (1, 2):
            finish(conn, make_page(number, fetched_at=NOW))
        again = NIGHT + DAY
        assert offer_changed(conn, SOURCE, [LINKS[1], changed(2, -2)], night=again) == 0
        # Announced late: our fetch was later than the change.
        assert offer_changed(conn, SOURCE, [changed(1, -1)], night=again) == 0
        assert offer_changed(conn, SOURCE, [changed(1, 5)], night=again) == 1
        assert offer_changed(conn, SOURCE, [changed(1, 5)], night=again) == 0
        # Not on the night before, which a replay that starts over would do.
        assert take(conn) == []
        assert take(conn, nights=1) == [changed(1, 5)]
        fail(conn, SOURCE, LINKS[1].canonical_url, reason="HTTP 500", night=again)
        assert take(conn, nights=2) == [changed(1, 5)]
        finish(conn, make_page(1, fetched_at=NOW + 2 * DAY, body_sha256="f" * 64))
        assert offer_changed(conn, SOURCE, [changed(1, 5)], night=again + DAY) == 0


def test_a_server_that_stamps_everything_with_now_is_asked_for_a_week_and_no_longer(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, [LINKS[1]], night=NIGHT)
        finish(conn, make_page(1, fetched_at=NOW))
        nights = []
        for number in range(1, 20):
            links = [changed(1, 24 * number - 1)]
            if offer_changed(conn, SOURCE, links, night=NIGHT + number * DAY):
                nights.append(number)
                finish(conn, make_page(1, fetched_at=NOW + number * DAY))
    assert nights == list(range(1, 8))


def test_what_waits_and_what_was_fetched_is_counted(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, LINKS, night=NIGHT)
        offer(conn, "warta-mandar", LINKS, night=NIGHT)
        take(conn, limit=2)
        finish(conn, make_page(0))
        put_page(conn, make_page(7, format="wordpress", part="7"))
        assert count_waiting(conn, SOURCE, night=NIGHT) == 3
        assert count_waiting(conn, SOURCE, night=NIGHT - DAY) == 0
        assert count_fetched(conn, SOURCE, night=NIGHT) == 1
        assert count_fetched(conn, SOURCE, night=NIGHT + DAY) == 0


def test_fresh_links_come_before_those_that_failed(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, LINKS[:1], night=NIGHT + DAY)
        take(conn, nights=1)
        fail(conn, SOURCE, LINKS[0].canonical_url, reason="HTTP 500", night=NIGHT + DAY)
        offer(conn, SOURCE, LINKS[1:3], night=NIGHT)
        assert take(conn, nights=2, limit=2) == LINKS[1:3]
        assert take(conn, nights=2, limit=2) == LINKS[:1]


def test_page_and_state_come_together_or_not_at_all(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, LINKS, night=NIGHT)
        take(conn)

    def die_after_finish() -> None:
        with engine.begin() as conn:
            finish(conn, make_page(1))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die_after_finish()
    with engine.begin() as conn:
        assert not is_done(conn, SOURCE, LINKS[1].canonical_url)
        assert set(conn.execute(select(frontier.c.state)).scalars()) == {"leased"}


def test_a_failed_link_is_tried_once_a_night_and_given_up_after_the_last_try(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, LINKS[:1], night=NIGHT)
        for attempt in range(MAX_ATTEMPTS):
            assert take(conn, nights=attempt) == LINKS[:1]
            fail(conn, SOURCE, LINKS[0].canonical_url, reason="HTTP 500", night=NIGHT + attempt * DAY)
            assert take(conn, nights=attempt) == []
        assert take(conn, nights=MAX_ATTEMPTS) == []


def test_a_failed_link_that_succeeds_later_keeps_no_trace_of_the_failure(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, LINKS[1:2], night=NIGHT)
        take(conn)
        fail(conn, SOURCE, LINKS[1].canonical_url, reason="HTTP 500", night=NIGHT)
        take(conn, nights=1)
        finish(conn, make_page(1))
        row = conn.execute(select(frontier)).mappings().one()
    assert (row["state"], row["reason"], row["failed_night"], row["lease_until"]) == ("done", "", None, None)


def test_a_replay_that_starts_over_does_not_run_ahead_of_its_night(engine: Engine) -> None:
    with engine.begin() as conn:
        offer(conn, SOURCE, LINKS[:1], night=NIGHT)
        offer(conn, SOURCE, LINKS[1:2], night=NIGHT + DAY)
        assert take(conn) == LINKS[:1]
        assert take(conn, nights=1) == [LINKS[1], LINKS[0]]


def test_the_night_of_a_replay_is_not_that_of_the_clock(engine: Engine) -> None:
    later = NOW + 800 * DAY
    with engine.begin() as conn:
        offer(conn, SOURCE, LINKS[:1], night=NIGHT)
        assert lease(conn, SOURCE, now=later, ttl_s=60, limit=9, night=NIGHT) == LINKS[:1]
        fail(conn, SOURCE, LINKS[0].canonical_url, reason="not in archive", night=NIGHT)
        assert lease(conn, SOURCE, now=later, ttl_s=60, limit=9, night=NIGHT) == []


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        (datetime(2024, 9, 16, 16, 59, 59, tzinfo=UTC), date(2024, 9, 16)),
        (datetime(2024, 9, 16, 17, 0, tzinfo=UTC), date(2024, 9, 17)),
    ],
)
def test_a_night_begins_at_midnight_in_jakarta(moment: datetime, night: date) -> None:
    assert night_of(moment) == night


def test_the_newest_validator_replaces_the_older_one(engine: Engine) -> None:
    with engine.begin() as conn:
        assert get_validator(conn, "https://a.test/feed") is None
        put_validator(conn, Validator("https://a.test/feed", etag='"1"'))
        newest = Validator("https://a.test/feed", last_modified="Tue, 17 Sep 2024 02:00:00 GMT")
        put_validator(conn, newest)
        assert get_validator(conn, "https://a.test/feed") == newest
