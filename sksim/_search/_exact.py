"""Exact neighbour search: the one place where distances to all indexed samples are formed.

Euclidean, squared Euclidean and cosine distance are searched by certified bounds, as fast as one
float32 matrix product and exact to the last neighbour. Block by block of the queries:

1. One float32 matrix product gives a *rigorous lower bound* of each distance. With the points
   centered on the mean of Y (and, for cosine, brought to unit length first),
   ``|x - y|^2 = |x|^2 + 2 (|y|^2 / 2 - x.y)``, and for every order of summation the rounding
   error of ``|y|^2 / 2 - x.y`` is at most ``alpha (|x| |y| + |y|^2 / 2)``, ``alpha`` a small
   multiple of ``n_features`` times the unit roundoff. The norm and the error are two more columns
   of the product: ``[x, |x|, 1] . [-y, -alpha |y|, (1 - alpha) |y|^2 / 2]``.
2. The few smallest bounds of each row are its candidates; their distances are formed again in
   float64 from the differences of the original points.
3. If the bound of every other sample is above the last distance kept, the row is finished:
   nothing else can be nearer. Otherwise every sample whose bound is not above it is formed again.

The result therefore equals a float64 search over all differences, whatever the blocks, the
threads and the other queries are; equal points are at distance exactly zero. More searches propose
candidates in the same frame: a k-d tree where there are few features and, where numba is installed,
a kernel that takes the products tile by tile while they are in the cache, those of a set in itself
once for each pair. Which entries of a tile are worth a place in the lists is guessed from a sample
of the columns; a row whose guess was too low is a row that is not certain, and searched again. All
other metrics are searched in blocks of scikit-learn's distances.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.metrics import pairwise_distances, pairwise_distances_chunked
from sklearn.neighbors import KDTree
from threadpoolctl import threadpool_limits

from sksim._search._points import DenseBounds, Points, SparseBounds, as_points
from sksim._search._selection import (
    group_size,
    sampled_limits,
    smallest_and_next,
    smallest_entries,
    sorted_by_distance,
)
from sksim.utils._blocks import row_blocks
from sksim.utils._jobs import local_n_jobs
from sksim.utils._kernels import compiled, push_products
from sksim.utils._memory import check_fits
from sksim.utils._progress import Steps
from sksim.utils._typing import MetricParams

__all__ = ["OnDevice", "candidate_distances", "exact_neighbors"]

# Candidates beyond n_neighbors: rows whose distances lie closer than the bounds are tight
# are completed one by one, more candidates make that rarer.
_N_SPARE = 4
# Samples that a row is completed with at once, at most.
_MAX_STEP = 2**14
# Blocks of bounds: large enough for the product, small beside the data.
_BLOCK_MIB = 40
_MIN_BLOCK_ROWS, _MAX_BLOCK_ROWS = 128, 1024
# The kernel: its tiles, high enough for the product; lower and wide ones where both sides have
# lists, and as wide the first of all others, which is the sample; the least number of products that
# is worth a call, and importing it; the least features for each candidate that make both sides
# worth it.
_TILE_ROWS, _TILE_COLUMNS, _TILE_UNIT = 1024, 1024, 32
_PAIR_ROWS, _WIDE_COLUMNS = 512, 2048
_TILES_MIB = 20
_LEAST_PRODUCT, _LEAST_PRODUCT_TO_IMPORT = 2e8, 2e10
_LEAST_FEATURES = 0.6
# Queries that a device is sent at once.
_DEVICE_ROWS = 2**14
# The tree: when it is faster than a product of all pairs, and the relative error of its
# distances and bounds, with much to spare.
_MAX_TREE_FEATURES, _LEAST_TREE_INDEXED = 6, 2000
_TREE_ERROR = 1e-12


class _Found:
    """Exact neighbours of all queries, filled in by a search that proposes candidates.

    Parameters
    ----------
    points : Points
        Queries and indexed samples.
    n_neighbors : int
        Number of neighbours, less than half of the indexed samples.
    exclude_self : bool
        Leave out the indexed sample with the query's own row number.

    Attributes
    ----------
    distances, indices : ndarray of shape (n_queries, n_neighbors)
        Neighbours in increasing order, ties in the order of the index.
    is_certain : ndarray of shape (n_queries,)
        Whether the row has been proved.
    """

    def __init__(self, points: Points, n_neighbors: int, exclude_self: bool):
        self.points, self.n_neighbors, self.exclude_self = points, n_neighbors, exclude_self
        self.n_queries, self.n_indexed = points.X.shape[0], points.Y.shape[0]
        self.n_candidates = n_neighbors + _N_SPARE
        self.distances = np.empty((self.n_queries, n_neighbors))
        self.indices = np.empty(self.distances.shape, dtype=np.intp)
        self.is_certain = np.zeros(self.n_queries, dtype=bool)
        self.steps = Steps(self.n_queries, "neighbour search")

    def keep_nearest(self, rows: np.ndarray, columns: np.ndarray) -> None:
        """Fill in the nearest candidates of the rows."""
        distances = self.points.distances(rows, columns)
        if self.exclude_self:
            distances[columns == rows[:, None]] = np.inf
        distances, columns = sorted_by_distance(distances, columns)
        self.distances[rows] = distances[:, : self.n_neighbors]
        self.indices[rows] = columns[:, : self.n_neighbors]
        self.steps.done(rows.size)

    def complete(self, row: int, columns: np.ndarray) -> None:
        """Fill in the nearest of all columns, in increasing order, that may be near enough.

        They are formed in growing steps, until enough of them are at the least distance that the
        row can have, as among many equal points.
        """
        if self.exclude_self:
            columns = columns[columns != row]
        distances, start, step = np.empty(0), 0, 8 * self.n_neighbors
        while start < columns.size:
            part = self.points.distances(np.array([row]), columns[None, start : start + step])[0]
            distances = np.concatenate([distances, part])
            if (distances <= self.points.x_bias[row]).sum() >= self.n_neighbors:
                break
            start, step = start + step, min(4 * step, _MAX_STEP)
        order = np.argsort(distances, kind="stable")[: self.n_neighbors]
        self.distances[row], self.indices[row] = distances[order], columns[order]


def _in_threads(search: Callable[[list], None], blocks: list[np.ndarray], n_threads: int) -> None:
    """Search blocks of rows, each thread its share of them."""
    if n_threads == 1:
        return search(blocks)
    parts = [blocks[i::n_threads] for i in range(min(n_threads, len(blocks)))]
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(search, parts))


def _bound_blocks(bounds, rows: np.ndarray, n_threads: int) -> list[np.ndarray]:
    """Blocks of rows within the working memory, larger ones only to keep the product fast."""
    row_bytes = bounds.width * bounds.dtype.itemsize
    limit = max(_BLOCK_MIB, _MIN_BLOCK_ROWS * row_bytes / 2**20)
    limit = min(limit, get_config()["working_memory"] / n_threads)
    parts = row_blocks(rows.size, row_bytes, max_rows=_MAX_BLOCK_ROWS, working_memory=limit)
    return [rows[part] for part in parts]


def _search_bounds(found: _Found, bounds, size: int, blocks: list[np.ndarray]) -> None:
    """Search blocks of rows one after another by the bounds of all pairs, all in one buffer."""
    buffer = np.empty((max(map(len, blocks)), bounds.width), bounds.dtype)
    for rows in blocks:
        block = buffer[: rows.size]
        norms = bounds(rows, block)
        if found.exclude_self:
            block[np.arange(rows.size), bounds.place[rows]] = np.inf
        columns, others = smallest_and_next(block, found.n_candidates, size)
        found.keep_nearest(rows, bounds.order[columns])
        limits = bounds.limits(rows, norms, found.distances[rows, -1])
        # Written as "not above", so that a NaN where a product overflowed is never a certificate.
        for i in np.flatnonzero(~(others > limits)):
            not_above = ~(block[i, : found.n_indexed] > limits[i])
            found.complete(rows[i], np.sort(bounds.order[np.flatnonzero(not_above)]))


class _Lists:
    """Lists of the smallest bounds, filled tile by tile by the compiled kernel ``push_products``.

    There are more places than bounds to keep, so that a list is cut only when it is full.
    """

    def __init__(self, push: Callable, bounds: DenseBounds, n_lists: int, n_kept: int):
        self.push, self.bounds, self.n_kept = push, bounds, n_kept
        shape = (n_lists, n_kept + n_kept // 2 + 16)
        self.values, self.columns = np.empty(shape, bounds.dtype), np.empty(shape, np.int32)
        self.limits, self.counts = np.empty(n_lists, bounds.dtype), np.empty(n_lists, np.int32)
        self.buffer = np.empty(_TILE_ROWS * _WIDE_COLUMNS, bounds.dtype)

    def clear(self) -> None:
        """Forget everything; all columns may come."""
        self.values.fill(np.inf)
        self.columns.fill(0)
        self.limits.fill(np.inf)
        self.counts.fill(0)

    def take(self, products, first_row: int, first_column: int, own, *, pairs: bool) -> None:
        """Take the bounds of a tile."""
        self.push(
            products,
            self.bounds.halves,
            first_row,
            first_column,
            own,
            pairs,
            self.n_kept,
            self.limits,
            self.counts,
            self.values,
            self.columns,
        )

    def smallest(self, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Columns of all but the last bound kept of each list, and that last bound.

        It is NaN where fewer are below the limit that was guessed.
        """
        order = np.argsort(self.values[:n_rows], axis=1)[:, : self.n_kept]
        last = np.take_along_axis(self.values[:n_rows], order[:, -1:], axis=1)[:, 0]
        last[self.counts[:n_rows] < self.n_kept] = np.nan
        return np.take_along_axis(self.columns[:n_rows], order[:, :-1], axis=1), last


