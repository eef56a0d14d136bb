"""Indonesia as a map of tiles, one for each of the 38 provinces, as an SVG made on the server.

Promises: every province has its own tile of one size, so that small ones are seen; what a colour says is also
written as a number; the same counts give the same bytes. Never does: claim borders, or load a shape from
elsewhere. Where a tile stands follows the islands from west to east and north to south, nothing finer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

#: Province -> (column, row, what the tile is called).
TILES: Final[Mapping[str, tuple[int, int, str]]] = {
    "Aceh": (0, 0, "Aceh"),
    "Sumatera Utara": (1, 1, "Sumut"),
    "Sumatera Barat": (1, 2, "Sumbar"),
    "Riau": (2, 1, "Riau"),
    "Kepulauan Riau": (3, 1, "Kepri"),
    "Jambi": (2, 2, "Jambi"),
    "Bengkulu": (2, 3, "Bengkulu"),
    "Sumatera Selatan": (3, 3, "Sumsel"),
    "Kepulauan Bangka Belitung": (3, 2, "Babel"),
    "Lampung": (3, 4, "Lampung"),
    "Banten": (3, 5, "Banten"),
    "DKI Jakarta": (4, 5, "Jakarta"),
    "Jawa Barat": (4, 6, "Jabar"),
    "Jawa Tengah": (5, 5, "Jateng"),
    "DI Yogyakarta": (5, 6, "DIY"),
    "Jawa Timur": (6, 5, "Jatim"),
    "Bali": (7, 6, "Bali"),
    "Nusa Tenggara Barat": (8, 6, "NTB"),
    "Nusa Tenggara Timur": (9, 6, "NTT"),
    "Kalimantan Barat": (5, 2, "Kalbar"),
    "Kalimantan Tengah": (6, 2, "Kalteng"),
    "Kalimantan Selatan": (6, 3, "Kalsel"),
    "Kalimantan Timur": (7, 2, "Kaltim"),
    "Kalimantan Utara": (7, 1, "Kaltara"),
    "Gorontalo": (9, 1, "Gorontalo"),
    "Sulawesi Utara": (10, 1, "Sulut"),
    "Sulawesi Tengah": (9, 2, "Sulteng"),
    "Sulawesi Barat": (8, 3, "Sulbar"),
    "Sulawesi Selatan": (8, 4, "Sulsel"),
    "Sulawesi Tenggara": (9, 4, "Sultra"),
    "Maluku Utara": (11, 2, "Malut"),
    "Maluku": (11, 3, "Maluku"),
    "Papua Barat Daya": (12, 2, "PBD"),
    "Papua Barat": (13, 2, "Pabar"),
    "Papua Tengah": (13, 3, "Pateng"),
    "Papua": (14, 2, "Papua"),
    "Papua Pegunungan": (14, 3, "Papeg"),
    "Papua Selatan": (14, 4, "Pasel"),
}
#: Edge of a tile and the gap between two, in SVG units.
TILE, GAP = 60, 4
#: The dashed line around a province with a gap in coverage: contrast 7 and more against the lightest step.
DASH: Final = "#8a1c1c"
DASH_WIDTH: Final = 2
#: Five steps of one hue (Color Brewer's order of lightness, own values) and the ink that reads on each with a
#: contrast above 4.5 (WCAG 2.2, 1.4.3).
STEPS: Final = (
    ("#f1f1ee", "#3b3b38"),
    ("#dbe7f3", "#10324f"),
    ("#a9cbe8", "#10324f"),
    ("#3576ae", "#ffffff"),
    ("#0d3f6e", "#ffffff"),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """What one province shows: colour (place in STEPS), the figure, what is told of it, and a dashed line."""

    step: int
    figure: str
    told: str
    dashed: bool = False


def draw_map(counts: Mapping[str, int], *, title: str, links: Mapping[str, str]) -> str:
    """The SVG of counts by province; a province in `links` is a link. Unknown names are left out."""
    most = max((counts.get(province, 0) for province in TILES), default=0)
    tiles = {}
    for province in TILES:
        count = counts.get(province, 0)
        tiles[province] = Tile(_step(count, most), str(count), f"{province}: {count}")
    return draw_tiles(tiles, title=title, links=links)


def draw_tiles(tiles: Mapping[str, Tile], *, title: str, links: Mapping[str, str]) -> str:
    """The SVG of a tile for every province in TILES; one in `links` is a link."""
    width = (1 + max(c for c, _, _ in TILES.values())) * (TILE + GAP)
    height = (1 + max(r for _, r, _ in TILES.values())) * (TILE + GAP)
    drawn = []
    for province, (column, row, short) in TILES.items():
        shown = tiles[province]
        fill, ink = STEPS[shown.step]
        x, y = column * (TILE + GAP), row * (TILE + GAP)
        # Half of a line lies outside of its rectangle: one that is dashed is drawn so much smaller.
        inset = DASH_WIDTH // 2 if shown.dashed else 0
        line = f' stroke="{DASH}" stroke-width="{DASH_WIDTH}" stroke-dasharray="6 4"' if shown.dashed else ""
        edge = TILE - 2 * inset
        tile = (
            f"<g><title>{escape(shown.told)}</title>"
            f'<rect x="{x + inset}" y="{y + inset}" width="{edge}" height="{edge}" rx="4" '
            f'fill="{fill}"{line}/>'
            f'<text x="{x + TILE // 2}" y="{y + 24}" fill="{ink}" font-size="12">{escape(short)}</text>'
            f'<text x="{x + TILE // 2}" y="{y + 45}" fill="{ink}" font-size="17">'
            f"{escape(shown.figure)}</text></g>"
        )
        link = links.get(province)
        drawn.append(f"<a href={quoteattr(link)}>{tile}</a>" if link else tile)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label={quoteattr(title)} text-anchor="middle" font-family="sans-serif">'
        f"<title>{escape(title)}</title>{''.join(drawn)}</svg>"
    )


def rate_step(rate: float, most: float) -> int:
    """0 for none, then four equal steps up to the highest rate."""
    return 0 if rate <= 0 else min(4, 1 + int(4 * rate / most))


def _step(count: int, most: int) -> int:
    """0 for none, then four steps up to the highest count."""
    return 0 if count == 0 else min(4, 1 + 4 * (count - 1) // most)
