"""Has texts classified on a cluster by workers that hold the model, while a stage stores their answers.

Promises: the model of the folder that was asked for, checked file by file on every node, and the answers that
it gives here; what breaks on a worker is answered here. Never does: load a model that `load_model` refuses,
touch the database from a worker.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from nlp.classify import EncoderClassifier
from nlp.engine import make_engine
from nlp.int8 import ENGINES
from nlp.registry import SUMS, active_folder, load_model, read_settings
from store.db import reading
from store.records import Candidate, Document, Prediction
from store.stages import pending_classify
from verbs.cluster import Cluster, check_makers, maker_versions
from verbs.spread import ROUND, Ahead, Told, results_of, rows_of, work_each

if TYPE_CHECKING:
    from pyarrow import Table
    from ray import ObjectRef

Screened = tuple[Document, Candidate]

#: Where a node keeps models that it had to be sent.
KEPT = Path.home() / ".cache" / "netra"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A model as a node gets it: by its folder where the node has it, else by its files."""

    folder: str
    #: Text of its SHA256SUMS, which tells whether a folder is the same model.
    sums: str
    #: Where this machine keeps engines that it has built.
    engines: str
    #: The files in the cluster's memory, in a list: Ray fetches what is not in one before anybody asks.
    files: "list[ObjectRef[dict[str, bytes]]]"


class ClusterClassifier:
    """The active model's answers, computed on a cluster; behind the `Classifier` interface of nlp."""

    def __init__(
        self,
        cluster: Cluster,
        folder: Path | None,
        waiting: Callable[[], Sequence[Screened]],
        regions: Mapping[str, str],
    ) -> None:
        """`regions`: what each source covers, by its id. Raises UsageError as `read_settings` does."""
        self._folder = folder or active_folder()
        self._version = read_settings(self._folder).version
        self._here: EncoderClassifier | None = None
        parcel = pack(self._folder)

        def run(pairs: Sequence[Screened]) -> Iterator[Sequence[Told]]:
            return answer_pairs(cluster, pairs, parcel, regions)

        self._ahead: Ahead[Screened, Prediction | None] = Ahead(waiting, run, lambda pair: pair[0].doc_id)

    @property
    def version(self) -> str:
        """Version of the model folder."""
        return self._version

    def classify(
        self, document: Document, candidate: Candidate, *, outlet_region: str = ""
    ) -> Prediction | None:
        """The prediction for one screened document; None for one that is no candidate.

        Raises StoppedError when the cluster fails.
        """
        if not candidate.candidate:
            return None
        told = self._ahead.take((document, candidate))
        if told:
            return told[0]
        if self._here is None:
            model = load_model(self._folder)
            self._here = EncoderClassifier(model, engine=make_engine(model, engine="onnx", device="cpu"))
        return self._here.classify(document, candidate, outlet_region=outlet_region)


def waiting_candidates(engine: Engine) -> Callable[[], Sequence[Screened]]:
    """Give what tells the next round of candidates that a database has to classify."""

    def waiting() -> Sequence[Screened]:
        with reading(engine) as conn:
            return [pair for pair in pending_classify(conn, limit=ROUND) if pair[1].candidate]

    return waiting


def answer_pairs(
    cluster: Cluster, pairs: Sequence[Screened], parcel: Parcel, regions: Mapping[str, str]
) -> Iterator[Sequence[Told]]:
    """What the model says of each pair, in order, batch by batch.

    Raises StoppedError when the cluster fails.
    """
    named = [(d.doc_id, (d, c, regions.get(d.source_id, ""))) for d, c in pairs]
    return results_of(cluster, rows_of(cluster, named), Answerer, (parcel, maker_versions()))


class Answerer:
    """On a worker: screened documents to predictions, by a model that is loaded once."""

    def __init__(self, parcel: Parcel, makers: dict[str, str]) -> None:
        import ray

        check_makers(makers)
        model = load_model(unpack(parcel, KEPT, lambda: ray.get(parcel.files[0])))
        engines = Path(parcel.engines)
        folder = engines if engines.is_dir() and os.access(engines, os.W_OK) else KEPT / "engine"
        self._classifier = EncoderClassifier(
            model, engine=make_engine(model, engine="onnx", device="cpu", folder=folder)
        )

    def __call__(self, batch: "Table") -> "Table":
        """Answer for a batch of documents."""
        return work_each(batch, self._answer)

    def _answer(self, asked: tuple[Document, Candidate, str]) -> tuple[Prediction | None]:
        document, candidate, region = asked
        return (self._classifier.classify(document, candidate, outlet_region=region),)


def pack(folder: Path) -> Parcel:
    """Make a parcel of a model folder; its files go into the memory of the cluster."""
    import ray

    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    sums = files[SUMS].decode("utf-8")
    # Workers on this machine keep theirs here too.
    ENGINES.mkdir(parents=True, exist_ok=True)
    return Parcel(str(folder.resolve()), sums, str(ENGINES.resolve()), [ray.put(files)])


def unpack(parcel: Parcel, kept: Path, fetch: Callable[[], Mapping[str, bytes]]) -> Path:
    """Folder of a parcel's model on this node: the same path, or one below `kept`, written if need be.

    `fetch` gives its files; `load_model` checks every one of them, wherever it came from.
    """
    if _is_same(Path(parcel.folder), parcel.sums):
        return Path(parcel.folder)
    # The folder's name is not part of it: the version stands in its settings.
    folder = kept / "models" / hashlib.sha256(parcel.sums.encode()).hexdigest()[:32]
    if not _is_same(folder, parcel.sums):
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            for name, content in fetch().items():
                (Path(made) / Path(name).name).write_bytes(content)
            try:
                # One step, and the first of several workers wins.
                Path(made).rename(folder)
            except OSError:
                if not _is_same(folder, parcel.sums):
                    raise
    return folder


def _is_same(folder: Path, sums: str) -> bool:
    try:
        return (folder / SUMS).read_text(encoding="utf-8") == sums
    except OSError:
        return False
