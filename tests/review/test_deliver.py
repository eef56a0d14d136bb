"""Mail and webhook against real servers on this machine: verified, signed, tried again, never leaking."""

import email
import email.policy
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from review.deliver import Message, deliver, read_channels, sign
from store.records import UsageError
from tests.hostile.test_certificates import Authority
from tests.review.mailserver import MailServer, mail_server

PASSWORD, SECRET = "kata-sandi-rahasia-sekali", "rahasia-webhook-yang-cukup-panjang-0123"
MESSAGE = Message(
    "Netra 2024-09-19: 3 dugaan baru – é", "Ringkasan\n.\nbaris dengan é\n", {"event": "netra.digest"}
)
NOW = (0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"), "ours")


def mail_settings(port: int, authority: Authority | None = None, **more: str) -> dict[str, str]:
    settings = {
        "NETRA_SMTP_HOST": "localhost",
        "NETRA_SMTP_PORT": str(port),
        "NETRA_SMTP_FROM": "Netra <netra@kantor.test>",
        "NETRA_SMTP_TO": "satu@kantor.test, dua@kantor.test",
    }
    if authority:
        settings["NETRA_SMTP_CA"] = str(authority.path)
    return settings | {f"NETRA_SMTP_{name}": value for name, value in more.items()}


class Hook(BaseHTTPRequestHandler):
    answers: list[int]
    got: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, dict(self.headers), body))
        self.send_response(self.answers.pop(0) if self.answers else 204)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of http.server
        pass


