"""Sends a message to the people and programs that the environment names: by mail, by webhook, or not at all.

    channels = read_channels(os.environ)
    warnings = deliver(channels, message)

Promises: nothing is sent unless the variables NETRA_SMTP_* or NETRA_WEBHOOK_* name a place; certificates are
verified; what cannot be delivered is a warning that names the channel, never an error; passwords, secrets and
the webhook's path are in no warning and no log. Never does: follow a redirect, or send in clear beyond this
machine.
"""

import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from review.sheet import flatten
from store.records import CODE_VERSION, UsageError

log = logging.getLogger(__name__)

#: Seconds that a server has for each answer.
TIMEOUT_S = 20.0
#: Seconds before the second, third ... try: a server that restarts is back within a minute.
WAITS_S = (2.0, 10.0, 30.0)
#: A key shorter than the digest that it makes (SHA-256) weakens it: RFC 2104, section 3.
MIN_SECRET = 32
SIGNATURE, TIMESTAMP, DELIVERY = "X-Netra-Signature", "X-Netra-Timestamp", "X-Netra-Delivery"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: a line, a plain text for people, the same as data for programs."""

    subject: str
    text: str
    data: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The same for the same message, so that who gets it twice can tell."""
        return hashlib.sha256(f"{self.subject}\n{self.text}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server and who gets mail through it."""

    host: str
    port: int
    security: str
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)
    authorities: str = ""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes JSON, and the secret that its owner knows us by."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    authorities: str = ""


Channel = Mail | Webhook


class _FailedError(Exception):
    """One try has failed; `again` when another one may do better."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.again = again


def read_channels(environment: Mapping[str, str]) -> tuple[Channel, ...]:
    """The channels that the environment sets up, none by default.

    Raises UsageError for a setting that is missing or wrong; the message names the variable, not its value.
    """
    channels: list[Channel] = []
    if environment.get("NETRA_SMTP_HOST"):
        channels.append(_read_mail(environment))
    if environment.get("NETRA_WEBHOOK_URL"):
        channels.append(_read_webhook(environment))
    return tuple(channels)


def deliver(
    channels: Sequence[Channel], message: Message, *, waits: Sequence[float] = WAITS_S
) -> tuple[str, ...]:
    """Send a message through every channel; gives one warning for each that did not take it.

    `waits`: seconds before each further try, where one may help.
    """
    warnings = []
    for channel in channels:
        name, send = _way(channel, message)
        if warning := _try(send, waits):
            warnings.append(f"{name}: {warning}")
            log.warning("not delivered by %s: %s", name, warning)
    return tuple(warnings)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a webhook's body: "sha256=" and the HMAC of "TIMESTAMP.BODY" in hex."""
    made = hmac.new(secret.encode(), timestamp.encode("ascii") + b"." + body, hashlib.sha256)
    return f"sha256={made.hexdigest()}"


def _read_mail(environment: Mapping[str, str]) -> Mail:
    def setting(name: str, default: str = "") -> str:
        value = environment.get(f"NETRA_SMTP_{name}", default)
        if not value.isprintable():
            raise UsageError(f"NETRA_SMTP_{name} holds a line break or a control character; take it out")
        return value

    host, security = setting("HOST"), setting("SECURITY", "starttls")
    if security not in ("starttls", "tls", "none"):
        raise UsageError("NETRA_SMTP_SECURITY is starttls, tls, or none (only for a server on this machine)")
    if security == "none" and not is_loopback(host):
        raise UsageError("NETRA_SMTP_SECURITY=none is for a server on this machine; give starttls or tls")
    port = setting("PORT", {"starttls": "587", "tls": "465", "none": "25"}[security])
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError("NETRA_SMTP_PORT is no port; leave it out for the usual one")
    sender = setting("FROM")
    recipients = tuple(filter(None, (part.strip() for part in setting("TO").split(","))))
    for name, addresses in (("FROM", (sender,)), ("TO", recipients or ("",))):
        plain = [parseaddr(address)[1] for address in addresses]
        if not all("@" in address and address.isascii() for address in plain):
            raise UsageError(f"NETRA_SMTP_{name} must hold a mail address; several in TO with commas between")
    user, password = setting("USER"), setting("PASSWORD")
    if bool(user) != bool(password):
        raise UsageError("NETRA_SMTP_USER and NETRA_SMTP_PASSWORD go together; set both or none")
    if user and security == "none":
        raise UsageError("NETRA_SMTP_PASSWORD goes over starttls or tls only; set NETRA_SMTP_SECURITY")
    return Mail(
        host, int(port), security, sender, recipients, user, password, _authorities(setting("CA"), "SMTP")
    )


