"""Login and logout of reviewers.

Promises: the same answer, after the same work, whether the name is unknown, the password wrong or the
account locked; an account is locked after too many wrong tries. Never does: make an account, log a password
or a token.
"""

import logging
from hmac import compare_digest

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from review.passwords import check_password
from review.web.sessions import MAX_HOURS
from review.web.site import SESSION_COOKIE, Visitor, language_of, plain, render, site_of, to_login, visitor_of
from review.web.texts import TEXTS
from store.db import reading
from store.decisions import Reviewer
from store.reviewers import clear_failures, count_failure, find_reviewer

log = logging.getLogger(__name__)


def show_login(request: Request) -> Response:
    """The login form; whoever is logged in goes to the list."""
    if visitor_of(request) is not None:
        return RedirectResponse("/", status_code=303)
    return render(request, "login.html", None, wrong=False)


async def log_in(request: Request) -> Response:
    """Check name and password; a new session on success, the form again otherwise."""
    form = await request.form(max_files=0, max_fields=5)
    name, password = plain(form.get("name", "")), str(form.get("password", ""))
    reviewer = await run_in_threadpool(_check, request, name, password)
    if reviewer is None:
        log.warning("a login failed")
        return render(request, "login.html", None, wrong=True, status=401)
    site = site_of(request)
    # The old session, if any, ends: a token that somebody planted before the login is worth nothing after it.
    site.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
    token = site.sessions.start(reviewer.reviewer_id)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        SESSION_COOKIE, token, max_age=3600 * MAX_HOURS, httponly=True, samesite="strict", secure=site.secure
    )
    return response


async def log_out(request: Request) -> Response:
    """End the session."""
    visitor = await run_in_threadpool(visitor_of, request)
    if visitor is None:
        return to_login()
    if forged(await request.form(max_files=0, max_fields=5), visitor):
        return show_refused(request)
    site_of(request).sessions.end(request.cookies.get(SESSION_COOKIE, ""))
    response = to_login()
    response.delete_cookie(SESSION_COOKIE)
    return response


def forged(form: FormData, visitor: Visitor) -> bool:
    """Whether a form does not carry the token of its session."""
    return not compare_digest(str(form.get("csrf", "")).encode(), visitor.csrf.encode())


def show_refused(request: Request) -> Response:
    """A form that is not of this session."""
    t = TEXTS[language_of(request)]
    return render(
        request,
        "message.html",
        visitor_of(request),
        status=403,
        heading=t["refused"],
        text=t["refused_text"],
    )


def _check(request: Request, name: str, password: str) -> Reviewer | None:
    """The account that a name and a password open, or None."""
    site = site_of(request)
    with reading(site.engine) as conn:
        found = find_reviewer(conn, name)
    good = check_password(found.password_hash if found else "", password)
    if found is None:
        return None
    with site.engine.begin() as conn:
        if not good:
            count_failure(conn, found.reviewer_id, at=site.now())
            return None
        # Read again: the account may have been locked while its password was checked.
        found = find_reviewer(conn, found.reviewer_id)
        if found is None or found.locked_at is not None:
            return None
        return clear_failures(conn, found.reviewer_id)
