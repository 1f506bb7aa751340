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
    "gamma_deviates",
    "least_transport_costs",
    "push_products",
    "rows_rise",
    "squared_distances",
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
    that stays in the processor's cache while ``others`` is read once. Four columns are counted
    together, as reading ``ranks`` takes as long as comparing; the last one fills up the last four.
    """
    last = counts.shape[1] - 1
    for x0 in range(0, last + 1, 4):
        x1, x2, x3 = min(x0 + 1, last), min(x0 + 2, last), min(x0 + 3, last)
        for q in range(counts.shape[0]):
            low0, low1, low2, low3 = own[q, x0], own[q, x1], own[q, x2], own[q, x3]
            other0, other1, other2, other3 = other[q, x0], other[q, x1], other[q, x2], other[q, x3]
            count0, count1, count2, count3 = 0, 0, 0, 0
            for j in range(ranks.shape[1]):
                rank = ranks[q, j]
                count0 += (rank > low0) & (others[x0, j] > other0)
                count1 += (rank > low1) & (others[x1, j] > other1)
                count2 += (rank > low2) & (others[x2, j] > other2)
                count3 += (rank > low3) & (others[x3, j] > other3)
            counts[q, x0], counts[q, x1] = count0, count1
            counts[q, x2], counts[q, x3] = count2, count3


def gamma_deviates(
    d: FloatArray,
    mean: FloatArray,
    deviation: FloatArray,
    artanh: FloatArray,
    rest: FloatArray,
    widths: IntArray,
    largest_y: float,
    largest_s: float,
    w: FloatArray,
) -> None:
    """Normal deviates w of gamma distributions at d: see ``sksim.hubness._proximity._gamma``.

    ``artanh`` and the first ``widths[j]`` of ``rest[j]`` are coefficients of polynomials; beyond
    ``largest_y`` and ``largest_s`` w is NaN. One coefficient after the other is added for 512
    entries, whose arrays stay in the first-level cache: loops that become vector instructions.
    """
    size = 512
    y, s, root_s, eta = np.ones(size), np.ones(size), np.ones(size), np.ones(size)
    inner, outer = np.ones(size), np.ones(size)
    for start in range(0, d.size, size):
        n_here = min(size, d.size - start)
        here_d, here_mean = d[start : start + n_here], mean[start : start + n_here]
        # numpy's division, as that of numbers stops to look for zeros.
        np.divide(here_d - here_mean, here_d + here_mean, y[:n_here])
        np.divide((here_d + here_mean) * 0.5, here_mean, eta[:n_here])
        np.divide(deviation[start : start + n_here], here_mean, root_s[:n_here])
        for i in range(size):
            s[i] = root_s[i] * root_s[i]
            inner[i] = artanh[-1]
        for k in range(artanh.size - 2, -1, -1):
            coefficient = artanh[k]
            for i in range(size):
                inner[i] = inner[i] * (y[i] * y[i]) + coefficient
        for i in range(size):
            eta[i] = np.sqrt(eta[i] - inner[i] * y[i]) * y[i] * 2
            outer[i] = rest[-1, 0]
        for j in range(widths.size - 2, -1, -1):
            coefficient = rest[j, widths[j] - 1]
            for i in range(size):
                inner[i] = coefficient
            for k in range(widths[j] - 2, -1, -1):
                coefficient = rest[j, k]
                for i in range(size):
                    inner[i] = inner[i] * s[i] + coefficient
            for i in range(size):
                outer[i] = outer[i] * y[i] + inner[i]
        np.divide(eta, root_s, eta)
        for i in range(n_here):
            inside = abs(y[i]) <= largest_y and s[i] <= largest_s
            w[start + i] = outer[i] * root_s[i] + eta[i] if inside else np.nan


def least_transport_costs(
    costs: FloatArray, supply: FloatArray, demand: FloatArray, no_mass: float, least: FloatArray
) -> None:
    """Least costs of many small transport problems: see ``sksim.metrics.graphs._transport``.

    Mass takes edges whose cost is the sum of the prices of both ends, which no edge is below; where
    that ends, the shortest path to a sink with demand is found as Dijkstra does, over what costs
    are above the prices, and the prices of what is nearer are changed so that the path is tight.
    """
    for problem in range(costs.shape[0]):
        cost = costs[problem]
        m, n = cost.shape
        while m > 0 and supply[problem, m - 1] == 0.0:
            m -= 1
        left, asked = supply[problem].copy(), demand[problem].copy()
        flow = np.zeros((m, n))
        source_price, sink_price = np.full(m, np.inf), np.full(n, np.inf)
        for j in range(n):
            cheapest = 0
            for i in range(m):
                if cost[i, j] < sink_price[j]:
                    cheapest, sink_price[j] = i, cost[i, j]
            amount = min(left[cheapest], asked[j])
            flow[cheapest, j] += amount
            left[cheapest] -= amount
            asked[j] -= amount
        for i in range(m):
            cheapest = 0
            for j in range(n):
                if cost[i, j] - sink_price[j] < source_price[i]:
                    cheapest, source_price[i] = j, cost[i, j] - sink_price[j]
            amount = min(left[i], asked[cheapest])
            flow[i, cheapest] += amount
            left[i] -= amount
            asked[cheapest] -= amount
        while m > 0 and min(left.max(), asked.max()) > no_mass:
            to_source, to_sink = np.full(m, np.inf), np.full(n, np.inf)
            source_of, sink_of = np.full(n, -1), np.full(m, -1)
            is_done = np.zeros(n, dtype=np.bool_)
            # Sources that are reached but whose edges have not been taken yet.
            waiting, n_waiting = np.empty(m, dtype=np.int64), 0
            for i in range(m):
                if left[i] > no_mass:
                    to_source[i] = 0.0
                    waiting[n_waiting] = i
                    n_waiting += 1
            while True:
                while n_waiting > 0:
                    n_waiting -= 1
                    i = waiting[n_waiting]
                    for j in range(n):
                        above = max(cost[i, j] - source_price[i] - sink_price[j], 0.0)
                        if not is_done[j] and to_source[i] + above < to_sink[j]:
                            to_sink[j], source_of[j] = to_source[i] + above, i
                last = -1
                for j in range(n):
                    if not is_done[j] and (last < 0 or to_sink[j] < to_sink[last]):
                        last = j
                if asked[last] > no_mass:
                    break
                is_done[last] = True
                for i in range(m):
                    if to_source[i] == np.inf and flow[i, last] > 0.0:
                        to_source[i], sink_of[i] = to_sink[last], last
                        waiting[n_waiting] = i
                        n_waiting += 1
            for i in range(m):
                if to_source[i] < np.inf:
                    source_price[i] += to_sink[last] - to_source[i]
            for j in range(n):
                if is_done[j]:
                    sink_price[j] -= to_sink[last] - to_sink[j]
            amount, j = asked[last], last
            while True:
                i = source_of[j]
                if sink_of[i] < 0:
                    break
                j = sink_of[i]
                amount = min(amount, flow[i, j])
            amount = min(amount, left[i])
            left[i] -= amount
            asked[last] -= amount
            j = last
            while True:
                i = source_of[j]
                flow[i, j] += amount
                if sink_of[i] < 0:
                    break
                j = sink_of[i]
                flow[i, j] -= amount
        total = 0.0
        for i in range(m):
            for j in range(n):
                total += flow[i, j] * cost[i, j]
        least[problem] = total


def push_products(
    products: FloatArray,
    halves: FloatArray,
    first_row: int,
    first_column: int,
    own: IntArray,
    pairs: bool,
    n_kept: int,
    limits: FloatArray,
    counts: IntArray,
    values: FloatArray,
    columns: IntArray,
) -> None:
    """Push the bounds of a tile, ``products + halves`` of the column, to the lists of its rows.

    With ``pairs`` both sides of the tile are samples of one set, and each pair i < j counts for
    both: the bound of i for j is ``products + halves[i]``. The list of a row is then that of sample
    ``first_row + a``, otherwise that of row ``a``.

    A list takes what is below its limit, ``counts`` entries of ``values`` and ``columns`` so far; a
    full one is cut to its ``n_kept`` smallest, the largest of which becomes the limit. Never pushed
    is column ``own[a]`` to row ``a``. The width of a tile is a multiple of 32.
    """
    n_rows, n_columns = products.shape
    capacity = values.shape[1]
    row_halves = halves[first_column : first_column + n_columns]
    column_limits = limits[first_column : first_column + n_columns] if pairs else row_halves
    n_groups = n_columns // 32
    n_to_row = np.zeros(n_groups, dtype=np.int32)
    n_to_columns = np.zeros(n_groups, dtype=np.int32)
    hits = np.empty(64, dtype=np.int32)
    for a in range(n_rows):
        i = first_row + a
        row = i if pairs else a
        half = halves[i] if pairs else halves[0]
        line = products[a]
        begin = max(i - first_column, 0) // 32 if pairs else 0
        # Nearly all groups end here: slices, counted without a branch, become vector instructions.
        limit = limits[row]
        for group in range(begin, n_groups):
            part = line[32 * group : 32 * group + 32]
            part_halves = row_halves[32 * group : 32 * group + 32]
            n_below = 0
            for c in range(part.size):
                n_below += part[c] + part_halves[c] < limit
            n_to_row[group] = n_below
        if pairs:
            for group in range(begin, n_groups):
                part = line[32 * group : 32 * group + 32]
                part_limits = column_limits[32 * group : 32 * group + 32]
                n_below = 0
                for c in range(part.size):
                    n_below += part[c] + half < part_limits[c]
                n_to_columns[group] = n_below
        for group in range(begin, n_groups):
            if n_to_row[group] + n_to_columns[group] == 0:
                continue
            start, n_hits = 32 * group, 0
            if n_to_row[group]:
                limit = limits[row]
                for c in range(start, start + 32):
                    hits[n_hits] = c
                    n_hits += line[c] + row_halves[c] < limit
            n_of_row = n_hits
            if n_to_columns[group]:
                for c in range(start, start + 32):
                    hits[n_hits] = c
                    n_hits += line[c] + half < column_limits[c]
            for hit in range(n_hits):
                c = hits[hit]
                j = first_column + c
                if j == own[a] or (pairs and j <= i):
                    continue
                keeper, other, bound = row, j, line[c] + row_halves[c]
                if hit >= n_of_row:
                    keeper, other, bound = j, i, line[c] + half
                count = counts[keeper]
                values[keeper, count] = bound
                columns[keeper, count] = other
                counts[keeper] = count + 1
                if count + 1 < capacity:
                    continue
                low, high = 0, capacity - 1
                while low < high:  # selection, no branch for an entry; ties go to both sides
                    middle = (low + high) // 2
                    pivot, pivot_column = values[keeper, middle], columns[keeper, middle]
                    values[keeper, middle] = values[keeper, high]
                    columns[keeper, middle] = columns[keeper, high]
                    left, is_even = low, False
                    for place in range(low, high):
                        value, column = values[keeper, place], columns[keeper, place]
                        values[keeper, place] = values[keeper, left]
                        columns[keeper, place] = columns[keeper, left]
                        values[keeper, left], columns[keeper, left] = value, column
                        is_even = not is_even
                        left += (value < pivot) | ((value == pivot) & is_even)
                    values[keeper, high] = values[keeper, left]
                    columns[keeper, high] = columns[keeper, left]
                    values[keeper, left], columns[keeper, left] = pivot, pivot_column
                    if n_kept - 1 < left:
                        high = left - 1
                    elif n_kept - 1 > left:
                        low = left + 1
                    else:
                        break
                limits[keeper] = values[keeper, n_kept - 1]
                counts[keeper] = n_kept


def squared_distances(
    x: FloatArray, Y: FloatArray, factors: FloatArray, columns: IntArray, squared: FloatArray
) -> float:
    """``squared[a, c]``: squared distance of ``x[a]`` to ``factors * Y`` of row ``columns[a, c]``.

    Each candidate is read once; no ``factors`` are all one. Sums are taken in the order of numpy's
    ``einsum``, which keeps two, over the even and over the odd features, and goes through blocks
    of eight features from the last pair to the first: eight candidates side by side, as each sum is
    a chain of additions that wait for each other. Meanwhile the next eight are fetched into the
    cache; the sum of what was touched for that is returned, so that it is not optimized away.
    """
    n_features, n_candidates = x.shape[1], columns.shape[1]
    n_whole = n_features - n_features % 8
    squares = np.zeros((8, -(-n_features // 8) * 8))
    ahead, touched = np.zeros(8, dtype=np.int64), 0.0
    for a in range(x.shape[0]):
        for first in range(0, n_candidates, 8):
            n_here = min(8, n_candidates - first)
            for c in range(n_here):
                i = columns[a, first + c]
                factor = factors[i] if factors.size else 1.0
                for j in range(n_whole):
                    difference = Y[i, j] * factor - x[a, j]
                    squares[c, j] = difference * difference
                # The pairs of the rest come from the first to the last: reversed, as a block more.
                for j in range(n_whole, n_features):
                    difference = Y[i, j] * factor - x[a, j]
                    place = n_whole + 6 - (j - n_whole) // 2 * 2 + j % 2
                    squares[c, place] = difference * difference
            for c in range(8):
                ahead[c] = columns[a, min(first + 8 + c, n_candidates - 1)]
            e0 = e1 = e2 = e3 = e4 = e5 = e6 = e7 = 0.0
            o0 = o1 = o2 = o3 = o4 = o5 = o6 = o7 = 0.0
            for start in range(0, squares.shape[1], 8):
                for c in range(8):
                    touched += Y[ahead[c], start]
                for j in range(start + 6, start - 1, -2):
                    e0, o0 = e0 + squares[0, j], o0 + squares[0, j + 1]
                    e1, o1 = e1 + squares[1, j], o1 + squares[1, j + 1]
                    e2, o2 = e2 + squares[2, j], o2 + squares[2, j + 1]
                    e3, o3 = e3 + squares[3, j], o3 + squares[3, j + 1]
                    e4, o4 = e4 + squares[4, j], o4 + squares[4, j + 1]
                    e5, o5 = e5 + squares[5, j], o5 + squares[5, j + 1]
                    e6, o6 = e6 + squares[6, j], o6 + squares[6, j + 1]
                    e7, o7 = e7 + squares[7, j], o7 + squares[7, j + 1]
            sums = (e0 + o0, e1 + o1, e2 + o2, e3 + o3, e4 + o4, e5 + o5, e6 + o6, e7 + o7)
            for c in range(n_here):
                squared[a, first + c] = sums[c]
    return touched
