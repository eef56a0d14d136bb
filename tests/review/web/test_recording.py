"""Every answer of the page that shows something is on record first; else nothing is shown (P3)."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine
from starlette.routing import Route

from nlp.timeline import timeline
from review.web.app import create_app
from store.access import Act, check_acts, list_acts
from store.db import reading
from store.reviewers import find_reviewer
from tests.review.web.conftest import Page
from tests.store.samples import put_grouped


def acts_of(engine: Engine) -> list[Act]:
    with reading(engine) as conn:
        assert check_acts(conn) == ""
        return list(list_acts(conn))


def paths(engine: Engine, incident_id: str) -> list[str]:
    """Every address that answers GET."""
    app = create_app(
        engine, publishers={}, allowed_hosts=["x"], timeline=timeline, second_share=1.0, secure=False
    )
    routes = [route for route in app.routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    return [route.path.format(incident_id=incident_id) for route in routes]


def test_every_route_that_shows_something_leaves_one_row(page: Page, engine: Engine) -> None:
    first, second = (incident.incident_id for incident in put_grouped(engine, 1, 2))
    client = page.log_in("sekar")
    with reading(engine) as conn:
        sekar = find_reviewer(conn, "sekar")
    assert sekar is not None
    begun, shown = datetime.now(UTC), 0
    for path in paths(engine, first):
        before = len(acts_of(engine))
        answer = client.get(path)
        added = acts_of(engine)[before:]
        # The login sends on whoever is logged in; everything else shows something.
        assert (answer.status_code, len(added)) == ((303, 0) if path == "/login" else (200, 1)), path
        shown += len(added)
        assert all(act.who == sekar.reviewer_id and act.at >= begun for act in added)
    assert shown == len(paths(engine, first)) - 1 == 5
    by_what = {act.what: act for act in acts_of(engine)}
    named = {"page: list", "page: second", "page: overview", "page: national", "page: incident"}
    assert set(by_what) == named
    assert set(by_what["page: list"].incidents) == {first, second}
    assert by_what["page: list"].shown == 2
    assert by_what["page: incident"].incidents == (first,)
    client.get("/?province=Aceh&min_score=50")
    assert acts_of(engine)[-1].subject == "province=Aceh&min_score=50&page=1"


def test_what_shows_nothing_leaves_no_row(page: Page, engine: Engine) -> None:
    client = page.log_in("sekar")
    stranger = page.visit()
    for path in ("/", "/login", "/second", "/incidents/I-0", "/static/netra.css"):
        stranger.get(path)
    client.get("/incidents/I-000000000000")
    client.post("/language", data={"back": "/"})
    assert acts_of(engine) == []


def test_nothing_is_shown_that_cannot_be_put_on_record(serve: Callable[..., Page], engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    page = serve(engine)
    client = page.log_in("bagas")
    with engine.begin() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON access_acts BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    for path in paths(engine, incident.incident_id):
        answer = client.get(path)
        if path != "/login":
            assert answer.status_code == 503, path
            assert "Catatan akses tidak dapat ditulis" in answer.text
            assert answer.headers["x-frame-options"] == "DENY"
            assert "Camat" not in answer.text
            # The form that switches the language names the address that was asked for.
            assert incident.incident_id not in answer.text.replace(path, "")
    page.leave()
