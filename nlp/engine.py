"""How the network is run: int8 in ONNX Runtime on the CPU, or float32 in PyTorch on CPU or GPU.

Promises: one record of logits for each window, in their order; on the CPU a text's numbers do not depend on
what stands beside it, and a text gets from int8 the flag that it gets from PyTorch (where int8 comes near the
threshold, PyTorch answers). Never does: choose a threshold, read a text, go on in silence when an engine that
was asked for cannot be had.
"""

import copy
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from nlp.inputs import Window, build_window
from nlp.int8 import ENGINES, engine_file, open_session
from nlp.items import Item
from nlp.model import Answers, pad
from nlp.registry import Model, Settings
from nlp.screen import screen
from store.records import LABELS, Candidate, Document, UsageError

log = logging.getLogger(__name__)

EngineName = Literal["onnx", "torch"]
Device = Literal["cpu", "cuda"]
Floats = NDArray[np.float32]

#: Scores are rounded to so many digits, and the flag is decided on the rounded score that the analyst sees.
SCORE_DIGITS = 4
#: PyTorch answers where the log odds of int8 lie within this of the threshold's. int8 shifts logits, so that
#: a band in log odds fits every threshold. Measured on 2,348 label items with the first model: int8 moves
#: the log odds by 0.28 at the 99.9th percentile, and no threshold from 0.05 to 0.6 needed more than 0.20 for
#: all flags to agree.
BAND = 0.3
#: Padded tokens that go through a GPU at once; 64 windows of 256.
CUDA_TOKENS = 16_384
#: Padded tokens in a batch that holds one text only.
ALONE = 1


class Output(NamedTuple):
    """Logits of one window: label [3], types [15], stage [3], process [9], position [6], evidence [T]."""

    label: Floats
    types: Floats
    stage: Floats
    process: Floats
    position: Floats
    evidence: Floats


class Engine(Protocol):
    """Whatever turns windows into logits."""

    @property
    def name(self) -> str:
        """What runs and where, for tables and logs."""

    def run(self, windows: Sequence[Window]) -> list[Output]:
        """The logits of each window, in order."""


def make_engine(model: Model, *, engine: EngineName, device: Device, folder: Path = ENGINES) -> Engine:
    """The engine that was asked for; PyTorch, with a warning, where the int8 file cannot be built.

    `folder` keeps built files. Raises UsageError for a device that is not there or does not fit the engine.
    """
    if engine == "onnx" and device == "cuda":
        raise UsageError(
            "--device cuda: the onnx engine runs on the CPU; add --engine torch, or leave it out"
        )
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "--device cuda: PyTorch finds no CUDA device here; leave the option out, or install torch's CUDA "
            "build and check that nvidia-smi lists a GPU"
        )
    if device == "cuda":
        return TorchEngine(model, device="cuda", batch_tokens=CUDA_TOKENS)
    if engine == "onnx":
        try:
            return OnnxEngine(model, engine_file(model, folder=folder), threads=torch.get_num_threads())
        except Exception as error:  # noqa: BLE001 - exporters raise anything; PyTorch answers the same, slower
            reason = str(error).partition("\n")[0]
            log.warning(
                "engine onnx of model %s cannot be made (%s: %s); going on with torch, which is slower",
                model.settings.version,
                type(error).__name__,
                reason,
            )
    return TorchEngine(model, device="cpu", batch_tokens=ALONE)


class TorchEngine:
    """The network in float32. On a CPU each text alone: padding would cost more than batching wins."""

    def __init__(self, model: Model, *, device: Device, batch_tokens: int) -> None:
        self._device = device
        self._batch_tokens = batch_tokens
        self._padding = int(model.tokenizer.pad_token_id or 0)
        self._network = model.network if device == "cpu" else copy.deepcopy(model.network).to(device)

    @property
    def name(self) -> str:
        """Library, type of number and device."""
        return f"torch float32 on {self._device}"

    def run(self, windows: Sequence[Window]) -> list[Output]:
        """The logits of each window, in order. Raises what torch raises."""
        found: dict[int, Output] = {}
        with torch.inference_mode():
            for batch in cut_batches([len(w.ids) for w in windows], tokens=self._batch_tokens):
                ids = pad([windows[i].ids for i in batch], value=self._padding).to(self._device)
                mask = pad([[1] * len(windows[i].ids) for i in batch], value=0).to(self._device)
                answers = [part.float().cpu().numpy() for part in self._network(ids, mask)]
                for row, i in enumerate(batch):
                    output = Output(*(part[row] for part in answers))
                    found[i] = output._replace(evidence=output.evidence[: len(windows[i].ids)])
        return [found[i] for i in range(len(windows))]


def cut_batches(lengths: Sequence[int], *, tokens: int) -> list[list[int]]:
    """Indices of windows in batches of like length, each at most `tokens` with its padding, or one window."""
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        # The longest stands first and sets the width of its batch.
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


