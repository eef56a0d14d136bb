"""The national picture on the page: a map of rates, tables by province and by kabupaten, months.

Promises: only for who is logged in, and on record as every page; what the map tells by colour and line stands
in the table as words. Never does: count.
"""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from review.national import name_of, number
from review.national_words import NATIONAL, gap_word
from review.web.site import (
    language_of,
    note_shown,
    picture_of,
    read_filter,
    render,
    site_of,
    to_login,
    visitor_of,
    write_filter,
)
from review.web.tilemap import TILES, Tile, draw_tiles, rate_step
from review.words import Language
from store.frontier import night_of
from store.listing import province_of
from store.national import MIN_ITEMS, MonthCounts, Picture, RegionCounts
from store.records import POSITIONS, TYPES

#: Columns of the table of months: a year.
MONTHS: Final = 12


def show_national(request: Request) -> Response:
    """The national picture over the nights of the address; of one province, its kabupaten and kota, too."""
    visitor = visitor_of(request)
    if visitor is None:
        return to_login()
    site, lang, wanted = site_of(request), language_of(request), read_filter(request)
    picture = picture_of(site, wanted.since, wanted.until or night_of(site.now()))
    note_shown(request, (), shown=0, subject=write_filter(wanted))
    n = NATIONAL[lang]
    links = {province: _link(request, province) for province in TILES}
    drawn = draw_tiles(_tiles(picture, lang), title=n["rate_map"], links=links)
    months = picture.months[-MONTHS:]
    return render(
        request,
        "national.html",
        visitor,
        n=n,
        picture=picture,
        wanted=wanted,
        map=Markup(drawn),  # noqa: S704 - drawn by us, all names escaped
        links=links,
        parts=[r for r in picture.regencies if province_of(r.region) == wanted.province],
        gaps=[sum(bool(r.gap and r.region) for r in part) for part in (picture.provinces, picture.regencies)],
        few=n["few_text"].format(MIN_ITEMS),
        named=lambda region: name_of(region, lang),
        figure=lambda value: number(value, lang),
        gap=lambda gap: gap_word(gap, lang),
        months=months,
        by_month=[(value, _counts(months, value, lambda m: m.positions)) for value in POSITIONS],
        by_type=[(value, _counts(months, value, lambda m: m.types)) for value in TYPES],
    )


def _tiles(picture: Picture, lang: Language) -> dict[str, Tile]:
    found = {region.region: region for region in picture.provinces}
    most = max((r.rate.value for p, r in found.items() if p in TILES and r.rate), default=0.0)
    return {province: _tile(province, found.get(province), most, lang) for province in TILES}


def _tile(province: str, region: RegionCounts | None, most: float, lang: Language) -> Tile:
    if region is None:
        return Tile(0, "–", f"{province}: {NATIONAL[lang]['few']}")
    rate = region.rate
    told = [f"{province}: {number(rate.value, lang) if rate else NATIONAL[lang]['few']}"]
    if region.gap:
        told.append(gap_word(region.gap, lang))
    return Tile(
        step=rate_step(rate.value, most) if rate else 0,
        figure=number(rate.value, lang) if rate else "–",
        told="; ".join(told),
        dashed=bool(region.gap),
    )


def _counts(
    months: tuple[MonthCounts, ...], value: str, of: Callable[[MonthCounts], Mapping[str, int]]
) -> list[int]:
    return [of(month).get(value, 0) for month in months]


def _link(request: Request, province: str) -> str:
    """The same nights with the kabupaten and kota of a province, at their table."""
    query = {name: value for name in ("since", "until") if (value := request.query_params.get(name, ""))}
    return f"/nasional?{urlencode(query | {'province': province})}#kabupaten"
