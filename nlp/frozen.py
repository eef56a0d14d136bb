"""Trains the upper layers of an encoder alone: what the lower ones say is computed once.

Promises: the encoder comes back whole, its lower layers bit for bit as they were; the states that stand for
them are kept in float16, one tensor per text. Never does: choose the depth, update a frozen weight.

On 1,430 texts the upper 6 of 12 layers learned as well as all of them (docs/method.md), at under half of the
time, since neither the forward nor the backward pass enters the rest.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from store.records import UsageError


class _Passed(nn.Module):
    """Stands where the embeddings were, and passes on the states it is given."""

    def forward(self, *, inputs_embeds: Tensor, **_: Any) -> Tensor:
        return inputs_embeds


def layers_of(encoder: Any) -> nn.ModuleList:
    """The encoder's layers. Raises UsageError when it is not built as BERT is."""
    layers = getattr(getattr(encoder, "encoder", None), "layer", None)
    if layers is None or not hasattr(encoder, "embeddings"):
        raise UsageError(
            f"base model: {type(encoder).__name__} is not built like BERT (embeddings, encoder.layer); "
            "take a model of the BERT or RoBERTa family"
        )
    found: nn.ModuleList = layers
    return found


def lower_states(encoder: Any, windows: Sequence[Sequence[int]], *, depth: int) -> list[Tensor]:
    """What embeddings and the first `depth` layers make of each window of token ids: [T, size], float16."""
    layers = encoder.encoder.layer
    encoder.encoder.layer = layers[:depth]
    try:
        with torch.inference_mode():
            states = [
                encoder(
                    input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long)
                )
                .last_hidden_state[0]
                .half()
                for ids in windows
            ]
    finally:
        encoder.encoder.layer = layers
    # Tensors made in inference mode may not enter a graph; clones may.
    return [s.clone() for s in states]


@contextmanager
def upper_layers(encoder: Any, *, depth: int) -> Iterator[None]:
    """Within it the encoder takes states (`inputs_embeds`) and runs only the layers above `depth`."""
    embeddings, layers = encoder.embeddings, encoder.encoder.layer
    encoder.embeddings, encoder.encoder.layer = _Passed(), layers[depth:]
    try:
        yield
    finally:
        encoder.embeddings, encoder.encoder.layer = embeddings, layers


def pad_states(states: Sequence[Tensor]) -> Tensor:
    """States of unequal length as one [B, T, size] float32 tensor, zeros behind the end."""
    return nn.utils.rnn.pad_sequence(list(states), batch_first=True).float()
