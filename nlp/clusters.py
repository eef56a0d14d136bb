"""How right a grouping is: pairwise and B-cubed precision and recall against the true groups.

Promises: only documents that both groupings hold are compared; the same groupings give the same numbers.
Never does: group, know a document.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from math import comb

from nlp.metrics import rounded


def compare_groupings(found: Mapping[str, Hashable], true: Mapping[str, Hashable]) -> dict[str, float | int]:
    """Numbers of a grouping, as id of document → group, against the true one.

    `pair_*`: of the pairs in one group, the share that belongs together, and of those that belong together
    the share that is. `bcubed_*`: the same for the group of each document, averaged over documents (Bagga
    and Baldwin 1998), where a large group does not outweigh the rest. A share of nothing is 1: no pair is
    wrong, none is missed.
    """
    ids = [name for name in found if name in true]
    cells = Counter((found[name], true[name]) for name in ids)
    groups, truths = Counter(found[name] for name in ids), Counter(true[name] for name in ids)
    right = sum(comb(size, 2) for size in cells.values())
    joined = sum(comb(size, 2) for size in groups.values())
    together = sum(comb(size, 2) for size in truths.values())
    n_squared = {cell: size * size for cell, size in cells.items()}
    return {
        "documents": len(ids),
        "acts": len(truths),
        "incidents": len(groups),
        "pair_precision": _share(right, joined),
        "pair_recall": _share(right, together),
        "bcubed_precision": _share(sum(n / groups[cell[0]] for cell, n in n_squared.items()), len(ids)),
        "bcubed_recall": _share(sum(n / truths[cell[1]] for cell, n in n_squared.items()), len(ids)),
    }


def _share(part: float, whole: int) -> float:
    return rounded(part / whole) if whole else 1.0
