"""Neighbours between arrays of Dask: each pair of blocks by itself, the lists merged as a tree.

The k nearest of a union are among the k nearest of its parts, so the merged lists are those of one
search. A few blocks of queries at a time meet all blocks of the index, which are made anew for
them and dropped: a worker has a handful of blocks, whatever the size of the whole. Queries go in
blocks whose lists can be merged within the working memory, however long the user's are.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from sksim._search._selection import merged_lists
from sksim.utils._blocks import row_blocks
from sksim.utils._dask import FAN_IN, RowBlocks, compute, delayed, merged

__all__ = ["all_pairs", "in_query_blocks", "nearest_of_all_pairs"]

# Blocks of queries that share one pass over the index: more are more memory, fewer more passes.
_AT_ONCE = 4
# Memory of an entry of a list while it is merged with those of others: its distance and its index,
# both again where all lists are joined, its place in the order, and both as the order takes them.
_ENTRY_BYTES = 64


def in_query_blocks(X: RowBlocks, n_neighbors: int) -> RowBlocks:
    """Queries in blocks whose lists of so many neighbours fit into the working memory."""
    at_most = next(row_blocks(X.shape[0], _ENTRY_BYTES * FAN_IN * n_neighbors))
    return X.cut(at_most.stop)


def all_pairs(
    X: RowBlocks, Y: RowBlocks, pair: Callable, merge: Callable, then: Callable
) -> Iterator[Any]:
    """Yield for each block of X what all its pairs with blocks of Y come to.

    Parameters
    ----------
    X, Y : RowBlocks
        Queries and indexed samples.
    pair : callable
        ``pair(x, y, start)`` of two blocks, where y begins with row ``start`` of Y.
    merge : callable
        Makes one result of a list of results for the same x, and changes none.
    then : callable
        ``then(whole, start)`` of the last result, where x begins with row ``start`` of X. What it
        returns is all that leaves the workers.

    Yields
    ------
    result : object
        Of the next block of X.
    """
    of_pair, of_whole = delayed(pair), delayed(then)
    for first in range(0, len(X.blocks), _AT_ONCE):
        results = []
        for x, own_start in list(zip(X.blocks, X.starts))[first : first + _AT_ONCE]:
            parts = [of_pair(x, y, start) for y, start in zip(Y.blocks, Y.starts)]
            results.append(of_whole(merged(parts, merge), own_start))
        yield from compute(results)


def nearest_of_all_pairs(
    X: RowBlocks, Y: RowBlocks, search: Callable, n_neighbors: int, then: Callable
) -> Iterator[Any]:
    """Yield ``then(lists, start)`` of the nearest rows of Y of each block of X.

    Parameters
    ----------
    X, Y : RowBlocks
        Queries and indexed samples.
    search : callable
        ``search(x, y, n_neighbors)`` returns the lists ``(distances, indices)`` of a pair of
        blocks, shorter where y is, indices of missing neighbours negative.
    n_neighbors : int
        Number of neighbours, cut to the number of indexed samples.
    then : callable
        What is wanted of the lists, which are sorted, ties in the order of the index.

    Yields
    ------
    result : object
        Of the next block of X.
    """
    pair = partial(_nearest_of_pair, search=search, n_neighbors=n_neighbors)
    return all_pairs(X, Y, pair, partial(merged_lists, n_neighbors=n_neighbors), then)


def _nearest_of_pair(x: Any, y: Any, start: int, *, search: Callable, n_neighbors: int):
    distances, indices = search(x, y, n_neighbors)
    return distances, np.where(indices < 0, -1, indices + start)
