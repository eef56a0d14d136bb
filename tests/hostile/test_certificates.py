"""TLS is verified: seven kinds of bad certificates are refused before a request is sent (S14).

And the one way around it: an exception that names the certificate, its last day and a reason.
"""

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography import x509  # Scrapy brings it
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from store.frontier import night_of
from tests.crawlers.outlet import entry, manifest, rss
from tests.hostile.child import Outcome, World, crawl_in

HOST = "warta.test"
DAY = datetime.timedelta(days=1)
#: What is wrong -> how the report says it.
BAD = {
    "expired": "it has expired",
    "not-yet-valid": "it is not valid yet",
    "self-signed": "it is signed by nobody but itself",
    "other-host": "it is for another host",
    "no-host": "it is for another host",
    "unknown-authority": "an authority that this machine does not know",
    "short-key": "its key is too short",
}
TODAY = night_of(datetime.datetime.now(datetime.UTC))


def certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    *,
    begins: float = -1,
    ends: float = 30,
) -> x509.CertificateBuilder:
    """Begin a certificate that is valid from `begins` to `ends` days from now."""
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now + begins * DAY).not_valid_after(now + ends * DAY)


class Authority:
    """A certificate authority that lasts for one test."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        built = certificate(self.name, self.name, self.key.public_key())
        built = built.add_extension(constraints, critical=True)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(built.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        name: str,
        *,
        host: str = HOST,
        begins: float = -1,
        ends: float = 30,
        own: bool = False,
        named: bool = True,
        bits: int = 0,
    ) -> tuple[ssl.SSLContext, str]:
        """Make a server's context with a certificate for a host; gives its SHA-256 too.

        `own`: signed by nobody but itself; `named` = False: the host only stands in its subject; `bits`: of
        an RSA key instead of one on P-256.
        """
        key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        issuer = subject if own else self.name
        builder = certificate(subject, issuer, key.public_key(), begins=begins, ends=ends)
        if named:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            builder = builder.add_extension(names, critical=False)
        signed = builder.sign(key if own else self.key, hashes.SHA256())
        path = self.folder / f"{name}.pem"
        path.write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # The server must be willing to show what the crawler must refuse.
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.load_cert_chain(path)
        return context, signed.fingerprint(hashes.SHA256()).hex()


@contextmanager
def secured(context: ssl.SSLContext, asked: list[str]) -> Iterator[int]:
    """Run an HTTPS server that notes each request; gives its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(caller: socket.socket) -> None:
        try:
            with context.wrap_socket(caller, server_side=True) as secure:
                path = secure.recv(65536).split(b" ")[1].decode()
                asked.append(path)
                body = rss([f"https://{HOST}/a"]).encode() if path == "/feed" else b""
                status = b"200 OK" if body else b"404 No"
                head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body))
                secure.sendall(head + body)
        except (OSError, IndexError):
            caller.close()

    def listen() -> None:
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(caller,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def exception(mark: str, *, days: int = 30) -> str:
    """Write an exception that ends in so many days."""
    table = f'[[tls]]\nhost = "{HOST}"\naccept_sha256 = "{mark}"\nuntil = {TODAY + days * DAY}\n'
    return table + 'reason = "penerbit sudah disurati"\n'


#: Outcomes, what each server was asked, and the SHA-256 of each certificate.
Night = tuple[Outcome, dict[str, list[str]], dict[str, str]]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """One night with an outlet per certificate; the good one shows that the others could have been read."""
    folder = tmp_path_factory.mktemp("tls")
    trusted, unknown = Authority(folder, "trusted"), Authority(folder, "unknown")
    made = {
        "good": trusted.issue("good"),
        "expired": trusted.issue("expired", begins=-30, ends=-1),
        "not-yet-valid": trusted.issue("not-yet-valid", begins=1),
        "self-signed": trusted.issue("self-signed", own=True),
        "other-host": trusted.issue("other-host", host="lain.test"),
        "no-host": trusted.issue("no-host", named=False),
        "unknown-authority": unknown.issue("unknown-authority"),
        "short-key": trusted.issue("short-key", bits=1024),
    }
    marks = {name: mark for name, (_, mark) in made.items()}
    contexts = {name: context for name, (context, _) in made.items()}
    pins = dict.fromkeys(made, "")
    for name in BAD:
        # The same certificates again, with an exception for them; written as openssl prints it.
        contexts[f"{name}-excepted"] = contexts[name]
        upper = marks[name].upper()
        colons = ":".join(upper[n : n + 2] for n in range(0, 64, 2))
        pins[f"{name}-excepted"] = exception(colons, days=0)
    for name, bad, pin in (
        ("over", "expired", exception(marks["expired"], days=-1)),
        ("other-pin", "self-signed", exception(marks["expired"])),
        ("mended", "good", exception(marks["expired"])),
    ):
        contexts[name], pins[name] = contexts[bad], pin
    asked: dict[str, list[str]] = {name: [] for name in contexts}
    with ExitStack() as stack:
        for name, context in contexts.items():
            port = stack.enter_context(secured(context, asked[name]))
            entries = entry("feed", f"https://{HOST}:{port}/feed")
            manifest(folder / "sources", name, entries, hosts=[HOST], private_hosts=[HOST], more=pins[name])
        world = World(names={HOST: [["127.0.0.1"]]}, trusted=str(trusted.path))
        return crawl_in(world, folder), asked, marks


def refused(night: Night, name: str) -> str:
    """Check that nothing was sent, and that the report says so; gives its message."""
    outcome, asked, _ = night
    assert asked[name] == []
    report = outcome.reports[name]
    assert (report["outcome"], report["new_pages"], report["requests"]) == ("error", 0, 1)
    assert "has no valid certificate" in report["message"]
    return str(report["message"])


def read(night: Night, name: str) -> str:
    """Check that the outlet was read; gives the message of its report."""
    outcome, asked, _ = night
    assert asked[name][:2] == ["/robots.txt", "/feed"]
    message = str(outcome.reports[name]["message"])
    assert "no valid certificate" not in message
    return message


def test_a_good_certificate_is_trusted(night: Night) -> None:
    assert "excepted" not in read(night, "good")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_certificate_is_refused(night: Night, name: str) -> None:
    message = refused(night, name)
    # The reason, and what an operator needs for an exception.
    assert f"{BAD[name]} (SHA-256 {night[2][name]})" in message


@pytest.mark.parametrize("name", BAD)
def test_an_exception_takes_the_certificate_that_it_names(night: Night, name: str) -> None:
    message = read(night, f"{name}-excepted")
    # On its last day, too; and every night is reminded of it.
    assert f"certificate of {HOST} excepted until {TODAY}: penerbit sudah disurati" in message


def test_an_exception_that_is_over_takes_nothing(night: Night) -> None:
    message = refused(night, "over")
    assert "it has expired" in message
    assert f"and its exception ended on {TODAY - DAY}" in message
    assert "excepted until" not in message


def test_an_exception_takes_no_other_certificate(night: Night) -> None:
    assert "signed by nobody but itself" in refused(night, "other-pin")


def test_a_mended_certificate_needs_no_exception(night: Night) -> None:
    read(night, "mended")