def _search_tiles(
    found: _Found, bounds: DenseBounds, push: Callable, blocks: list[np.ndarray]
) -> None:
    """Search blocks of rows one after another by the bounds of all pairs, tile by tile."""
    lists = _Lists(push, bounds, _TILE_ROWS, found.n_candidates + 1)
    for rows in blocks:
        lists.clear()
        factors, norms = bounds.factors(rows)
        own = bounds.place[rows] if found.exclude_self else np.full(rows.size, -1)
        edges = [0, *range(_WIDE_COLUMNS, bounds.width, _TILE_COLUMNS), bounds.width]
        for tile in map(slice, edges[:-1], edges[1:]):
            products = bounds.products(factors, tile, lists.buffer)
            if tile.start == 0:
                sample = products + bounds.halves[tile]
                lists.limits[: rows.size] = sampled_limits(sample, lists.n_kept, found.n_indexed)
            lists.take(products, 0, tile.start, own, pairs=False)
        columns, others = lists.smallest(rows.size)
        found.keep_nearest(rows, bounds.order[columns])
        limits = bounds.limits(rows, norms, found.distances[rows, -1])
        found.is_certain[rows] = others > limits


def _transposed(products: np.ndarray) -> np.ndarray:
    """Contiguous transpose, written in as many bytes at once as the cache reads of a row."""
    out = np.empty(products.shape[::-1], products.dtype)
    for start in range(0, products.shape[0], 16):
        out[:, start : start + 16] = products[start : start + 16].T
    return out


