"""What reviewers do on the page: decide, undo, switch the language.

Promises: a decision is stored whole or not at all, never over one that came in between; each form carries the
token of its session. Never does: decide by itself.
"""

from collections.abc import Callable
from typing import Final, Literal

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from review.web.login import forged, show_refused
from review.web.site import (
    LANGUAGE_COOKIE,
    Visitor,
    incident_of,
    language_of,
    plain,
    read_filter,
    site_of,
    to_login,
    visitor_of,
    write_filter,
)
from store.db import reading
from store.decisions import DECISIONS, ConflictError, Decision, Seen
from store.labels import append_event, undo_event
from store.listing import next_incident
from store.records import TYPES
from store.second import second_review_due

ORIGIN: Final = "page"
#: As the form's own limits, for whoever sends one without a browser.
MAX_NOTE, MAX_ACTOR = 2_000, 200

Review = Literal["first", "second"]
Act = Callable[[Request, Visitor, FormData], Response]


async def decide(request: Request) -> Response:
    """Store a decision and go on to the next incident."""
    return await _act(request, _decide)


async def undo(request: Request) -> Response:
    """Take the standing decision back and stay."""
    return await _act(request, _undo)


async def switch_language(request: Request) -> Response:
    """The other language, on the page where the visitor was."""
    form = await request.form()
    back = str(form.get("back", "/"))
    # A path of ours only: "//host" and "/\\host" would leave the site.
    safe = back if back.startswith("/") and not back.startswith("//") and "\\" not in back else "/"
    response = RedirectResponse(safe, status_code=303)
    lang = "id" if language_of(request) == "en" else "en"
    response.set_cookie(
        LANGUAGE_COOKIE, lang, httponly=True, samesite="strict", secure=site_of(request).secure
    )
    return response


async def _act(request: Request, act: Act) -> Response:
    visitor = await run_in_threadpool(visitor_of, request)
    if visitor is None:
        return to_login()
    form = await request.form(max_files=0, max_fields=40)
    if forged(form, visitor):
        return show_refused(request)
    if not visitor.decides:
        return _back(request, "reader_only", review=_review(form))
    return await run_in_threadpool(act, request, visitor, form)


def _decide(request: Request, visitor: Visitor, form: FormData) -> Response:
    site, review = site_of(request), _review(form)
    incident_id = incident_of(request)
    decision = str(form.get("decision", ""))
    if decision not in DECISIONS:
        return _back(request, "choose", review=review)
    new = Decision(
        decision=decision,
        types=tuple(t for t in TYPES if t in form.getlist("types")),
        actor=_text(form, "actor", MAX_ACTOR),
        note=_text(form, "note", MAX_NOTE),
    )
    seen = Seen(text_sha256=str(form.get("text_sha256", "")), model=str(form.get("model", "")))
    try:
        with site.engine.begin() as conn:
            event = append_event(
                conn,
                incident_id=incident_id,
                new=new,
                seen=seen,
                reviewer=visitor.reviewer,
                origin=ORIGIN,
                at=site.now(),
                review=review,
                expected=str(form.get("expected", "")),
            )
    except ConflictError:
        return _back(request, "conflict", review=review)
    if event is None:
        return _back(request, "nothing_changed", review=review)
    return _onward(request, visitor, incident_id, review=review)


def _undo(request: Request, visitor: Visitor, form: FormData) -> Response:
    site, review = site_of(request), _review(form)
    with site.engine.begin() as conn:
        event = undo_event(
            conn,
            incident_id=incident_of(request),
            reviewer=visitor.reviewer,
            at=site.now(),
            origin=ORIGIN,
            review=review,
        )
    return _back(request, "undone_now" if event else "nothing_changed", review=review)


def _onward(request: Request, visitor: Visitor, incident_id: str, *, review: Review) -> Response:
    """To the incident that waits next under the same filter, or to the list when none does."""
    site, wanted = site_of(request), read_filter(request)
    with reading(site.engine) as conn:
        if review == "second":
            following = next(
                iter(second_review_due(conn, reviewer=visitor.reviewer, share=site.second_share)), ""
            )
        else:
            following = next_incident(conn, wanted, after=incident_id)
    query = "review=second&said=saved" if review == "second" else write_filter(wanted, said="saved")
    overview = "/second?said=saved" if review == "second" else f"/?{query}"
    return RedirectResponse(f"/incidents/{following}?{query}" if following else overview, status_code=303)


def _back(request: Request, said: str, *, review: Review) -> Response:
    incident_id = incident_of(request)
    query = (
        f"review=second&said={said}" if review == "second" else write_filter(read_filter(request), said=said)
    )
    return RedirectResponse(f"/incidents/{incident_id}?{query}", status_code=303)


def _review(form: FormData) -> Review:
    return "second" if form.get("review") == "second" else "first"


def _text(form: FormData, name: str, most: int) -> str:
    return " ".join(plain(form.get(name, "")).split())[:most]
