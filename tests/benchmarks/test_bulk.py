import json

import pytest

from benchmarks import bulk


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_sheet_goes_in_once_and_every_second_is_some_steps(form, capsys, tmp_path):
    words = ["--rows", "9", "--format", form, "--profile", str(tmp_path), "--json"]
    assert bulk.main(words) == 0
    told = json.loads(capsys.readouterr().out)
    found = told["formats"][form]
    assert (told["good"], found["events"], found["chain"]) == (True, 9, "whole")
    assert {path.name for path in tmp_path.iterdir()} == {f"{form}-first.prof", f"{form}-again.prof"}
    for took in found["imports"].values():
        assert sum(step["cpu_s"] for step in took["steps"].values()) == pytest.approx(took["cpu_s"], abs=0.1)
    assert found["imports"]["first"]["steps"]["write events"]["cpu_s"] > 0


def test_an_import_that_leaves_a_row_out_is_not_good(capsys, monkeypatch):
    monkeypatch.setattr(bulk, "WRITTEN", (*bulk.WRITTEN, ("none", bulk.TYPES[:1], "", "")))
    assert bulk.main(["--rows", "5", "--format", "csv", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["formats"]["csv"]["events"] == 4
