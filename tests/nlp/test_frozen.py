import contextlib

import pytest
import torch
from transformers import DistilBertConfig, DistilBertModel

from nlp.frozen import layers_of, lower_states, pad_states, upper_layers
from nlp.model import load_base
from store.records import UsageError

WINDOWS = [[2, 7, 9, 11, 3], [2, 8, 3], [2, 5, 6, 7, 8, 9, 10, 3]]


@pytest.fixture
def encoder(tiny_base):
    return load_base(str(tiny_base))[0].eval()


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_the_two_halves_together_say_what_the_whole_says(encoder, depth):
    states = lower_states(encoder, WINDOWS, depth=depth)
    mask = torch.tensor([[int(i < len(w)) for i in range(8)] for w in WINDOWS])
    with torch.inference_mode(), upper_layers(encoder, depth=depth):
        upper = encoder(inputs_embeds=pad_states(states), attention_mask=mask).last_hidden_state
    for window, found in zip(WINDOWS, upper, strict=True):
        with torch.inference_mode():
            whole = encoder(input_ids=torch.tensor([window])).last_hidden_state[0]
        # The states are kept in float16.
        torch.testing.assert_close(found[: len(window)], whole, atol=5e-3, rtol=0)


def test_the_encoder_comes_back_whole_even_after_an_error(encoder):
    before = encoder.state_dict()
    halves = contextlib.ExitStack()
    halves.enter_context(upper_layers(encoder, depth=1))
    assert len(layers_of(encoder)) == 1
    with pytest.raises(RuntimeError, match="stop"), halves:
        raise RuntimeError("stop")
    after = encoder.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_only_the_upper_layers_get_a_gradient(encoder):
    states = lower_states(encoder, WINDOWS[:1], depth=1)
    with upper_layers(encoder, depth=1):
        encoder(inputs_embeds=pad_states(states)).last_hidden_state.sum().backward()
    lower, upper = layers_of(encoder)
    assert all(p.grad is None for p in [*lower.parameters(), *encoder.embeddings.parameters()])
    assert all(p.grad is not None for p in upper.attention.output.parameters())


def test_an_encoder_of_another_shape_is_refused_by_name():
    other = DistilBertModel(DistilBertConfig(vocab_size=20, dim=8, n_layers=1, n_heads=2, hidden_dim=8))
    with pytest.raises(UsageError, match="DistilBertModel is not built like BERT"):
        layers_of(other)
