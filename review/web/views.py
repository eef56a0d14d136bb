"""What the page shows: the list, one incident, the second review, the overview.

Promises: nobody sees anything without a session; a second reviewer never sees the first decision before
their own. Never does: write a row.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from math import ceil
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from review.charts import Chart, bar_chart, column_chart, top_bars
from review.digest_cards import is_link
from review.incident import body_words
from review.sheet import format_moment
from review.web.highlight import split_marked
from review.web.site import (
    counts_of,
    incident_of,
    language_of,
    note_shown,
    read_filter,
    render,
    site_of,
    to_login,
    visitor_of,
    write_filter,
)
from review.web.texts import TEXTS
from review.web.tilemap import TILES, draw_map
from review.words import Language, word
from store.db import reading
from store.labels import events_of
from store.listing import ListFilter, count_listed, list_incidents, next_incident, read_texts
from store.provenance import provenance_of
from store.records import POSITIONS, TYPES
from store.reviewers import list_reviewers
from store.second import second_review_due

#: Rows of one page of the list: what fits some screens; Label Studio and doccano show as many.
PAGE_ROWS: Final = 50
#: Bars and columns of one chart of the overview: two years of weeks, and what fits a screen.
MOST_WEEKS, MOST_BARS = 104, 20
#: As many weeks as the digest shows: one busy week alone says nothing.
LEAST_WEEKS: Final = 12


def show_list(request: Request) -> Response:
    """The list of incidents, filtered, one page of it."""
    visitor = visitor_of(request)
    if visitor is None:
        return to_login()
    site, lang, wanted = site_of(request), language_of(request), read_filter(request)
    number = request.query_params.get("page", "1")
    with reading(site.engine) as conn:
        total = count_listed(conn, wanted)
        pages = max(1, ceil(total / PAGE_ROWS))
        page = min(max(int(number) if number.isdecimal() and len(number) < 9 else 1, 1), pages)
        rows = list_incidents(conn, wanted, limit=PAGE_ROWS, offset=PAGE_ROWS * (page - 1))
    query = write_filter(wanted)
    note_shown(
        request,
        [row.incident.incident_id for row in rows],
        shown=len(rows),
        subject=write_filter(wanted, page=str(page)),
    )
    return render(
        request,
        "list.html",
        visitor,
        rows=rows,
        total=total,
        page=page,
        pages=pages,
        earlier=write_filter(wanted, page=str(page - 1)) if page > 1 else None,
        later=write_filter(wanted, page=str(page + 1)) if page < pages else None,
        query=query,
        filtered=bool(query),
        wanted=wanted,
        lowest="" if wanted.min_score is None else f"{100 * wanted.min_score:g}",
        highest="" if wanted.max_score is None else f"{100 * wanted.max_score:g}",
        provinces=[(province, province) for province in sorted(TILES)],
        positions=_choices(POSITIONS, lang),
        types=_choices(TYPES, lang),
        sources=sorted(site.publishers.items(), key=lambda source: source[1].lower()),
    )


def show_incident(request: Request) -> Response:
    """One incident: its texts with the evidence marked, its timeline, the form of the decision."""
    visitor = visitor_of(request)
    if visitor is None:
        return to_login()
    site, lang, wanted = site_of(request), language_of(request), read_filter(request)
    incident_id = incident_of(request)
    review = "second" if request.query_params.get("review") == "second" else "first"
    with reading(site.engine) as conn:
        found = read_texts(conn, incident_id)
        if found is None or not found.texts:
            return show_gone(request)
        history = events_of(conn, incident_id)
        if review == "second":
            due = second_review_due(conn, reviewer=visitor.reviewer, share=site.second_share)
            own = [
                event for event in history if event.review == "second" and event.reviewer == visitor.reviewer
            ]
            if incident_id not in due and not own:
                return show_gone(request)
            history, following = own, next((i for i in due if i != incident_id), "")
        else:
            following = next_incident(conn, wanted, after=incident_id)
        latest = next((event for event in reversed(history) if event.review == review), None)
        names = {reviewer.reviewer_id: reviewer.name for reviewer in list_reviewers(conn)}
        origins = provenance_of(conn, [document.doc_id for document, _ in found.texts])
    note_shown(request, [incident_id], shown=len(found.texts), subject=f"review={review}")
    lead, prediction = found.texts[0]
    texts = [(document, said, split_marked(document.text, said.evidence)) for document, said in found.texts]
    return render(
        request,
        "incident.html",
        visitor,
        incident=found.incident,
        lead=lead,
        prediction=prediction,
        texts=texts,
        origins=origins,
        fetched=format_moment,
        paused=found.paused,
        steps=[
            (step, f"{step.at:%Y-%m-%d}", body_words(step, lang))
            for step in site.timeline([d for d, _ in found.texts], [p for _, p in found.texts])
        ],
        named={document.doc_id: document.source_id for document, _ in found.texts},
        link=_safe_link,
        history=history,
        reviewer=lambda reviewer_id: names.get(reviewer_id, reviewer_id),
        latest=latest,
        chosen=latest.new if latest else None,
        review=review,
        following=following,
        query=f"review={review}" if review == "second" else write_filter(wanted),
        types=_choices(TYPES, lang),
    )


def show_second(request: Request) -> Response:
    """What waits for this reviewer's second, blind decision."""
    visitor = visitor_of(request)
    if visitor is None:
        return to_login()
    site = site_of(request)
    with reading(site.engine) as conn:
        due = second_review_due(conn, reviewer=visitor.reviewer, share=site.second_share)
    note_shown(request, due, shown=len(due))
    return render(request, "second.html", visitor, due=due)


