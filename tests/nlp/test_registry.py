import json
import shutil

import pytest
from safetensors.torch import load_file, save_file

from nlp.registry import PICKLED, SUMS, active_folder, check_folder, digest_file, load_model, read_settings
from store.records import UsageError


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "copy")


def rewrite_settings(folder, **changed):
    path = folder / "netra.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    lines = (folder / SUMS).read_text().splitlines()
    kept = [line for line in lines if not line.endswith("  netra.json")]
    (folder / SUMS).write_text("\n".join([*kept, f"{digest_file(path)}  netra.json"]) + "\n")


def test_a_whole_folder_is_accepted_and_gives_its_settings(folder):
    check_folder(folder)
    assert load_model(folder).settings == read_settings(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "netra.json", "CARD.md"])
def test_a_changed_file_is_refused_by_name(folder, name):
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(UsageError, match=name):
        load_model(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", SUMS])
def test_a_missing_file_is_refused_by_name(folder, name):
    (folder / name).unlink()
    with pytest.raises(UsageError, match=name):
        load_model(folder)


@pytest.mark.parametrize("ending", sorted(PICKLED))
def test_a_format_that_can_carry_code_is_refused_unread(folder, ending):
    (folder / f"weights{ending}").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    with pytest.raises(UsageError, match="can carry code"):
        load_model(folder)


def test_weights_of_another_network_are_refused(folder):
    weights = load_file(folder / "model.safetensors")
    save_file({k: v for k, v in weights.items() if not k.startswith("focus.")}, folder / "model.safetensors")
    kept = [x for x in (folder / SUMS).read_text().splitlines() if not x.endswith("  model.safetensors")]
    digest = digest_file(folder / "model.safetensors")
    (folder / SUMS).write_text("\n".join([*kept, f"{digest}  model.safetensors"]) + "\n")
    with pytest.raises(UsageError, match="does not fit this code"):
        load_model(folder)


def test_an_unlisted_file_is_refused(folder):
    (folder / "extra.json").write_text("{}")
    with pytest.raises(UsageError, match=r"extra\.json"):
        load_model(folder)


def test_a_listed_path_outside_the_folder_is_refused(folder):
    with (folder / SUMS).open("a") as sums:
        sums.write(f"{'0' * 64}  ../other\n")
    with pytest.raises(UsageError, match="other"):
        check_folder(folder)


@pytest.mark.parametrize(
    "heads", [{"label": ["case", "none"]}, {"mood": ["good"]}, {}], ids=["values", "unknown", "missing"]
)
def test_heads_that_this_code_does_not_know_are_refused(folder, heads):
    rewrite_settings(folder, heads=heads)
    with pytest.raises(UsageError, match="head"):
        load_model(folder)


def test_the_active_model_is_the_one_that_the_pointer_names(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "active.toml").write_text('active = "one"\n')
    assert active_folder(tmp_path) == tmp_path / "one"


@pytest.mark.parametrize(
    "pointer", ['active = "../one"', 'active = "two"', "active = ", 'other = "one"', None]
)
def test_a_pointer_to_nowhere_is_wrong_use(tmp_path, pointer):
    (tmp_path / "one").mkdir()
    if pointer is not None:
        (tmp_path / "active.toml").write_text(pointer)
    with pytest.raises(UsageError, match=r"active"):
        active_folder(tmp_path)


def test_the_shipped_model_is_whole():
    check_folder(active_folder())
