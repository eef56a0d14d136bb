import pytest
import torch

from nlp.model import HEADS, Network, load_base, pad
from nlp.registry import strip_pooler
from store.records import UsageError


def test_any_bert_folder_in_the_format_of_indobert_answers_all_heads(tiny_base):
    encoder, tokenizer = load_base(str(tiny_base))
    network = Network(strip_pooler(encoder), dropout=0.0).eval()
    rows = [tokenizer("Camat dukung paslon")["input_ids"], tokenizer("Warga")["input_ids"]]
    ids = pad(rows, value=tokenizer.pad_token_id)
    mask = pad([[1] * len(r) for r in rows], value=0)
    with torch.inference_mode():
        answers = network(ids, mask)
    assert {name: tuple(getattr(answers, name).shape) for name in HEADS} == {
        name: (2, len(values)) for name, values in HEADS.items()
    }
    assert answers.evidence.shape == ids.shape


def test_padding_does_not_change_an_answer(tiny_base):
    encoder, tokenizer = load_base(str(tiny_base))
    network = Network(strip_pooler(encoder), dropout=0.0).eval()
    row = tokenizer("Camat dukung paslon")["input_ids"]
    alone, padded = pad([row], value=0), pad([row, row * 3], value=0)
    mask = pad([[1] * len(row), [1] * len(row) * 3], value=0)
    with torch.inference_mode():
        one = network(alone, torch.ones_like(alone)).label[0]
        two = network(padded, mask).label[0]
    assert torch.allclose(one, two, atol=1e-5)


def test_a_base_that_cannot_be_had_names_the_one_that_ships(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError, match="the encoder that ships"):
        load_base(str(tmp_path))


def test_a_base_with_pickled_weights_alone_is_refused(tiny_base, tmp_path):
    for name in ("config.json", "vocab.txt", "tokenizer_config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((tiny_base / name).read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(UsageError, match="cannot be loaded"):
        load_base(str(tmp_path))
