"""Stored XSS: 100 payloads in each of eight crawled fields, on every page and in every export (S6)."""

import html as entities
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from lxml import html
from rich.console import Console
from sqlalchemy import Engine, update

from nlp.timeline import timeline
from review.digest import gather, render_html, summarise
from review.incident import incident_view
from review.sheet import sheet_row, write_sheet
from review.tables import flagged_table
from review.web.protection import HEADERS
from review.workbook import write_workbook
from store.db import reading
from store.decisions import Decision
from store.labels import append_event
from store.provenance import provenance_of
from store.queue import QueueFilter, find_incident, queue_rows
from store.schema import documents, incidents, predictions
from tests.review.web.conftest import Page
from tests.store.samples import NIGHT, SOURCE, put_grouped

#: What crawled pages bring, as the store keeps it; a publisher's name is what `sources add` found.
FIELDS = ("title", "text", "author", "url", "dateline", "evidence", "region", "publisher")
#: Elements, attributes, schemes, encodings, templates and mutations that have opened pages before.
FORMS = (
    "<script>alert(X)</script>",
    "<SCRIPT SRC=//jahat.test/X.js></SCRIPT>",
    "<scr<script>ipt>alert(X)</scr</script>ipt>",
    "<img src=x onerror=alert(X)>",
    "<img src=`x`onerror=alert(X)>",
    "<svg onload=alert(X)>",
    "<svg><script>alert(X)</script></svg>",
    "<svg><a xlink:href='javascript:alert(X)'><text>x</text></a></svg>",
    "<svg/onload=alert(X)//",
    "<math><mtext></p><mglyph><style><img src onerror=alert(X)>",
    "<iframe src='javascript:alert(X)'></iframe>",
    "<iframe srcdoc='<script>alert(X)</script>'>",
    "<object data='data:text/html,<script>alert(X)</script>'>",
    "<embed src='data:image/svg+xml,<svg onload=alert(X)>'>",
    "<a href='javascript:alert(X)'>baca</a>",
    "<a href='data:text/html,<script>alert(X)</script>'>baca</a>",
    "<a href='vbscript:alert(X)'>baca</a>",
    "<form action='javascript:alert(X)'><button>kirim</button></form>",
    "<button formaction='javascript:alert(X)'>simpan</button>",
    "<input autofocus onfocus=alert(X)>",
    "<details open ontoggle=alert(X)>",
    "<body onload=alert(X)>",
    "<base href='//jahat.test/X/'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(X)'>",
    "<link rel=stylesheet href=//jahat.test/X.css>",
    "<style>*{background:url(//jahat.test/X)}</style>",
    "<div style='width:expression(alert(X))'>",
    "<video><source onerror=alert(X)>",
    "<marquee onstart=alert(X)>",
    "<template><script>alert(X)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(X)>'>",
    "</title><script>alert(X)</script>",
    "</textarea><script>alert(X)</script>",
    "</style></script><script>alert(X)</script>",
    "<!--><script>alert(X)</script>-->",
    "<![CDATA[<script>alert(X)</script>]]>",
    "<?xml version='1.0'?><x onload=alert(X)/>",
    "javascript:alert(X)",
    "JaVaScRiPt&colon;alert(X)",
    "java\tscript:alert(X)",
    "\u0001javascript:alert(X)",
    "data:text/html;base64,PHNjcmlwdD4=X",
    "&lt;script&gt;alert(X)&lt;/script&gt;",
    "%3Cscript%3Ealert(X)%3C/script%3E",
    "\uff1cscript\uff1ealert(X)\uff1c/script\uff1e",
    "{{ alert(X) }}{% include '/etc/passwd' %}",
    "${alert(X)}#{alert(X)}<%= alert(X) %>",
    "<div hx-get=//jahat.test/X hx-trigger=load>",
    "<div data-hx-on:load='alert(X)'>",
    "`-alert(X)-`\u2028\u2029\u202e\u0000",
)
#: As it is, and out of whatever attribute or element it may stand in.
WRAPPINGS = ("{}", "\"'>--></p></td>{}")
TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "link",
        "script",
        "body",
        "a",
        "header",
        "p",
        "nav",
        "div",
        "form",
        "input",
        "button",
        "span",
        "main",
        "footer",
        "h1",
        "h2",
        "h3",
        "section",
        "fieldset",
        "legend",
        "label",
        "details",
        "summary",
        "textarea",
        "kbd",
        "dl",
        "dt",
        "dd",
        "ol",
        "li",
        "article",
        "mark",
        "strong",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "select",
        "option",
        "svg",
        "g",
        "rect",
        "text",
        "figure",
        "figcaption",
        "style",
        "ul",
        "small",
        "bdi",
        "caption",
        "col",
        "time",
        "em",
        "br",
        "hr",
        "b",
        "i",
        "line",
        "path",
        "desc",
        "blockquote",
        "cite",
        "abbr",
    ]
)
PUBLISHERS = {SOURCE: "Kabar Lontara"}


