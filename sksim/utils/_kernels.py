"""Kernels that numba compiles where it is installed: the same numbers, sooner.

Each kernel is a plain function of arrays here and has a numpy form where it is used. numba is
imported when a kernel is first asked for, never with the package.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import numpy as np

from sksim.utils._typing import FloatArray, IntArray

__all__ = [
    "columns_are_distinct",
    "compiled",
    "compiled_if_loaded",
    "count_jointly_above",
    "push_pairs",
    "rows_rise",
]


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


def compiled_if_loaded(kernel: Callable) -> Callable | None:
    """Compiled form of a kernel that saves milliseconds: to import numba for it takes longer."""
    return compiled(kernel) if "numba" in sys.modules else None


def columns_are_distinct(columns: IntArray, indptr: IntArray, n_columns: int) -> bool:
    """Whether all columns, unsigned, are below ``n_columns``, and those of each row distinct.

    Each row stamps its columns with its number, from 1 again where the numbers end.
    """
    stamps, number = np.zeros(n_columns, dtype=np.uint16), 0
    for row in range(indptr.size - 1):
        own = columns[indptr[row] : indptr[row + 1]]
        n_inside = 0
        for j in range(own.size):
            n_inside += own[j] < n_columns
        if n_inside < own.size:
            return False
        number += 1
        if number == 65536:
            stamps[:] = 0
            number = 1
        n_repeated = 0
        for j in range(own.size):
            column = own[j]
            n_repeated += stamps[column] == number
            stamps[column] = number
        if n_repeated > 0:
            return False
    return True


def rows_rise(values: FloatArray, indptr: IntArray) -> bool:
    """Whether the values of each row are finite, not negative and rise."""
    for row in range(indptr.size - 1):
        own = values[indptr[row] : indptr[row + 1]]
        n_rises = 1
        for j in range(1, own.size):
            n_rises += own[j] >= own[j - 1]  # false for NaN
        if own.size > 0 and not (n_rises == own.size and own[0] >= 0 and own[-1] < np.inf):
            return False
    return True


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
