"""Frozen sentence vectors: what the encoder says of a text before anything is trained.

Promises: the mean over the tokens of the very window that the classifier reads; a text is computed once for
each encoder, screening and window (kept in a folder that git ignores); a broken store is made anew.
Never does: train, reach a network.
"""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from nlp.inputs import MAX_TOKENS, build_window
from nlp.items import Item
from nlp.model import load_base
from nlp.registry import digest_file
from nlp.screen import screen, screen_version
from store.records import UsageError

log = logging.getLogger(__name__)

#: Texts between two writes of the store, so that an interrupted run loses a minute at most.
SAVE_EVERY = 250


def sentence_vectors(items: Sequence[Item], encoder: Path, store: Path) -> NDArray[np.float64]:
    """Mean-pooled vectors [N, size] of `items`, in order; known ones come from the folder `store`.

    Raises UsageError when `encoder` is no encoder folder.
    """
    wanted = [item.document().text_sha256 for item in items]
    file = _file(encoder, store)
    known = _read(file)
    missing = list({key: item for key, item in zip(wanted, items, strict=True) if key not in known}.items())
    if missing:
        base, tokenizer = load_base(str(encoder))
        base.eval()
    for done, (key, item) in enumerate(missing, 1):
        matched = screen(item.document()).sentences
        window = build_window(tokenizer, title=item.title, text=item.text, matched=matched)
        ids = torch.tensor([window.ids])
        with torch.inference_mode():
            hidden = base(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        known[key] = hidden[0].mean(0).numpy()
        if done % SAVE_EVERY == 0 or done == len(missing):
            _write(file, known)
            log.info("sentence vectors: %d of %d", done, len(missing))
    return np.array([known[key] for key in wanted], dtype=np.float64)


def _file(encoder: Path, store: Path) -> Path:
    """The store of one encoder, screening and window: another of these gives other vectors."""
    weights = encoder / "model.safetensors"
    if not weights.is_file():
        raise UsageError(
            f"encoder {encoder}: {weights.name} is missing; make it with: python -m nlp.encoder derive"
        )
    made_of = f"{digest_file(weights)}/{screen_version()}/{MAX_TOKENS}"
    return store / f"vectors-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}.safetensors"


def _read(file: Path) -> dict[str, NDArray[np.float32]]:
    try:
        stored = load_file(file)
        keys = stored["keys"].tobytes().decode("ascii").split()
        return dict(zip(keys, stored["vectors"], strict=True))
    except (OSError, ValueError, KeyError, SafetensorError):
        return {}


def _write(file: Path, known: dict[str, NDArray[np.float32]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    keys = np.frombuffer("\n".join(known).encode("ascii"), dtype=np.uint8)
    save_file({"keys": keys, "vectors": np.array(list(known.values()))}, partial)
    partial.replace(file)