def payloads() -> list[str]:
    return [wrapping.replace("{}", form) for form in FORMS for wrapping in WRAPPINGS]


def mark(payload: str, field: str) -> str:
    """The payload with a name in it by which it is found again."""
    return payload.replace("X", f"x{field}", 1)


def plant(engine: Engine) -> tuple[str, list[str]]:
    """A calm incident, and one per payload in all fields; some decided on by a reviewer who typed it, too."""
    planted = put_grouped(engine, *range(len(payloads()) + 1))
    with engine.begin() as conn:
        for number, (incident, payload) in enumerate(zip(planted[1:], payloads(), strict=True)):
            # Both databases refuse NUL; extraction takes it out.
            said = {field: mark(payload, field).replace("\0", "") for field in FIELDS}
            doc_id = incident.doc_ids[0]
            # Where an address is a web address at all, it may still break out of its attribute.
            url = said["url"] if number % 2 else f"https://www.kabarlontara.test/{said['url']}"
            conn.execute(
                update(documents)
                .where(documents.c.doc_id == doc_id)
                .values(
                    title=said["title"],
                    text=f"{said['text']} {said['evidence']} akhir",
                    author=said["author"],
                    url=url,
                    dateline=said["dateline"],
                )
            )
            conn.execute(
                update(predictions)
                .where(predictions.c.doc_id == doc_id)
                .values(evidence=[said["evidence"]], region=said["region"])
            )
            conn.execute(
                update(incidents)
                .where(incidents.c.incident_id == incident.incident_id)
                .values(region=said["region"])
            )
            if number % 10 == 0:
                append_event(
                    conn,
                    incident_id=incident.incident_id,
                    new=Decision("unsure", actor=said["author"], note=said["text"]),
                    seen=None,
                    reviewer="Sri Wahyuni",
                    origin="page",
                    at=datetime(2024, 9, 18, tzinfo=UTC),
                )
    return planted[0].incident_id, [incident.incident_id for incident in planted[1:]]


def check_page(text: str, where: str) -> Counter[str]:
    """Assert that nothing in a page can run or lead astray; how often each element stands in it."""
    tree = html.fromstring(text)
    counts: Counter[str] = Counter()
    for element in tree.iter():
        if not isinstance(element.tag, str):
            # Comments of our own are none in a page that was rendered.
            raise AssertionError(f"{where}: {element!r}")
        counts[element.tag] += 1
        assert element.tag in TAGS, (where, element.tag)
        for name, value in element.attrib.items():
            assert not name.startswith(("on", "data-hx", "style", "srcdoc", "formaction")), (where, name)
            if name in ("href", "src", "action", "xlink:href", "data"):
                scheme = urlsplit(value).scheme
                assert scheme in ("", "http", "https"), (where, value)
                assert not value.startswith("//"), (where, value)
                if scheme:
                    assert "noreferrer" in (element.get("rel") or ""), (where, value)
                    assert "noopener" in (element.get("rel") or ""), (where, value)
    for script in tree.iter("script"):
        assert (script.get("src") or "").startswith("/static/"), where
        assert not (script.text or "").strip(), where
    return counts


def test_hostile_text_stays_text_on_every_page(serve: Callable[..., Page], engine: Engine) -> None:
    calm, planted = plant(engine)
    assert (len(planted), [form for form in FORMS if "X" not in form]) == (100, [])
    for publisher in (payloads()[0], payloads()[-2]):
        page = serve(engine, publishers={SOURCE: mark(publisher, "publisher")})
        client = page.log_in("sekar")
        usual = check_page(client.get(f"/incidents/{calm}").text, "calm")
        for path in ("/", "/?page=2", "/?page=3&state=all", "/overview", "/second", "/nowhere"):
            answer = client.get(path)
            check_page(answer.text, path)
        if publisher != payloads()[0]:
            page.leave()
            continue
        for incident_id, payload in zip(planted, payloads(), strict=True):
            shown = client.get(f"/incidents/{incident_id}").text
            counts = check_page(shown, payload)
            # The same elements as with a calm text: only links, and the history of those decided on, differ.
            for tag in (
                "script",
                "form",
                "input",
                "button",
                "div",
                "article",
                "h1",
                "h3",
                "mark",
                "style",
                "meta",
            ):
                assert counts[tag] - usual[tag] in (
                    (0,) if tag not in ("form", "input", "button") else (0, 1, 2)
                )
            text = entities.unescape(shown)
            for field in ("title", "text", "evidence", "region"):
                assert f"x{field}" in text, (payload, field)
        page.leave()


