from dataclasses import replace

import pytest

from benchmarks import scale
from benchmarks.scale import Measured, broken_bounds, exponent, make_news, total
from nlp.screen import screen

ROW = Measured(
    documents=1_000,
    candidates=50,
    flagged=20,
    incidents=20,
    seconds={"screen": 2.0, "group": 1.0},
    cpu_seconds={"screen": 2.0, "group": 1.0},
    memory_mib=900.0,
    database_mib=4.0,
)


def test_a_block_has_its_share_of_candidates_and_no_two_documents_alike():
    (block,) = make_news(400)
    assert len({item.text for item in block}) == len({item.id for item in block}) == 400
    assert sum(screen(item.document()).candidate for item in block) == pytest.approx(20, abs=2)


def test_documents_go_from_the_database_to_the_sheet(tmp_path):
    scale.fill(f"sqlite:///{tmp_path / 'netra.db'}", size=40)
    found = scale.work(tmp_path, runtime="torch")
    assert (found.documents, found.candidates) == (40, 2)
    assert list(found.seconds) == ["screen", "classify", "group", "export"]
    (sheet,) = tmp_path.glob("*.csv")
    assert len(sheet.read_text().splitlines()) == 1 + found.incidents


def test_a_row_in_proportion_keeps_the_bounds():
    ten = replace(ROW, documents=10_000, seconds={"screen": 20.0, "group": 10.0})
    assert exponent([ROW, ten], total) == pytest.approx(1.0)
    assert broken_bounds([ROW, ten]) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"seconds": {"screen": 30.0, "group": 10.0}}, "exponent 1.12"),
        ({"memory_mib": 1_501.0}, "1501 MiB"),
        ({"seconds": {"screen": 1.0, "group": 1_201.0}}, "grouped in 1201 s"),
    ],
)
def test_a_broken_bound_is_named(changed, said):
    assert said in " ".join(broken_bounds([ROW, replace(ROW, documents=10_000, **changed)]))
