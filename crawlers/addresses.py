"""Which addresses may be connected to, and which host names are addresses in disguise.

Promises: an address of this machine, of its network, or of no network at all is named as such, in
whatever form it comes (mapped, translated or tunnelled IPv6 included). Never does: resolve a name.
"""

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Network

#: IANA IPv4 Special-Purpose Address Registry (RFC 6890 and successors), without what an operator may open.
SPECIAL_IPV4: tuple[IPv4Network, ...] = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # "this network"; Linux connects 0.0.0.0 to itself
        "169.254.0.0/16",  # link-local, with the metadata service of every cloud
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, with the broadcast address
    )
)
#: What a manifest may open for one host by `private_hosts`: this machine and its own network.
PRIVATE_IPV4: tuple[IPv4Network, ...] = tuple(
    IPv4Network(text)
    for text in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
PRIVATE_IPV6: tuple[IPv6Network, ...] = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
#: The only part of IPv6 that is handed out for the open network (RFC 4291, 2.4) ...
GLOBAL_IPV6 = IPv6Network("2000::/3")
#: ... and what of it is not an outlet's: IANA IPv6 Special-Purpose Address Registry. Mapped, NAT64 and
#: link-local addresses lie outside 2000::/3 and need no line.
SPECIAL_IPV6: tuple[IPv6Network, ...] = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, with Teredo, which carries any IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries any IPv4 address
        "3fff::/20",  # documentation
    )
)

# WHATWG URL, "ends in a number": browsers and the C library read such a host as an IPv4 address.
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?", re.DOTALL)


def address_fault(address: str, *, private: bool) -> str:
    """Say why an IP address may not be connected to; "" when it may.

    `private`: the manifest opens this host to this machine and its network (never to link-local,
    multicast, reserved or translated addresses).
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return f"{address!r} is no IP address"
    if isinstance(ip, IPv4Address):
        own = any(ip in network for network in PRIVATE_IPV4)
        strange = any(ip in network for network in SPECIAL_IPV4)
    else:
        own = any(ip in network for network in PRIVATE_IPV6)
        # A zone ("%eth0") makes any address one of a single link.
        strange = not own and (ip.scope_id is not None or ip not in GLOBAL_IPV6)
        strange = strange or any(ip in network for network in SPECIAL_IPV6)
    closed = strange or (own and not private)
    return f"{address} is not an address of the open network" if closed else ""


def is_numeric_host(host: str) -> bool:
    """Say whether a host is an IP address: dotted, octal, hexadecimal, one number, or IPv6 in brackets."""
    return ":" in host or bool(_NUMERIC.fullmatch(host))


def is_plain_address(host: str) -> bool:
    """Say whether a numeric host is written in the one canonical form of its address."""
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        return False
