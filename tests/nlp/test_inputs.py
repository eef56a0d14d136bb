import pytest
from transformers import AutoTokenizer

from nlp.inputs import build_window

SENTENCES = [f"Kalimat nomor {i} tentang pasar dan harga." for i in range(40)]
ACT = "Camat itu hadir di deklarasi paslon nomor urut dua."


@pytest.fixture(scope="module")
def tokenizer(tiny_base):
    return AutoTokenizer.from_pretrained(tiny_base)


def test_a_short_text_is_read_whole_in_its_order(tokenizer):
    window = build_window(tokenizer, title="Judul pasar", text=" ".join(SENTENCES[:3]), max_tokens=256)
    assert window.segments == ["Judul pasar", *SENTENCES[:3]]
    assert len(window.ids) == len(window.segment) <= 256
    assert window.ids[0] == tokenizer.cls_token_id
    assert window.ids[-1] == tokenizer.sep_token_id


def test_a_matched_sentence_deep_in_a_long_text_is_read(tokenizer):
    text = " ".join([*SENTENCES[:30], ACT, *SENTENCES[30:]])
    window = build_window(tokenizer, title="Judul", text=text, matched=[ACT], max_tokens=96)
    assert window.segments[0] == "Judul"
    assert window.segments[1:3] == SENTENCES[:2]
    assert ACT in window.segments
    assert window.segments[1:] == [s for s in [*SENTENCES[:30], ACT, *SENTENCES[30:]] if s in window.segments]
    assert len(window.ids) <= 96


def test_every_token_belongs_to_a_segment_that_is_there(tokenizer):
    window = build_window(tokenizer, title="Judul", text=" ".join(SENTENCES), max_tokens=64)
    assert {s for s in window.segment if s >= 0} == set(range(len(window.segments)))


@pytest.mark.parametrize(
    "text", ["", " ", "\ud83d", "😂😂", "x" * 100_000, "kata " * 20_000, "\x00\x07", "<p>a</p>"]
)
@pytest.mark.parametrize("title", ["", "Judul"])
def test_no_text_breaks_the_window(tokenizer, title, text):
    window = build_window(tokenizer, title=title, text=text, max_tokens=64)
    assert 2 <= len(window.ids) <= 64
