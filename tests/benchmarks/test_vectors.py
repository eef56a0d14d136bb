import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from benchmarks.vectors import sentence_vectors
from nlp.items import Item
from store.records import UsageError
from tests.nlp.tiny import make_base

ITEMS = [
    Item(id="a", kind="news", title="Camat dukung paslon", text="Camat hadir di deklarasi."),
    Item(id="b", kind="post", title="", text="Harga pasar"),
    Item(id="c", kind="news", title="Camat dukung paslon", text="Camat hadir di deklarasi."),
]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_base(tmp_path_factory.mktemp("base"))


def test_a_text_has_one_vector_whatever_its_id_and_company(base, tmp_path):
    found = sentence_vectors(ITEMS, base, tmp_path)
    assert found.shape == (3, 32)
    assert (found[0] == found[2]).all()
    assert (found[0] != found[1]).any()
    assert (sentence_vectors(ITEMS[1:2], base, tmp_path / "other") == found[1:2]).all()


def test_known_texts_come_from_the_store(base, tmp_path, monkeypatch):
    found = sentence_vectors(ITEMS, base, tmp_path)
    monkeypatch.setattr("benchmarks.vectors.load_base", None)
    assert np.array_equal(sentence_vectors(ITEMS[::-1], base, tmp_path), found[::-1])


def test_a_broken_store_is_made_anew(base, tmp_path):
    found = sentence_vectors(ITEMS, base, tmp_path)
    (stored,) = tmp_path.iterdir()
    stored.write_bytes(stored.read_bytes()[:-50])
    assert np.array_equal(sentence_vectors(ITEMS, base, tmp_path), found)


def test_a_folder_without_an_encoder_is_refused_by_name(tmp_path):
    with pytest.raises(UsageError, match=r"none: model\.safetensors is missing"):
        sentence_vectors(ITEMS, tmp_path / "none", tmp_path)


def test_another_encoder_has_a_store_of_its_own(base, tmp_path):
    other = make_base(tmp_path / "other")
    weights = load_file(other / "model.safetensors")
    save_file({name: values * 2 for name, values in weights.items()}, other / "model.safetensors")
    one, two = (sentence_vectors(ITEMS, folder, tmp_path / "store") for folder in (base, other))
    assert len(list((tmp_path / "store").iterdir())) == 2
    assert (one != two).any()
