"""Has pages read on a cluster while the stage that stores them goes on, and what any such stage needs for it.

Promises: a stage gets what it would have computed, in its own order, and saves it with its own functions,
so that a kill of this process or of any worker loses nothing and leaves no row out; a worker that dies is
started anew and its work done again; what breaks on a worker the stage computes itself, so that it names and
counts the fault; of a long night only a round lies in memory. Never does: touch the database from a worker,
change a number: workers run the functions that the stage would have run.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Engine

from crawlers.archive import ROOT, load_bodies
from store.db import reading
from store.records import ExtractionRules, RawPage, StoppedError
from store.stages import pending_pages
from verbs.ahead import Reading, Rules, read_loaded
from verbs.cluster import Cluster, check_makers, last_line, maker_versions

if TYPE_CHECKING:
    from pyarrow import Table

Item = TypeVar("Item")
Made = TypeVar("Made")
#: What one worker made of one item: its name, and the thing in a tuple (which may be None), or None: broken.
Told = tuple[str, tuple[Any] | None]

#: Items that the store hands over at once: of 5 kB each, a round takes 100 MB; at its end workers are idle
#: for some batches of a thousand.
ROUND = 20_000
#: Items a worker gets at once: at 10 to 50 ms each much more than the 40 ms that Ray took for an empty batch
#: on a busy machine.
BATCH = 16
#: Batches for each worker at least, so that a short night keeps all of them busy.
SHARES = 4
#: A worker asks for half a processor, and there are as many workers as processors: those of a node that is
#: lost find room on the others.
PROCESSORS_EACH = 0.5
#: Ray starts a worker anew as often as it dies; an item that kills it so often stops the stage.
RETRIES = 3
#: Processes that read the archive on the node where it lies, each for 16 pages at a time.
LOADERS = 2


class Ahead(Generic[Item, Made]):
    """What a cluster makes of the items that wait, handed over as the stage comes to each."""

    def __init__(
        self,
        waiting: Callable[[], Sequence[Item]],
        run: Callable[[Sequence[Item]], Iterator[Sequence[tuple[str, tuple[Made] | None]]]],
        name_of: Callable[[Item], str],
    ) -> None:
        """`waiting` gives the next items in the order of the stage, at most a round."""
        self._waiting = waiting
        self._run = run
        self._name_of = name_of
        self._results: Iterator[Sequence[tuple[str, tuple[Made] | None]]] = iter(())
        self._coming: set[str] = set()
        self._made: dict[str, tuple[Made] | None] = {}
        #: Handed over, and not yet known to be stored.
        self._given: set[str] = set()

    def take(self, item: Item) -> tuple[Made] | None:
        """Give what was made of an item; None when it broke, or was handed over before.

        Raises StoppedError when the cluster fails.
        """
        name = self._name_of(item)
        if name in self._given:
            return None
        if not self._coming and not self._made:
            self._begin()
        while name in self._coming:
            self._pull()
        self._given.add(name)
        return self._made.pop(name, None)

    def _begin(self) -> None:
        waiting = {self._name_of(item): item for item in self._waiting()}
        self._given &= set(waiting)
        items = {name: item for name, item in waiting.items() if name not in self._given}
        self._coming = set(items)
        self._results = self._run(list(items.values()))

    def _pull(self) -> None:
        for name, told in next(self._results, ()) or [(name, None) for name in self._coming]:
            self._coming.discard(name)
            self._made[name] = told


class PageReaders:
    """Pages as documents, read on a cluster; stands in for `verbs.ahead.Readers` in the extract stage.

    Entries of feeds, interfaces and exports are left to the stage: to take a post out of what came asks for
    the key of handles, which does not travel, and there is little to read in them.
    """

    def __init__(self, cluster: Cluster, engine: Engine, rules: Rules) -> None:
        def waiting() -> Sequence[RawPage]:
            with reading(engine) as conn:
                return [page for page in pending_pages(conn, limit=ROUND) if not page.part]

        def run(pages: Sequence[RawPage]) -> Iterator[Sequence[Told]]:
            return read_pages(cluster, pages, rules)

        self._ahead: Ahead[RawPage, Reading] = Ahead(waiting, run, lambda page: page.page_id)

    def take(self, page: RawPage) -> Reading | None:
        """Give the reading of a page; None when the stage is to read it.

        Raises StoppedError when the cluster fails.
        """
        told = None if page.part else self._ahead.take(page)
        return told[0] if told else None


def read_pages(cluster: Cluster, pages: Sequence[RawPage], rules: Rules) -> Iterator[Sequence[Told]]:
    """What each page says, in order, batch by batch; bodies are read on this node and travel.

    Raises StoppedError when the cluster fails.
    """
    import ray.data

    placed = [
        (page.page_id, replace(page, refs=tuple(replace(r, file=str(ROOT / r.file)) for r in page.refs)))
        for page in pages
    ]
    loaded = rows_of(cluster, placed).map_batches(
        load_batch,
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=0,
        compute=ray.data.TaskPoolStrategy(LOADERS),
        label_selector={"ray.io/node-id": cluster.node},
    )
    return results_of(cluster, loaded, PageReader, (dict(rules), maker_versions()))


def rows_of(cluster: Cluster, named: Sequence[tuple[str, Any]]) -> Any:
    """A dataset with a batch of items in each row, each row a block of its own."""
    import pyarrow
    import ray.data
    from ray import cloudpickle

    size = max(1, min(BATCH, len(named) // (cluster.workers * SHARES)))
    return ray.data.from_arrow(
        [
            pyarrow.table({"batch": [cloudpickle.dumps(named[start : start + size])]})
            for start in range(0, len(named), size)
        ]
    )


def results_of(
    cluster: Cluster, rows: Any, worker: type[Any], arguments: tuple[Any, ...]
) -> Iterator[Sequence[Told]]:
    import ray
    from ray import cloudpickle

    with warnings.catch_warnings():
        # Ray 2.60 has no other way yet to bound the retries, and says that this one will go in 2.64.
        warnings.simplefilter("ignore")
        made = rows.map_batches(
            worker,
            fn_constructor_args=arguments,
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=PROCESSORS_EACH,
            compute=ray.data.ActorPoolStrategy(size=cluster.workers),
            max_restarts=-1,
            max_task_retries=RETRIES,
        )
    try:
        for row in made.iter_rows():
            yield cloudpickle.loads(row["batch"])
    except ray.exceptions.RayError as error:
        raise StoppedError(
            f"the Ray cluster failed ({last_line(error)}); what was stored stays: mend the cluster and run "
            "the same command again, or run it without --engine ray"
        ) from error


def work_each(batch: "Table", work: Callable[[Any], tuple[Any] | None]) -> "Table":
    """The rows of a batch with `work` done to each of their items that is not broken yet."""
    import pyarrow
    from ray import cloudpickle

    packed = []
    for row in batch.column("batch").to_pylist():
        told = []
        for name, item in cloudpickle.loads(row):
            try:
                told.append((name, None if item is None else work(item)))
            except Exception:  # noqa: BLE001 - the stage computes it itself, and names what is wrong
                told.append((name, None))
        packed.append(cloudpickle.dumps(told))
    return pyarrow.table({"batch": packed})


def load_batch(batch: "Table") -> "Table":
    """On the node of the archive: pages with their bodies."""
    return work_each(batch, lambda page: (load_bodies(page),))


class PageReader:
    """On a worker: loaded pages to readings."""

    def __init__(self, rules: dict[str, ExtractionRules], makers: dict[str, str]) -> None:
        check_makers(makers)
        self._rules = rules

    def __call__(self, batch: "Table") -> "Table":
        """Read a batch of pages."""
        return work_each(batch, lambda loaded: (read_loaded(loaded[0], self._rules),))
