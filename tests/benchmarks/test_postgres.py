import json
from contextlib import nullcontext

import pytest

from benchmarks import postgres


def test_reviewers_on_postgresql_lose_nothing(server, capsys, monkeypatch):
    # Not one more server, which takes seconds to make.
    monkeypatch.setattr(postgres, "running", lambda _: nullcontext(server))
    words = ["--part", "review", "--incidents", "40", "--reviewers", "2", "--clicks", "16", "--pause", "0"]
    # A busy machine may be slow here; the bound is not tested, the bookkeeping is.
    code = postgres.main([*words, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == int(not told["good"])
    page = told["review"]
    assert page["wrong_answers"] == []
    assert page["decisions_saved"] > 0
    assert page["decisions_saved"] + page["conflicts_shown"] == page["ms"]["decision"]["n"]
    assert (page["decisions_lost"], page["chain"]) == (0, "whole")
    assert page["p95"]["decision"] == page["ms"]["decision"]["p95"]


def test_nights_take_turns_and_the_median_ratio_counts(server, monkeypatch):
    # A real night on both is in tests/test_night.py; here are turns of known length, the first not counted.
    seconds = iter([9.0, 1.0, 4.0, 5.0, 3.0, 5.0, 2.0, 1.0])
    asked = []

    def run(url, _folder, sources):
        asked.append((url.partition(":")[0], *sources))
        return next(seconds), {"pages": "1"}

    monkeypatch.setattr(postgres, "run_night", run)
    told = postgres.compare_nights(server, rounds=3, sources=["a"])
    assert asked == [("sqlite", "a"), ("postgresql+psycopg", "a")] * 4
    assert told["seconds"] == {"sqlite": [4.0, 3.0, 2.0], "postgresql": [5.0, 5.0, 1.0]}
    assert (told["ratios"], told["ratio"], told["good"]) == ([0.8, 0.6, 2.0], 0.8, True)


def test_nights_that_end_differently_are_not_compared(server, monkeypatch):
    contents = iter([{"pages": "1"}, {"pages": "2"}])
    monkeypatch.setattr(postgres, "run_night", lambda *_: (1.0, next(contents)))
    with pytest.raises(RuntimeError, match="the same content"):
        postgres.compare_nights(server, rounds=1, sources=[])


def test_a_night_that_stops_is_not_timed(tmp_path):
    with pytest.raises(RuntimeError, match="no source 'tidak-ada'"):
        postgres.run_night(f"sqlite:///{tmp_path / 'netra.db'}", tmp_path, ["tidak-ada"])
