"""Notes who has seen what before they see it: one hook around all handlers, so that no route can forget it.

    request ─▶ handler ─▶ answer, held back ─▶ record of access ─▶ answer goes out, or 503 without its content

Promises: every answer with the status 200 leaves one row, but for OPEN paths, which show nothing that was
collected; a row that cannot be written keeps the answer from going out. Never does: note a text, a name, a
password or a token.
"""

import logging
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review.web.site import SESSION_COOKIE, Shown, language_of, render, site_of
from review.web.texts import TEXTS
from store.access import Act

log = logging.getLogger(__name__)

#: The form of the login, and files of the program.
OPEN: Final = ("/login", "/static/")
#: Who stands in the record where a handler has shown something to somebody without a session.
NOBODY: Final = "nobody"


class Recording:
    """ASGI middleware: holds each answer back until the record of access has taken it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(OPEN):
            await self.app(scope, receive, send)
            return
        # Handlers write into it what they show; it has to be there before they copy the scope.
        scope.setdefault("state", {})
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await self.app(scope, receive, hold)
        request = Request(scope, receive)
        if held and held[0].get("status") == 200:
            try:
                await run_in_threadpool(site_of(request).recorder.note, _act(request))
            except Exception as error:  # noqa: BLE001 - whatever it is, what is not on record stays unseen
                # The reason alone: a traceback would hold the statement.
                reason = getattr(error, "orig", error)
                log.error("record of access not written (%s): %s was not shown", reason, _what(scope))
                t = TEXTS[language_of(request)]
                refusal = render(
                    request,
                    "message.html",
                    None,
                    status=503,
                    heading=t["unrecorded"],
                    text=t["unrecorded_text"],
                )
                await refusal(scope, receive, send)
                return
        for message in held:
            await send(message)


def _act(request: Request) -> Act:
    site = site_of(request)
    session = site.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
    told: Shown = request.scope["state"].get("shown", Shown())
    return Act(
        at=site.now(),
        who=session.reviewer if session else NOBODY,
        what=_what(request.scope),
        subject=told.subject,
        shown=told.shown,
        incidents=told.incidents,
    )


def _what(scope: Scope) -> str:
    """Of the handler `show_list`: "page: list"."""
    name = getattr(scope.get("endpoint"), "__name__", "unknown")
    return f"page: {name.removeprefix('show_')}"
