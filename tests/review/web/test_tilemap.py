import csv
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from review.web.tilemap import DASH, GAP, STEPS, TILE, TILES, Tile, draw_map, draw_tiles, rate_step
from tests.review.contrast import contrast

REGIONS = Path(__file__).parents[3] / "data" / "regions.csv"
SVG = "{http://www.w3.org/2000/svg}"


def test_the_map_has_the_provinces_of_the_region_table_each_at_its_own_place() -> None:
    with REGIONS.open(encoding="utf-8", newline="") as rows:
        provinces = {row["province"] for row in csv.DictReader(rows)}
    assert set(TILES) == provinces
    assert len(TILES) == 38
    assert len({(column, row) for column, row, _ in TILES.values()}) == 38
    assert len({short for _, _, short in TILES.values()}) == 38


@pytest.mark.parametrize(("fill", "ink"), STEPS)
def test_the_ink_of_each_step_can_be_read(fill: str, ink: str) -> None:
    assert contrast(fill, ink) >= 4.5


def test_the_steps_go_from_light_to_dark() -> None:
    lightness = [contrast(fill, "#000000") for fill, _ in STEPS]
    assert lightness == sorted(lightness, reverse=True)


def test_every_tile_shows_its_count_in_the_colour_of_its_step() -> None:
    counts, links = {"Bali": 8, "Aceh": 1, "Atlantis": 9}, {"Bali": "/?a=1&b=2"}
    drawn = ET.fromstring(draw_map(counts, title="Peta", links=links))  # noqa: S314 - drawn by us
    tiles = {
        (group.findtext(f"{SVG}title") or "").partition(":")[0]: group for group in drawn.iter(f"{SVG}g")
    }
    assert set(tiles) == set(TILES)
    colours = {}
    for name, group in tiles.items():
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        colours[name] = rect.get("fill")
    assert (colours["Bali"], colours["Aceh"], colours["Riau"]) == (STEPS[4][0], STEPS[1][0], STEPS[0][0])
    assert [text.text for text in tiles["Bali"].iter(f"{SVG}text")] == ["Bali", "8"]
    assert [link.get("href") for link in drawn.iter(f"{SVG}a")] == ["/?a=1&b=2"]


def test_all_tiles_lie_on_the_drawing_and_the_same_counts_give_the_same_bytes() -> None:
    drawn = draw_map({}, title="Peta & <kota>", links={})
    assert drawn == draw_map({}, title="Peta & <kota>", links={})
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    width, height = (int(n) for n in root.attrib["viewBox"].split()[2:])
    for rect in root.iter(f"{SVG}rect"):
        assert int(rect.attrib["x"]) + TILE + GAP <= width
        assert int(rect.attrib["y"]) + TILE + GAP <= height


def test_a_gap_is_told_by_a_line_and_in_words() -> None:
    tiles = {province: Tile(0, "–", f"{province}: <terlalu sedikit>") for province in TILES}
    tiles["Bali"] = Tile(rate_step(3.0, 3.0), "3,0", "Bali: 3,0; tidak ada sumber", dashed=True)
    drawn = ET.fromstring(draw_tiles(tiles, title="Peta", links={}))  # noqa: S314 - drawn by us
    [dashed] = [rect for rect in drawn.iter(f"{SVG}rect") if rect.get("stroke-dasharray")]
    assert dashed.get("fill") == STEPS[4][0]
    assert "Bali: 3,0; tidak ada sumber" in [title.text for title in drawn.iter(f"{SVG}title")]
    assert contrast(DASH, STEPS[0][0]) >= 4.5
    assert [rate_step(rate, 8.0) for rate in (0.0, 0.1, 2.0, 4.5, 7.9)] == [0, 1, 2, 3, 4]