def test_every_answer_of_the_page_carries_the_policy(page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    client = page.log_in("sekar")
    path = f"/incidents/{incident.incident_id}"
    asked = [
        ("GET", p, {}) for p in ("/", path, f"{path}?review=second", "/second", "/overview", "/login", "/x")
    ]
    asked += [
        ("GET", f"/static/{name}", {}) for name in ("keys.js", "htmx.min.js", "netra.css", "icon.svg", "no")
    ]
    asked += [(method, path, {}) for method in ("HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH")]
    asked += [
        ("POST", p, {"data": {"x": "y"}}) for p in ("/login", "/logout", "/language", f"{path}/decision")
    ]
    asked += [
        ("POST", "/login", {"data": {"x": "y"}, "headers": {"origin": o}}) for o in ("null", "http://[", "x")
    ]
    asked += [
        ("POST", "/language", {"data": {"back": back}}) for back in ("//[", "/\\x", "http://[::1", "\0")
    ]
    asked += [
        ("POST", "/login", {"data": {"name": "x" * 70_000}}),
        ("GET", "/", {"headers": {"host": "jahat.test"}}),
    ]
    asked += [
        ("POST", "/login", {"data": {"name": "sekar\0", "password": "\0"}}),
        ("GET", "/?page=%ff%00", {}),
    ]
    # A form may name its charset; this one writes half of a surrogate pair.
    odd = {"content-type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    half = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud83d\r\n--x--\r\n'
    asked += [("POST", "/login", {"content": half, "headers": odd})]
    seen: Counter[int] = Counter()
    for method, where, more in asked:
        answer = client.request(method, where, **more)
        seen[answer.status_code] += 1
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, (method, where, more)
        assert answer.status_code < 500, (method, where, more)
    assert {200, 303, 400, 401, 403, 404, 405, 413} <= set(seen)
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert not [word for word in ("unsafe", "data:", "*", "http:") if word in policy]


def test_hostile_text_stays_text_in_every_export(engine: Engine, tmp_path: Path) -> None:
    _, planted = plant(engine)
    publishers = {SOURCE: mark(payloads()[1], "publisher")}
    with reading(engine) as conn:
        rows = queue_rows(conn, queue="incident", until=NIGHT, filters=QueueFilter())
        facts = gather(conn, NIGHT)
        told = find_incident(conn, planted[1])
        assert told is not None
        origins = provenance_of(conn, [document.doc_id for document, _ in told[1]])
    assert len(rows) == 101
    digest = render_html(facts, publishers=publishers, lang="id")
    counts = check_page(digest, "digest")
    assert (counts["script"], counts["form"], counts["style"]) == (0, 0, 1)
    assert entities.unescape(digest).count("xtitle") >= 100
    cells = [sheet_row(row, publishers=publishers, standing={}, lang="id") for row in rows]
    write_sheet(tmp_path / "a.csv", cells, lang="id", separator=";")
    assert (tmp_path / "a.csv").read_bytes().count(b"\r\n") == 102
    write_workbook(tmp_path / "a.xlsx", cells, lang="id")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as package:
        # Text alone: no link, no formula, nothing that is fetched.
        for name in package.namelist():
            part = package.read(name)
            assert b"<hyperlink" not in part, name
            assert b"<f>" not in part, name
            assert b'TargetMode="External"' not in part, name
    plain = summarise(facts, publishers=publishers, lang="id", quotes=True)
    assert json.loads(json.dumps(plain)) == plain
    incident, members = told
    scored = [(document, said) for document, said in members if said]
    steps = timeline([d for d, _ in scored], [p for _, p in scored])
    console = Console(width=200, file=None)
    with console.capture() as capture:
        console.print(flagged_table(rows, publishers=publishers, lang="id"))
        console.print(
            incident_view(
                *(incident, members, steps, {}),
                origins=origins,
                paused=True,
                publishers=publishers,
                lang="id",
            )
        )
    printed = capture.get()
    assert {letter for letter in printed if not letter.isprintable()} == {"\n"}


def test_an_address_that_is_none_does_not_close_its_incident(page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    client = page.log_in("sekar")
    for url in (
        "http://[",
        "https://[::1",
        "//jahat.test",
        "http://",
        "javascript://x/%0aalert(1)",
        "x" * 9_000,
    ):
        with engine.begin() as conn:
            conn.execute(update(documents).values(url=url))
        answer = client.get(f"/incidents/{incident.incident_id}")
        assert answer.status_code == 200
        check_page(answer.text, url)
        assert f'href="{url}"' not in answer.text
