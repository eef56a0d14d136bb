"""What a manifest says of a certificate that cannot be verified: which one is taken, and until when.

    [[tls]]
    host = "www.kabarlontara.test"
    accept_sha256 = "5f:0e:..."        # of the certificate itself
    until = 2025-01-31
    reason = "penerbit lupa memperpanjang; sudah disurati 2025-01-10"

Promises: an exception names one host, one certificate, its last day and its reason, or the manifest does not
load; there is no way to switch verification off. Never does: look at a clock or a certificate.
"""

import re
from datetime import date
from typing import Annotated, Final

from pydantic import Field, field_validator

from crawlers.limits import Part

#: `sources check` warns that many days before an exception ends: time for a letter and its answer.
WARN_DAYS: Final = 14
#: An exception that is meant to last longer is no exception; somebody looks at each once a year. Our choice.
LONGEST_DAYS: Final = 366

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Pin(Part):
    """One certificate that is taken for one host whatever is wrong with it, up to and including `until`."""

    host: str
    accept_sha256: str
    until: date
    reason: Annotated[str, Field(min_length=1)]

    @field_validator("accept_sha256")
    @classmethod
    def _is_fingerprint(cls, text: str) -> str:
        plain = text.replace(":", "").lower()
        if not _SHA256.fullmatch(plain):
            raise ValueError("not a SHA-256 fingerprint: 64 hex digits; the report of a refusal shows it")
        return plain

    def ended(self, today: date) -> bool:
        """Say whether the exception does not hold any more."""
        return today > self.until


def pins_fault(pins: tuple[Pin, ...], hosts: tuple[str, ...]) -> str:
    """Say what is wrong with the exceptions of a source as a whole; "" when nothing is."""
    for pin in pins:
        if pin.host not in hosts:
            return f"tls: {pin.host!r} is not one of the hosts"
    if len({pin.host for pin in pins}) < len(pins):
        return "tls: two exceptions for one host; keep the one whose certificate it shows"
    return ""


def pin_fault(pin: Pin, today: date) -> str:
    """Say what is to be done about an exception today; "" while it has time."""
    days = (pin.until - today).days
    if pin.ended(today):
        return (
            f"the exception for the certificate of {pin.host} ended on {pin.until}, it is refused again; "
            "drop the table [[tls]], or look at the certificate anew"
        )
    if days <= WARN_DAYS:
        return (
            f"the exception for the certificate of {pin.host} ends on {pin.until}, in {days} days; "
            "ask the publisher again, then drop it or set a new day"
        )
    if days > LONGEST_DAYS:
        return (
            f"the exception for the certificate of {pin.host} lasts until {pin.until}, more than "
            f"{LONGEST_DAYS} days; set a nearer day"
        )
    return ""
