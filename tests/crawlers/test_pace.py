"""The pace of hosts, on a clock of the test: gaps, holds, back-off, and how waiting ends."""

import asyncio
import itertools
import random

import pytest

from crawlers.pace import BACK_OFF_S, WAIT_LIMIT_S, Pace


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def always() -> bool:
    return True


def test_ten_thousand_requests_keep_the_gap_of_each_host() -> None:
    clock, dice = Clock(), random.Random(20240917)
    pace = Pace(clock=clock, sleep=clock.sleep)
    wanted = {f"https://{n}.test/": 0.3 * n for n in range(5)}
    seen: dict[str, list[tuple[float, float]]] = {url: [] for url in wanted}

    async def source(url: str, requests: int, gap_s: float) -> None:
        for _ in range(requests):
            async with pace.turn(url, gap_s=gap_s, going=always) as allowed:
                assert allowed
                began = clock.now
                await clock.sleep(dice.random())
                seen[url].append((began, clock.now))

    async def night() -> None:
        # Four sources to a host, one of them in no hurry: that one counts.
        for url, gap_s in wanted.items():
            pace.slow_down(url, gap_s)
        sources = [source(url, 500, gap_s / share) for url, gap_s in wanted.items() for share in (1, 2, 3, 4)]
        await asyncio.gather(*sources)

    asyncio.run(night())
    assert sum(map(len, seen.values())) == 10_000
    for url, times in seen.items():
        pauses = [after[0] - before[1] for before, after in itertools.pairwise(times)]
        assert min(pauses) >= wanted[url] - 1e-6


def test_a_host_is_one_by_http_and_https_and_another_by_port() -> None:
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    started: list[float] = []

    async def ask(url: str) -> None:
        async with pace.turn(url, gap_s=10.0, going=always):
            started.append(clock.now)

    async def night() -> None:
        urls = ("http://w.test/a", "https://W.test:443/b", "https://w.test./c", "https://w.test:8443/d")
        for url in urls:
            await ask(url)

    asyncio.run(night())
    assert started == pytest.approx([0, 10, 20, 20])


def test_a_hold_is_kept_and_ends_with_the_run() -> None:
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    pace.hold("https://w.test/", 60.0)
    pace.hold("https://w.test/", 5.0)

    async def ask(until: float) -> bool:
        async with pace.turn("https://w.test/x", gap_s=0.0, going=lambda: clock.now < until) as allowed:
            return allowed

    assert not asyncio.run(ask(30.0))
    assert clock.now <= 31
    assert asyncio.run(ask(float("inf")))
    assert clock.now >= 60


def test_the_back_off_doubles_up_to_its_limit_and_forgets() -> None:
    pace = Pace()
    found = [pace.refused("https://w.test/a") for _ in range(6)]
    assert [number for number, _ in found] == [1, 2, 3, 4, 5, 6]
    assert [wait for _, wait in found] == [BACK_OFF_S, 60, 120, 240, WAIT_LIMIT_S, WAIT_LIMIT_S]
    assert pace.refused("https://lain.test/")[0] == 1
    pace.answered("http://w.test/b")
    assert pace.refused("https://w.test/") == (1, BACK_OFF_S)


def test_an_error_in_the_block_ends_the_turn() -> None:
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)

    async def fail() -> None:
        async with pace.turn("https://w.test/", gap_s=2.0, going=always):
            raise ConnectionError

    async def night() -> None:
        for _ in range(3):
            with pytest.raises(ConnectionError):
                await fail()

    asyncio.run(night())
    assert clock.now == pytest.approx(4.0)
