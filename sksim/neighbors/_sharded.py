"""Search of an index that is an array of Dask: a back end for each block of its rows."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Any

import numpy as np

from sksim._search._all_pairs import in_query_blocks, nearest_of_all_pairs
from sksim.utils._arrays import check_named_array
from sksim.utils._dask import delayed, in_row_blocks, persist

__all__ = ["ShardedBackend"]


class ShardedBackend:
    """Back ends of all blocks of the index, where the blocks are; their lists are merged.

    Parameters
    ----------
    index : dask.array.Array of shape (n_indexed, n_features)
        The indexed samples.
    make : callable
        ``make(block, depth)`` returns the back end of a block.
    depth : int
        Number of neighbours that will be asked for.
    keep : bool
        Whether the back ends are dear: made once, and kept where they were made. If not, they are
        made anew for each pass over the index, and no block outlives it.
    """

    def __init__(self, index: Any, make: Callable, depth: int, *, keep: bool):
        self.index, self.is_exact = index, not keep
        rows = in_row_blocks(index, "X")
        shards = [delayed(_shard)(make, block, depth) for block in rows.blocks]
        self.shards = rows._replace(blocks=persist(shards) if keep else shards)

    def neighbors(self, X: Any, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Nearest indexed samples of the rows of X, in memory or in blocks."""
        queries = in_query_blocks(in_row_blocks(X, "X"), n_neighbors)
        found = nearest_of_all_pairs(queries, self.shards, _search, n_neighbors, _kept)
        distances, indices = (np.vstack(parts) for parts in zip(*found))
        return distances, indices


def _checked(block: Any) -> np.ndarray:
    return check_named_array(block, "X", dtype=[np.float64, np.float32], order="C")


def _shard(make: Callable, block: Any, depth: int) -> Any:
    block = _checked(block)
    return make(block, min(depth, block.shape[0]))


def _search(x: Any, shard: Any, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    return shard.neighbors(_checked(x), min(n_neighbors, shard.index.shape[0]))


def _kept(lists: Any, start: int) -> Any:
    return lists
