"""Kernels that numba compiles where it is installed: the same numbers, sooner.

Each kernel is a plain function of arrays here and has a numpy form where it is used. numba is
imported when a kernel is first asked for, never with the package.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

from sksim.utils._typing import FloatArray, IntArray

__all__ = ["compiled", "count_jointly_above", "push_pairs"]


@cache
def compiled(kernel: Callable) -> Callable | None:
    """Compiled form of a kernel, which releases the interpreter; None without numba."""
    if find_spec("numba") is None:
        return None
    import numba

    try:
        return numba.njit(nogil=True, cache=True)(kernel)
    except RuntimeError:  # no folder that the compiled code could be kept in
        return numba.njit(nogil=True)(kernel)


def count_jointly_above(
    ranks: IntArray, own: IntArray, others: IntArray, other: IntArray, counts: IntArray
) -> None:
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


def push_pairs(
    products: FloatArray,
    halves: FloatArray,
    first_row: int,
    first_column: int,
    values: FloatArray,
    columns: IntArray,
) -> None:
    """Keep, for the rows and the columns of a block alike, the smallest of their bounds.

    The bound of sample ``i`` for sample ``j`` is ``products + halves[j]``, that of ``j`` for
    ``i`` is ``products + halves[i]``; only pairs i < j count. ``values[i]`` holds the smallest
    bounds of sample i in increasing order, ``columns[i]`` the samples that they belong to.
    """
    last = values.shape[1] - 1
    for a in range(products.shape[0]):
        i = first_row + a
        for start in range(max(i + 1 - first_column, 0), products.shape[1], 64):
            stop = min(start + 64, products.shape[1])
            hits = 0
            for c in range(start, stop):
                j = first_column + c
                hits += (products[a, c] + halves[j] < values[i, last]) | (
                    products[a, c] + halves[i] < values[j, last]
                )
            if hits == 0:
                continue
            for c in range(start, stop):
                for side in range(2):
                    row, other = (i, first_column + c) if side == 0 else (first_column + c, i)
                    bound = products[a, c] + halves[other]
                    if bound < values[row, last]:
                        place = last
                        while place > 0 and values[row, place - 1] > bound:
                            values[row, place] = values[row, place - 1]
                            columns[row, place] = columns[row, place - 1]
                            place -= 1
                        values[row, place] = bound
                        columns[row, place] = other
