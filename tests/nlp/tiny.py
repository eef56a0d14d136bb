"""A tiny WordPiece BERT in the file format of the public IndoBERT checkpoints, made in a second."""

import json
from pathlib import Path

import torch
from transformers import BertConfig, BertModel, BertTokenizerFast

WORDS = (
    *("camat", "lurah", "guru", "asn", "pns", "kepala", "dinas", "desa", "bawaslu", "dukung", "mendukung"),
    *("paslon", "calon", "kampanye", "netral", "warga", "banjir", "harga", "pasar", "hadir", "deklarasi"),
    *("foto", "nomor", "urut", "dua", "satu", "di", "ke", "dan", "yang", "untuk", "tidak", "pada", "itu"),
)


def make_base(folder: Path) -> Path:
    """Write vocab.txt, config and safetensors of a 2-layer BERT with 32 units; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("0123456789.,")
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *WORDS,
        *letters,
        *(f"##{c}" for c in letters),
    ]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    BertTokenizerFast(vocab=str(folder / "vocab.txt"), do_lower_case=True).save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def write_labels(path: Path) -> Path:
    """Forty labelled lines that a tiny model can tell apart; each its own family."""
    lines = []
    for i in range(20):
        who = ("Camat", "Lurah", "Guru PNS", "Kepala Dinas")[i % 4]
        act = f"{who} itu hadir di deklarasi paslon nomor urut {'satu' if i % 2 else 'dua'}."
        lines.append(
            {
                "id": f"c{i}",
                "kind": "news",
                "title": f"{who} dukung paslon",
                "text": f"{act} Bawaslu memanggil warga {i}.",
                "label": "case",
                "types": ["attend_active"],
                "stage": "post",
                "process": "report",
                "position": "camat_lurah" if i % 2 else "other_asn",
                "evidence": [act],
            }
        )
        lines.append(
            {
                "id": f"n{i}",
                "kind": "news",
                "title": f"Bawaslu ingatkan ASN netral {i}",
                "text": f"ASN dan {who} netral pada kampanye paslon {i}. Warga ke pasar.",
                "label": "none",
                "types": [],
                "tag": "exhortation",
            }
        )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path
