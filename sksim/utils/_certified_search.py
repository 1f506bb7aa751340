"""Search by certified bounds: rigorous lower bounds, exact candidates, a certificate a row.

Three steps, block by block of the queries.

1. One float32 matrix product gives a *rigorous lower bound* of each distance. With the points
   centred on the mean of Y (and, for cosine, brought to unit length first),
   ``|x - y|^2 = |x|^2 + 2 (|y|^2 / 2 - x.y)``, and for every order of summation the rounding
   error of ``|y|^2 / 2 - x.y`` is at most ``alpha (|x| |y| + |y|^2 / 2)``, ``alpha`` a small
   multiple of ``n_features`` times the unit roundoff. The norm and the error are two more columns
   of the product: ``[x, |x|, 1] . [-y, -alpha |y|, (1 - alpha) |y|^2 / 2]``.
2. The few smallest bounds of each row are its candidates; their distances are formed again in
   float64 from the differences of the original points.
3. If the bound of every other sample is above the last distance kept, the row is finished:
   nothing else can be nearer. Otherwise every sample whose bound is not above it is formed again.

The result therefore equals a float64 search over all differences, whatever the blocks, the
threads and the other queries are; equal points are at distance exactly zero.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from joblib import effective_n_jobs
from sklearn import get_config
from threadpoolctl import threadpool_limits

from sksim.utils._blocks import row_blocks
from sksim.utils._kernels import compiled, push_pairs
from sksim.utils._points import Points, lower_bounds

__all__ = ["certified_search", "mask_own", "sorted_by_distance"]

# Candidates beyond n_neighbors: rows whose distances lie closer than the bounds are tight
# are completed one by one, more candidates make that rarer.
_N_SPARE = 4
_MAX_GROUP_SIZE = 64
# Blocks of bounds: large enough for the product, small beside the data.
_BLOCK_MIB = 40
_MIN_BLOCK_ROWS, _MAX_BLOCK_ROWS = 128, 1024
# Tiles of the symmetric search; the least number of products that is worth importing its
# kernel, and the least features for each candidate that make the product the larger part.
_TILE_ROWS, _TILE_COLUMNS = 512, 2048
_LEAST_PRODUCT = 5e10
_LEAST_FEATURES = 8


def sorted_by_distance(distances, indices) -> tuple[np.ndarray, np.ndarray]:
    """Each row in increasing order, ties in the order of the index."""
    order = np.lexsort((indices, distances), axis=-1)
    return np.take_along_axis(distances, order, -1), np.take_along_axis(indices, order, -1)


def mask_own(D: np.ndarray, start: int) -> None:
    """Put the samples themselves, for rows that begin at ``start``, out of reach."""
    rows = np.arange(D.shape[0])
    D[rows, start + rows] = np.inf


def _group_size(n_indexed: int, n_candidates: int) -> int:
    """Size that balances the pass over the group minima with the one over the best groups."""
    size = round(0.7 * np.sqrt(n_indexed / (n_candidates + 1)))
    return int(min(max(size, 1), _MAX_GROUP_SIZE, n_indexed // (n_candidates + 1)))


def _candidates(bounds: np.ndarray, group_size: int, n_candidates: int):
    """Columns of the smallest bounds of each row, and the smallest bound of all others.

    The ``c`` smallest entries of a row lie in the ``c`` groups with the smallest minima.
    """
    n_rows, width = bounds.shape
    n_groups = width // group_size
    minima = bounds.reshape(n_rows, group_size, n_groups).min(axis=1)
    groups = np.argpartition(minima, n_candidates, axis=1)[:, : n_candidates + 1]
    columns = groups[:, None, :] + n_groups * np.arange(group_size)[:, None]
    columns = columns.reshape(n_rows, -1)
    values = bounds.ravel().take(columns + width * np.arange(n_rows)[:, None], mode="clip")
    order = np.argpartition(values, n_candidates, axis=1)[:, : n_candidates + 1]
    others = np.take_along_axis(values, order[:, -1:], axis=1)[:, 0]
    return np.take_along_axis(columns, order[:, :-1], axis=1), others


def _nearest_of(points: Points, row: int, columns: np.ndarray, n_neighbors: int):
    """Nearest of the columns, which are in increasing order, formed in growing steps.

    The search ends once enough columns are at the least distance that the row can have, as
    among many equal points.
    """
    distances, start, step = np.empty(0), 0, 8 * n_neighbors
    while start < columns.size:
        part = points.distances(np.array([row]), columns[None, start : start + step])[0]
        distances = np.concatenate([distances, part])
        if np.count_nonzero(distances <= points.least_distance(row)) >= n_neighbors:
            break
        start, step = start + step, 4 * step
    order = np.argsort(distances, kind="stable")[:n_neighbors]
    return distances[order], columns[order]


class _CertifiedSearch:
    """Search by lower bounds, exact distances of the candidates and a certificate."""

    def __init__(self, points: Points, n_neighbors: int, exclude_self: bool):
        self.points, self.n_neighbors, self.exclude_self = points, n_neighbors, exclude_self
        self.n_indexed = points.Y.shape[0]
        self.n_candidates = n_neighbors + _N_SPARE
        self.group_size = _group_size(self.n_indexed, self.n_candidates)
        self.width = -(-self.n_indexed // self.group_size) * self.group_size
        self.bounds = lower_bounds(points, self.width)
        self.distances = np.empty((points.X.shape[0], n_neighbors))
        self.indices = np.empty(self.distances.shape, dtype=np.intp)

    def blocks(self, n_parts: int) -> list[slice]:
        """Row blocks within the working memory, larger ones only to keep the product fast."""
        row_bytes = self.width * self.bounds.dtype().itemsize
        limit = max(_BLOCK_MIB, _MIN_BLOCK_ROWS * row_bytes / 2**20)
        limit = min(limit, get_config()["working_memory"] / n_parts)
        n_rows = self.points.X.shape[0]
        return list(row_blocks(n_rows, row_bytes, max_rows=_MAX_BLOCK_ROWS, working_memory=limit))

    def search(self, blocks: list[np.ndarray]) -> None:
        """Search blocks of rows one after another, all in one buffer."""
        buffer = np.empty((max(rows.size for rows in blocks), self.width), self.bounds.dtype)
        for rows in blocks:
            bounds = buffer[: rows.size]
            norms = self.bounds(rows, bounds)
            if self.exclude_self:
                bounds[np.arange(rows.size), rows] = np.inf
            columns, others = _candidates(bounds, self.group_size, self.n_candidates)
            limits, is_certain = self.rank(rows, norms, columns, others)
            for i in np.flatnonzero(~is_certain):
                self._complete(rows[i], bounds[i], limits[i])

    def rank(self, rows, norms, columns, others):
        """Fill in the nearest candidates of the rows, and tell which rows are finished."""
        distances = self.points.distances(rows, columns)
        distances, columns = sorted_by_distance(distances, columns)
        self.distances[rows] = distances[:, : self.n_neighbors]
        self.indices[rows] = columns[:, : self.n_neighbors]
        limits = self.bounds.limits(rows, norms, self.distances[rows, -1])
        return limits, others > limits

    def _complete(self, row: int, bounds: np.ndarray, limit: float) -> None:
        """Search a row among all samples whose bounds are not above the limit."""
        is_open = ~(bounds[: self.n_indexed] > limit)
        if self.exclude_self:
            is_open[row] = False
        found = _nearest_of(self.points, row, np.flatnonzero(is_open), self.n_neighbors)
        self.distances[row], self.indices[row] = found


class _SymmetricSearch(_CertifiedSearch):
    """Search of a set in itself that forms the product of each pair once, with a kernel."""

    def search_all(self, push) -> None:
        """Search all rows with the compiled kernel."""
        columns, others = self._smallest_bounds(push)
        if not self.exclude_self:
            columns = np.column_stack([np.arange(self.n_indexed), columns])
        is_certain = np.empty(self.n_indexed, dtype=bool)
        for rows in row_blocks(self.n_indexed, 1, max_rows=_MAX_BLOCK_ROWS):
            rows = np.arange(rows.start, rows.stop)
            norms = self.bounds.norms[rows]
            is_certain[rows] = self.rank(rows, norms, columns[rows], others[rows])[1]
        uncertain = np.flatnonzero(~is_certain)
        if uncertain.size:
            n_rows = self.blocks(1)[0].stop
            self.search(np.split(uncertain, range(n_rows, uncertain.size, n_rows)))

    def _smallest_bounds(self, push):
        shape = (self.n_indexed, self.n_candidates + 1)
        values = np.full(shape, np.inf, dtype=self.bounds.dtype)
        columns = np.zeros(shape, dtype=np.intp)
        buffer = np.empty(_TILE_ROWS * _TILE_COLUMNS, dtype=self.bounds.dtype)
        for start in range(0, self.n_indexed, _TILE_ROWS):
            rows = slice(start, min(start + _TILE_ROWS, self.n_indexed))
            for first in range(start, self.n_indexed, _TILE_COLUMNS):
                tile = slice(first, min(first + _TILE_COLUMNS, self.n_indexed))
                products = self.bounds.products(rows, tile, buffer)
                push(products, self.bounds.halves, start, first, values, columns)
        return columns[:, :-1], values[:, -1]


def _may_push_pairs(points: Points, n_neighbors: int, n_threads: int) -> bool:
    """Whether the kernel can be used and saves time."""
    if points.is_sparse or points.X is not points.Y or n_threads > 1:
        return False
    n_indexed, n_features = points.Y.shape
    is_deep = n_features >= _LEAST_FEATURES * (n_neighbors + _N_SPARE)
    return is_deep and n_indexed**2 * n_features >= _LEAST_PRODUCT


def certified_search(
    points: Points, n_neighbors: int, *, exclude_self: bool, n_jobs: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Distances and indices of the nearest neighbours; see the module.

    Parameters
    ----------
    points : Points
        Queries and indexed samples.
    n_neighbors : int
        Number of neighbours, less than half of the indexed samples.
    exclude_self : bool
        Leave out the indexed sample with the query's own row number.
    n_jobs : int or None
        Number of threads.

    Returns
    -------
    distances, indices : ndarray of shape (n_queries, n_neighbors)
        Neighbours in increasing order, ties in the order of the index.
    """
    n_threads = effective_n_jobs(n_jobs)
    may_push = _may_push_pairs(points, n_neighbors, n_threads)
    if may_push and (push := compiled(push_pairs)) is not None:
        search = _SymmetricSearch(points, n_neighbors, exclude_self)
        search.search_all(push)
        return search.distances, search.indices
    search = _CertifiedSearch(points, n_neighbors, exclude_self)
    blocks = [np.arange(rows.start, rows.stop) for rows in search.blocks(n_threads)]
    if n_threads == 1:
        search.search(blocks)
        return search.distances, search.indices
    parts = [blocks[i::n_threads] for i in range(min(n_threads, len(blocks)))]
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(search.search, parts))
    return search.distances, search.indices
