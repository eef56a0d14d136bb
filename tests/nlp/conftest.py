"""A tiny model, trained once for all tests that need one: real code, real folder, three seconds."""

from pathlib import Path

import pytest

from nlp.items import Item
from nlp.retrain import retrain
from nlp.train import Plan
from tests.nlp.tiny import make_base, write_labels

#: So few steps and so high a rate that a model of this size learns two sentences by heart.
PLAN = Plan(seed=3, epochs=3, batch=8, encoder_rate=2e-3, head_rate=1e-2, held_out=0.25, max_tokens=64)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("labels") / "tiny.jsonl")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory, tiny_base: Path, labels: Path) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    retrain([labels], folder, plan=PLAN, base=str(tiny_base))
    return folder


CASE = Item(
    id="c",
    kind="news",
    title="Camat dukung paslon nomor urut dua",
    text="Camat itu hadir di deklarasi paslon.",
)
PRICES = Item(id="p", kind="news", title="Harga pasar dan banjir", text="Warga desa itu ke pasar.")
