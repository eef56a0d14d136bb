"""What a cluster makes comes to the stage one by one: each item's own, none twice, no wait in vain."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.archive import Archive, digest_bodies
from nlp.registry import SUMS, active_folder, check_folder
from store.db import connect, migrate
from store.records import UsageError
from tests.pages import load_page
from verbs.cluster import Cluster
from verbs.spread import Ahead, PageReader, PageReaders, load_batch
from verbs.spread_model import Parcel, unpack

Batch = list[tuple[str, tuple[int] | None]]


class Store:
    """Items that wait, and a cluster that doubles their numbers; "x..." breaks."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.rounds: list[list[str]] = []

    def waiting(self) -> Sequence[str]:
        return self.names[:4]

    def run(self, items: Sequence[str]) -> Iterator[Batch]:
        self.rounds.append(list(items))
        for start in range(0, len(items), 2):
            yield [(n, None if n[0] == "x" else (2 * int(n[1:]),)) for n in items[start : start + 2]]

    def ahead(self) -> Ahead[str, int]:
        return Ahead(self.waiting, self.run, lambda item: item)


def test_each_item_gets_its_own_over_several_rounds():
    store = Store("a1", "a2", "a3", "a4", "a5", "a6")
    ahead = store.ahead()
    assert [ahead.take(name) for name in store.names[:4]] == [(2,), (4,), (6,), (8,)]
    # Two of them are stored, the others of their chunk not yet.
    del store.names[:2]
    assert ahead.take("a5") == (10,)
    assert ahead.take("a6") == (12,)
    assert store.rounds == [["a1", "a2", "a3", "a4"], ["a5", "a6"]]


def test_what_broke_is_left_to_the_stage_also_when_it_comes_again():
    store = Store("a1", "x2", "a3")
    ahead = store.ahead()
    assert [ahead.take(n) for n in ("a1", "x2", "a3", "x2")] == [(2,), None, (6,), None]
    assert len(store.rounds) == 1


def test_an_item_that_nobody_announced_is_left_to_the_stage():
    store = Store("a1", "a2")
    ahead = store.ahead()
    assert ahead.take("a1") == (2,)
    assert ahead.take("b9") is None
    assert ahead.take("a2") == (4,)


def test_a_cluster_that_ends_early_leaves_the_rest_to_the_stage():
    ahead: Ahead[str, int] = Ahead(lambda: ["a1", "a2"], lambda _: iter([[("a1", (2,))]]), lambda item: item)
    assert ahead.take("a1") == (2,)
    assert ahead.take("a2") is None


def test_entries_of_exports_stay_where_the_key_of_handles_is(tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'n.db'}")
    migrate(engine)
    page = replace(load_page("kompas")[0], part="entry 1")
    assert PageReaders(Cluster(1, "x"), engine, {}).take(page) is None
    engine.dispose()


def test_a_worker_reads_what_the_stage_would_read_and_leaves_what_breaks(tmp_path):
    pytest.importorskip("ray")
    import pyarrow
    from ray import cloudpickle

    page, rules = load_page("kompas")
    with Archive(tmp_path, name="arsip", software="uji") as archive:
        ref = archive.write(
            page.url, status=200, headers=[], body=page.bodies[0], fetched_at=datetime.now(UTC)
        )
    good = replace(page, refs=(ref,), bodies=(), body_sha256=digest_bodies(page.bodies))
    spoilt = replace(good, body_sha256="0" * 64)
    batch = pyarrow.table({"batch": [cloudpickle.dumps([("good", good), ("spoilt", spoilt)])]})
    reader = PageReader({page.source_id: rules}, {})
    told = dict(cloudpickle.loads(reader(load_batch(batch)).column("batch").to_pylist()[0]))
    assert told["good"][0].title
    assert told["spoilt"] is None


def test_a_model_is_taken_from_the_node_or_written_there_once(tmp_path: Path):
    folder = active_folder()
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    sums = files[SUMS].decode()
    asked = []

    def fetch() -> dict[str, bytes]:
        asked.append(1)
        return files

    assert unpack(Parcel(str(folder), sums, "", []), tmp_path, fetch) == folder
    absent = Parcel("/nirgendwo", sums, "", [])
    written = unpack(absent, tmp_path, fetch)
    assert unpack(absent, tmp_path, fetch) == written
    assert asked == [1]
    check_folder(written)
    assert [path.name for path in written.parent.iterdir()] == [written.name]
    (written / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"config\.json"):
        check_folder(unpack(absent, tmp_path, fetch))
