"""TLS is verified: five kinds of bad certificates are refused before a request is sent (S14)."""

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
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.crawlers.outlet import entry, manifest, rss
from tests.hostile.child import Outcome, World, crawl_in

HOST = "warta.test"
DAY = datetime.timedelta(days=1)
BAD = ("expired", "not-yet-valid", "self-signed", "other-host", "unknown-authority")


def certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
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
        self, name: str, *, host: str = HOST, begins: float = -1, ends: float = 30, own: bool = False
    ) -> ssl.SSLContext:
        """Make a server's context with a certificate for a host; `own`: signed by nobody but itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        issuer = subject if own else self.name
        builder = certificate(subject, issuer, key.public_key(), begins=begins, ends=ends)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
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
        context.load_cert_chain(path)
        return context


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


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, dict[str, list[str]]]:
    """One night with an outlet per certificate; the good one shows that the others could have been read."""
    folder = tmp_path_factory.mktemp("tls")
    trusted, unknown = Authority(folder, "trusted"), Authority(folder, "unknown")
    contexts = {
        "good": trusted.issue("good"),
        "expired": trusted.issue("expired", begins=-30, ends=-1),
        "not-yet-valid": trusted.issue("not-yet-valid", begins=1),
        "self-signed": trusted.issue("self-signed", own=True),
        "other-host": trusted.issue("other-host", host="lain.test"),
        "unknown-authority": unknown.issue("unknown-authority"),
    }
    asked: dict[str, list[str]] = {name: [] for name in contexts}
    with ExitStack() as stack:
        for name, context in contexts.items():
            port = stack.enter_context(secured(context, asked[name]))
            url = f"https://{HOST}:{port}/feed"
            manifest(folder / "sources", name, entry("feed", url), hosts=[HOST], private_hosts=[HOST])
        world = World(names={HOST: [["127.0.0.1"]]}, trusted=str(trusted.path))
        return crawl_in(world, folder), asked


def test_a_good_certificate_is_trusted(night: tuple[Outcome, dict[str, list[str]]]) -> None:
    outcome, asked = night
    assert asked["good"][:2] == ["/robots.txt", "/feed"]
    assert "no valid certificate" not in outcome.reports["good"]["message"]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_certificate_is_refused(night: tuple[Outcome, dict[str, list[str]]], name: str) -> None:
    outcome, asked = night
    assert asked[name] == []
    report = outcome.reports[name]
    assert (report["outcome"], report["new_pages"], report["requests"]) == ("error", 0, 1)
    assert "has no valid certificate" in report["message"]
