"""The page as a visitor, an analyst and an attacker see it, over real HTTP."""

import re
import threading
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import Engine, update

from review.web.protection import HEADERS, MAX_FORM_BYTES
from store.corrections import add_request
from store.db import reading
from store.labels import current_labels, events_of
from store.listing import read_texts
from store.provenance import provenance_of
from store.schema import documents
from tests.review.web.conftest import PASSWORD, Page, csrf_of, fields_of
from tests.store.samples import put_grouped

CLOSED = ["/", "/second", "/overview", "/nasional", "/incidents/I-0123456789ab"]


def decide(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    shown = client.get(path)
    return client.post(f"{path}/decision", data=fields_of(shown.text, "/decision") | fields)


@pytest.mark.parametrize("path", CLOSED)
def test_without_a_login_nothing_is_shown(page: Page, engine: Engine, path: str) -> None:
    put_grouped(engine, 1)
    answer = page.visit().get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "Camat" not in answer.text


def test_every_answer_has_the_headers_and_no_inline_script(page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    client = page.log_in("sekar")
    paths = ["/", f"/incidents/{incident.incident_id}", "/overview", "/second", "/login", "/nowhere"]
    paths.append("/nasional")
    for answer in (client.get(path) for path in [*paths, "/static/keys.js"]):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "style=" not in answer.text or answer.url.path.startswith("/static")
        assert "onclick" not in answer.text
        assert "server" not in answer.headers


def test_a_decision_is_stored_and_the_next_incident_shown(page: Page, engine: Engine) -> None:
    first, second = put_grouped(engine, 1, 2)
    waiting = sorted([first.incident_id, second.incident_id])
    client = page.log_in("sekar")
    answer = decide(client, f"/incidents/{waiting[0]}", decision="case", note="ada foto", types="mobilise")
    assert answer.headers["location"] == f"/incidents/{waiting[1]}?said=saved"
    with engine.begin() as conn:
        event = current_labels(conn)[waiting[0]]
    assert event.new is not None
    assert (event.new.decision, event.new.types, event.new.note) == ("case", ("mobilise",), "ada foto")
    assert event.origin == "page"
    listed = client.get("/").text
    assert waiting[1] in listed
    assert waiting[0] not in listed


def test_undo_brings_the_incident_back_and_keeps_both_events(page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    path = f"/incidents/{incident.incident_id}"
    client = page.log_in("sekar")
    decide(client, path, decision="none")
    assert incident.incident_id not in client.get("/").text
    client.post(f"{path}/undo", data=fields_of(client.get(path).text, "/undo"))
    assert incident.incident_id in client.get("/").text
    with engine.begin() as conn:
        assert [event.new is None for event in events_of(conn, incident.incident_id)] == [False, True]


def test_a_form_opened_before_another_reviewers_decision_is_not_stored(page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    path = f"/incidents/{incident.incident_id}"
    sekar, bagas = page.log_in("sekar"), page.log_in("bagas")
    late = fields_of(bagas.get(path).text, "/decision")
    decide(sekar, path, decision="case")
    answer = bagas.post(f"{path}/decision", data=late | {"decision": "none"})
    assert "said=conflict" in answer.headers["location"]
    assert "telah berubah" in bagas.get(answer.headers["location"]).text
    with engine.begin() as conn:
        assert len(events_of(conn, incident.incident_id)) == 1


def test_a_decision_on_a_text_that_has_changed_is_not_stored(page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    path = f"/incidents/{incident.incident_id}"
    client = page.log_in("sekar")
    fields = fields_of(client.get(path).text, "/decision")
    with engine.begin() as conn:
        conn.execute(update(documents).values(text_sha256="f" * 64))
    answer = client.post(f"{path}/decision", data=fields | {"decision": "case"})
    assert "said=conflict" in answer.headers["location"]


def test_two_reviewers_at_once_lose_nothing(page: Page, engine: Engine) -> None:
    incidents = put_grouped(engine, *range(20))

    def work(name: str, share: int) -> None:
        client = page.log_in(name)
        for incident in incidents[share::2]:
            decide(client, f"/incidents/{incident.incident_id}", decision="none", note=name)

    threads = [threading.Thread(target=work, args=who) for who in (("sekar", 0), ("bagas", 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.begin() as conn:
        labels = current_labels(conn)
    assert {i.incident_id: labels[i.incident_id].new.note for i in incidents} == {  # type: ignore[union-attr] # all decided
        incident.incident_id: ("sekar", "bagas")[n % 2] for n, incident in enumerate(incidents)
    }


def test_the_second_reviewer_does_not_see_the_first_decision(page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    path = f"/incidents/{incident.incident_id}"
    sekar, bagas = page.log_in("sekar"), page.log_in("bagas")
    decide(sekar, path, decision="case", note="yakin benar", types="mobilise")
    assert incident.incident_id not in sekar.get("/second").text
    assert incident.incident_id in bagas.get("/second").text
    blind = bagas.get(f"{path}?review=second").text
    assert "yakin benar" not in blind
    assert "checked" not in blind
    bagas.post(f"{path}/decision?review=second", data=fields_of(blind, "/decision") | {"decision": "none"})
    with engine.begin() as conn:
        decisions = {e.review: e.new.decision for e in events_of(conn, incident.incident_id) if e.new}
    assert decisions == {"first": "case", "second": "none"}
    assert incident.incident_id not in bagas.get("/second").text


def test_a_reader_sees_but_cannot_decide(page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    path = f"/incidents/{incident.incident_id}"
    client = page.log_in("tamu")
    shown = client.get(path).text
    assert 'name="decision"' not in shown
    answer = client.post(f"{path}/decision", data={"csrf": csrf_of(shown), "decision": "case"})
    assert "said=reader_only" in answer.headers["location"]
    with engine.begin() as conn:
        assert events_of(conn, incident.incident_id) == []


@pytest.mark.parametrize("changes", [{"csrf": ""}, {"csrf": "x" * 43}])
def test_a_form_without_the_sessions_token_is_refused(
    page: Page, engine: Engine, changes: dict[str, str]
) -> None:
    (incident,) = put_grouped(engine, 1)
    client = page.log_in("sekar")
    assert decide(client, f"/incidents/{incident.incident_id}", decision="case", **changes).status_code == 403
    with engine.begin() as conn:
        assert events_of(conn, incident.incident_id) == []


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://jahat.test"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_a_form_from_another_site_is_refused_unread(page: Page, headers: dict[str, str]) -> None:
    answer = page.visit().post("/login", data={"name": "sekar", "password": PASSWORD}, headers=headers)
    assert answer.status_code == 403


def test_a_form_too_big_or_without_length_is_refused(page: Page) -> None:
    client = page.visit()
    assert client.post("/login", data={"name": "x" * MAX_FORM_BYTES}).status_code == 413
    assert client.post("/login", content=iter([b"name=x"])).status_code == 411


@pytest.mark.parametrize("host", ["jahat.test", "127.0.0.1.jahat.test", "169.254.169.254"])
def test_another_host_name_is_not_answered(page: Page, host: str) -> None:
    assert page.visit().get("/login", headers={"host": host}).status_code == 400


def test_the_account_is_locked_after_ten_wrong_tries(page: Page) -> None:
    client = page.visit()
    for _ in range(10):
        assert client.post("/login", data={"name": "sekar", "password": "salah"}).status_code == 401
    locked = client.post("/login", data={"name": "sekar", "password": PASSWORD})
    unknown = client.post("/login", data={"name": "tidakada", "password": PASSWORD})
    assert (locked.status_code, locked.text) == (401, unknown.text)
    assert page.log_in("bagas").get("/").status_code == 200


def test_logout_ends_the_session_for_a_kept_cookie_too(page: Page) -> None:
    client = page.log_in("sekar")
    kept = dict(client.cookies)
    client.post("/logout", data={"csrf": csrf_of(client.get("/").text)})
    assert httpx.get(page.url, cookies=kept).headers["location"] == "/login"


def test_the_session_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(page: Page) -> None:
    answer = page.visit().post("/login", data={"name": "sekar", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_hostile_text_is_shown_as_text(page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{ 7*7 }}"
    with engine.begin() as conn:
        conn.execute(update(documents).values(title=hostile, text=hostile * 20, url="javascript:alert(1)"))
    client = page.log_in("sekar")
    for path in ("/", f"/incidents/{incident.incident_id}"):
        shown = client.get(path).text
        assert "<script>alert" not in shown
        assert "<img" not in shown
        # The provenance names the address; nothing leads there.
        assert not re.search(r"""=\s*["']?\s*javascript:""", shown)
        assert "{{ 7*7 }}" in shown


def test_the_language_is_switched_and_stays_on_the_site(page: Page) -> None:
    client = page.log_in("sekar")
    assert 'lang="id"' in client.get("/").text
    for back, there in (
        ("/overview", "/overview"),
        ("//jahat.test", "/"),
        ("https://jahat.test", "/"),
        ("/\\jahat.test", "/"),
    ):
        assert client.post("/language", data={"back": back}).headers["location"] == there
    client.post("/language", data={"back": "/"})
    assert 'lang="en"' in client.get("/").text


def test_filters_of_nonsense_show_the_list(page: Page, engine: Engine) -> None:
    put_grouped(engine, 1)
    client = page.log_in("sekar")
    odd = "/?since=kemarin&until=9999-99-99&min_score=banyak&max_score=-5&page=-1&state=x&type=%27%20OR%201=1"
    assert client.get(odd).status_code == 200
    assert client.get("/?page=999999999999999999999").status_code == 200
    assert "Camat hadir" in client.get("/?province=Sulawesi+Selatan&type=mobilise&min_score=50").text
    assert "Camat hadir" not in client.get("/?province=Aceh").text


def test_every_text_is_shown_with_its_provenance(page: Page, engine: Engine) -> None:
    incidents = put_grouped(engine, 1, 2)
    client = page.log_in("tamu")
    for incident in incidents:
        shown = client.get(f"/incidents/{incident.incident_id}").text
        found = re.findall(r'<details class="provenance">.*?</details>', shown, re.S)
        with reading(engine) as conn:
            told = read_texts(conn, incident.incident_id)
            origins = provenance_of(conn, incident.doc_ids)
        assert told is not None
        assert len(found) == len(told.texts)
        for block, (document, said) in zip(found, told.texts, strict=True):
            origin = origins[document.doc_id]
            assert "<summary>Asal-usul" in block
            moment = f'<time datetime="{origin.fetched_at.isoformat()}">'
            for part in (
                document.url,
                moment,
                origin.page_sha256,
                origin.text_sha256,
                said.model,
                *said.evidence,
            ):
                assert part in block


def test_a_request_for_correction_marks_the_incident_as_paused(page: Page, engine: Engine) -> None:
    one, other = put_grouped(engine, 1, 2)
    client = page.log_in("sekar")
    path = f"/incidents/{one.incident_id}"
    assert "dijeda" not in client.get("/").text.lower() + client.get(path).text.lower()
    now = datetime.now(UTC)
    with engine.begin() as conn:
        add_request(
            conn,
            incident_id=one.incident_id,
            requester="subject",
            matter="fact",
            reference="",
            received_at=now,
            at=now,
        )
    assert client.get("/").text.count("(dijeda)") == 1
    assert "<strong>dijeda</strong>" in client.get(path).text
    assert "dijeda" not in client.get(f"/incidents/{other.incident_id}").text
    # It can still be decided on: who asks may be wrong.
    assert "said=saved" in decide(client, path, decision="none").headers["location"]
