"""Shipped manifests: the shapes of article addresses of the networks pass, and fold to one name each.

The addresses are invented; their shapes are those that public crawlers describe.
"""

from pathlib import Path

import pytest

from crawlers.manifest import load_sources
from crawlers.spiders.pages import canonical_of, request_address

SOURCES = {s.id: s for s in load_sources(Path(__file__).parents[2] / "data" / "sources")}


@pytest.mark.parametrize(
    ("name", "address", "asked"),
    [
        ("tribunnews", "https://www.tribunnews.com/regional/7800001/judul-berita", "?page=all"),
        ("tribun-sorong", "https://sorong.tribunnews.com/2024/10/17/judul-berita", "?page=all"),
        ("antara-ambon", "https://ambon.antaranews.com/berita/200001/judul-berita", ""),
        ("jpnn-jatim", "https://jatim.jpnn.com/jatim-terkini/39001/judul-berita", ""),
        ("radartegal", "https://radartegal.disway.id/read/700001/judul-berita", ""),
        ("radarbanyumas", "https://radarbanyumas.disway.id/purwokerto/read/150001/judul-berita", ""),
        ("radarjogja", "https://radarjogja.jawapos.com/jogja/2601150001/judul-berita", "?page=all"),
        ("radarsolo", "https://radarsolo.jawapos.com/ekonomi/846600001/judul-berita", "?page=all"),
        ("pr-kabarpriangan", "https://kabarpriangan.pikiran-rakyat.com/garut/pr-1480001/judul", "?page=all"),
        ("sindonews", "https://daerah.sindonews.com/read/1730001/174/judul-berita-17848", "?showpage=all"),
        ("inews", "https://www.inews.id/news/regional/judul-berita", "/all"),
        ("tempo", "https://www.tempo.co/politik/judul-berita-2270001", ""),
        ("kumparan", "https://kumparan.com/kumparannews/judul-berita-27oRU1T1EYV", ""),
        ("idntimes", "https://www.idntimes.com/news/indonesia/judul-00-abcd1-efgh23", "?page=all"),
        ("tirto", "https://tirto.id/judul-berita-hz5T", ""),
        ("rmol", "https://rmol.id/politik/read/2024/10/17/640001/judul-berita", ""),
        ("wartaekonomi", "https://www.wartaekonomi.co.id/read540001/judul-berita", ""),
    ],
)
def test_an_article_passes_and_is_asked_for_whole(name: str, address: str, asked: str) -> None:
    source = SOURCES[name]
    whole = request_address(address, source.pages)
    assert whole == address + asked
    assert canonical_of(address, source, own=True) == address
    assert canonical_of(whole, source, own=True) == address


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("tribunnews", "https://www.tribunnews.com/"),
        ("tribun-papua", "https://papua.tribunnews.com/topic/pilkada"),
        ("antara-papua", "https://papua.antaranews.com/terkini"),
        ("radartegal", "https://radartegal.disway.id/kategori/1/lokal"),
        ("radarmadura", "https://radarmadura.jawapos.com/tag/pilkada"),
        ("tempo", "https://www.tempo.co/politik/pemilu"),
        ("merdeka", "https://www.merdeka.com/peristiwa"),
    ],
)
def test_a_list_is_no_article(name: str, address: str) -> None:
    assert canonical_of(address, SOURCES[name], own=True) == ""
