"""The 95% interval of a share, for what is told of counts in the store.

Promises: the same numbers as nlp.metrics.wilson, which this room may not import (tested).
Never does: read or write.
"""

import math
from typing import Final

#: Standard normal quantile of a two-sided 95% interval.
Z95: Final = 1.959964


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Low and high end of `part` of `whole` (Wilson 1927), both 0 to 1; (0, 1) where `whole` is 0."""
    if not whole:
        return 0.0, 1.0
    share, z2 = part / whole, Z95 * Z95
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z95 / (1 + z2 / whole) * math.sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole))
    return max(0.0, middle - half), min(1.0, middle + half)
