"""Chooses what reads pages and what answers for texts: this process, or a cluster with `--engine ray`.

Promises: the stage or the file gets the same answers from either. Never does: start or end a cluster.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from crawlers.manifest import Source
from nlp.answers import load_classifier
from nlp.classify import Classifier
from nlp.items import Item
from nlp.screen import screen
from review import options

if TYPE_CHECKING:
    from verbs.cluster import Cluster
    from verbs.spread import PageReaders
    from verbs.spread_model import Screened


def page_readers(
    cluster: "Cluster | None", engine: Engine, sources: Sequence[Source]
) -> "PageReaders | None":
    """Give readers on the cluster for the pages that wait; None where there is no cluster."""
    if cluster is None:
        return None
    from verbs.ahead import rules_of
    from verbs.spread import PageReaders

    return PageReaders(cluster, engine, rules_of(sources))


def stage_classifier(
    engine: Engine,
    cluster: "Cluster | None",
    model: Path | None,
    runtime: options.NightRuntime,
    device: options.Device,
    regions: Mapping[str, str],
) -> Classifier:
    """Give what answers for the candidates that wait in a database; `regions` by source id.

    Raises UsageError as `load_classifier` does.
    """
    if cluster is None:
        return _local(model, runtime, device)
    from verbs.spread_model import ClusterClassifier, waiting_candidates

    return ClusterClassifier(cluster, model, waiting_candidates(engine), regions)


def items_classifier(
    items: Sequence[Item],
    cluster: "Cluster | None",
    model: Path | None,
    runtime: options.NightRuntime,
    device: options.Device,
) -> Classifier:
    """Give what answers for the items of a file. Raises UsageError as `load_classifier` does."""
    if cluster is None:
        return _local(model, runtime, device)
    from verbs.spread import ROUND
    from verbs.spread_model import ClusterClassifier

    def screened() -> "Iterator[Screened]":
        for document in (item.document() for item in items):
            candidate = screen(document)
            if candidate.candidate:
                yield document, candidate

    coming = screened()
    return ClusterClassifier(cluster, model, lambda: list(islice(coming, ROUND)), {})


def _local(model: Path | None, runtime: options.NightRuntime, device: options.Device) -> Classifier:
    return load_classifier(model, engine="torch" if runtime == "torch" else "onnx", device=device)
