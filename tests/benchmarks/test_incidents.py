"""The benchmark of grouping: made documents keep what joins an act; the table says when a bound breaks."""

import pytest

from benchmarks.incidents import Measured, exponent, main, make_documents, measure


def test_made_documents_are_the_same_each_time_and_of_many_acts() -> None:
    made, true = make_documents(60)
    assert (made, true) == make_documents(60)
    assert len(made) >= 60
    assert len({document.text for document, _ in made}) > 50
    assert {document.doc_id for document, _ in made} == set(true)
    for _, prediction in made:
        assert prediction.region == "" or prediction.evidence


def test_acts_are_found_among_others() -> None:
    measured = measure(200)
    assert measured.documents >= 200
    assert measured.numbers["pair_precision"] >= 0.98
    assert measured.numbers["pair_recall"] >= 0.85


def test_the_exponent_is_that_of_the_time() -> None:
    rows = [Measured(1_000, 1.0, 0, {}), Measured(10_000, 10.0, 0, {})]
    assert exponent(rows) == pytest.approx(1)
    assert rows[0].ms == 1


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sizes", "60"]) in (0, 1)
    assert "pair P" in capsys.readouterr().out
