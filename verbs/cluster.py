"""Where `--engine ray` computes: a cluster of its own on this machine, or one that runs already.

    with connected("ray", "10.0.0.5:6379") as cluster: ...

Promises: without an address the cluster listens on 127.0.0.1 alone, asks for a token that only this run
knows, and is gone with its files when the block ends; nothing is downloaded, no usage is told to anyone; our
code and the data that it reads travel to the nodes, so that all of them run what this one runs.
Never does: start, stop or change a cluster that it was given the address of; open a page for its state.
"""

import logging
import os
import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from store.records import UsageError

ROOT = Path(__file__).parents[1]
#: What travels to the nodes: the code that computes, and what it looks up.
TRAVELLING = ("crawlers", "data", "nlp", "store", "verbs")
#: Not of these: large, of no use there, or (data/var) nobody else's business.
STAYING = ("data/var", "data/labels", "data/sample", "data/sources", "__pycache__")
#: Packages that make a row: another version of one of them may make another row.
MAKERS = (
    *("dateparser", "lxml", "numpy", "onnxruntime", "parsel", "spacy", "tokenizers", "torch"),
    *("trafilatura", "transformers"),
)
#: Shared memory of a cluster of our own: the files of a model (60 MB) and some thousand pages of 80 kB under
#: way, beyond which Ray lets workers wait; it would else take 30% of the machine.
STORE_BYTES = 512 * 1024 * 1024
#: Seconds that a cluster's port has to answer, so that a wrong address is told at once.
ANSWER_S = 10.0
#: Read by Ray when it is imported or started.
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    # Its C++ part else writes its own troubles between our lines; what ends a run is raised and told.
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    # It else puts workers behind everything that runs on the machine, the stage they work for included.
    "RAY_worker_niceness": "0",
    # Workers that it starts before it knows our code would never be used.
    "RAY_prestart_worker_first_driver": "0",
    "RAY_enable_worker_prestart": "0",
}

#: Ray's switch for systems on which it may not listen to others: without it, 127.0.0.1 becomes the address
#: that others reach this machine at. For the nodes of such a cluster and for whoever asks them.
ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that this process is connected to."""

    #: Processors of all nodes, so many workers compute.
    workers: int
    #: Ray's id of the node that this process runs on, where the archive lies.
    node: str


def check(runtime: str, address: str, device: str = "cpu") -> None:
    """Raise UsageError where `connected` would, without starting anything: before hours of crawling."""
    if runtime != "ray":
        if address:
            raise UsageError("--address names a Ray cluster; add --engine ray, or leave it out")
        return
    if device != "cpu":
        raise UsageError(f"--device {device}: with --engine ray int8 runs on CPUs; leave the option out")
    try:
        version("ray")
        version("pyarrow")
    except ImportError as error:
        raise UsageError(
            f"--engine ray: the package {error.name} is not installed; run: pip install .[scale]"
        ) from None
    if address:
        _knock(address)


@contextmanager
def connected(runtime: str, address: str, device: str = "cpu") -> Iterator[Cluster | None]:
    """Hold a connection to the cluster at `address` (HOST:PORT), or to a new one (""); None without Ray.

    Raises UsageError when Ray is not installed, or no cluster answers there that this machine belongs to.
    """
    check(runtime, address, device)
    if runtime != "ray":
        yield None
        return
    with ExitStack() as stack:
        os.environ.update(QUIET)
        where = {"address": address} if address else stack.enter_context(_own_place())
        import ray
        import ray.data

        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            with _copied_code() as code:
                ray.init(
                    **where,
                    include_dashboard=None if address else False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    runtime_env={"working_dir": str(code)},
                )
        except (ray.exceptions.RayError, RuntimeError, ValueError, OSError) as error:
            raise UsageError(
                f"--engine ray: no connection ({last_line(error)}); this machine must be a node of the "
                "cluster, with the same versions of Ray and Python: ray start --address=HOST:PORT"
            ) from None
        stack.callback(ray.shutdown)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        processors = int(ray.cluster_resources().get("CPU", 1))
        yield Cluster(max(1, processors), ray.get_runtime_context().get_node_id())


def maker_versions() -> dict[str, str]:
    """Give the installed version of each of MAKERS."""
    return {name: version(name) for name in MAKERS}


def check_makers(wanted: dict[str, str]) -> None:
    """Raise UsageError on a node whose packages are not those of the machine that asks."""
    here = maker_versions()
    other = [
        f"{name} {here[name]} instead of {wanted[name]}" for name in wanted if here[name] != wanted[name]
    ]
    if other:
        raise UsageError(
            f"node {socket.gethostname()}: {', '.join(other)}; install what constraints.txt pins on each node"
        )


def _knock(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not re.fullmatch(r"\d{1,5}", port):
        raise UsageError(f"--address {address}: not of the form HOST:PORT, such as 10.0.0.5:6379")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"--address {address}: nothing answers there ({error}); start a cluster with "
            "ray start --head, or leave the option out for one on this machine"
        ) from None


@contextmanager
def _own_place() -> Iterator[dict[str, Any]]:
    """Options of a cluster on this machine, for the block; the environment is as before afterwards."""
    # Ray opens its own folder to everyone; the one around it keeps them out.
    folder = Path(tempfile.mkdtemp(prefix="netra-"))
    ours = {
        **ON_LOOPBACK,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield {
            "address": "local",
            "num_cpus": os.cpu_count() or 1,
            "object_store_memory": STORE_BYTES,
            "_temp_dir": str(folder / "r"),
        }
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _copied_code() -> Iterator[Path]:
    """A folder with what travels, since Ray sends folders whole."""
    with tempfile.TemporaryDirectory(prefix="netra-code-") as made:
        folder = Path(made)

        def leave(parent: str, names: list[str]) -> list[str]:
            below = Path(parent).relative_to(ROOT)
            return [n for n in names if n in STAYING or (below / n).as_posix() in STAYING]

        for name in TRAVELLING:
            shutil.copytree(ROOT / name, folder / name, ignore=leave)
        yield folder


def last_line(error: BaseException) -> str:
    """Give the last line of what an error says: that of a cluster brings the stack of a worker along."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