class OnnxEngine:
    """The int8 file in ONNX Runtime; texts whose score comes near the threshold go through PyTorch as well.

    Each text runs alone on one thread, and as many texts at once as there are threads: the scale of the 8-bit
    activations is taken over all that goes through at once, so that batching would mix texts; and on 2 cores
    two texts at once took 0.87 of the time of one after the other on two threads.
    """

    def __init__(self, model: Model, path: Path, *, threads: int) -> None:
        self._settings = model.settings
        self._session = open_session(path)
        self._torch = TorchEngine(model, device="cpu", batch_tokens=ALONE)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="int8")

    @property
    def name(self) -> str:
        """Library, type of number, device and threads."""
        return f"onnx int8 on cpu, {self._threads} threads"

    def run(self, windows: Sequence[Window]) -> list[Output]:
        """The logits of each window, in order. Raises what ONNX Runtime or torch raises."""
        return self.settle(windows, self.run_int8(windows))

    def settle(self, windows: Sequence[Window], outputs: Sequence[Output]) -> list[Output]:
        """`outputs` of int8, with PyTorch's in place of those that are near the threshold."""
        settled = list(outputs)
        near = [i for i, output in enumerate(outputs) if is_near(output, self._settings)]
        for i, output in zip(near, self._torch.run([windows[i] for i in near]), strict=True):
            settled[i] = output
        return settled

    def run_int8(self, windows: Sequence[Window]) -> list[Output]:
        """The logits as int8 gives them, also near the threshold."""
        # The longest first, so that no thread is left with a long text at the end.
        order = sorted(range(len(windows)), key=lambda i: (-len(windows[i].ids), i))
        run: Callable[..., Any] = map if len(order) == 1 else self._pool.map
        found = dict(zip(order, run(self._run_one, [windows[i] for i in order]), strict=True))
        return [found[i] for i in range(len(windows))]

    def _run_one(self, window: Window) -> Output:
        parts = self._session.run(list(Answers._fields), {"ids": np.array([window.ids], dtype=np.int64)})
        return Output(*(part[0] for part in parts))


def label_probabilities(output: Output, settings: Settings) -> NDArray[np.float64]:
    """Calibrated probabilities of the labels, [3], in the order of `LABELS`."""
    logits = output.label.astype(np.float64) / settings.temperature
    powers = np.exp(logits - logits.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares


def case_score(output: Output, settings: Settings) -> float:
    """The score that decides: the probability of `case`, rounded to `SCORE_DIGITS`."""
    return round(float(label_probabilities(output, settings)[LABELS.index("case")]), SCORE_DIGITS)


def is_near(output: Output, settings: Settings) -> bool:
    """Whether the score lies so near the threshold that int8 may have moved it across."""
    gap = _log_odds(case_score(output, settings)) - _log_odds(settings.threshold)
    return abs(gap) <= BAND


def _log_odds(score: float) -> float:
    # A rounded score can be 0 or 1.
    inside = min(max(score, 10.0**-SCORE_DIGITS), 1 - 10.0**-SCORE_DIGITS)
    return float(np.log(inside / (1 - inside)))


def read_window(model: Model, document: Document, candidate: Candidate) -> Window:
    """The window of a screened document as the model reads it."""
    return build_window(
        model.tokenizer,
        title=document.title,
        text=document.text,
        matched=candidate.sentences,
        max_tokens=model.settings.max_tokens,
    )


def compare_engines(model: Model, items: Sequence[Item], *, folder: Path = ENGINES) -> dict[str, Any]:
    """How the int8 engine's answers differ from PyTorch's over the windows of `items`, screened or not.

    Gives n; the share of windows `answered_by_torch`; mean, p99 and max difference of the score; the ids of
    items whose flag differs; the share of those flagged by both that get another stage, process or position;
    and the same under `int8_alone`, without PyTorch's help near the threshold, where
    `largest_shift` is the log odds by which a score was away from the threshold and yet got another flag.
    Raises what `engine_file` raises.
    """
    engine = OnnxEngine(model, engine_file(model, folder=folder), threads=torch.get_num_threads())
    documents = [item.document() for item in items]
    windows = [read_window(model, document, screen(document)) for document in documents]
    meant = TorchEngine(model, device="cpu", batch_tokens=ALONE).run(windows)
    alone = engine.run_int8(windows)
    ids = [item.id for item in items]
    return {
        "n": len(items),
        "answered_by_torch": round(sum(is_near(o, model.settings) for o in alone) / len(items), 4),
        **_differences(ids, meant, engine.settle(windows, alone), model.settings),
        "int8_alone": _differences(ids, meant, alone, model.settings),
    }


def _differences(
    ids: Sequence[str], meant: Sequence[Output], said: Sequence[Output], settings: Settings
) -> dict[str, Any]:
    right = np.array([case_score(output, settings) for output in meant])
    scores = np.array([case_score(output, settings) for output in said])
    gaps = np.abs(right - scores)
    crossed = (right >= settings.threshold) != (scores >= settings.threshold)
    both = np.flatnonzero((right >= settings.threshold) & (scores >= settings.threshold)).tolist()
    shifts = [abs(_log_odds(float(s)) - _log_odds(settings.threshold)) for s in scores[crossed]]
    return {
        "mean": round(float(gaps.mean()), 5),
        "p99": round(float(np.percentile(gaps, 99)), 4),
        "p999": round(float(np.percentile(gaps, 99.9)), 4),
        "max": round(float(gaps.max()), 4),
        "flags_differ": [name for name, differs in zip(ids, crossed, strict=True) if differs],
        "largest_shift": round(max(shifts, default=0.0), 3),
        **{
            f"{field}_differ": round(float(np.mean([_differ(meant[i], said[i], field) for i in both])), 4)
            for field in ("stage", "process", "position")
            if len(both)
        },
    }


def _differ(one: Output, other: Output, field: str) -> bool:
    return int(getattr(one, field).argmax()) != int(getattr(other, field).argmax())
