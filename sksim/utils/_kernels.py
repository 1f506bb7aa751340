"""Kernels that numba compiles where it is installed: the same numbers, sooner.

Each kernel is a plain function of arrays here and has a numpy form where it is used. numba is
imported when a kernel is first asked for, never with the package.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

__all__ = ["compiled", "count_jointly_above"]


@cache
def compiled(kernel: Callable) -> Callable | None:
    """Compiled form of a kernel, which releases the interpreter; None without numba."""
    if find_spec("numba") is None:
        return None
    import numba

    return numba.njit(nogil=True, cache=True)(kernel)


def count_jointly_above(ranks, own, others, other, counts):
    """``counts[q, x]``: number of j with both ranks above their thresholds.

    ``ranks[q, j] > own[q, x]`` and ``others[x, j] > other[q, x]``. Rows of ``ranks`` are a block
    that stays in the processor's cache while ``others`` is read once.
    """
    for x in range(counts.shape[1]):
        for q in range(counts.shape[0]):
            low, other_low = own[q, x], other[q, x]
            count = 0
            for j in range(ranks.shape[1]):
                count += (ranks[q, j] > low) & (others[x, j] > other_low)
            counts[q, x] = count
