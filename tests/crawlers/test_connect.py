"""The one way to a socket: checked, with the address itself, never with a name.

Whole crawls over it are in tests/hostile: closed addresses, certificates, slow and endless answers.
"""

from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.error import ConnectError

from crawlers.connect import _CheckedReactor


def checked(*, private: bool) -> tuple[_CheckedReactor, list[Any]]:
    """A checked reactor, and what reached the real one."""
    calls: list[Any] = []
    reactor = SimpleNamespace(
        connectTCP=lambda *args, **options: calls.append((args, options)),
        nameResolver=None,
        callLater=None,
        seconds=None,
    )
    return _CheckedReactor(reactor, private=private), calls


def test_an_open_address_is_passed_on_as_it_is() -> None:
    reactor, calls = checked(private=False)
    reactor.connectTCP("8.8.8.8", 443, "factory", timeout=5)
    assert calls == [(("8.8.8.8", 443, "factory"), {"timeout": 5})]
    assert (reactor.tried, reactor.refused) == (1, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254", "localhost", "w.test"])
def test_what_is_closed_or_a_name_never_reaches_the_reactor(host: str) -> None:
    reactor, calls = checked(private=False)
    with pytest.raises(ConnectError):
        reactor.connectTCP(host, 80, "factory")
    assert calls == []
    assert reactor.tried == 0
    assert host in reactor.refused[0]


def test_a_private_host_opens_its_own_network_only() -> None:
    reactor, calls = checked(private=True)
    reactor.connectTCP("192.168.1.1", 80, "factory")
    with pytest.raises(ConnectError):
        reactor.connectTCP("169.254.169.254", 80, "factory")
    assert len(calls) == 1
