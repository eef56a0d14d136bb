"""The network as an int8 ONNX file: built once from the weights of a model folder, checked, and kept.

Promises: the linear layers of the encoder multiply 8-bit integers, everything else stays float32; a file is
handed out only when its sha256 is the one noted beside it and, when it was built, its scores were near those
of PyTorch; a missing or damaged file is built anew; two processes (or threads) that need one file build it
once. Never does: change the model folder, read a text, run a night's scores.

How: the activations of a layer share one scale over the whole text, so that a few large values make all
others coarse. Measured on 2,348 label items with the first model, as the 99th percentile of the difference
from PyTorch's score: 0.121 with quantize_dynamic alone (31 flags differ); 0.059 with the inputs of all
feed-forward layers smoothed (SmoothQuant, arXiv 2211.10438); 0.026 when each token is instead divided by
its own peak where the feed-forward block comes down, and inputs of attention are smoothed too. What
attention puts out gained nothing by it. This costs 2 of 54 ms a text of 256 tokens. 8-bit weights with a
scale for each block (MatMulNBits) ran no faster than float32.
"""

import copy
import fcntl
import hashlib
import logging
import os
import platform
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AttentionInterface

from nlp.model import Answers, Network
from nlp.registry import Model, digest_file
from store.records import LABELS

log = logging.getLogger(__name__)

ENGINES = Path(__file__).parent.parent / "data" / "var" / "engine"
#: Raise it when this file builds something else from the same weights.
BUILD_VERSION = 1
#: Exponent of SmoothQuant: how far large activations are moved into the weights. With levelled tokens it
#: hardly matters (99th percentile 0.028, with the usual 0.5 0.029); without, 0.033 instead of 0.114.
SMOOTHING = 0.75
#: Random token sequences that show where activations are large, and their seed. Which channels are large
#: hardly depends on the text (correlation 0.94 with label items), so that no text is needed.
PROBES, PROBE_SEED = 16, 7
#: Peaks and channels smaller than this are taken as this, so that nothing is divided by zero.
TINY = 1e-5
#: Layers with fewer outputs (the heads) take no time and stay float32.
FEWEST_OUTPUTS = 32
#: Above this mean difference from PyTorch's scores on the probes the file is not int8's usual loss (0.01) but
#: another function, and is refused.
SOUND_DIFFERENCE = 0.1
#: Name under which transformers knows attention without a mask.
UNPADDED = "netra_unpadded"
#: Slower than the addition and normalisation that it fuses: 6.3 instead of 2.5 ms a text of 256 tokens.
SLOW_FUSIONS = ["SkipLayerNormFusion"]

#: torch's exporter and the filters of warnings are one for the process; threads take turns.
_building = threading.Lock()


class UnsoundError(Exception):
    """The file that was built does not compute what the network computes."""


def engine_file(model: Model, *, folder: Path) -> Path:
    """The sound int8 file of a model, built now when `folder` has none.

    Raises whatever the exporter or the file system raises (there is no end to what an exporter can raise),
    and UnsoundError; the caller falls back to PyTorch.
    """
    path = folder / f"{_key(model)}.onnx"
    if not is_sound(path):
        folder.mkdir(parents=True, exist_ok=True)
        with _building, _hold(path.with_suffix(".lock")):
            # Whoever held the lock before may have built it.
            if not is_sound(path):
                _build(model, path)
    return path


