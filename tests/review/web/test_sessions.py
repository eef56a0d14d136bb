import pytest

from review.web.sessions import IDLE_MINUTES, MAX_HOURS, Sessions


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(clock=clock)


def test_a_session_is_found_until_it_has_been_idle_too_long(sessions: Sessions, clock: Clock) -> None:
    token = sessions.start("R-1")
    clock.now += 60 * IDLE_MINUTES - 1
    assert sessions.find(token) is not None
    clock.now += 60 * IDLE_MINUTES - 1
    found = sessions.find(token)
    assert found is not None, "a click starts the idle time anew"
    assert found.reviewer == "R-1"
    clock.now += 60 * IDLE_MINUTES
    assert sessions.find(token) is None
    clock.now -= 60
    assert sessions.find(token) is None, "what has ended stays ended"


def test_a_session_that_is_used_all_day_ends_all_the_same(sessions: Sessions, clock: Clock) -> None:
    token = sessions.start("R-1")
    end = clock.now + 3600 * MAX_HOURS
    while clock.now + 60 < end:
        clock.now += 60
        assert sessions.find(token) is not None
    clock.now = end
    assert sessions.find(token) is None


def test_two_sessions_share_nothing_and_end_alone(sessions: Sessions) -> None:
    one, other = sessions.start("R-1"), sessions.start("R-1")
    first, second = sessions.find(one), sessions.find(other)
    assert first is not None
    assert second is not None
    assert len({one, other, first.csrf, second.csrf}) == 4
    sessions.end(one)
    sessions.end("unknown")
    assert sessions.find(one) is None
    assert sessions.find(other) is not None
    assert sessions.find("") is None


def test_ended_sessions_do_not_pile_up(sessions: Sessions, clock: Clock) -> None:
    for _ in range(50):
        sessions.start("R-1")
        clock.now += 60 * IDLE_MINUTES
    assert len(sessions._open) == 1
