"""Colours and words of the page, read from the files that are served."""

import re
from pathlib import Path
from string import Formatter

import pytest

import review.web
from review.web.site import SAYINGS
from review.web.texts import TEXTS
from tests.review.contrast import contrast

WEB = Path(review.web.__file__).parent
CSS = re.sub(r"/\*.*?\*/", "", (WEB / "static" / "netra.css").read_text(encoding="utf-8"), flags=re.S)


def colour_of(value: str) -> str | None:
    """The colour that a value names, as "#rrggbb"; None for `inherit`, `none` and the like."""
    variables = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", CSS))
    value = re.sub(r"var\(--([\w-]+)\)", lambda found: variables[found.group(1)], value)
    found = re.search(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b", value)
    if not found:
        return None
    digits = found.group().removeprefix("#")
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))


def pairs() -> list[tuple[str, str, str]]:
    """Selector, ink and ground of every rule that sets one of them; what it leaves out is the page's."""
    ink, paper = colour_of("var(--ink)"), colour_of("var(--paper)")
    assert ink is not None
    assert paper is not None
    found = [("body on each ground", ink, ground) for ground in grounds()]
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", CSS):
        said = dict(re.findall(r"(?:^|;)\s*(color|background):\s*([^;]+)", body))
        if said and selector.strip() != ":root":
            letters = colour_of(said.get("color", "")) or ink
            found.append((selector.strip(), letters, colour_of(said.get("background", "")) or paper))
    # Letters that stand on any ground of the page: quiet words, links and the alert.
    for name in ("quiet", "blue", "alert"):
        letters = colour_of(f"var(--{name})") or ""
        found += [(name, letters, ground) for ground in grounds() if contrast(ground, "#ffffff") < 2]
    return found


def grounds() -> list[str]:
    """Every light colour that something is written on."""
    named = (colour_of(value) for value in re.findall(r"background:\s*([^;}]+)", CSS))
    return sorted({colour for colour in named if colour and contrast(colour, "#ffffff") < 2})


@pytest.mark.parametrize(("selector", "ink", "ground"), pairs())
def test_letters_can_be_read(selector: str, ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= 4.5, selector


def test_the_ring_of_the_focus_and_the_edges_of_fields_can_be_seen() -> None:
    edges = re.findall(r"(?:outline|border): \dpx solid ([^;]+)", CSS)
    seen = [colour for edge in edges if (colour := colour_of(edge))]
    # The lines between rows and around groups only decorate.
    told = [colour for colour in seen if colour != colour_of("var(--line)")]
    assert len(told) >= 3
    for colour in told:
        assert all(contrast(colour, ground) >= 3 for ground in ("#ffffff", colour_of("var(--paper)") or ""))


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["id"].keys() == TEXTS["en"].keys()
    assert not SAYINGS - TEXTS["id"].keys()
    for key, text in TEXTS["id"].items():
        assert text.strip(), key
        assert TEXTS["en"][key].strip(), key
        fields = [[name for _, name, _, _ in Formatter().parse(TEXTS[lang][key])] for lang in ("id", "en")]
        assert fields[0] == fields[1], key


def test_templates_name_texts_that_there_are() -> None:
    told = "".join(path.read_text(encoding="utf-8") for path in sorted((WEB / "templates").glob("*.html")))
    used = set(re.findall(r"\bt\.(\w+)", told))
    assert used <= TEXTS["id"].keys()
