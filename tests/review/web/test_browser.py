"""The page in real Chromium: an analyst with a keyboard, with a phone, with a screen reader's view of it."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from playwright.sync_api import Page as Tab
from sqlalchemy import Engine

from store.labels import current_labels, events_of
from tests.conftest import needs_program
from tests.review.web.conftest import PASSWORD, Page
from tests.store.samples import put_grouped

pytestmark = needs_program("chromium", package="chromium")

#: A phone of modest size.
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Chromium's own sandbox cannot be set up by root in a container, where CI runs.
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser: Browser, page: Page) -> Iterator[Tab]:
    """A logged-in reviewer's tab that fails the test on any error of a script or of the content policy."""
    context = browser.new_context(base_url=page.url)
    tab = context.new_page()
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    tab.goto("/login")
    tab.get_by_label("Nama").fill("sekar")
    tab.get_by_label("Kata sandi").fill(PASSWORD)
    tab.get_by_role("button", name="Masuk").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Daftar")
    yield tab
    context.close()
    assert problems == []


def test_a_whole_queue_is_decided_with_the_keyboard_alone(tab: Tab, engine: Engine) -> None:
    incidents = put_grouped(engine, *range(3))
    tab.goto("/")
    tab.keyboard.press("j")
    tab.keyboard.press("Enter")
    for key in ("1", "2", "3"):
        expect(tab.get_by_role("button", name="Simpan keputusan")).to_be_visible()
        before = tab.url
        tab.keyboard.press(key)
        tab.keyboard.press("n")
        tab.keyboard.type("catatan 123 uji")
        tab.keyboard.press("Escape")
        tab.keyboard.press("Enter")
        tab.wait_for_url(lambda url, before=before: url != before)  # type: ignore[misc] # bound by default value
    with engine.begin() as conn:
        made = [event.new for event in current_labels(conn).values()]
    assert sorted(new.decision for new in made if new) == ["case", "none", "unsure"]
    assert {new.note for new in made if new} == {"catatan 123 uji"}
    assert len(made) == len(incidents)


def test_undo_by_key(tab: Tab, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    tab.goto(f"/incidents/{incident.incident_id}")
    tab.keyboard.press("2")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("status")).to_contain_text("disimpan")
    tab.goto(f"/incidents/{incident.incident_id}")
    tab.keyboard.press("u")
    expect(tab.get_by_role("status")).to_contain_text("dibatalkan")
    with engine.begin() as conn:
        assert len(events_of(conn, incident.incident_id)) == 2


def test_evidence_is_marked_and_the_map_drawn(tab: Tab, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    tab.goto(f"/incidents/{incident.incident_id}")
    expect(tab.locator("mark")).to_contain_text("Dugaan pelanggaran")
    tab.goto("/overview")
    tile = tab.locator(".map a", has_text="Sulsel")
    expect(tile).to_contain_text("1")
    tile.click()
    expect(tab.get_by_role("link", name="Camat hadir di deklarasi")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/overview", "/nasional", "/second", "INCIDENT"])
def test_a_phone_shows_it_without_scrolling_sideways(tab: Tab, engine: Engine, path: str) -> None:
    (incident,) = put_grouped(engine, 1)
    tab.set_viewport_size(PHONE)  # type: ignore[arg-type] # a plain dict of its shape
    tab.goto(path.replace("INCIDENT", f"/incidents/{incident.incident_id}"))
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]


@pytest.mark.parametrize("path", ["/", "/overview", "/nasional", "/second", "INCIDENT"])
def test_every_field_has_a_label_and_every_page_one_heading_and_a_language(
    tab: Tab, engine: Engine, path: str
) -> None:
    (incident,) = put_grouped(engine, 1)
    tab.goto(path.replace("INCIDENT", f"/incidents/{incident.incident_id}"))
    unnamed: list[Any] = tab.evaluate(
        """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
            .filter(field => !field.labels.length).map(field => field.outerHTML)"""
    )
    assert unnamed == []
    assert tab.locator("h1").count() == 1
    assert tab.locator("html").get_attribute("lang") == "id"


def test_the_national_picture_can_be_read_by_eye_by_ear_and_in_english(tab: Tab, engine: Engine) -> None:
    put_grouped(engine, *range(3))
    tab.goto("/overview")
    tab.get_by_role("link", name="Nasional").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Gambaran nasional")
    tile = tab.locator(".map a", has_text="Sulsel")
    expect(tile.locator("title")).to_contain_text("terlalu sedikit")
    table = tab.get_by_role("table", name="Provinsi", exact=True)
    row = table.get_by_role("row", name="Sulawesi Selatan")
    expect(row.get_by_role("rowheader")).to_have_text("Sulawesi Selatan")
    expect(row.get_by_role("cell").nth(1)).to_have_text("3")
    tile.click()
    parts = tab.get_by_role("table", name="Kabupaten dan kota: Sulawesi Selatan")
    expect(parts.get_by_role("rowheader")).to_have_text("Kota Makassar")
    tab.get_by_role("button", name="English").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("National picture")


def test_focus_is_seen_and_the_skip_link_comes_first(tab: Tab, engine: Engine) -> None:
    put_grouped(engine, 1)
    tab.goto("/")
    tab.keyboard.press("Tab")
    expect(tab.locator(":focus")).to_have_text("Langsung ke isi")
    outline = tab.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"


def test_without_scripts_all_still_works(browser: Browser, page: Page, engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    context = browser.new_context(base_url=page.url, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/login")
    tab.get_by_label("Nama").fill("sekar")
    tab.get_by_label("Kata sandi").fill(PASSWORD)
    tab.get_by_role("button", name="Masuk").click()
    tab.get_by_role("link", name="Camat hadir di deklarasi").click()
    tab.get_by_label("bukan").check()
    tab.get_by_role("button", name="Simpan keputusan").click()
    with engine.begin() as conn:
        assert set(current_labels(conn)) == {incident.incident_id}
    context.close()