def _search_each_pair_once(found: _Found, bounds: DenseBounds, push: Callable) -> None:
    """Search a set in itself, each product for the lists of both of its samples."""
    n_indexed, width = found.n_indexed, bounds.width
    lists = _Lists(push, bounds, width, found.n_candidates + 1)
    lists.clear()
    none = np.full(_PAIR_ROWS, -1)
    found.steps.expect(n_indexed)
    for start in range(0, n_indexed, _PAIR_ROWS):
        rows = slice(start, min(start + _PAIR_ROWS, n_indexed))
        factors = bounds.own_factors(rows)
        for first in range(start, width, _WIDE_COLUMNS):
            tile = slice(first, min(first + _WIDE_COLUMNS, width))
            products = bounds.products(factors, tile, lists.buffer)
            if start == 0:  # these rows are a sample of the neighbours of every column
                sample = _transposed(products)
                sample += bounds.halves[rows]
                lists.limits[tile] = sampled_limits(sample, lists.n_kept, n_indexed)
                lists.limits[n_indexed:] = -np.inf
            lists.take(products, start, first, none, pairs=True)
        found.steps.done(rows.stop - start)
    columns, others = lists.smallest(n_indexed)
    candidates, others = bounds.order[columns[bounds.place]], others[bounds.place]
    every = np.arange(n_indexed)
    if not found.exclude_self:
        candidates = np.column_stack([every, candidates])
    for block in _bound_blocks(bounds, every, 1):
        found.keep_nearest(block, candidates[block])
    limits = bounds.limits(slice(None), bounds.norms, found.distances[:, -1])
    found.is_certain[:] = others > limits


