"""The judge of one TLS connection, fed as OpenSSL feeds it; real handshakes are in tests/hostile."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from cryptography import x509  # Scrapy brings it
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import crypto

from crawlers.certificates import fingerprint, judge_of

EXPIRED, UNKNOWN = 10, 20


def made_out_to(*names: str) -> crypto.X509:
    """Make a certificate; without names, one that has none."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "w.test")])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    if names:
        found = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(found, critical=False)
    return crypto.X509.from_cryptography(builder.sign(key, hashes.SHA256()))


def judged(
    leaf: crypto.X509, steps: list[tuple[int, int]], *, pin: str = "", also: str = ""
) -> tuple[bool, list[str]]:
    """Feed (error, depth) in OpenSSL's order until the handshake ends; gives the verdict and the faults."""
    faults: list[str] = []
    judge = judge_of("w.test", pin, faults, also=also)
    authority = made_out_to("ca.test")
    for error, depth in steps:
        certificate = authority if depth else leaf
        if not judge(cast(Any, None), certificate, error, depth, int(error == 0)):
            return False, faults
    return True, faults


@pytest.mark.parametrize(
    ("names", "steps", "said"),
    [
        (("w.test",), [(0, 1), (0, 0)], ""),
        (("*.w.test", "w.test"), [(0, 0)], ""),
        (("lain.test",), [(0, 1), (0, 0)], "it is for another host"),
        ((), [(0, 1), (0, 0)], "it is for another host"),
        (("w.test",), [(EXPIRED, 0), (0, 0)], "it has expired"),
        # What is wrong with the authority counts, though the server's own certificate comes last and is good.
        (("w.test",), [(UNKNOWN, 1), (0, 1), (0, 0)], "an authority that this machine does not know"),
        (("w.test",), [(UNKNOWN, 1), (EXPIRED, 0)], "does not know, it has expired"),
        (("w.test",), [(999, 0)], "error 999 of OpenSSL"),
    ],
)
def test_a_chain_is_good_as_a_whole(names: tuple[str, ...], steps: list[tuple[int, int]], said: str) -> None:
    leaf = made_out_to(*names)
    good, faults = judged(leaf, steps)
    assert good == (not said)
    assert len(faults) == bool(said)
    assert all(said in fault and fault.endswith(f"(SHA-256 {fingerprint(leaf)})") for fault in faults)


def test_an_error_that_comes_after_the_verdict_still_counts() -> None:
    assert judged(made_out_to("w.test"), [(0, 0), (UNKNOWN, 1)]) == (False, [])


def test_a_pin_takes_its_own_certificate_and_no_other() -> None:
    leaf = made_out_to("lain.test")
    steps = [(UNKNOWN, 1), (EXPIRED, 0), (0, 0)]
    assert judged(leaf, steps, pin=fingerprint(leaf)) == (True, [])
    good, faults = judged(made_out_to("lain.test"), steps, pin=fingerprint(leaf), also=", dan lewat")
    assert not good
    assert faults[0].endswith(", dan lewat")


def test_the_mark_is_what_openssl_prints() -> None:
    leaf = made_out_to("w.test")
    assert fingerprint(leaf) == leaf.digest("sha256").decode().replace(":", "").lower()
