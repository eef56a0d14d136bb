"""The national picture on the page, over real HTTP: rates, gaps in words, and what a filter leaves out."""

import re
from collections.abc import Callable

import httpx
from sqlalchemy import Engine

from store.access import list_acts
from store.db import reading
from tests.review.web.conftest import Page
from tests.store.samples import NIGHT, put_extracted, put_grouped


def cells(client: httpx.Client, path: str, name: str) -> list[str]:
    """The cells of the first row of that name."""
    row = re.search(
        rf'<tr role="row">\n<th scope="row"[^>]*>(?:<a [^>]*>)?{name}<.*?</tr>', client.get(path).text, re.S
    )
    assert row, name
    return re.findall(r"<td[^>]*>(.*?)</td>", row.group())


def test_figures_stand_in_the_table_with_counts_and_gaps_in_words(page: Page, engine: Engine) -> None:
    put_grouped(engine, 1, 2)
    client = page.log_in("tamu")
    few = ["2", "2", "terlalu sedikit", "2"]
    assert cells(client, "/nasional", "Sulawesi Selatan")[:4] == few
    assert cells(client, "/nasional", "Sulawesi Selatan")[-2:] == [
        "0 dari 1",
        "tidak ada sumber yang bekerja 14 malam terakhir",
    ]
    assert cells(client, "/nasional", "Riau")[-1] == "tidak ada sumber"
    assert cells(client, "/nasional?province=Sulawesi+Selatan", "Kota Makassar")[:4] == few
    shown = client.get("/nasional").text
    assert '<th scope="col" role="columnheader">teks terkumpul</th>' in shown
    assert "built-in" not in shown
    assert shown.count("stroke-dasharray") == 2
    assert "bukan jumlah pelanggaran" in " ".join(shown.split())
    assert "Camat" not in shown


def test_nights_can_be_chosen_and_stand_on_record(page: Page, engine: Engine) -> None:
    put_grouped(engine, 1)
    put_extracted(engine, 2)
    client = page.log_in("tamu")
    assert cells(client, f"/nasional?until={NIGHT}", "Seluruh Indonesia")[0] == "1"
    assert cells(client, "/nasional?until=2024-01-01", "Seluruh Indonesia")[0] == "0"
    links = re.findall(r'href="(/nasional\?[^"]+)"', client.get(f"/nasional?until={NIGHT}").text)
    assert len(links) > 38
    assert all(f"until={NIGHT}&amp;province=" in link and link.endswith("#kabupaten") for link in links)
    with reading(engine) as conn:
        acts = list(list_acts(conn))
    assert {act.what for act in acts} == {"page: national"}
    assert acts[0].subject == f"until={NIGHT}"


def test_without_an_atlas_it_still_answers(serve: Callable[..., Page], engine: Engine) -> None:
    page = serve(engine, atlas=None)
    assert "Seluruh Indonesia" in page.log_in("tamu").get("/nasional").text
    page.leave()
