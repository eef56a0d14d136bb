"""Two nodes of a Ray cluster on this machine, for a test: `python -m tests.verbs.two_nodes` says its address.

Promises: they listen on loopback alone and end with this process's standard input. A program of its own:
what Ray does to a process (its logging, threads, warnings) is no business of other tests.
`python -m tests.verbs.two_nodes night OPTION...` runs a night whose model lies where no node has it.
"""

import os
import sys
from dataclasses import replace

from verbs.cluster import ON_LOOPBACK, QUIET


def start() -> None:
    os.environ.update(QUIET | ON_LOOPBACK)
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=150 * 2**20, include_dashboard=False)
    sys.stdout.write(f"{cluster.address}\n")
    sys.stdout.flush()
    sys.stdin.read()
    cluster.shutdown()


def night(arguments: list[str]) -> None:
    import pipeline
    from verbs import spread_model

    pack = spread_model.pack
    spread_model.pack = lambda folder: replace(pack(folder), folder="/tidak/ada")
    sys.argv = ["pipeline.py", "nightly", *arguments]
    pipeline.main()


if __name__ == "__main__":
    if sys.argv[1:2] == ["night"]:
        night(sys.argv[2:])
    else:
        start()
