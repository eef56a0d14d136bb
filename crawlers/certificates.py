"""Whom to believe over TLS: a chain to an authority of this machine, for the host that was asked; or a pin.

Promises: a certificate is taken when it is valid, vouched for and names the host, or when it is the very one
that an exception of the manifest names for that host and whose last day is not over; everything else ends the
handshake before a request is sent, with the reason. Never does: ask whether a certificate was revoked (no
list of those is at hand without asking third parties about every outlet), or remember an exception.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, cast

from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, ServiceID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions, platformTrust
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]  # ships no types

from crawlers.addresses import is_numeric_host
from crawlers.tls_manifest import Pin

OTHER_HOST = "it is for another host"
#: OpenSSL's numbers (x509_vfy.h, X509_V_ERR_...) in words; others are told by their number.
REASONS: Mapping[int, str] = MappingProxyType(
    {
        9: "it is not valid yet",
        10: "it has expired",
        18: "it is signed by nobody but itself",
        19: "it comes from an authority that this machine does not know",
        20: "it comes from an authority that this machine does not know",
        21: "the server sends it without those that vouch for it",
        26: "it is not made for a server",
        66: "its key is too short",
        67: "the key of its authority is too short",
        68: "its signature is of a kind that can be forged",
    }
)
#: Called by OpenSSL for every certificate of a chain, the server's own (depth 0) last.
Judge = Callable[[SSL.Connection, crypto.X509, int, int, int], bool]


def tls_options() -> CertificateOptions:
    """Make what all connections of a source share: the authorities of this machine, TLS 1.2 or later.

    OpenSSL's own default ciphers, as Scrapy has it; Twisted's shorter list leaves out old servers.
    """
    # These two of Twisted's carry no types.
    ciphers = cast(Any, AcceptableCiphers).fromOpenSSLCipherString("DEFAULT")
    return CertificateOptions(trustRoot=cast(Any, platformTrust)(), acceptableCiphers=ciphers)


def fingerprint(certificate: crypto.X509) -> str:
    """Give the SHA-256 of a certificate (of its DER form), in lower-case hex digits."""
    return hashlib.sha256(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)).hexdigest()


@implementer(IPolicyForHTTPS)
class CheckedCertificates:
    """The policy of one request; afterwards `faults` tells why a certificate was refused."""

    def __init__(self, options: CertificateOptions, pins: Sequence[Pin], today: date) -> None:
        """`pins`: the exceptions of the source, one per host; those that ended before `today` do not hold."""
        self._options = options
        self._pins = {pin.host: pin for pin in pins}
        self._today = today
        self.faults: list[str] = []

    def creatorForNetloc(self, hostname: bytes, port: int) -> "_Creator":  # noqa: N802 - Twisted's name
        """Give what begins the TLS connections to a host."""
        del port
        host = hostname.decode("ascii")
        pin = self._pins.get(host)
        if pin and pin.ended(self._today):
            judge = judge_of(host, "", self.faults, also=f", and its exception ended on {pin.until}")
        else:
            judge = judge_of(host, pin.accept_sha256 if pin else "", self.faults)
        return _Creator(self._options, host, judge)


@implementer(IOpenSSLClientConnectionCreator)
class _Creator:
    """Begins TLS connections that one judge decides on."""

    def __init__(self, options: CertificateOptions, host: str, judge: Judge) -> None:
        self._options = options
        self._host = host
        self._judge = judge

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:  # noqa: N802 - Twisted's name
        """Make one connection, with the host in its greeting (an address is none, RFC 6066, 3)."""
        connection: SSL.Connection = self._options.clientConnectionForTLS(protocol)
        if not is_numeric_host(self._host):
            connection.set_tlsext_host_name(self._host.encode("ascii"))
        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._judge)
        return connection


def judge_of(host: str, pin: str, faults: list[str], *, also: str = "") -> Judge:
    """Make the judge of one connection to a host; it adds the reason of a refusal, and `also`, to `faults`.

    `pin`: fingerprint of the certificate that is taken whatever is wrong with it; "" = none.

    Twisted's own takes a certificate without any name for every host (it logs service_identity's
    CertificateError and goes on), which is why this one judges names too.
    """
    wanted: ServiceID = IPAddress_ID(host) if is_numeric_host(host) else DNS_ID(host)
    broken: list[str] = []
    taken: list[str] = []

    def judge(
        connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, good: int
    ) -> bool:
        del connection
        if not good:
            broken.append(REASONS.get(error, f"error {error} of OpenSSL"))
        if depth:
            # What is wrong further up counts against the server's certificate, which comes last. One that was
            # taken for valid before is not: then the order was another one.
            return not (taken and broken)
        mark = fingerprint(certificate)
        if mark == pin:
            return True
        if not broken and not _names(certificate, wanted):
            broken.append(OTHER_HOST)
        if broken:
            faults.append(f"{', '.join(dict.fromkeys(broken))} (SHA-256 {mark}){also}")
            return False
        taken.append(mark)
        return True

    return judge


def _names(certificate: crypto.X509, wanted: ServiceID) -> bool:
    """Say whether a certificate is made out to a host."""
    try:
        verify_service_identity(extract_patterns(certificate), [wanted], [])
    except (CertificateError, VerificationError, ValueError):
        return False
    return True
