"""What a measured number depends on besides the code: the processor and how busy it was.

Promises: reads, and gives something on every system. Never does: judge a number.
"""

import os
import platform
from pathlib import Path


def cpu_name() -> str:
    """The processor as Linux names it, else as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def load() -> float:
    """Processes that wanted to run in the last minute."""
    return round(os.getloadavg()[0], 2)


def cpu_seconds() -> float:
    """CPU time of this process, its threads and the children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
