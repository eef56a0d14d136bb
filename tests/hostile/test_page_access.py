"""Who may do what on the review page: forms of other sites (S7), visitors without an account (S8)."""

import hashlib
import inspect
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine
from starlette.routing import Route

import review.web
from nlp.timeline import timeline
from review.passwords import hash_password
from review.web.app import create_app
from review.web.sessions import TOKEN_BYTES, Sessions
from store.decisions import ROLES
from store.records import UsageError
from store.reviewers import add_reviewer, list_reviewers
from tests.review.web.conftest import PASSWORD, Page, csrf_of, fields_of
from tests.store.samples import put_grouped
from verbs.reviewing import check_binding
from verbs.reviewing import review as serve_page

STATIC = Path(review.web.__file__).parent / "static"
#: What browsers send with a form of another site, of a sibling, of another port, of a page without origin.
CROSS_SITE = (
    {"origin": "https://jahat.test", "sec-fetch-site": "cross-site", "referer": "https://jahat.test/x"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "http://127.0.0.1:1"},
    {"referer": "https://jahat.test/127.0.0.1"},
)
#: Names and passwords with which other tools have been shipped.
DEFAULTS = (
    "admin",
    "argilla",
    "argilla.apikey",
    "1234",
    "root",
    "netra",
    "password",
    "user",
    "guest",
    "test",
    "",
)


def routes(engine: Engine) -> list[Route]:
    app = create_app(
        engine, publishers={}, allowed_hosts=["x"], timeline=timeline, second_share=1.0, secure=False
    )
    return [route for route in app.routes if isinstance(route, Route)]


def addresses(engine: Engine, method: str, incident_id: str) -> list[str]:
    """Every address of the page that answers a method."""
    return [
        route.path.format(incident_id=incident_id)
        for route in routes(engine)
        if method in (route.methods or ())
    ]


def digest(engine: Engine) -> str:
    """sha256 of every row of every table, accounts and ledger, too, but for the record of who has looked."""
    with closing(sqlite3.connect(str(engine.url.database))) as database:
        rows = [row for row in database.iterdump() if not row.startswith('INSERT INTO "access_acts"')]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def decide(client: httpx.Client, path: str, decision: str) -> None:
    fields = fields_of(client.get(path).text, "/decision")
    assert client.post(f"{path}/decision", data=fields | {"decision": decision}).status_code == 303


def test_no_form_of_another_site_changes_anything(page: Page, engine: Engine) -> None:
    decided, waits = (incident.incident_id for incident in put_grouped(engine, 1, 2))
    client = page.log_in("sekar")
    decide(client, f"/incidents/{decided}", "case")
    before, cookies = digest(engine), dict(client.cookies)
    refused = 0
    for incident_id in (decided, waits):
        paths = addresses(engine, "POST", incident_id)
        assert len(paths) == 5
        # With everything that a good form carries, its token, too: the headers alone must do.
        good = {"csrf": csrf_of(client.get("/").text), "decision": "none", "back": "/overview"}
        good |= {"name": "sekar", "password": PASSWORD, "review": "first", "expected": ""}
        good |= fields_of(client.get(f"/incidents/{incident_id}").text, "/decision")
        for path, headers in product(paths, CROSS_SITE):
            answer = client.post(path, data=good, headers=headers)
            assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None), (path, headers)
            refused += 1
        # And the token alone must do where a browser sends no such header at all.
        for path, token in product(paths, ("", "x" * 43, csrf_of(page.log_in("bagas").get("/").text))):
            if path not in ("/login", "/language"):
                assert client.post(path, data=good | {"csrf": token}).status_code in (400, 403), path
                refused += 1
    assert refused == 2 * (5 * 6 + 3 * 3)
    assert digest(engine) == before
    assert dict(client.cookies) == cookies
    assert client.get("/").status_code == 200


def test_looking_changes_nothing(page: Page, engine: Engine) -> None:
    decided, waits = (incident.incident_id for incident in put_grouped(engine, 1, 2))
    sekar, bagas = page.log_in("sekar"), page.log_in("bagas")
    decide(sekar, f"/incidents/{decided}", "case")
    before = digest(engine)
    looked = 0
    for client, incident_id, query in product(
        (sekar, bagas, page.visit()), (decided, waits), ("", "?review=second", "?state=all&said=saved")
    ):
        paths = {*addresses(engine, "GET", incident_id), *addresses(engine, "POST", incident_id)}
        paths |= {f"/static/{file.name}" for file in STATIC.iterdir()}
        for path in paths:
            assert client.get(path + query).status_code in (200, 303, 404, 405), path
            looked += 1
    assert looked == 18 * (len(addresses(engine, "GET", "x")) + 4 + len(list(STATIC.iterdir())))
    assert digest(engine) == before