def open_session(path: Path, *, profile: Path | None = None) -> Any:
    """An ONNX Runtime session on one thread, as an int8 file is to be run; its input is `ids` [1,T].

    With `profile`, the time of each operator is noted in a file whose name begins so.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    return onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW_FUSIONS
    )


def _key(model: Model) -> str:
    """What the file depends on: weights, shape, this code, the libraries, and what the CPU can do."""
    import onnxruntime

    parts = (
        digest_file(model.folder / "model.safetensors"),
        digest_file(model.folder / "config.json"),
        str(model.settings.max_tokens),
        str(BUILD_VERSION),
        torch.__version__,
        onnxruntime.__version__,
        str(_saturates()),
    )
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:32]


def _saturates() -> bool:
    """Whether this CPU adds pairs of 8-bit products in 16 bits, which overflows with full 8-bit weights."""
    return platform.machine() in ("x86_64", "AMD64") and not torch.cpu._is_vnni_supported()


def is_sound(path: Path) -> bool:
    """Whether the file is there and is, byte for byte, the one that was built."""
    try:
        return path.with_suffix(".sha256").read_text(encoding="ascii").strip() == digest_file(path)
    except (OSError, ValueError):
        return False


@contextmanager
def _hold(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for it; the kernel frees it when the process dies."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _build(model: Model, path: Path) -> None:
    """Export, quantise and check; the file and its sha256 appear whole or not at all."""
    log.info("building the int8 engine of %s, once (half a minute)", model.settings.version)
    network = copy.deepcopy(model.network).eval()
    probes = draw_probes(network, max_tokens=model.settings.max_tokens)
    partial = path.with_suffix(".partial")
    try:
        with _quiet():
            _prepare(network, probes)
            _quantise(_export(network, max_tokens=model.settings.max_tokens), partial)
        check_scores(model.network, partial, probes)
        partial.replace(path)
        digest = path.with_suffix(".sha256.partial")
        digest.write_text(digest_file(path) + "\n", encoding="ascii")
        digest.replace(path.with_suffix(".sha256"))
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what exporter and quantiser say to their developers; errors are raised all the same."""
    before = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)


def draw_probes(network: Network, *, max_tokens: int) -> list[Tensor]:
    """Random token ids, each [1,T], from the shortest window to the longest; always the same ones."""
    chance = np.random.default_rng(PROBE_SEED)
    words = int(network.encoder.config.vocab_size)
    lengths = np.linspace(2, max_tokens, PROBES).astype(int)
    return [torch.from_numpy(chance.integers(words, size=(1, int(n)))) for n in lengths]