def _read_webhook(environment: Mapping[str, str]) -> Webhook:
    url, secret = environment["NETRA_WEBHOOK_URL"], environment.get("NETRA_WEBHOOK_SECRET", "")
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and url.isascii() and url.isprintable()
    except ValueError:
        usable = False
    if not usable or " " in url or parts.username is not None:
        raise UsageError(
            "NETRA_WEBHOOK_URL is no address without user name, such as https://host.example/path"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise UsageError("NETRA_WEBHOOK_URL must begin with https:// (http:// only for this machine)")
    if len(secret) < MIN_SECRET:
        raise UsageError(f"NETRA_WEBHOOK_SECRET must have {MIN_SECRET} characters or more")
    return Webhook(url, secret, _authorities(environment.get("NETRA_WEBHOOK_CA", ""), "WEBHOOK"))


def _authorities(path: str, channel: str) -> str:
    if path and not Path(path).is_file():
        raise UsageError(f"NETRA_{channel}_CA names no file; give a PEM file of authorities, or leave it out")
    return path


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name or address, without asking anybody."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _way(channel: Channel, message: Message) -> tuple[str, Callable[[], None]]:
    if isinstance(channel, Mail):
        return f"mail server {channel.host}", lambda: _send_mail(channel, message)
    return f"webhook {urlsplit(channel.url).hostname}", lambda: _post(channel, message)


def _try(send: Callable[[], None], waits: Sequence[float]) -> str:
    """Send, and try again after each wait where that may help; gives the last reason, "" when it went."""
    for wait in (*waits, None):
        try:
            send()
        except _FailedError as error:
            if wait is None or not error.again:
                return flatten(str(error))
            time.sleep(wait)
        else:
            return ""
    return ""


def _context(authorities: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authorities or None)
    except OSError as error:
        raise _FailedError("the file of authorities cannot be read", again=False) from error


def _send_mail(mail: Mail, message: Message) -> None:
    letter = EmailMessage()
    letter["Subject"] = flatten(message.subject)
    letter["From"], letter["To"] = mail.sender, ", ".join(mail.recipients)
    letter["Date"] = format_datetime(datetime.now(UTC))
    letter["Message-ID"] = f"<{message.key}@netra.invalid>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text, cte="quoted-printable")
    try:
        with _connect(mail) as server:
            if mail.user:
                server.login(mail.user, mail.password)
            refused = server.send_message(letter)
    except smtplib.SMTPNotSupportedError as error:
        raise _FailedError("it offers no STARTTLS or no login; nothing was sent", again=False) from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise _FailedError(f"every recipient was refused: {codes}", again=min(codes) < 500) from error
    except smtplib.SMTPResponseException as error:
        # Not the server's words: they may repeat what it was sent.
        reason = f"{type(error).__name__}, code {error.smtp_code}"
        raise _FailedError(reason, again=error.smtp_code < 500) from error
    except ssl.SSLCertVerificationError as error:
        raise _FailedError(f"its certificate is not valid: {error.verify_message}", again=False) from error
    except (smtplib.SMTPException, OSError) as error:
        raise _FailedError(type(error).__name__, again=True) from error
    if refused:
        raise _FailedError(f"{len(refused)} of {len(mail.recipients)} recipients were refused", again=False)


def _connect(mail: Mail) -> smtplib.SMTP:
    if mail.security == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_S, context=_context(mail.authorities))
    server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S)
    if mail.security == "starttls":
        try:
            server.starttls(context=_context(mail.authorities))
        except BaseException:
            server.close()
            raise
    return server


def _post(webhook: Webhook, message: Message) -> None:
    body = json.dumps(message.data, ensure_ascii=False, sort_keys=True).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"Netra/{CODE_VERSION}",
        TIMESTAMP: timestamp,
        SIGNATURE: sign(webhook.secret, timestamp, body),
        DELIVERY: message.key,
    }
    parts = urlsplit(webhook.url)
    connection = _open(parts, webhook.authorities)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=body, headers=headers)
        status = connection.getresponse().status
    except ssl.SSLCertVerificationError as error:
        raise _FailedError(f"its certificate is not valid: {error.verify_message}", again=False) from error
    except (http.client.HTTPException, OSError) as error:
        raise _FailedError(type(error).__name__, again=True) from error
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise _FailedError(f"answered {status}", again=status >= 500 or status in (408, 425, 429))


def _open(parts: SplitResult, authorities: str) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    return http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=_context(authorities))
