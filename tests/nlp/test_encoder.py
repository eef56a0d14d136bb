import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from nlp import encoder
from nlp.encoder import PIECES_FILE, SPECIAL, VOCABULARY, count_pieces, derive, find_pack, read_pack
from store.records import UsageError

LINE = "Camat Kradenan diduga mendukung paslon nomor urut 2 😂 #salamduajari, kata warga (18/9/2024)."


@pytest.fixture(scope="module")
def pack():
    return read_pack(find_pack())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return derive(tmp_path_factory.mktemp("encoder"), layers=1)


def test_the_pack_is_multilingual_e5_small(pack):
    assert (pack.hidden, pack.layers, pack.heads, pack.inner, pack.types) == (384, 12, 12, 1536, 2)
    assert pack.pieces[: len(SPECIAL)] == SPECIAL
    assert len(pack.pieces) == len(set(pack.pieces)) == 250_002


def test_the_shipped_pieces_are_known_and_hold_all_of_ascii(pack):
    pieces = PIECES_FILE.read_text(encoding="utf-8").splitlines()
    assert len(pieces) == len(set(pieces)) == VOCABULARY - len(SPECIAL) - 1
    assert set(pieces) <= set(pack.pieces)
    assert {chr(c) for c in range(33, 127)} <= set(pieces)


def test_the_derived_folder_is_a_plain_bert_that_the_auto_classes_load(folder):
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert model.config.model_type == "bert"
    assert (model.config.vocab_size, model.config.num_hidden_layers) == (VOCABULARY, 1)
    rows = tokenizer([LINE, "pendek"], padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**rows).last_hidden_state
    assert hidden.shape == (2, rows["input_ids"].shape[1], 384)
    assert bool(hidden.isfinite().all())


def test_ordinary_text_has_no_unknown_piece_and_comes_back_whole(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(LINE)["input_ids"]
    assert tokenizer.unk_token_id not in ids
    assert (ids[0], ids[-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)
    assert "".join(tokenizer.convert_ids_to_tokens(ids[1:-1])).replace("▁", " ").strip() == LINE
    assert tokenizer.unk_token_id not in tokenizer("".join(map(chr, range(33, 127))))["input_ids"]


def test_a_kept_piece_keeps_its_vector(folder, pack):
    weights = load_file(folder / "model.safetensors")
    tokens = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    derived = weights["embeddings.word_embeddings.weight"].float()
    original = encoder._quantised(pack, "emb.word", pack.rows, pack.hidden)
    places = {piece: i for i, piece in enumerate(pack.pieces)}
    for row in (0, 4, 500, len(tokens) - 1):
        assert torch.allclose(derived[row], original[places[tokens[row][0]]], atol=1e-3)


def test_the_same_inputs_give_the_same_bytes(folder, tmp_path):
    again = derive(tmp_path / "again", layers=1)
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()
    assert "not the IndoBERT" in (folder / "NOTICE").read_text()


def test_counting_keeps_what_the_texts_use_most(pack):
    pieces, covered = count_pieces(["netralitas ASN di Kota Kendari"] * 3, pack, keep=150)
    assert covered == 1.0
    assert {"▁Kota", "▁di", "z", "~"} <= set(pieces)
    few, covered = count_pieces(["netralitas ASN di Kota Kendari"] * 3, pack, keep=100)
    assert len(few) == 100 - len(SPECIAL) - 1
    assert covered < 1.0


def test_a_pieces_file_with_a_foreign_piece_is_refused_by_line(tmp_path):
    (tmp_path / "p.txt").write_text("▁di\nnot-a-piece-at-all\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"p\.txt:2"):
        derive(tmp_path / "out", pieces_file=tmp_path / "p.txt")
    with pytest.raises(UsageError, match="is missing"):
        derive(tmp_path / "out", pieces_file=tmp_path / "none.txt")


def test_another_weight_file_than_the_pinned_one_is_refused(monkeypatch):
    monkeypatch.setattr(encoder, "PACK_SHA256", "0" * 64)
    with pytest.raises(UsageError, match="not the pinned file"):
        find_pack()