def _attend(
    module: nn.Module,  # noqa: ARG001 - transformers gives it
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,  # noqa: ARG001 - transformers gives it; one text alone needs none
    scaling: float | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """Attention over [B,heads,T,size] without a mask: what torch's exporter writes for the usual one spends a
    fifth of the time of a text on masking nothing."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    weights = torch.matmul(query * scale, key.transpose(2, 3)).softmax(-1)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), None


AttentionInterface.register(UNPADDED, _attend)


class _Smoothed(nn.Module):
    """A linear layer whose large input channels were divided by `scale` and whose weights make up for it."""

    def __init__(self, linear: nn.Linear, scale: Tensor, inverse: nn.Parameter) -> None:
        super().__init__()
        self.inverse = inverse
        self.linear = linear
        linear.weight.data = linear.weight.data * scale

    def forward(self, x: Tensor) -> Tensor:
        """[...,in] to [...,out]."""
        out: Tensor = self.linear(x * self.inverse)
        return out


class _Levelled(nn.Module):
    """A linear layer that sees each token divided by its own peak; a loud one hides no other."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight = nn.Parameter(linear.weight.data.t().contiguous(), requires_grad=False)
        self.bias = linear.bias

    def forward(self, x: Tensor) -> Tensor:
        """[...,in] to [...,out]."""
        peak = torch.maximum(x.amax(-1, keepdim=True), -x.amin(-1, keepdim=True)).clamp(min=TINY)
        out = torch.matmul(x / peak, self.weight) * peak
        return out if self.bias is None else out + self.bias


class _Alone(nn.Module):
    """The network for one text without padding: ids [1,T] to its answers as a plain tuple."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor) -> tuple[Tensor, ...]:
        """Answers for ids [1,T]."""
        return tuple(self.network(ids, torch.ones_like(ids)))


def _prepare(network: Network, probes: Sequence[Tensor]) -> None:
    """Change the encoder's layers, in place, into ones that compute the same and survive quantisation."""
    encoder = network.encoder
    peaks: dict[str, Tensor] = {}
    readers: dict[int, list[str]] = {}
    names = {
        name: module
        for name, module in encoder.named_modules()
        if isinstance(module, nn.Linear) and module.out_features >= FEWEST_OUTPUTS
    }

    def watch(name: str) -> Any:
        def note(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            x = inputs[0].abs().flatten(0, -2).amax(0)
            if name not in peaks:
                readers.setdefault(id(inputs[0]), []).append(name)
                # Kept alive, so that no other tensor gets its id.
                kept.append(inputs[0])
            peaks[name] = torch.maximum(peaks[name], x) if name in peaks else x

        return note

    kept: list[Tensor] = []
    hooks = [module.register_forward_pre_hook(watch(name)) for name, module in names.items()]
    with torch.inference_mode():
        for ids in probes:
            network(ids, torch.ones_like(ids))
    for hook in hooks:
        hook.remove()
    for sharing in readers.values():
        layers = [names[name] for name in sharing]
        if layers[0].in_features > layers[0].out_features:
            changed: list[nn.Module] = [_Levelled(layer) for layer in layers]
        elif len(layers) > 1 or layers[0].in_features < layers[0].out_features:
            largest = torch.stack([layer.weight.detach().abs().amax(0) for layer in layers]).amax(0)
            peak = peaks[sharing[0]].clone().clamp(min=TINY)
            scale = peak**SMOOTHING / largest.clamp(min=TINY) ** (1 - SMOOTHING)
            scale = scale / scale.mean()
            # One parameter for all readers of an input: the graph then divides and quantises it once.
            inverse = nn.Parameter(1 / scale, requires_grad=False)
            changed = [_Smoothed(layer, scale, inverse) for layer in layers]
        else:
            continue
        for name, module in zip(sharing, changed, strict=True):
            parent, _, last = name.rpartition(".")
            setattr(encoder.get_submodule(parent), last, module)
    encoder.set_attn_implementation(UNPADDED)


def _export(network: Network, *, max_tokens: int) -> Any:
    """The float32 graph (an onnx.ModelProto): input `ids` [1,T], outputs named as the fields of `Answers`."""
    program = torch.onnx.export(
        _Alone(network).eval(),
        (torch.ones((1, max_tokens // 2), dtype=torch.int64),),
        dynamo=True,
        dynamic_shapes=({1: torch.export.Dim("tokens", min=2, max=max_tokens)},),
        input_names=["ids"],
        output_names=list(Answers._fields),
        verbose=False,
    )
    if program is None:
        raise UnsoundError("torch.onnx.export gave no graph")
    return program.model_proto


def _quantise(graph: Any, path: Path) -> None:
    """Write the graph with its large matrix products in 8 bits, a scale for each output of a layer."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    # Shapes that the exporter noted before it transposed weights contradict what the quantiser infers.
    del graph.graph.value_info[:]
    # What the quantiser would ask to be done first, the exporter has done; without this it says so each time.
    add_pre_process_metadata(graph)
    outputs = {t.name: t.dims[1] for t in graph.graph.initializer if len(t.dims) == 2}
    chosen = [
        node.name
        for node in graph.graph.node
        if node.op_type == "MatMul" and outputs.get(node.input[1], 0) >= FEWEST_OUTPUTS
    ]
    if not chosen:
        raise UnsoundError("the exported graph has no linear layer to quantise")
    quantize_dynamic(
        graph,
        path,
        per_channel=True,
        reduce_range=_saturates(),
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        nodes_to_quantize=chosen,
    )


def check_scores(network: Network, path: Path, probes: Sequence[Tensor]) -> None:
    """Raise UnsoundError when a file's scores are not near those of `network` on `probes`, each [1,T]."""
    session = open_session(path)
    case = LABELS.index("case")
    gaps: list[float] = []
    with torch.inference_mode():
        for ids in probes:
            said = torch.from_numpy(session.run(["label"], {"ids": ids.numpy()})[0])
            meant = network(ids, torch.ones_like(ids)).label
            gaps.append(abs(float(said.softmax(-1)[0, case] - meant.softmax(-1)[0, case])))
    mean = sum(gaps) / len(gaps)
    if not mean <= SOUND_DIFFERENCE:
        raise UnsoundError(f"int8 scores are {mean:.3f} away from PyTorch's on average")
