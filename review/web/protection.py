"""What stands before every request of the page: headers, the size of a form, where a form came from.

Promises: each answer forbids framing, foreign scripts, inline scripts and keeping in a cache; a form of
another site is refused before it is read. Never does: know who is logged in.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: A decision's note has at most some thousand characters; nothing bigger has to come in.
MAX_FORM_BYTES: Final = 64 * 1024

#: OWASP HTTP Headers and CSP cheat sheets: all from ourselves, nothing inline, never in a frame.
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with it browsers send our own forms with the origin "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Protection:
    """ASGI middleware: sets HEADERS, refuses forms that are too big or of another site."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refusal = _refuse(scope) if scope["method"] not in ("GET", "HEAD") else None
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        await self.app(scope, _limited(receive), send_with_headers)


def _refuse(scope: Scope) -> PlainTextResponse | None:
    headers = Headers(scope=scope)
    length = headers.get("content-length", "")
    # A browser always tells the length of a form; what comes in pieces is no form of ours.
    if not length.isdecimal():
        return PlainTextResponse("the length of the form is not told", status_code=411)
    if int(length) > MAX_FORM_BYTES:
        return PlainTextResponse("the form is too big", status_code=413)
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return PlainTextResponse("the form comes from another site", status_code=403)
    # Browsers that send no origin with a form tell at least which page it stood on.
    origin = headers.get("origin", headers.get("referer"))
    if origin is not None and _host_in(origin) != headers.get("host"):
        return PlainTextResponse("the form comes from another site", status_code=403)
    return None


def _host_in(origin: str) -> str:
    """The host and port that an origin names; "" for what is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _limited(receive: Receive) -> Receive:
    """The same body, ended where it grows beyond what its length promised could be."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_FORM_BYTES:
            return {"type": "http.disconnect"}
        return message

    return limited