@contextmanager
def hook(*answers: int, tls=None) -> Iterator[tuple[int, list]]:
    """A web server that gives these answers, then 204; its port and what it got."""
    handler = type("Handler", (Hook,), {"answers": list(answers), "got": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port, handler.got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hook_settings(url: str, **more: str) -> dict[str, str]:
    return {"NETRA_WEBHOOK_URL": url, "NETRA_WEBHOOK_SECRET": SECRET} | more


def test_nothing_is_set_up_by_default():
    assert read_channels({}) == ()
    assert deliver((), MESSAGE) == ()


def test_a_mail_goes_over_starttls_with_login_and_arrives_whole(authority):
    server = MailServer(
        starttls=authority.issue("smtp", host="localhost")[0], user="netra", password=PASSWORD
    )
    with mail_server(server):
        channels = read_channels(mail_settings(server.port, authority, USER="netra", PASSWORD=PASSWORD))
        assert deliver(channels, MESSAGE, waits=()) == ()
        assert deliver(channels, MESSAGE, waits=()) == ()
    first, again = (
        email.message_from_bytes(
            raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."), policy=email.policy.default
        )
        for raw in server.letters
    )
    assert first["Subject"] == MESSAGE.subject
    assert first["To"] == "satu@kantor.test, dua@kantor.test"
    assert first["Message-ID"] == again["Message-ID"]
    # A line of one dot would have ended the mail, had it not been doubled on its way.
    assert first.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert all(secure for line, secure in server.heard if line.startswith(("AUTH", "MAIL", "RCPT", "DATA")))
    assert sum(line.startswith("RCPT") for line, _ in server.heard) == 4


def test_a_mail_goes_over_tls_from_the_first_byte(authority):
    server = MailServer()
    with mail_server(server, tls=authority.issue("smtps", host="localhost")[0]):
        channels = read_channels(mail_settings(server.port, authority, SECURITY="tls"))
        assert deliver(channels, MESSAGE, waits=()) == ()
    assert len(server.letters) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["unknown-authority", "other-host", "expired"])
def test_a_bad_certificate_ends_it_before_a_word_is_said(authority, tmp_path, security, fault):
    issuer = Authority(tmp_path, "theirs") if fault == "unknown-authority" else authority
    host, ends = "mail.test" if fault == "other-host" else "localhost", -0.5 if fault == "expired" else 30
    context = issuer.issue(f"{security}-{fault}", host=host, begins=-2, ends=ends)[0]
    server = MailServer(starttls=context, user="netra", password=PASSWORD)
    with mail_server(server, tls=context if security == "tls" else None):
        settings = mail_settings(server.port, authority, SECURITY=security, USER="netra", PASSWORD=PASSWORD)
        (warning,) = deliver(read_channels(settings), MESSAGE, waits=NOW)
    assert "certificate" in warning
    assert [line for line, _ in server.heard if line.startswith(("AUTH", "MAIL"))] == []
    # Not tried again: nobody renews a certificate in seconds.
    assert len([line for line, _ in server.heard if line.startswith("STARTTLS")]) == (security == "starttls")


def test_without_starttls_nothing_is_sent(authority):
    server = MailServer(user="netra", password=PASSWORD)
    with mail_server(server):
        channels = read_channels(mail_settings(server.port, authority, USER="netra", PASSWORD=PASSWORD))
        (warning,) = deliver(channels, MESSAGE, waits=NOW)
    assert "STARTTLS" in warning
    assert {line.partition(" ")[0].upper() for line, _ in server.heard} <= {
        "EHLO",
        "HELO",
        "STARTTLS",
        "QUIT",
    }


def test_a_refused_password_is_told_without_it(authority, caplog):
    caplog.set_level(logging.DEBUG)
    server = MailServer(
        starttls=authority.issue("auth", host="localhost")[0], user="netra", password=PASSWORD[::-1]
    )
    with mail_server(server):
        channels = read_channels(mail_settings(server.port, authority, USER="netra", PASSWORD=PASSWORD))
        (warning,) = deliver(channels, MESSAGE, waits=NOW)
    assert "535" in warning
    for said in (warning, caplog.text, repr(channels)):
        assert PASSWORD not in said
        assert "AGth" not in said
        assert "bmV0cmEA" not in said


def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not():
    server = MailServer(faults={"MAIL": ["451 busy", "421 later"]})
    with mail_server(server):
        settings = mail_settings(server.port, SECURITY="none")
        assert deliver(read_channels(settings), MESSAGE, waits=NOW) == ()
    assert len(server.letters) == 1
    server = MailServer(faults={"MAIL": ["550 no"]})
    with mail_server(server):
        (warning,) = deliver(read_channels(mail_settings(server.port, SECURITY="none")), MESSAGE, waits=NOW)
    assert "550" in warning
    assert server.letters == []


def test_one_refused_recipient_is_a_warning_and_the_others_get_the_mail():
    server = MailServer(faults={"RCPT": ["550 who?"]})
    with mail_server(server):
        (warning,) = deliver(read_channels(mail_settings(server.port, SECURITY="none")), MESSAGE, waits=NOW)
    assert "1 of 2" in warning
    assert len(server.letters) == 1


def test_a_webhook_is_signed_and_says_the_same_for_the_same_message():
    with hook() as (port, got):
        channels = read_channels(hook_settings(f"http://127.0.0.1:{port}/jalan/rahasia?x=1"))
        assert deliver(channels, MESSAGE, waits=()) == ()
        assert deliver(channels, MESSAGE, waits=()) == ()
    (path, headers, body), (_, again, _) = got
    assert path == "/jalan/rahasia?x=1"
    assert json.loads(body) == {"event": "netra.digest"}
    assert headers["X-Netra-Signature"] == sign(SECRET, headers["X-Netra-Timestamp"], body)
    assert headers["X-Netra-Delivery"] == again["X-Netra-Delivery"]
    assert SECRET not in str(headers)


def test_the_signature_is_the_hmac_of_time_and_body():
    # Figures made with: printf '1.{}' | openssl dgst -sha256 -hmac k
    assert sign("k", "1", b"{}") == "sha256=3dd49b2593d0f9a349e9e71c4bde3e2b862c2be4003fe9b4ba81332029310158"


@pytest.mark.parametrize(
    ("answers", "tries", "delivered"),
    [
        ((500, 503, 429, 200), 4, True),
        ((500, 500, 500, 500, 200), 4, False),
        ((404,), 1, False),
        ((302,), 1, False),
        ((401, 200), 1, False),
    ],
)
def test_a_webhook_is_tried_again_only_where_that_may_help(answers, tries, delivered, caplog):
    with hook(*answers) as (port, got):
        channels = read_channels(hook_settings(f"http://localhost:{port}/jalan/rahasia"))
        warnings = deliver(channels, MESSAGE, waits=NOW)
    assert len(got) == tries
    assert {path for path, _, _ in got} == {"/jalan/rahasia"}
    assert bool(warnings) is not delivered
    assert "rahasia" not in "".join(warnings) + caplog.text + repr(channels)


def test_a_webhook_over_https_verifies_whom_it_talks_to(authority):
    with hook(tls=authority.issue("hook", host="localhost")[0]) as (port, got):
        url = f"https://localhost:{port}/"
        assert deliver(read_channels(hook_settings(url, NETRA_WEBHOOK_CA=str(authority.path))), MESSAGE) == ()
        assert len(got) == 1
        (warning,) = deliver(read_channels(hook_settings(url)), MESSAGE, waits=NOW)
        assert "certificate" in warning
        assert len(got) == 1


def test_a_place_that_nobody_listens_at_is_a_warning_for_each_channel():
    with hook() as (port, _):
        pass
    settings = mail_settings(port, SECURITY="none") | hook_settings(f"http://127.0.0.1:{port}/")
    warnings = deliver(read_channels(settings), MESSAGE, waits=(0.0,))
    assert [warning.partition(":")[0] for warning in warnings] == [
        "mail server localhost",
        "webhook 127.0.0.1",
    ]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"NETRA_SMTP_SECURITY": "ssl"}, "NETRA_SMTP_SECURITY"),
        ({"NETRA_SMTP_SECURITY": "none", "NETRA_SMTP_HOST": "mail.test"}, "NETRA_SMTP_SECURITY"),
        (
            {"NETRA_SMTP_SECURITY": "none", "NETRA_SMTP_USER": "u", "NETRA_SMTP_PASSWORD": PASSWORD},
            "PASSWORD",
        ),
        ({"NETRA_SMTP_PORT": "0"}, "NETRA_SMTP_PORT"),
        ({"NETRA_SMTP_PORT": "abc"}, "NETRA_SMTP_PORT"),
        ({"NETRA_SMTP_FROM": ""}, "NETRA_SMTP_FROM"),
        ({"NETRA_SMTP_TO": ""}, "NETRA_SMTP_TO"),
        ({"NETRA_SMTP_TO": "a@b.test\nBcc: c@d.test"}, "NETRA_SMTP_TO"),
        ({"NETRA_SMTP_USER": "u"}, "NETRA_SMTP_PASSWORD"),
        ({"NETRA_SMTP_CA": "/nowhere.pem"}, "NETRA_SMTP_CA"),
        (hook_settings("http://hook.test/"), "NETRA_WEBHOOK_URL"),
        (hook_settings("ftp://localhost/"), "NETRA_WEBHOOK_URL"),
        (hook_settings("https://u:p@hook.test/"), "NETRA_WEBHOOK_URL"),
        (hook_settings("https:///x"), "NETRA_WEBHOOK_URL"),
        (hook_settings("https://hook.test/\r\nX: y"), "NETRA_WEBHOOK_URL"),
        (hook_settings("https://hook.test:99999/"), "NETRA_WEBHOOK_URL"),
        (hook_settings("https://hook.test/") | {"NETRA_WEBHOOK_SECRET": "short"}, "NETRA_WEBHOOK_SECRET"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_runs(changes, named):
    with pytest.raises(UsageError, match=named) as refused:
        read_channels(mail_settings(2525) | changes)
    assert PASSWORD not in str(refused.value)
    assert "short" not in str(refused.value)


def test_the_file_of_authorities_may_be_anything_and_is_still_only_a_warning(tmp_path: Path):
    (tmp_path / "ca.pem").write_text("bukan sertifikat")
    with hook() as (port, _):
        settings = hook_settings(f"https://localhost:{port}/", NETRA_WEBHOOK_CA=str(tmp_path / "ca.pem"))
        (warning,) = deliver(read_channels(settings), MESSAGE, waits=NOW)
    assert "authorities" in warning
