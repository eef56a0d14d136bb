"""Addresses that no outlet has, in every form they come in, and hosts that are addresses."""

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawlers.addresses import address_fault, is_numeric_host, is_plain_address

OPEN = ["8.8.8.8", "1.1.1.1", "103.10.66.1", "172.32.0.1", "2404:6800:4003:c00::71", "2606:4700::6810:84e5"]
OWN = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
]
OWN += ["::1", "fc00::1", "fd12:3456:789a::1"]
STRANGE = ["0.0.0.1", "0.1.2.3", "169.254.169.254", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1"]
STRANGE += ["198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"]
STRANGE += ["::", "::10.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "64:ff9b:1::1"]
STRANGE += ["100::1", "2001::1", "2001:db8::1", "2002:a00:1::1", "3fff::1", "fe80::1", "fe80::1%eth0"]
STRANGE += ["fec0::1", "ff02::1", "2404:6800::1%1", "", "w.test", "127.1", "0x7f000001", "2130706433"]


@pytest.mark.parametrize("address", OPEN)
def test_the_open_network_is_open(address: str) -> None:
    assert address_fault(address, private=False) == address_fault(address, private=True) == ""


@pytest.mark.parametrize("address", OWN)
def test_our_own_network_opens_by_manifest_only(address: str) -> None:
    assert address in address_fault(address, private=False)
    assert address_fault(address, private=True) == ""


@pytest.mark.parametrize("address", STRANGE)
def test_what_is_nobodys_stays_closed(address: str) -> None:
    assert address_fault(address, private=False)
    assert address_fault(address, private=True)


@given(st.ip_addresses())
@example(ipaddress.ip_address("100.64.0.0"))
def test_what_python_calls_not_global_is_closed(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        assert address_fault(str(ip), private=False)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1.", "127.1", "0177.0.0.1", "0x7f.1", "0x7F000001", "017700000001"),
        *("2130706433", "1.2.3.09", "w.test.1", "0x", "::1", "::ffff:10.0.0.1"),
    ],
)
def test_addresses_in_disguise_are_numeric(host: str) -> None:
    assert is_numeric_host(host)


@pytest.mark.parametrize("host", ["w.test", "123.com", "a1", "0x7f.test", "detik20", "1x2", "x0x1", ""])
def test_names_are_not_numeric(host: str) -> None:
    assert not is_numeric_host(host)


def test_one_form_of_an_address_is_plain() -> None:
    plain = ["127.0.0.1", "::1", "fd00::1"]
    assert all(is_plain_address(host) for host in plain)
    assert not any(
        is_plain_address(host) for host in ["127.1", "0177.0.0.1", "fd00:0::1", "FD00::1", "w.test"]
    )
