import json
import shutil
import tomllib

import pytest

from nlp.promotion import list_models, promote, rollback, show_model
from nlp.registry import SUMS, active_folder, digest_file
from store.records import UsageError


@pytest.fixture
def models(tiny_model, tmp_path):
    """A models folder with two good models, `one` in use."""
    folder = tmp_path / "models"
    for name in ("one", "two"):
        shutil.copytree(tiny_model, folder / name)
    (folder / "active.toml").write_text('active = "one"\n')
    return folder


def pointer(models):
    return tomllib.loads((models / "active.toml").read_text())


def test_a_promoted_model_is_active_and_can_be_taken_back(models):
    assert promote("two", models) == "two"
    assert pointer(models) == {"active": "two", "before": ["one"]}
    assert rollback(models) == "one"
    assert pointer(models) == {"active": "one", "before": []}


def test_promoting_the_active_model_changes_nothing(models):
    promote("one", models)
    assert pointer(models) == {"active": "one"}


def test_a_folder_from_elsewhere_is_copied_in_first(models, tiny_model, tmp_path):
    elsewhere = shutil.copytree(tiny_model, tmp_path / "three")
    assert promote(str(elsewhere), models) == "three"
    assert active_folder(models) == models / "three"
    assert (models / "three" / SUMS).read_bytes() == (elsewhere / SUMS).read_bytes()


def test_a_folder_from_elsewhere_never_replaces_one_of_the_same_name(models, tiny_model, tmp_path):
    other = shutil.copytree(tiny_model, tmp_path / "two")
    shutil.rmtree(models / "two")
    (models / "two").write_text("a file in the way")
    with pytest.raises(UsageError, match="exists already"):
        promote(str(other), models)
    assert active_folder(models).name == "one"


@pytest.mark.parametrize("name", ["model.safetensors", "netra.json", SUMS])
def test_a_damaged_model_is_refused_and_the_active_one_stays(models, name):
    (models / "two" / name).write_bytes(b"{}")
    with pytest.raises(UsageError, match="two"):
        promote("two", models)
    assert pointer(models) == {"active": "one"}
    assert [m.name for m in list_models(models) if m.problem] == ["two"]


def test_a_model_below_a_floor_is_refused_by_the_number(models):
    (models / "floors.toml").write_text(
        '[[floor]]\nmetric = "held_out.case.f1.value"\nat_least = 1.1\nmeasured = 1.0\nmodel = "m"\n'
        'set_on = 2026-11-22\nreason = "out of reach"\n'
    )
    with pytest.raises(UsageError, match=r"two stays off.*at least 1\.1"):
        promote("two", models)
    assert pointer(models) == {"active": "one"}


def test_rollback_needs_an_earlier_model_that_is_still_there(models):
    with pytest.raises(UsageError, match="remembers no earlier model"):
        rollback(models)
    promote("two", models)
    shutil.rmtree(models / "one")
    with pytest.raises(UsageError, match="'one' is not in"):
        rollback(models)
    assert pointer(models)["active"] == "two"


def test_an_unknown_name_is_refused(models):
    with pytest.raises(UsageError, match="neither a name"):
        promote("four", models)
    with pytest.raises(UsageError, match="not a folder"):
        show_model("../one", models)


def test_models_are_listed_with_their_numbers_and_shown_with_their_card(models):
    one, two = list_models(models)
    assert (one.name, one.active, two.active) == ("one", True, False)
    assert (
        one.metrics["held_out"]["n_case"]
        == json.loads((models / "one" / "metrics.json").read_text())["held_out"]["n_case"]
    )
    assert show_model(None, models).startswith("# Model card")
    assert "**Fairness**" in show_model(None, models)


def test_a_model_from_before_fairness_was_measured_says_so_and_is_shown(models):
    folder = models / "two"
    metrics = json.loads((folder / "metrics.json").read_text())
    del metrics["held_out"]["fairness"]
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / SUMS).write_text(
        "".join(
            f"{digest_file(folder / name)}  {name}\n"
            for name in (line.split("  ")[1] for line in (folder / SUMS).read_text().splitlines())
        )
    )
    first, rest = show_model("two", models).split("\n", 1)
    assert first.startswith("WARNING: fairness was not measured")
    assert rest.startswith("# Model card")
