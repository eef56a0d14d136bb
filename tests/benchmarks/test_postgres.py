import json

import pytest

from benchmarks import postgres


def test_the_same_night_on_both_is_a_ratio_and_reviewers_lose_nothing(capsys):
    """One small run of both parts; a busy machine may be slow here, so that no bound is tested."""
    words = ["--rounds", "1", "--source", "kabar-sepi", "--incidents", "40", "--reviewers", "2"]
    code = postgres.main([*words, "--clicks", "16", "--pause", "0", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == int(not told["good"])
    night, page = told["night"], told["review"]
    assert {kind: len(spent) for kind, spent in night["seconds"].items()} == {"sqlite": 1, "postgresql": 1}
    assert night["ratio"] == pytest.approx(
        night["seconds"]["sqlite"][0] / night["seconds"]["postgresql"][0], abs=0.01
    )
    assert night["good"] == (night["ratio"] >= postgres.RATIO)
    assert page["wrong_answers"] == []
    assert page["decisions_saved"] > 0
    assert page["decisions_saved"] + page["conflicts_shown"] == page["ms"]["decision"]["n"]
    assert (page["decisions_lost"], page["chain"]) == (0, "whole")
    assert set(page["p95"]) == {"list", "decision"}


def test_nights_that_end_differently_are_not_compared(server, monkeypatch):
    contents = iter([{"pages": "1"}, {"pages": "2"}])
    monkeypatch.setattr(postgres, "run_night", lambda *_: (1.0, next(contents)))
    with pytest.raises(RuntimeError, match="the same content"):
        postgres.compare_nights(server, rounds=1, sources=[])
