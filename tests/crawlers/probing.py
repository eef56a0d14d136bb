"""Visits in a process of their own, since the reactor starts once per process.

python -m tests.crawlers.probing URL...
"""

import json
import logging
import sys
from collections.abc import Sequence
from functools import partial

from crawlers.probe import Task, run_visits
from crawlers.probe_site import explore, probe_source
from store.records import NetraError


def main(urls: Sequence[str]) -> int:
    """Visit all addresses at once and print one line of JSON for each."""
    logging.basicConfig(level=logging.INFO)
    tasks = [Task(probe_source(url, delay_s=0.0), partial(explore, url)) for url in urls]
    for url, found in zip(urls, run_visits(tasks), strict=True):
        line: dict[str, object] = {"url": url}
        if isinstance(found, NetraError):
            line |= {"failed": str(found), "exit_code": found.exit_code}
        else:
            line |= {"platform": found.platform, "entries": [entry.url for entry in found.entries]}
        print(json.dumps(line))  # noqa: T201 - this is a command
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
