"""Neighbour graphs: validation, the one self-neighbour rule, row statistics, rebuilding.

A neighbour graph is scikit-learn's: CSR of shape (n_queries, n_indexed), one explicit entry
for each stored neighbour, values are distances, each row sorted by value. Rows may hold
different numbers of neighbours.

The self rule. If a row holds a zero, one of the zeros is the sample itself. It is local to the
row, so that a transformed row depends on that row only, and ``transform`` of the training graph
equals ``fit_transform``. As rows are sorted, the entry is the first of its row. Searches that form
distances by a matrix product, scikit-learn's among them, return the distance of a sample to
itself as rounding error: a value below ``SELF_TOLERANCE`` times the largest of the row is a zero.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from sksim.utils._arrays import check_named_array
from sksim.utils._typing import ArrayLike, FloatArray, IntArray, SparseGraph

__all__ = [
    "SELF_TOLERANCE",
    "NeighborRows",
    "check_graph",
    "dense_to_graph",
    "graph_from_neighbors",
    "graph_to_dense",
    "holds_self",
    "is_self_entry",
    "neighbor_rows",
    "replace_values",
    "row_index",
]


#: Largest distance of a sample to itself, as a share of the largest distance of its row.
SELF_TOLERANCE = 1e-5


class NeighborRows(NamedTuple):
    """The neighbours of each row, the sample itself left out, padded to one rectangle.

    ``distances`` (n_rows, width) is padded with inf, ``indices`` (n_rows, width) with -1,
    ``counts`` (n_rows,) holds the number of neighbours of each row.
    """

    distances: np.ndarray
    indices: np.ndarray
    counts: np.ndarray


def _check_graph_values(graph: SparseGraph, name: str) -> None:
    if not np.isfinite(graph.data).all():
        raise ValueError(f"{name} must hold finite distances, got a sparse graph with NaN or inf.")
    if graph.nnz and graph.data.min() < 0:
        raise ValueError(
            f"{name} must hold non-negative distances, got negative values in data: the "
            f"smallest entry of the sparse graph is {graph.data.min():g}."
        )
    rises = graph.data[1:] >= graph.data[:-1]
    starts = graph.indptr[1:-1]  # where a row begins, values may fall
    rises[starts[(starts > 0) & (starts < graph.nnz)] - 1] = True
    if not rises.all():
        raise ValueError(
            f"{name} must be a neighbour graph with each row sorted by value, got a sparse graph "
            "with unsorted rows. Sort it with sklearn.neighbors.sort_graph_by_row_values(graph)."
        )


def check_graph(graph: Any, *, name: str = "X", n_indexed: int | None = None) -> SparseGraph:
    """Validate a neighbour graph and return it, never modified.

    Parameters
    ----------
    graph : csr_matrix or csr_array of shape (n_queries, n_indexed)
        The graph. float32 and float64 stay as they are, other types become float64.
    name : str, default="X"
        Name of the parameter in error messages.
    n_indexed : int, default=None
        Required number of columns.

    Returns
    -------
    graph : csr_matrix or csr_array
        The same graph, or a float64 copy of it.
    """
    if not (sparse.issparse(graph) and graph.format == "csr"):
        got = f"sparse {graph.format}" if sparse.issparse(graph) else type(graph).__name__
        raise TypeError(f"{name} must be a sparse neighbour graph in CSR format, got {got}.")
    if n_indexed is not None and graph.shape[1] != n_indexed:
        raise ValueError(
            f"{name} must have one column for each of the {n_indexed} indexed samples, "
            f"got a sparse graph of shape {graph.shape}."
        )
    if graph.dtype not in (np.float32, np.float64):
        # graph.astype would sort the rows by column, in the caller's graph too.
        data = graph.data.astype(np.float64)
        graph = type(graph)((data, graph.indices, graph.indptr), shape=graph.shape)
    _check_graph_values(graph, name)
    return graph


def dense_to_graph(D: ArrayLike, *, name: str = "X") -> SparseGraph:
    """Complete neighbour graph of a dense distance matrix, ties in the order of the columns."""
    D = check_named_array(D, name, dtype=[np.float64, np.float32], ensure_non_negative=True)
    order = np.argsort(D, axis=1, kind="stable")
    return graph_from_neighbors(np.take_along_axis(D, order, axis=1), order, D.shape[1])


def graph_to_dense(graph: SparseGraph) -> np.ndarray:
    """Dense matrix of a complete graph: the inverse of ``dense_to_graph``."""
    D = np.zeros(graph.shape, dtype=graph.dtype)
    D[row_index(graph), graph.indices] = graph.data
    return D


def graph_from_neighbors(
    distances: FloatArray,
    indices: IntArray,
    n_indexed: int,
    *,
    container: Callable[..., SparseGraph] = sparse.csr_matrix,
) -> SparseGraph:
    """CSR graph of rectangular neighbour lists; entries with a negative index are left out."""
    kept = indices >= 0
    indptr = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    shape = (indices.shape[0], n_indexed)
    return container((distances[kept], indices[kept], indptr), shape=shape)


def row_index(graph: SparseGraph) -> np.ndarray:
    """Row of each stored entry, shape (nnz,)."""
    return np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))


def holds_self(graph: SparseGraph) -> np.ndarray:
    """Mask (n_rows,) of the rows whose first entry is the sample itself, by the self rule."""
    filled = np.diff(graph.indptr) > 0
    first, last = graph.indptr[:-1][filled], graph.indptr[1:][filled] - 1
    mask = np.zeros_like(filled)
    mask[filled] = graph.data[first] <= SELF_TOLERANCE * graph.data[last]
    return mask


def is_self_entry(graph: SparseGraph) -> np.ndarray:
    """Mask (nnz,) of the entries that are the sample itself, by the self rule."""
    mask = np.zeros(graph.nnz, dtype=bool)
    mask[graph.indptr[:-1][holds_self(graph)]] = True
    return mask


def neighbor_rows(graph: SparseGraph) -> NeighborRows:
    """Neighbours of each row without the sample itself, padded to one rectangle."""
    kept = ~is_self_entry(graph)
    rows = row_index(graph)[kept]
    counts = np.bincount(rows, minlength=graph.shape[0])
    first = np.cumsum(counts) - counts
    columns = np.arange(rows.size) - first[rows]
    shape = (graph.shape[0], int(counts.max(initial=0)))
    distances = np.full(shape, np.inf, dtype=graph.dtype)
    indices = np.full(shape, -1, dtype=np.intp)
    distances[rows, columns] = graph.data[kept]
    indices[rows, columns] = graph.indices[kept]
    return NeighborRows(distances, indices, counts)


def replace_values(graph: SparseGraph, values: np.ndarray) -> SparseGraph:
    """Graph of the same kind and neighbours with other values, each row sorted again.

    Entries with equal values keep the order they had, so ties are broken by the old distance. Two
    fast sorts do it, of the values and of the positions of ties, in place of a stable one.
    """
    indptr, lengths = graph.indptr, np.diff(graph.indptr)
    if lengths.size and (lengths == lengths[0]).all():
        order = np.argsort(values.reshape(lengths.size, -1), axis=1)
        order += lengths[0] * np.arange(lengths.size)[:, None]
        order = order.ravel()
    else:
        # Sorting short integers stably takes two passes.
        rows = np.repeat(np.arange(lengths.size, dtype=np.min_scalar_type(lengths.size)), lengths)
        order = np.argsort(values)
        order = order[np.argsort(rows[order], kind="stable")]
    ordered = values.take(order)
    is_tie = np.zeros(order.size, dtype=bool)
    np.equal(ordered[1:], ordered[:-1], out=is_tie[1:])
    is_tie[indptr[:-1][lengths > 0]] = False
    if is_tie.any():
        # Positions of each run of equal values in increasing order, as they stood before.
        has_equal = is_tie.copy()
        has_equal[:-1] |= is_tie[1:]
        tied = np.flatnonzero(has_equal)
        run = order.size * np.cumsum(~is_tie[tied])
        order[tied] = np.sort(order[tied] + run) - run
    return type(graph)((ordered, graph.indices.take(order), indptr.copy()), shape=graph.shape)