def _search_tree(found: _Found, tree: KDTree, blocks: list[np.ndarray]) -> None:
    """Search by a tree: a row is finished if the tree's next distance is above its last one."""
    points, n_asked = found.points, found.n_candidates + 1 + found.exclude_self
    for rows in blocks:
        queries = points.queries(rows)
        proposed, columns = tree.query(queries, n_asked)
        found.keep_nearest(rows, columns[:, :-1])
        radii = np.sqrt(points.squared_limits(found.distances[rows, -1])) * (1 + _TREE_ERROR)
        for i in np.flatnonzero(~(proposed[:, -1] * (1 - _TREE_ERROR) > radii)):
            within = tree.query_radius(queries[[i]], radii[i])[0]
            found.complete(rows[i], np.sort(within))


def _kernel_worth_it(found: _Found, n_threads: int) -> Callable | None:
    """The compiled kernel, where it saves more than it takes to load it; None without it."""
    n_products = float(found.n_queries) * found.n_indexed * found.points.Y.shape[1]
    least = _LEAST_PRODUCT if "numba" in sys.modules else _LEAST_PRODUCT_TO_IMPORT
    has_room = get_config()["working_memory"] >= _TILES_MIB * n_threads
    return compiled(push_products) if n_products >= least and has_room else None


class OnDevice:
    """Search of one index after the other on a device; the last one stays there.

    Parameters
    ----------
    engine : callable
        ``engine(right_factors, points, factors)`` sends an index to the device and returns what
        offers ``smallest`` and ``squared_distances`` of it.
    """

    def __init__(self, engine: Callable):
        self.engine = engine
        self._index: Any = None

    def _sent(self, points: Points, size: int) -> tuple[DenseBounds, Any]:
        """Bounds and engine of an index, those of the call before if they are of the same one."""
        key = (points.metric, size)
        index = self._index
        if index is None or index[0] is not points.Y or index[1] != key:
            bounds = DenseBounds(points, -(-points.Y.shape[0] // size) * size)
            engine = self.engine(bounds.right_factors, points.Y, points.y_factors)
            self._index = index = points.Y, key, bounds, engine
        _, _, bounds, engine = index
        bounds = copy.copy(bounds)  # other threads may search at the same time
        bounds.points = points
        return bounds, engine

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_index": None}

    def search(self, found: _Found, size: int, rows: np.ndarray) -> DenseBounds:
        """Fill in the rows that are certain; return the bounds for the others."""
        bounds, engine = self._sent(found.points, size)
        found.points.squared_on_device = engine.squared_distances
        for start in range(0, rows.size, _DEVICE_ROWS):
            block = rows[start : start + _DEVICE_ROWS]
            factors, norms = bounds.factors(block)
            own = block if found.exclude_self else None
            columns, others = engine.smallest(factors, own, found.n_candidates, size)
            found.keep_nearest(block, columns)
            limits = bounds.limits(block, norms, found.distances[block, -1])
            found.is_certain[block] = others > limits
        return bounds


def _search_points(
    points: Points,
    n_neighbors: int,
    exclude_self: bool,
    n_threads: int,
    on_device: OnDevice | None = None,
):
    """The certified search that suits the shape; all of them give the same result."""
    found = _Found(points, n_neighbors, exclude_self)
    with found.steps:
        _fill(found, n_threads, on_device)
    return found.distances, found.indices


def _fill(found: _Found, n_threads: int, on_device: OnDevice | None) -> None:
    """Fill in all lists."""
    points, rows = found.points, np.arange(found.n_queries)
    n_indexed, n_features = points.Y.shape
    has_tree = n_features <= _MAX_TREE_FEATURES and n_indexed >= _LEAST_TREE_INDEXED
    has_tree = has_tree and on_device is None
    if has_tree and not points.is_sparse and points.metric != "cosine":
        tree = KDTree(points.indexed(slice(None)))
        blocks = np.array_split(rows, range(_MAX_BLOCK_ROWS, rows.size, _MAX_BLOCK_ROWS))
        return _in_threads(partial(_search_tree, found, tree), blocks, n_threads)
    size = group_size(n_indexed, found.n_candidates + 1)
    bounds: DenseBounds | SparseBounds
    if points.is_sparse:
        bounds = SparseBounds(points, -(-n_indexed // size) * size)
    elif on_device is not None:
        bounds = on_device.search(found, size, rows)
        rows = np.flatnonzero(~found.is_certain)
    else:
        push = _kernel_worth_it(found, n_threads)
        unit = size
        if push is not None:  # tiles of so many columns, a power of two
            unit, size = _TILE_UNIT, min(2 ** int(np.log2(size)), _TILE_UNIT)
        bounds = DenseBounds(points, -(-n_indexed // unit) * unit, shuffled=push is not None)
        is_deep = n_features >= _LEAST_FEATURES * found.n_candidates
        if push is not None and points.X is points.Y and n_threads == 1 and is_deep:
            _search_each_pair_once(found, bounds, push)
        elif push is not None:
            blocks = np.array_split(rows, range(_TILE_ROWS, rows.size, _TILE_ROWS))
            _in_threads(partial(_search_tiles, found, bounds, push), blocks, n_threads)
        rows = np.flatnonzero(~found.is_certain)
    if rows.size:
        if rows.size < found.n_queries:
            found.steps.expect(rows.size)
        blocks = _bound_blocks(bounds, rows, n_threads)
        _in_threads(partial(_search_bounds, found, bounds, size), blocks, n_threads)
    return None


def _search_matrix(
    blocks: Iterable[np.ndarray], n_queries: int, n_neighbors: int, exclude_self: bool
):
    """Search a matrix of distances that comes in blocks of its rows, which may be overwritten."""
    found, start = [], 0
    with Steps(n_queries, "neighbour search") as steps:
        for block in blocks:
            D = np.asarray(block, dtype=np.float64)
            if exclude_self:
                own = np.arange(D.shape[0])
                D[own, start + own] = np.inf
            if np.isnan(D).any():
                raise ValueError("Distances must be finite, got NaN from the metric.")
            found.append(smallest_entries(D, n_neighbors))
            start += D.shape[0]
            steps.done(D.shape[0])
    return tuple(np.concatenate(parts) for parts in zip(*found))


def exact_neighbors(
    X: Any,
    Y: Any = None,
    *,
    n_neighbors: int,
    metric: Any = "euclidean",
    metric_params: MetricParams = None,
    exclude_self: bool = False,
    n_jobs: int | None = None,
    on_device: OnDevice | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Exact nearest neighbours of the rows of X among the rows of Y.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_queries, n_features)
        Queries, validated by the caller. A distance matrix (n_queries, n_indexed) for
        ``metric="precomputed"``.
    Y : {array-like, sparse matrix} of shape (n_indexed, n_features), default=None
        Indexed samples; None means X.
    n_neighbors : int
        Number of neighbours, the sample itself not counted.
    metric : str or callable, default="euclidean"
        Any metric of scikit-learn.
    metric_params : dict, default=None
        Its parameters.
    exclude_self : bool, default=False
        Leave out the indexed sample with the query's own row number.
    n_jobs : int, default=None
        Number of threads. The result does not depend on it.
    on_device : OnDevice, default=None
        Where the products of dense points are formed, if not here.

    Returns
    -------
    distances : ndarray of shape (n_queries, n_neighbors)
        Distances in increasing order, ties in the order of the index. Always float64: for
        Euclidean, squared Euclidean and cosine distance they are formed in float64 from the
        differences of the points, whatever the dtype of X and Y, and depend on the two points
        only; equal points are at distance exactly zero.
    indices : ndarray of shape (n_queries, n_neighbors)
        Rows of Y.

    Notes
    -----
    Euclidean, squared Euclidean and cosine distance, both inputs dense or both sparse: time
    O(n_queries n_indexed n_features) in one matrix product, in float32 for dense input; memory
    one float32 copy of Y and a block of about 40 MiB a thread, never above the working memory.
    Up to six features, Euclidean: a k-d tree in place of the product.
    Other metrics go through :func:`sklearn.metrics.pairwise_distances_chunked`.
    """
    X = as_points(X)
    Y = X if Y is None else as_points(Y)
    n_indexed = X.shape[1] if metric == "precomputed" else Y.shape[0]
    if not 1 <= n_neighbors <= n_indexed - bool(exclude_self):
        raise ValueError(
            f"n_neighbors must be between 1 and the number of indexed samples that a query can "
            f"have as neighbours, {n_indexed - bool(exclude_self)}, got {n_neighbors}."
        )
    check_fits(
        16.0 * X.shape[0] * n_neighbors,
        f"The lists of {n_neighbors} neighbours of {X.shape[0]} samples",
        "Ask for fewer neighbours, or for those of a block of samples after the other.",
    )
    n_threads = local_n_jobs(n_jobs)
    points = Points.of(X, Y, metric, metric_params)
    if points is not None:
        if n_indexed < 2 * (n_neighbors + 8):  # too few for bounds to save anything
            parts = row_blocks(X.shape[0], 32 * n_indexed)
            every = np.arange(n_indexed)[None]
            own = (np.arange(rows.start, rows.stop) for rows in parts)
            blocks = (points.distances(rows, every.repeat(rows.size, axis=0)) for rows in own)
            found = _search_matrix(blocks, X.shape[0], n_neighbors, exclude_self)
        else:
            found = _search_points(points, n_neighbors, exclude_self, n_threads, on_device)
        with np.errstate(over="ignore", under="ignore"):
            found = np.ldexp(found[0], points.exponent), found[1]
    elif metric == "precomputed":
        blocks = (X[rows].astype(np.float64) for rows in row_blocks(X.shape[0], 32 * n_indexed))
        found = _search_matrix(blocks, X.shape[0], n_neighbors, exclude_self)
    else:
        blocks = pairwise_distances_chunked(
            X,
            None if Y is X else Y,
            metric=metric,
            n_jobs=local_n_jobs(n_jobs),
            **(metric_params or {}),
        )
        found = _search_matrix(blocks, X.shape[0], n_neighbors, exclude_self)
    if not np.isfinite(found[0]).all():
        raise ValueError(f"Distances must be finite, got inf or NaN with metric={metric!r}.")
    return found


def candidate_distances(
    X: Any,
    Y: Any,
    indices: np.ndarray,
    *,
    metric: Any = "euclidean",
    metric_params: MetricParams = None,
) -> np.ndarray:
    """Exact distances of each query to its candidates.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_queries, n_features)
        Queries.
    Y : {array-like, sparse matrix} of shape (n_indexed, n_features)
        Indexed samples.
    indices : ndarray of shape (n_queries, n_candidates)
        Rows of Y, at least zero.
    metric : str or callable, default="euclidean"
        Any metric of scikit-learn.
    metric_params : dict, default=None
        Its parameters.

    Returns
    -------
    distances : ndarray of shape (n_queries, n_candidates)
        The values that ``exact_neighbors`` gives for the same pairs, in the order of the
        candidates.
    """
    points = Points.of(as_points(X), as_points(Y), metric, metric_params)
    if points is not None:
        distances = points.distances(np.arange(points.X.shape[0]), indices)
        with np.errstate(over="ignore", under="ignore"):
            return np.ldexp(distances, points.exponent)
    distances = np.empty(indices.shape)
    for i, listed in enumerate(indices):
        row = pairwise_distances(X[[i]], Y[listed], metric=metric, **(metric_params or {}))
        distances[i] = row[0]
    return distances
