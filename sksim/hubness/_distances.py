"""One view of sparse neighbour graphs and dense distance matrices, so that each method is a formula.

Both classes hold the distances from rows (queries) to columns (indexed samples) and answer the same
questions: the distances themselves, a statistic of the rows or of the columns laid out beside
them, the nearest neighbours of each row without the sample itself, and the same container with
other values. The self rule of ``sksim.utils._graph`` holds in both.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from functools import cached_property

import numpy as np
from scipy import sparse

from sksim.utils._graph import (
    NeighborRows,
    is_self_entry,
    neighbor_rows,
    replace_values,
    row_index,
)

__all__ = ["DenseDistances", "GraphDistances", "as_distances"]


class GraphDistances:
    """Distances of a checked neighbour graph, one per stored entry."""

    def __init__(self, graph):
        self.graph = graph
        self.shape = graph.shape
        self.values = graph.data.astype(np.float64, copy=False)

    @cached_property
    def neighbors(self) -> NeighborRows:
        """Distances, indices and counts of the neighbours, the sample itself left out."""
        return neighbor_rows(self.graph)

    @cached_property
    def is_self(self) -> np.ndarray:
        """Mask of the self entries, shaped like ``values``."""
        return is_self_entry(self.graph)

    @cached_property
    def self_index(self) -> np.ndarray:
        """Column of each row's self entry, -1 in rows without one."""
        found = np.full(self.shape[0], -1, dtype=np.intp)
        found[row_index(self.graph)[self.is_self]] = self.graph.indices[self.is_self]
        return found

    @property
    def is_complete(self) -> bool:
        """Whether each row stores its distance to every column, or to all but itself."""
        return bool((self.neighbors.counts >= self.shape[1] - 1).all())

    def nearest_distances(self, n_neighbors: int) -> np.ndarray:
        """Distances to the nearest neighbours, float64, padded with inf."""
        return self.neighbors.distances[:, :n_neighbors].astype(np.float64, copy=False)

    def neighbor_counts(self) -> np.ndarray:
        """Number of neighbours of each row."""
        return self.neighbors.counts

    def by_row(self, statistic: np.ndarray) -> np.ndarray:
        """Statistic of the rows beside each distance."""
        return np.repeat(statistic, np.diff(self.graph.indptr))

    def by_column(self, statistic: np.ndarray) -> np.ndarray:
        """Statistic of the columns beside each distance."""
        return statistic[self.graph.indices]

    def row_minimum(self, values: np.ndarray) -> np.ndarray:
        """Smallest of the values of each row, the self entry left out; inf in empty rows."""
        smallest = np.full(self.shape[0], np.inf)
        kept = ~self.is_self
        np.minimum.at(smallest, row_index(self.graph)[kept], values[kept])
        return smallest

    def with_values(self, values: np.ndarray):
        """Graph with other values: self entries 0, rows sorted again, the dtype kept."""
        values = np.where(self.is_self, 0, values).astype(self.graph.dtype, copy=False)
        return replace_values(self.graph, values)


class DenseDistances:
    """Distances of a checked dense matrix: the complete graph."""

    def __init__(self, D):
        self.dtype = D.dtype
        self.shape = D.shape
        self.values = D.astype(np.float64, copy=False)

    is_complete = True

    @cached_property
    def self_index(self) -> np.ndarray:
        """Column of each row's self entry (its first exact zero), -1 in rows without one."""
        is_zero = self.values == 0
        return np.where(is_zero.any(axis=1), is_zero.argmax(axis=1), -1)

    @cached_property
    def is_self(self) -> np.ndarray:
        """Mask of the self entries, shaped like ``values``."""
        mask = np.zeros(self.shape, dtype=bool)
        rows = np.flatnonzero(self.self_index >= 0)
        mask[rows, self.self_index[rows]] = True
        return mask

    @cached_property
    def _others(self) -> np.ndarray:
        """Distances with the self entries at inf."""
        return np.where(self.is_self, np.inf, self.values)

    @cached_property
    def neighbors(self) -> NeighborRows:
        """Distances, indices and counts of the neighbours, the sample itself left out."""
        order = np.argsort(self._others, axis=1, kind="stable")
        distances = np.take_along_axis(self._others, order, axis=1)
        return NeighborRows(
            distances, np.where(np.isinf(distances), -1, order), self.neighbor_counts()
        )

    def nearest_distances(self, n_neighbors: int) -> np.ndarray:
        """Distances to the nearest neighbours, padded with inf."""
        n_neighbors = min(n_neighbors, self.shape[1])
        kept = np.partition(self._others, n_neighbors - 1, axis=1)[:, :n_neighbors]
        return np.sort(kept, axis=1)

    def neighbor_counts(self) -> np.ndarray:
        """Number of neighbours of each row."""
        return self.shape[1] - (self.self_index >= 0)

    def by_row(self, statistic: np.ndarray) -> np.ndarray:
        """Statistic of the rows beside each distance."""
        return statistic[:, None]

    def by_column(self, statistic: np.ndarray) -> np.ndarray:
        """Statistic of the columns beside each distance."""
        return statistic[None, :]

    def row_minimum(self, values: np.ndarray) -> np.ndarray:
        """Smallest of the values of each row, the self entry left out."""
        return np.where(self.is_self, np.inf, values).min(axis=1)

    def with_values(self, values: np.ndarray) -> np.ndarray:
        """Matrix with other values: self entries 0, the dtype kept."""
        return np.where(self.is_self, 0, values).astype(self.dtype, copy=False)


def as_distances(graph):
    """View of a checked graph or dense matrix."""
    return GraphDistances(graph) if sparse.issparse(graph) else DenseDistances(graph)
