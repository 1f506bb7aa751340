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

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from sksim.utils._arrays import check_named_array
from sksim.utils._kernels import columns_are_distinct, compiled_if_loaded, rows_rise
from sksim.utils._memory import check_fits
from sksim.utils._typing import ArrayLike, FloatArray, IntArray, SparseGraph

__all__ = [
    "SELF_TOLERANCE",
    "NeighborRows",
    "check_columns",
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

# Entries of a block of rows: its columns are sorted within the processor's cache.
_BLOCK_ENTRIES = 2**17
# Entries from which on compiled checks are asked for.
_COMPILED_ENTRIES = 2**20


class NeighborRows(NamedTuple):
    """The neighbours of each row, the sample itself left out, padded to one rectangle.

    ``distances`` (n_rows, width) is padded with inf, ``indices`` (n_rows, width) with -1,
    ``counts`` (n_rows,) holds the number of neighbours of each row.
    """

    distances: np.ndarray
    indices: np.ndarray
    counts: np.ndarray


def _place(graph: SparseGraph, entry: int) -> str:
    """Row and column of a stored entry, in words."""
    row = int(np.searchsorted(graph.indptr, entry, side="right")) - 1
    return f"in row {row}, column {graph.indices[entry]}"


def _check_layout(graph: Any, name: str) -> SparseGraph:
    """Check the types and the row ends, and return the graph without unused room behind them.

    scipy checks them when a matrix is made, but not when its arrays are replaced or changed.
    """
    n_rows, n_columns = graph.shape
    if n_rows == 0 or n_columns == 0:
        raise ValueError(
            f"{name} must be a neighbour graph of at least one query and one indexed sample, got "
            f"a sparse graph of shape {graph.shape}."
        )
    for part in ("indices", "indptr"):
        dtype = getattr(graph, part).dtype
        if dtype not in (np.int32, np.int64):
            raise TypeError(
                f"{name}.{part} must be int32 or int64, in which neither columns nor the number "
                f"of entries overflow, got {dtype}."
            )
    if graph.data.dtype.kind not in "iuf":
        raise TypeError(
            f"{name} must hold distances, real numbers, got a sparse graph of {graph.data.dtype}. "
            "Such graphs are made with mode='distance'."
        )
    indptr = graph.indptr
    if indptr.shape != (n_rows + 1,) or indptr[0] != 0:
        raise ValueError(
            f"{name}.indptr must begin with 0 and hold the end of each of the {n_rows} rows, got "
            f"{indptr.size} values that begin with {indptr[:3]}."
        )
    falls = np.flatnonzero(indptr[1:] < indptr[:-1])
    if falls.size:
        row = falls[0]
        raise ValueError(
            f"{name}.indptr must not fall: row {row} goes from entry {indptr[row]} to "
            f"{indptr[row + 1]}. Counts beyond 2**31 overflow in int32."
        )
    n_entries, n_stored = indptr[-1], min(graph.data.size, graph.indices.size)
    if n_entries > n_stored:
        row = int(np.searchsorted(indptr, n_stored, side="right")) - 1
        raise ValueError(
            f"{name}.indptr counts {n_entries} entries, but data and indices hold {n_stored}: "
            f"they end in row {row}."
        )
    if n_entries < max(graph.data.size, graph.indices.size):
        parts = graph.data[:n_entries], graph.indices[:n_entries], indptr
        graph = type(graph)(parts, shape=graph.shape)
    return graph


def _unsigned(indices: IntArray) -> IntArray:
    """The same numbers, negative ones as the largest of all."""
    return indices.view(f"u{indices.dtype.itemsize}")


def _passes(
    kernel: Callable, graph: SparseGraph, values: IntArray | FloatArray, *options: int
) -> bool:
    """Whether a compiled check of a large graph says that its rows are in order.

    If there is none, or it says no, the check by numpy decides, and finds the place.
    """
    if graph.nnz < max(_COMPILED_ENTRIES, graph.shape[1]):
        return False
    check = compiled_if_loaded(kernel)
    return check is not None and check(values, graph.indptr, *options)


def _repeated_columns(graph: SparseGraph) -> Iterator[np.ndarray]:
    """Mask of the entries, a block of rows after the other, whose column the row holds before.

    The columns of a block are sorted, so that equal ones are side by side: those of rows that are
    equally long as a rectangle, which processors sort fastest, others with the number of the row
    before them. The mask is beside the sorted columns.
    """
    indptr, (n_rows, n_columns) = graph.indptr, graph.shape
    for rows in gen_batches(n_rows, max(1, _BLOCK_ENTRIES * n_rows // max(graph.nnz, 1))):
        ends = indptr[rows.start : rows.stop + 1]
        lengths = np.diff(ends)
        is_rectangle = (lengths == lengths[0]).all()
        n_numbers = n_columns * (1 if is_rectangle else lengths.size)
        # A copy, in short integers, which are sorted twice as fast.
        ordered = graph.indices[ends[0] : ends[-1]].astype(np.min_scalar_type(-n_numbers))
        if is_rectangle:
            ordered.reshape(lengths.size, -1).sort(axis=1)
        else:
            ordered += np.repeat(np.arange(0, n_numbers, n_columns, dtype=ordered.dtype), lengths)
            ordered.sort()
        is_repeated = np.zeros(ordered.size, dtype=bool)
        np.equal(ordered[1:], ordered[:-1], out=is_repeated[1:])
        starts = ends[:-1] - ends[0]
        is_repeated[starts[lengths > 0]] = False  # begins a row
        yield is_repeated


def check_columns(graph: Any, *, name: str = "X", n_indexed: int | None = None) -> SparseGraph:
    """Validate which neighbours a graph stores, whatever its values; see ``check_graph``."""
    if not (sparse.issparse(graph) and graph.format == "csr"):
        got = f"sparse {graph.format}" if sparse.issparse(graph) else type(graph).__name__
        raise TypeError(f"{name} must be a sparse neighbour graph in CSR format, got {got}.")
    if n_indexed is not None and graph.shape[1] != n_indexed:
        raise ValueError(
            f"{name} must have one column for each of the {n_indexed} indexed samples, "
            f"got a sparse graph of shape {graph.shape}."
        )
    graph = _check_layout(graph, name)
    if not _passes(columns_are_distinct, graph, _unsigned(graph.indices), graph.shape[1]):
        _check_distinct(graph, name)
    return graph


def _check_distinct(graph: SparseGraph, name: str) -> None:
    """Check that all columns are in range, and those of each row distinct."""
    n_columns, indices = graph.shape[1], graph.indices
    if indices.size and _unsigned(indices).max() >= n_columns:
        entry = np.flatnonzero((indices < 0) | (indices >= n_columns))[0]
        advice = (
            " A neighbour that was not found is no entry, where some searches fill in -1: leave "
            "it out, rows may hold different numbers of neighbours."
        )
        raise ValueError(
            f"{name} must hold columns from 0 to {n_columns - 1}, got an entry "
            f"{_place(graph, entry)}.{advice if indices[entry] < 0 else ''}"
        )
    if any(is_repeated.any() for is_repeated in _repeated_columns(graph)):
        order = np.lexsort((indices, row_index(graph)))
        is_repeated = np.concatenate(list(_repeated_columns(graph)))
        entry = order[np.flatnonzero(is_repeated)[0]]
        raise ValueError(
            f"{name} must hold each neighbour of a row once, got several entries "
            f"{_place(graph, entry)}. Keep the one with the least distance."
        )


def _check_values(graph: SparseGraph, name: str) -> None:
    """Check that the values are finite and not negative, and that they rise along each row.

    A comparison with NaN is false. So in rows that rise nothing is NaN but perhaps a single entry,
    and the ends of the row bound the rest.
    """
    if _passes(rows_rise, graph, graph.data):
        return
    data, starts, filled = graph.data, graph.indptr[:-1], np.diff(graph.indptr) > 0
    first, last = starts[filled], graph.indptr[1:][filled] - 1
    rises = np.empty(data.size, dtype=bool)
    np.greater_equal(data[1:], data[:-1], out=rises[1:])
    rises[first] = True  # where a row begins, values may fall
    if rises.all() and (data[first] >= 0).all() and np.isfinite(data[last]).all():
        return
    for is_bad, error in [
        (~np.isfinite(data), "finite distances, got NaN or inf"),
        (data < 0, "non-negative distances, got negative values in data"),
    ]:
        if is_bad.any():
            entry = np.flatnonzero(is_bad)[0]
            raise ValueError(
                f"{name} must hold {error}: the sparse graph has {data[entry]:g} "
                f"{_place(graph, entry)}."
            )
    entry = np.flatnonzero(~rises)[0]
    raise ValueError(
        f"{name} must be a neighbour graph with each row sorted by value, got a sparse graph "
        f"with unsorted rows: values fall from {data[entry - 1]:g} to {data[entry]:g} "
        f"{_place(graph, entry)}. "
        "Sort it with sklearn.neighbors.sort_graph_by_row_values(graph)."
    )


def check_graph(
    graph: Any, *, name: str = "X", n_indexed: int | None = None, allow_empty: bool = False
) -> SparseGraph:
    """Validate a neighbour graph and return it, never modified.

    Each row holds the neighbours of one query: explicit entries whose values are distances, finite
    and not negative, sorted by value; each column once. Rows may hold different numbers of them.

    .. versionadded:: 0.1

    Parameters
    ----------
    graph : csr_matrix or csr_array of shape (n_queries, n_indexed)
        The graph. float32 and float64 stay as they are, other types become float64.
    name : str, default="X"
        Name of the parameter in error messages.
    n_indexed : int, default=None
        Required number of columns.
    allow_empty : bool, default=False
        Whether no row needs to hold a neighbour, as in a batch of queries that have none.

    Returns
    -------
    graph : csr_matrix or csr_array
        The same graph, or a float64 copy of it.

    Raises
    ------
    TypeError
        If the graph is not CSR, its values are no real numbers or its indices neither int32 nor
        int64.
    ValueError
        If the row ends fall or do not fit the entries, a column is out of range, negative or
        repeated in its row, a value is NaN, infinite or negative, a row is not sorted, or nothing
        is stored. The message names the row and the column.

    See Also
    --------
    check_named_array : The same for dense arrays.
    sklearn.neighbors.sort_graph_by_row_values : Sorts the rows of a graph.

    Notes
    -----
    Takes O(n K log K) time for n rows of K entries, mostly for one vectorised sort of the columns,
    which takes three to four times as long in ragged rows. Where numba is loaded, graphs of a
    million entries and more are checked in O(n K + m) for m columns, whatever their rows:
    ``doc/benchmarks/bench_graph_checks.py`` measures the share of a reduction.

    Examples
    --------
    >>> from sklearn.neighbors import kneighbors_graph
    >>> from sksim.utils import check_graph
    >>> graph = kneighbors_graph([[0.0], [1.0], [3.0]], 2, mode="distance")
    >>> check_graph(graph) is graph
    True
    >>> graph.indices[3] = -1
    >>> check_graph(graph, name="G")
    Traceback (most recent call last):
    ...
    ValueError: G must hold columns from 0 to 2, got an entry in row 1, column -1. A neighbour ...
    """
    graph = check_columns(graph, name=name, n_indexed=n_indexed)
    if graph.dtype not in (np.float32, np.float64):
        # graph.astype would sort the rows by column, in the caller's graph too.
        data = graph.data.astype(np.float64)
        graph = type(graph)((data, graph.indices, graph.indptr), shape=graph.shape)
    _check_values(graph, name)
    if graph.nnz == 0 and not allow_empty:
        raise ValueError(
            f"{name} must be a neighbour graph, got a sparse graph of shape {graph.shape} that "
            "stores no entry. Distances are stored entries, zeros among them."
        )
    return graph


def dense_to_graph(D: ArrayLike, *, name: str = "X") -> SparseGraph:
    """Complete neighbour graph of a dense distance matrix, ties in the order of the columns."""
    D = check_named_array(D, name, dtype=[np.float64, np.float32], ensure_non_negative=True)
    check_fits(
        32.0 * D.size,  # positions, values and columns, sorted and in the graph
        f"{name}: the complete graph of a matrix of shape {D.shape}",
        "Make a graph of the nearest neighbours alone, such as by KNeighborsTransformer.",
    )
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


def _sorted_rectangle(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Flat values of sorted rows and where they were, equal values in the order they had.

    Values that are not negative are in the order of their bits as integers. The last bits of each
    give way to its position in the row, so that one sort of integers, many times faster than one
    of positions, finds the order. Rows in which values differ in these bits only, or are negative,
    are sorted again.
    """
    n_rows, width = values.shape
    # 0.0 is added to make zeros of one sign.
    order = (values + 0.0).astype(np.float64, copy=False).view(np.int64)
    low_bits = (1 << (width - 1).bit_length()) - 1
    order &= ~low_bits
    order |= np.arange(width)
    order.sort(axis=1)
    order &= low_bits
    order += np.arange(0, values.size, width)[:, None]
    ordered = values.take(order)
    rises = np.empty(values.shape, dtype=bool)
    np.greater_equal(ordered.ravel()[1:], ordered.ravel()[:-1], out=rises.ravel()[1:])
    rises[:, 0] = True
    if not rises.all():
        rows = np.flatnonzero(~rises.all(axis=1))
        order[rows] = np.argsort(values[rows], axis=1, kind="stable") + width * rows[:, None]
        ordered[rows] = values.take(order[rows])
    return ordered.ravel(), order.ravel()


def _sorted_ragged_rows(graph: SparseGraph, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values of sorted rows and where they were, equal values in the order they had.

    Two fast sorts do it, of the values and of the positions of ties, in place of a stable one.
    """
    indptr, lengths = graph.indptr, np.diff(graph.indptr)
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
    return ordered, order


def replace_values(graph: SparseGraph, values: np.ndarray) -> SparseGraph:
    """Graph of the same kind and neighbours with other values, each row sorted again.

    Entries with equal values keep the order they had, so ties are broken by the old distance.
    """
    lengths = np.diff(graph.indptr)
    if lengths.size and lengths[0] and (lengths == lengths[0]).all():
        ordered, order = _sorted_rectangle(values.reshape(lengths.size, -1))
    else:
        ordered, order = _sorted_ragged_rows(graph, values)
    parts = ordered, graph.indices.take(order), graph.indptr.copy()
    return type(graph)(parts, shape=graph.shape)