def show_overview(request: Request) -> Response:
    """Counts on a map of provinces and in charts."""
    visitor = visitor_of(request)
    if visitor is None:
        return to_login()
    site, lang = site_of(request), language_of(request)
    wanted = replace(read_filter(request), state="")
    counts = counts_of(site, wanted)
    note_shown(request, (), shown=0, subject=write_filter(wanted))
    t = TEXTS[lang]
    provinces = counts["province"]
    links = {p: "/?" + write_filter(ListFilter(province=p, state="")) for p in provinces if p in TILES}
    drawn = draw_map(provinces, title=t["by_province"], links=links)
    weeks = Chart("weeks", t["by_week"], _all_weeks(counts["week"]))
    charts = [(weeks.title, column_chart(weeks))]
    for name in ("position", "type", "source"):
        named = [
            (site.publishers.get(value, value) if name == "source" else word(value, lang), count)
            for value, count in counts[name].items()
        ]
        bars = top_bars(named, most=MOST_BARS, rest=t["rest"])
        chart = Chart(name, t[f"by_{name}"], bars)
        charts.append((chart.title, bar_chart(chart)))
    return render(
        request,
        "overview.html",
        visitor,
        map=Markup(drawn),  # noqa: S704 - drawn by us, all names escaped
        nowhere=provinces.get("", 0),
        charts=charts,
    )


def show_gone(request: Request) -> Response:
    """There is no such page."""
    t = TEXTS[language_of(request)]
    return render(
        request, "message.html", visitor_of(request), status=404, heading=t["gone"], text=t["gone_text"]
    )


def _all_weeks(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The weeks ("2024-W38") up to the last one that has a count, those without one between them, too."""
    if not counts:
        return ()
    first, last = (date.fromisoformat(f"{week}-1") for week in (min(counts), max(counts)))
    n = min(max((last - first) // timedelta(weeks=1) + 1, LEAST_WEEKS), MOST_WEEKS)
    years = [(last - timedelta(weeks=back)).isocalendar() for back in reversed(range(n))]
    weeks = [f"{day.year}-W{day.week:02}" for day in years]
    # Without the century: twelve labels stand side by side.
    return tuple((week[2:], counts.get(week, 0)) for week in weeks)


def _choices(values: tuple[str, ...], lang: Language) -> list[tuple[str, str]]:
    return [(value, word(value, lang)) for value in values]


def _safe_link(url: str) -> str:
    """The address, if a browser opens it as a web page; "" for anything that could run, or is none."""
    return url if is_link(url) else ""
