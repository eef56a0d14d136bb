"""Model folders: written whole, checked file by file before anything in them is read.

Promises: `save_model` writes weights as float16 safetensors with tokenizer, settings, metrics, card, and a
SHA256SUMS over all of them; `load_model` refuses, by name, a folder with a missing, changed, pickled or
unlisted file or with heads that this code does not know; `models/active.toml` names the one in use.
Never does: load a pickle, run code from a folder, change the active model on an error.
"""

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from nlp.model import HEADS, Network
from store.records import UsageError

MODELS = Path(__file__).parent.parent / "models"
SUMS = "SHA256SUMS"
NEEDED = frozenset({"config.json", "model.safetensors", "netra.json", "metrics.json", "CARD.md"})
#: Endings of formats that can carry code; such a file in a folder is refused unread.
PICKLED = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".ckpt", ".npy"})

# A model folder is read without chatter: what matters is checked here and raised.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the trained model needs besides weights; every number was chosen on held-out families."""

    version: str
    base: str
    heads: dict[str, list[str]]
    max_tokens: int
    temperature: float
    threshold: float
    type_threshold: float
    evidence_threshold: float
    labels_sha256: str
    code_version: str
    seed: int
    #: Commit of a base that came from the hub; empty for a folder and for the encoder that ships.
    base_revision: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder, loaded and ready to answer."""

    folder: Path
    settings: Settings
    network: Network
    tokenizer: PreTrainedTokenizerBase


def digest_file(path: Path) -> str:
    """Hex sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def active_folder(models: Path = MODELS) -> Path:
    """The folder that `active.toml` names. Raises UsageError when it names none that exists."""
    pointer = models / "active.toml"
    try:
        name = tomllib.loads(pointer.read_text(encoding="utf-8"))["active"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise UsageError(f"{pointer}: names no active model ({error}); run: git checkout models") from None
    folder = models / str(name)
    # Path("..").name is "..": it is no name of a folder in here.
    if Path(str(name)).name != name or name == ".." or not folder.is_dir():
        raise UsageError(f"{pointer}: the active model {name!r} is not a folder in {models}")
    return folder


def save_model(
    folder: Path,
    network: Network,
    tokenizer: PreTrainedTokenizerBase,
    settings: Settings,
    *,
    metrics: dict[str, Any],
    card: str,
    notice: str,
) -> None:
    """Write a complete model folder; the sums are written last, so a half-written one is never accepted."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SUMS).unlink(missing_ok=True)
    half = {k: v.half().contiguous() for k, v in network.state_dict().items()}
    save_file(half, folder / "model.safetensors", metadata={"format": "pt"})
    network.encoder.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for name, value in (("netra.json", asdict(settings)), ("metrics.json", metrics)):
        text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    (folder / "CARD.md").write_text(card, encoding="utf-8")
    (folder / "NOTICE").write_text(notice, encoding="utf-8")
    _write_sums(folder)


def add_to_card(folder: Path, section: str) -> None:
    """Add a section to the card of a model that is not in use yet. Raises UsageError for a damaged folder."""
    check_folder(folder)
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    (folder / SUMS).unlink()
    (folder / "CARD.md").write_text(f"{card.rstrip()}\n\n{section}", encoding="utf-8")
    _write_sums(folder)


def _write_sums(folder: Path) -> None:
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name != SUMS)
    for name in names:
        (folder / name).chmod(0o644)
    sums = "".join(f"{digest_file(folder / n)}  {n}\n" for n in names)
    (folder / SUMS).write_text(sums, encoding="utf-8")


def check_folder(folder: Path) -> None:
    """Raise UsageError that names the first file in `folder` that is missing, changed, unlisted or unsafe."""
    if not (folder / SUMS).is_file():
        raise UsageError(f"model {folder}: {SUMS} is missing; the folder is incomplete")
    listed: dict[str, str] = {}
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    for name in sorted(NEEDED - set(listed)):
        raise UsageError(f"model {folder}: {name} is not in {SUMS}; the folder is incomplete")
    for path in sorted(folder.iterdir()):
        if path.suffix in PICKLED:
            raise UsageError(f"model {folder}: {path.name} is a format that can carry code; remove it")
        if path.name != SUMS and path.name not in listed:
            raise UsageError(f"model {folder}: {path.name} is not in {SUMS}; remove it")
    for name, digest in sorted(listed.items()):
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise UsageError(f"model {folder}: {name} is listed in {SUMS} and missing")
        if digest_file(path) != digest:
            raise UsageError(
                f"model {folder}: {name} has another sha256 than {SUMS} says; take it from git again"
            )


def read_settings(folder: Path) -> Settings:
    """The checked settings of a folder. Raises UsageError when its heads are not those of this code."""
    check_folder(folder)
    try:
        settings = Settings(**json.loads((folder / "netra.json").read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise UsageError(f"model {folder}: netra.json does not fit this code ({error})") from None
    for name, values in settings.heads.items():
        if HEADS.get(name) != tuple(values):
            raise UsageError(f"model {folder}: unknown head {name!r} with {len(values)} values")
    for name in sorted(set(HEADS) - set(settings.heads)):
        raise UsageError(f"model {folder}: head {name!r} is missing")
    return settings


def load_model(folder: Path) -> Model:
    """The model of a folder, on CPU, in float32, ready to answer. Raises UsageError (see `check_folder`)."""
    settings = read_settings(folder)
    encoder = AutoModel.from_config(AutoConfig.from_pretrained(folder))
    # The config may name float16, the type on disk; CPUs compute in float32.
    network = Network(strip_pooler(encoder), dropout=0.0).float()
    try:
        network.load_state_dict({k: v.float() for k, v in load_file(folder / "model.safetensors").items()})
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise UsageError(
            f"model {folder}: model.safetensors does not fit this code ({reason}); train it again: retrain"
        ) from None
    return Model(folder, settings, network.eval(), AutoTokenizer.from_pretrained(folder))


def strip_pooler(encoder: Any) -> Any:
    """The encoder without BERT's pooler, which no head reads and which would only fill the file."""
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None
    return encoder
