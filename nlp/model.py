"""The network: one encoder of the IndoBERT family, and one head for each question of the codebook.

Promises: one forward pass answers all heads; any encoder that transformers' Auto classes can load from
safetensors fits (the shipped one, or an IndoBERT folder or hub name); nothing pickled, no remote code.
Never does: choose thresholds, see labels.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from store.records import LABELS, POSITIONS, PROCESSES, STAGES, TYPES, UsageError

log = logging.getLogger(__name__)

HEADS: dict[str, tuple[str, ...]] = {
    "label": LABELS,
    "types": TYPES,
    "stage": STAGES,
    "process": PROCESSES,
    "position": POSITIONS,
}


class Answers(NamedTuple):
    """Logits: label [B,3], types [B,15], stage [B,3], process [B,9], position [B,6], evidence [B,T]."""

    label: Tensor
    types: Tensor
    stage: Tensor
    process: Tensor
    position: Tensor
    evidence: Tensor


class Network(nn.Module):
    """Encoder, evidence attention and heads.

    Each head reads three vectors: the mean over all tokens; the tokens that tell the act, pooled by the
    softmax of the evidence scores, so that one sentence deep in a long article is not drowned; and tokens
    that the head picks itself, since how far a case has come is rarely told where the act is.
    """

    def __init__(self, encoder: PreTrainedModel, *, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        size = int(encoder.config.hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.evidence = nn.Linear(size, 1)
        self.focus = nn.Linear(size, len(HEADS))
        self.heads = nn.ModuleDict({n: nn.Linear(3 * size, len(v)) for n, v in HEADS.items()})

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Answers:
        """Answers for a padded batch: `input_ids` and `attention_mask` are [B,T] integers."""
        encoded = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        return self.read(encoded.last_hidden_state, attention_mask)

    def read(self, hidden: Tensor, attention_mask: Tensor) -> Answers:
        """Answers from the encoder's last states [B,T,size]."""
        hidden = self.dropout(hidden)
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
        evidence = self.evidence(hidden)
        scores = torch.cat([evidence, self.focus(hidden)], dim=-1)
        weights = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min).softmax(1)
        pooled = torch.bmm(weights.transpose(1, 2), hidden)
        answers = {
            name: head(torch.cat([mean, pooled[:, 0], pooled[:, i]], dim=-1))
            for i, (name, head) in enumerate(self.heads.items(), 1)
        }
        return Answers(**answers, evidence=evidence.squeeze(-1))


def load_base(base: str, *, revision: str | None = None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """An encoder to fine-tune: a folder, or a name on the hub (for example indobenchmark/indobert-base-p2).

    A name without a revision takes what the hub holds today; the commit is in the encoder's config and from
    there in the model folder, so that the same can be asked for again.
    Raises UsageError that names the shipped default when nothing can be loaded under that name.
    """
    options = {"revision": revision, "trust_remote_code": False}
    if revision is None and not Path(base).is_dir():
        log.warning("base model %s is not pinned; give --revision COMMIT to get the same one again", base)
    try:
        tokenizer = AutoTokenizer.from_pretrained(base, **options)
        # Dropout inside attention keeps torch from its fast kernel: measured 1.4 times the time per step.
        encoder = AutoModel.from_pretrained(
            base, use_safetensors=True, attention_probs_dropout_prob=0.0, **options
        )
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"base model {base!r} cannot be loaded ({reason}); without a hub, use the encoder that ships: "
            "python -m nlp.encoder derive --out data/var/encoder, then --base data/var/encoder"
        ) from None
    if Path(base).is_dir() and tokenizer.cls_token_id is None:
        raise UsageError(f"base model {base!r}: its tokenizer names no start token; is this a BERT folder?")
    return encoder.float(), tokenizer


def pad(rows: Sequence[Sequence[float]], *, value: int) -> Tensor:
    """Rows of unequal length as one [B,T] tensor, filled up with `value`."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (width - len(row))] for row in rows])