def test_a_visitor_without_an_account_gets_nothing(page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    before = digest(engine)
    stranger = page.visit()
    stranger.cookies.set("netra_session", "x" * 43)
    for client in (page.visit(), stranger):
        for method in ("GET", "POST", "HEAD", "PUT", "DELETE"):
            for path in {*addresses(engine, "GET", incident.incident_id), *addresses(engine, "POST", "I-0")}:
                answer = client.request(method, path, data={} if method != "GET" else None)
                open_to_all = path in ("/login", "/language")
                wanted = (303, "/login") if method in ("GET", "POST", "HEAD") else (405, None)
                if not open_to_all and answer.status_code not in (405, 411):
                    assert (answer.status_code, answer.headers.get("location")) == wanted, (method, path)
                assert "Camat" not in answer.text
                assert incident.incident_id not in answer.text
    assert digest(engine) == before


def test_each_role_may_do_what_it_is_for(page: Page, engine: Engine) -> None:
    with engine.begin() as conn:
        hashed = hash_password(PASSWORD)
        for role in ROLES:
            add_reviewer(conn, name=f"si {role}", role=role, password_hash=hashed, at=datetime.now(UTC))
    planted = put_grouped(engine, *range(len(ROLES)))
    for role, incident in zip(ROLES, planted, strict=True):
        client, path = page.log_in(f"si {role}"), f"/incidents/{incident.incident_id}"
        shown = client.get(path)
        assert (shown.status_code, 'name="decision"' in shown.text) == (200, role != "reader")
        before = digest(engine)
        fields = {"csrf": csrf_of(shown.text), "decision": "case"}
        if role != "reader":
            fields |= fields_of(shown.text, "/decision")
        for action in ("decision", "undo"):
            client.post(f"{path}/{action}", data=fields)
        assert (digest(engine) == before) == (role == "reader"), role


def test_nobody_is_let_in_by_default(serve: Callable[..., Page], engine: Engine) -> None:
    with engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM reviewers")
        assert list_reviewers(conn) == []
    page = serve(engine)
    client = page.visit()
    for name, password in zip(DEFAULTS, (*DEFAULTS[1:], DEFAULTS[0]), strict=True):
        answer = client.post("/login", data={"name": name, "password": password})
        assert (answer.status_code, answer.headers.get("set-cookie")) == (401, None)
    with engine.begin() as conn:
        # An account without a password, as an imported sheet makes one, opens for no password.
        add_reviewer(conn, name="sekar", role="admin", password_hash="", at=datetime.now(UTC))
    for password in ("", "sekar", "None"):
        assert client.post("/login", data={"name": "sekar", "password": password}).status_code == 401
    page.leave()


def test_tokens_cannot_be_guessed() -> None:
    assert TOKEN_BYTES * 8 == 256
    sessions = Sessions()
    tokens = [sessions.start("R-1") for _ in range(1_000)]
    marks = {session.csrf for token in tokens if (session := sessions.find(token))}
    assert len({*tokens, *marks}) == 2_000
    assert {len(token) for token in {*tokens, *marks}} == {43}


def test_the_page_is_offered_to_this_machine_alone() -> None:
    assert inspect.signature(serve_page).parameters["host"].default == "127.0.0.1"
    for host in (
        *("0.0.0.0", "::", "*", "", "10.0.0.1", "192.168.1.5", "172.16.0.1", "169.254.169.254"),  # noqa: S104 - refused
        *(
            "100.64.0.1",
            "8.8.8.8",
            "fe80::1",
            "fc00::1",
            "::ffff:10.0.0.1",
            "0",
            "0x0",
            "review.instansi.test",
        ),
        *("localhost.jahat.test", "127.0.0.1.nip.io", "127.0.0.1 ", "2130706433"),
    ):
        with pytest.raises(UsageError, match="without encryption"):
            check_binding(host, tls_cert=None, tls_key=None)


def test_only_names_of_the_list_are_answered(page: Page) -> None:
    client = page.visit()
    here = httpx.URL(page.url).netloc.decode()
    assert client.get("/login", headers={"host": here}).status_code == 200
    for host in (
        *("jahat.test", "127.0.0.1.jahat.test", "jahat.test:8765", "169.254.169.254", "localhost.jahat.test"),
        *(
            "127.0.0.1@jahat.test",
            "127.1",
            "2130706433",
            "0x7f000001",
            "[::ffff:127.0.0.1]",
            "x127.0.0.1",
            "*",
        ),
    ):
        for method in ("GET", "POST"):
            answer = client.request(
                method, "/login", headers={"host": host}, data={} if method == "POST" else None
            )
            assert answer.status_code in (400, 403), host
