"""One view of neighbour graphs and of dense distance matrices, so that each method is a formula.

All classes hold the distances from rows (queries) to columns (indexed samples) and answer the
same questions: the distances themselves, a statistic of the rows or of the columns laid out beside
them, the nearest neighbours of each row without the sample itself, and the same container with
other values. The self rule of ``sksim.utils._graph`` holds in all of them.

Graphs and matrices are NumPy's. Neighbour lists may be arrays of any library, on its device: what
has a number for each distance is there, and the formulas of the methods that take them ask for the
namespace. What is fitted, a few numbers for each sample, is NumPy's always.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from sksim._search._selection import smallest_entries, smallest_values
from sksim.utils._array_api import any_namespace, beside, to_numpy
from sksim.utils._graph import (
    SELF_TOLERANCE,
    dense_to_graph,
    graph_from_neighbors,
    holds_self,
    replace_values,
    row_index,
)
from sksim.utils._memory import check_fits
from sksim.utils._typing import AnyArray

__all__ = [
    "DenseDistances",
    "Distances",
    "GraphDistances",
    "ListDistances",
    "NeighborLists",
    "StoredDistances",
    "as_distances",
]

# Entries of a block of rows: its arrays stay in the processor's cache.
_BLOCK_ENTRIES = 2**16


# Increasing function with f(0) = 0.
_Link: TypeAlias = Callable[[np.ndarray], np.ndarray] | None


class _PlainGraph:
    """Arrays of a graph without a sparse matrix around them, which would copy and check them."""

    def __init__(self, parts: tuple[Any, Any, Any], shape: tuple[int, int]) -> None:
        self.data, self.indices, self.indptr = parts
        self.shape = shape
        self.nnz, self.dtype = self.data.size, self.data.dtype


class GraphDistances:
    """Distances of a checked neighbour graph, one per stored entry."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.shape = graph.shape
        self.values = graph.data.astype(np.float64, copy=False)

    def blocks(self) -> Iterator[tuple[slice, slice, "GraphDistances"]]:
        """Yield slices of rows and of entries, and a view whose arrays stay in the cache."""
        graph = self.graph
        n_rows = max(1, _BLOCK_ENTRIES * self.shape[0] // max(graph.nnz, 1))
        if 0 < self.shape[0] <= n_rows:
            yield slice(0, self.shape[0]), slice(0, graph.nnz), self
            return
        for rows in gen_batches(self.shape[0], n_rows):
            ends = graph.indptr[rows.start : rows.stop + 1]
            entries = slice(ends[0], ends[-1])
            parts = graph.data[entries], graph.indices[entries], ends - ends[0]
            shape = (ends.size - 1, self.shape[1])
            yield rows, entries, GraphDistances(_PlainGraph(parts, shape))

    @cached_property
    def _width(self) -> int | None:
        """Number of entries of each row if all rows have as many, as is usual."""
        lengths = np.diff(self.graph.indptr)
        is_rectangle = lengths.size > 0 and lengths[0] > 0 and (lengths == lengths[0]).all()
        return int(lengths[0]) if is_rectangle else None

    @cached_property
    def has_self(self) -> np.ndarray:
        """Mask of the rows that hold the sample itself."""
        return holds_self(self.graph)

    @cached_property
    def _self_entries(self) -> np.ndarray:
        """Positions of the self entries."""
        return self.graph.indptr[:-1][self.has_self]

    def _fill_self(self, values: np.ndarray, fill: float) -> np.ndarray:
        filled = values.copy()
        filled[self._self_entries] = fill
        return filled

    @cached_property
    def counts(self) -> np.ndarray:
        """Number of neighbours of each row, the sample itself not counted."""
        return np.diff(self.graph.indptr) - self.has_self

    @cached_property
    def self_index(self) -> np.ndarray:
        """Column of each row's self entry, -1 in rows without one."""
        found = np.full(self.shape[0], -1, dtype=np.intp)
        found[self.has_self] = self.graph.indices[self._self_entries]
        return found

    @property
    def is_complete(self) -> bool:
        """Whether each row stores its distance to every column, or to all but itself."""
        return bool((self.counts >= self.shape[1] - 1).all())

    def _nearest_entries(self, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the nearest neighbours, 0 where they are missing, and where these are."""
        width = min(n_neighbors, int(self.counts.max(initial=0)))
        steps = np.arange(width)
        missing = steps >= self.counts[:, None]
        first = self.graph.indptr[:-1] + self.has_self
        return np.where(missing, 0, first[:, None] + steps), missing

    @cached_property
    def _others(self) -> slice | None:
        """Columns of the rectangle of all entries that are neighbours, if it is one."""
        own = np.count_nonzero(self.has_self)
        if self._width is None or own not in (0, self.shape[0]):
            return None
        return slice(int(own > 0), self._width)

    def nearest(self, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances (padded with inf) and indices (with -1) of the nearest neighbours."""
        entries, missing = self._nearest_entries(n_neighbors)
        indices = np.where(missing, -1, self.graph.indices[entries])
        return np.where(missing, np.inf, self.values[entries]), indices

    def nearest_distances(self, n_neighbors: int) -> np.ndarray:
        """Distances to the nearest neighbours, sorted, padded with inf."""
        return self.nearest_distances_view(n_neighbors).copy()

    def nearest_distances_view(self, n_neighbors: int) -> np.ndarray:
        """The same, not to be written to: a part of the graph where it has that form."""
        if self._others is not None:
            return self.values.reshape(self.shape[0], -1)[:, self._others][:, :n_neighbors]
        entries, missing = self._nearest_entries(n_neighbors)
        return np.where(missing, np.inf, self.values[entries])

    def by_row(self, statistic: np.ndarray) -> np.ndarray:
        """Statistic of the rows beside each distance."""
        # One count for all rows is many times faster than a count for each.
        return np.repeat(statistic, self._width or np.diff(self.graph.indptr))

    def by_column(self, statistic: np.ndarray) -> np.ndarray:
        """Statistic of the columns beside each distance."""
        return statistic.take(self.graph.indices)

    def toarray(self) -> np.ndarray:
        """Matrix of all distances; those that are not stored are inf."""
        check_fits(
            8.0 * math.prod(self.shape),
            f"The complete matrix of distances of shape {self.shape}",
            "Take a reduction that works on truncated graphs, such as CSLS.",
        )
        D = np.full(self.shape, np.inf)
        D[row_index(self.graph), self.graph.indices] = self.values
        return D

    def beside(self, table: Any) -> np.ndarray:
        """Entries of a table of all pairs, dense or sparse, beside each distance."""
        if self.graph.nnz == 0:
            return np.empty(0)
        if sparse.issparse(table):
            table = sparse.csr_matrix(table)  # csr_array would return a sparse vector
        return np.asarray(table[row_index(self.graph), self.graph.indices]).ravel()

    def from_entries(self, values: np.ndarray) -> np.ndarray:
        """Lay values of the entries of ``graph`` out beside the distances: they are."""
        return values

    def row_sum(self, values: np.ndarray) -> np.ndarray:
        """Sum of the values of each row, the self entry left out."""
        starts, filled = self.graph.indptr[:-1], np.diff(self.graph.indptr) > 0
        total = np.zeros(self.shape[0])
        if filled.any():
            # One order of summation for all graphs: a row's sum depends on the row alone.
            total[filled] = np.add.reduceat(self._fill_self(values, 0.0), starts[filled])
        return total

    def row_minimum(self, values: np.ndarray) -> np.ndarray:
        """Smallest of the values of each row, the self entry left out; inf in empty rows."""
        others = self._fill_self(values, np.inf)
        if self._width:
            return others.reshape(-1, self._width).min(axis=1)
        smallest = np.minimum.reduceat(np.append(others, np.inf), self.graph.indptr[:-1])
        return np.where(self.counts > 0, smallest, np.inf)

    def with_values(self, values: np.ndarray, link: _Link = None) -> Any:
        """Graph with other values: self entries 0, rows sorted again, the dtype kept.

        ``link`` is an increasing function with ``link(0) = 0`` that is applied after sorting.
        """
        reduced = replace_values(self.graph, self._fill_self(values, 0.0))
        data = reduced.data if link is None else link(reduced.data)
        # Set in place: astype of the graph would sort its rows by column.
        reduced.data = data.astype(self.graph.dtype, copy=False)
        return reduced

    def joined(self, parts: Iterable[tuple[slice, Any]]) -> Any:
        """Graph of all blocks, from pairs of their entries and what ``with_values`` made."""
        graph = self.graph
        data, indices = np.empty_like(graph.data), np.empty_like(graph.indices)
        for entries, part in parts:
            data[entries], indices[entries] = part.data, part.indices
        return type(graph)((data, indices, graph.indptr.copy()), shape=graph.shape)


class DenseDistances:
    """Distances of a checked dense matrix: the complete graph."""

    is_complete = True

    def __init__(self, D: AnyArray) -> None:
        self.matrix = D
        self.shape = D.shape

    @cached_property
    def values(self) -> np.ndarray:
        """The distances in float64."""
        return self.matrix.astype(np.float64, copy=False)

    def blocks(self) -> Iterator[tuple[slice, slice, "DenseDistances"]]:
        """Yield slices of rows, as entries too, and a view whose arrays stay in the cache."""
        n_rows = max(1, _BLOCK_ENTRIES // self.shape[1])
        if self.shape[0] <= n_rows:
            yield slice(0, self.shape[0]), slice(0, self.shape[0]), self
            return
        for rows in gen_batches(self.shape[0], n_rows):
            yield rows, rows, DenseDistances(self.matrix[rows])

    @cached_property
    def self_index(self) -> np.ndarray:
        """Column of each row's self entry (its first exact zero), -1 in rows without one."""
        nearest = self.values.argmin(axis=1)
        is_zero = self.values[np.arange(self.shape[0]), nearest] == 0
        return np.where(is_zero, nearest, -1)

    @property
    def has_self(self) -> np.ndarray:
        """Mask of the rows that hold the sample itself."""
        return self.self_index >= 0

    @property
    def counts(self) -> np.ndarray:
        """Number of neighbours of each row, the sample itself not counted."""
        return self.shape[1] - self.has_self

    def _fill_self(self, values: np.ndarray, fill: float) -> np.ndarray:
        filled = np.array(np.broadcast_to(values, self.shape))
        rows = np.flatnonzero(self.has_self)
        filled[rows, self.self_index[rows]] = fill
        return filled

    def nearest(self, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances (padded with inf) and indices (with -1) of the nearest neighbours."""
        width = min(n_neighbors, int(self.counts.max(initial=0)))
        parts = [
            smallest_entries(block._fill_self(block.values, np.inf), max(width, 1))
            for _, _, block in self.blocks()
        ]
        distances, columns = (np.concatenate(part) for part in zip(*parts))
        return distances[:, :width], np.where(np.isinf(distances), -1, columns)[:, :width]

    def nearest_distances(self, n_neighbors: int) -> np.ndarray:
        """Distances to the nearest neighbours, sorted, padded with inf."""
        nearest = smallest_values(self.values, min(n_neighbors + 1, self.shape[1]))
        own = self.has_self  # a zero, the first of its row
        nearest[own, :-1], nearest[own, -1] = nearest[own, 1:], np.inf
        return nearest[:, :n_neighbors]

    nearest_distances_view = nearest_distances

    def by_row(self, statistic: np.ndarray) -> np.ndarray:
        """Statistic of the rows beside each distance."""
        return statistic[:, None]

    def by_column(self, statistic: np.ndarray) -> np.ndarray:
        """Statistic of the columns beside each distance."""
        return statistic[None, :]

    def toarray(self) -> np.ndarray:
        """Matrix of all distances."""
        return self.values

    def beside(self, table: Any) -> np.ndarray:
        """Entries of a table of all pairs, dense or sparse, beside each distance."""
        return table.toarray() if sparse.issparse(table) else table

    @cached_property
    def graph(self) -> Any:
        """The complete neighbour graph."""
        return dense_to_graph(self.values)

    def from_entries(self, values: np.ndarray) -> np.ndarray:
        """Lay values of the entries of ``graph`` out beside the distances."""
        table = np.empty(self.shape)
        table[row_index(self.graph), self.graph.indices] = values
        return table

    def row_sum(self, values: np.ndarray) -> np.ndarray:
        """Sum of the values of each row, the self entry left out."""
        rows = np.flatnonzero(self.has_self)
        if values.shape != self.shape or values[rows, self.self_index[rows]].any():
            values = self._fill_self(values, 0.0)
        return values.sum(axis=1)

    def row_minimum(self, values: np.ndarray) -> np.ndarray:
        """Smallest of the values of each row, the self entry left out."""
        return self._fill_self(values, np.inf).min(axis=1)

    def with_values(self, values: np.ndarray, link: _Link = None) -> np.ndarray:
        """Matrix with other values: self entries 0, the dtype kept."""
        values = values if link is None else link(values)
        return self._fill_self(values, 0.0).astype(self.matrix.dtype, copy=False)

    def joined(self, parts: Iterable[tuple[slice, Any]]) -> np.ndarray:
        """Matrix of all blocks, from pairs of their rows and what ``with_values`` made."""
        joined = np.empty(self.shape, dtype=self.matrix.dtype)
        for rows, part in parts:
            joined[rows] = part
        return joined


class NeighborLists(NamedTuple):
    """Truncated neighbour graph as two rectangles of any array library, on its device.

    ``distances`` (n_rows, width), sorted, and ``indices`` (n_rows, width), -1 where a row has fewer
    entries; ``n_indexed``, the number of columns of the graph, and ``container``, its sparse class.
    """

    distances: Any
    indices: Any
    n_indexed: int
    container: Callable[..., Any]

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the graph."""
        return self.distances.shape[0], self.n_indexed

    def graph(self, entries: slice) -> Any:
        """Sparse graph of some of the entries of each row."""
        distances, indices = (to_numpy(part[:, entries]) for part in (self.distances, self.indices))
        return graph_from_neighbors(distances, indices, self.n_indexed, container=self.container)


class ListDistances:
    """Distances of neighbour lists that hold fewer neighbours than there are."""

    is_complete = False

    def __init__(self, lists: NeighborLists) -> None:
        self.lists, self.shape = lists, lists.shape
        self.xp = any_namespace(lists.distances)
        self._is_listed = lists.indices >= 0

    @cached_property
    def values(self) -> Any:
        """The distances, (n_rows, width); 0 where there is none, in the place of all values."""
        return self.xp.where(self._is_listed, self.lists.distances, 0.0)

    def blocks(self) -> Iterator[tuple[slice, slice, "ListDistances"]]:
        """Yield all rows: a device wants them at once."""
        yield slice(0, self.shape[0]), slice(0, self.shape[0]), self

    @cached_property
    def has_self(self) -> Any:
        """Mask of the rows that hold the sample itself."""
        largest = self.xp.max(self.values, axis=1)
        return self._is_listed[:, 0] & (self.values[:, 0] <= SELF_TOLERANCE * largest)

    @cached_property
    def _is_neighbor(self) -> Any:
        """Mask of the entries that are neighbours, not the sample itself."""
        xp = self.xp
        first = xp.arange(self.values.shape[1], device=self.values.device) == 0
        return self._is_listed & ~(first[None, :] & self.has_self[:, None])

    @cached_property
    def counts(self) -> Any:
        """Number of neighbours of each row, the sample itself not counted."""
        return self.xp.sum(self.xp.astype(self._is_neighbor, self.xp.int64), axis=1)

    @property
    def self_index(self) -> Any:
        """Column of each row's self entry, -1 in rows without one."""
        first = self.lists.indices[:, 0]
        return self.xp.where(self.has_self, first, -1)

    def nearest(self, n_neighbors: int) -> tuple[Any, Any]:
        """Distances (padded with inf) and indices (with -1) of the nearest neighbours."""
        xp = self.xp
        steps = xp.arange(min(n_neighbors, int(xp.max(self.counts))), device=self.values.device)
        is_there = steps[None, :] < self.counts[:, None]
        own = xp.astype(self.has_self, steps.dtype)[:, None]
        entries = xp.where(is_there, steps[None, :] + own, 0)
        distances, indices = (
            xp.take_along_axis(part, entries, axis=1) for part in (self.values, self.lists.indices)
        )
        return xp.where(is_there, distances, math.inf), xp.where(is_there, indices, -1)

    def nearest_distances(self, n_neighbors: int) -> Any:
        """Distances to the nearest neighbours, sorted, padded with inf."""
        return self.nearest(n_neighbors)[0]

    nearest_distances_view = nearest_distances

    def by_row(self, statistic: Any) -> Any:
        """Statistic of the rows beside each distance."""
        return beside(statistic, self.values)[:, None]

    def by_column(self, statistic: Any) -> Any:
        """Statistic of the columns beside each distance."""
        columns = self.xp.where(self._is_listed, self.lists.indices, 0)
        taken = self.xp.take(beside(statistic, self.values), self.xp.reshape(columns, (-1,)))
        return self.xp.reshape(taken, columns.shape)

    def row_sum(self, values: Any) -> Any:
        """Sum of the values of each row, the self entry left out."""
        return self.xp.sum(self.xp.where(self._is_neighbor, values, 0.0), axis=1)

    def row_minimum(self, values: Any) -> Any:
        """Smallest of the values of each row, the self entry left out; inf in empty rows."""
        return self.xp.min(self.xp.where(self._is_neighbor, values, math.inf), axis=1)

    def with_values(self, values: Any, link: _Link = None) -> NeighborLists:
        """Lists with other values: self entries 0, rows sorted again."""
        xp = self.xp
        values = xp.where(self._is_neighbor, values, 0.0)
        values = xp.where(self._is_listed, values, math.inf)
        order = xp.argsort(values, axis=1, stable=True)
        values = xp.take_along_axis(values, order, axis=1)
        indices = xp.take_along_axis(self.lists.indices, order, axis=1)
        if link is not None:
            values = xp.where(indices >= 0, link(values), math.inf)
        return self.lists._replace(distances=values, indices=indices)

    def joined(self, parts: Iterable[tuple[slice, Any]]) -> NeighborLists:
        """The lists of the one block."""
        ((_, lists),) = parts
        return lists


#: Distances that a sparse graph or a matrix of NumPy holds, and all.
StoredDistances: TypeAlias = GraphDistances | DenseDistances
Distances: TypeAlias = StoredDistances | ListDistances


def as_distances(graph: Any) -> Distances:
    """View of a checked graph, of a dense matrix or of lists."""
    if isinstance(graph, NeighborLists):
        return ListDistances(graph)
    return GraphDistances(graph) if sparse.issparse(graph) else DenseDistances(graph)
