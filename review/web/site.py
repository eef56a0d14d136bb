"""What every handler of the page shares: the database, the sessions, the templates, the visitor's language.

Promises: templates escape every value; a page that needs a login sends the visitor there.
Never does: touch a row.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from review.sheet import format_time
from review.web.sessions import Sessions
from review.web.texts import TEXTS
from review.words import Language, word
from store.db import reading
from store.decisions import ROLES
from store.listing import ListFilter, count_by
from store.national import Atlas, Picture, read_picture
from store.recorder import Recorder
from store.records import Document, Prediction, Step
from store.reviewers import find_reviewer

Timeline = Callable[[Sequence[Document], Sequence[Prediction]], Sequence[Step]]

#: Names of our two cookies. The first is a session cookie in both meanings.
SESSION_COOKIE, LANGUAGE_COOKIE = "netra_session", "netra_lang"
#: Counting a long history takes a second of the processor; whoever asks within this time gets the same count.
COUNTS_LAST: Final = timedelta(minutes=1)
#: What a redirect may ask the next page to say.
SAYINGS: Final = frozenset({"saved", "nothing_changed", "undone_now", "choose", "conflict", "reader_only"})

HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Site:
    """One running page."""

    engine: Engine
    #: Source id -> publisher, as the manifests name them.
    publishers: Mapping[str, str]
    #: Documents and what was said of each -> the steps of their process (the caller's, since it reads texts).
    timeline: Timeline
    #: Share of the incidents that get a second, blind review.
    second_share: float
    #: Whether it is served over TLS: then cookies never travel without.
    secure: bool
    #: Where it is noted who has seen what.
    recorder: Recorder
    #: Regions and outlets, for the national picture.
    atlas: Atlas
    sessions: Sessions = field(default_factory=Sessions)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    #: When the overview was counted, and what: one entry, that of the filter asked for last.
    counted: dict[ListFilter, tuple[datetime, Mapping[str, Counter[str]]]] = field(default_factory=dict)
    #: When the national picture was read, and over which nights: one entry as well.
    pictured: dict[tuple[date | None, date], tuple[datetime, Picture]] = field(default_factory=dict)
    templates: Environment = field(
        default_factory=lambda: Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """What an answer shows, for the record of access; without it an answer is recorded all the same."""

    incidents: tuple[str, ...] = ()
    shown: int = 0
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is at the page, as its templates and handlers need it."""

    reviewer: str
    name: str
    #: Whether the role may decide; a reader looks only.
    decides: bool
    csrf: str


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    return cast(Site, request.app.state.site)


def visitor_of(request: Request) -> Visitor | None:
    """Who sent a request, if logged in; by the account as it is now, which may have been locked since."""
    site = site_of(request)
    session = site.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
    if session is None:
        return None
    with reading(site.engine) as conn:
        account = find_reviewer(conn, session.reviewer)
    if account is None or account.locked_at is not None:
        return None
    decides = ROLES.index(account.role) >= ROLES.index("reviewer")
    return Visitor(reviewer=account.reviewer_id, name=account.name, decides=decides, csrf=session.csrf)


def language_of(request: Request) -> Language:
    """Indonesian, unless the visitor has switched."""
    return "en" if request.cookies.get(LANGUAGE_COOKIE) == "en" else "id"


def counts_of(site: Site, wanted: ListFilter) -> Mapping[str, Counter[str]]:
    """`store.listing.count_by`, as it was within the last COUNTS_LAST."""
    at, counts = site.counted.get(wanted, (None, None))
    if at is not None and counts is not None and site.now() - at < COUNTS_LAST:
        return counts
    with reading(site.engine) as conn:
        counts = count_by(conn, wanted)
    site.counted.clear()
    site.counted[wanted] = (site.now(), counts)
    return counts


def picture_of(site: Site, since: date | None, until: date) -> Picture:
    """`store.national.read_picture`, as it was within the last COUNTS_LAST."""
    at, picture = site.pictured.get((since, until), (None, None))
    if at is not None and picture is not None and site.now() - at < COUNTS_LAST:
        return picture
    with reading(site.engine) as conn:
        picture = read_picture(conn, site.atlas, since=since, until=until)
    site.pictured.clear()
    site.pictured[since, until] = (site.now(), picture)
    return picture


def plain(value: object) -> str:
    """What a visitor sent, as text that a database takes: no NUL, no half of a surrogate pair."""
    return str(value).encode("utf-8", "replace").decode().replace("\0", "")


def note_shown(request: Request, incidents: Sequence[str], *, shown: int, subject: str = "") -> None:
    """Tell `review.web.recording` what an answer shows: the incidents, how many rows or texts, the filter."""
    request.state.shown = Shown(tuple(incidents), shown, subject)


def incident_of(request: Request) -> str:
    """The id of the incident in an address."""
    return plain(request.path_params["incident_id"])


def to_login() -> Response:
    """Where a visitor without a session goes."""
    return RedirectResponse("/login", status_code=303)


def render(
    request: Request, template: str, visitor: Visitor | None, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page in the visitor's language, with the values that a template names."""
    site, lang = site_of(request), language_of(request)
    said = request.query_params.get("said", "")
    page = site.templates.get_template(template).render(
        **{
            "t": TEXTS[lang],
            "lang": lang,
            "word": lambda value: word(value, lang),
            "publisher": lambda source_id: site.publishers.get(source_id, source_id),
            "time": format_time,
            "visitor": visitor,
            "path": request.url.path,
            "said": said if said in SAYINGS else "",
            **values,
        }
    )
    return HTMLResponse(page, status_code=status)


def read_filter(request: Request) -> ListFilter:
    """The filter that an address carries; a value that makes no sense is as good as none."""
    query = request.query_params
    return ListFilter(
        **{name: plain(query.get(name, "")) for name in ("province", "position", "type", "source")},
        since=_date(query.get("since", "")),
        until=_date(query.get("until", "")),
        min_score=_share(query.get("min_score", "")),
        max_score=_share(query.get("max_score", "")),
        state=(state := query.get("state", "open")) and (state if state in ("open", "decided") else ""),
        kind="audit" if query.get("kind") == "audit" else "flagged",
    )


def write_filter(wanted: ListFilter, **more: str) -> str:
    """The query of an address that carries a filter: `read_filter` reads it back."""
    texts = {
        name: str(value)
        for name in ("province", "position", "type", "source")
        if (value := getattr(wanted, name))
    }
    texts |= {name: value.isoformat() for name in ("since", "until") if (value := getattr(wanted, name))}
    for name in ("min_score", "max_score"):
        if (share := getattr(wanted, name)) is not None:
            texts[name] = f"{100 * share:g}"
    if wanted.state != "open":
        texts["state"] = wanted.state or "all"
    if wanted.kind != "flagged":
        texts["kind"] = wanted.kind
    return urlencode(texts | {name: value for name, value in more.items() if value})


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _share(percent: str) -> float | None:
    try:
        share = float(percent.replace(",", ".")) / 100
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
