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

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn import get_config
from threadpoolctl import threadpool_limits

from sksim._search._points import Points, lower_bounds
from sksim._search._selection import group_size
from sksim.utils._blocks import row_blocks

__all__ = [
    "N_SPARE",
    "BoundedSearch",
    "CertifiedSearch",
    "SymmetricSearch",
    "mask_own",
    "sorted_by_distance",
]

# Candidates beyond n_neighbors: rows whose distances lie closer than the bounds are tight
# are completed one by one, more candidates make that rarer.
N_SPARE = 4
# Samples that a row is completed with at once, at most.
_MAX_STEP = 2**14
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
        start, step = start + step, min(4 * step, _MAX_STEP)
    order = np.argsort(distances, kind="stable")[:n_neighbors]
    return distances[order], columns[order]


class CertifiedSearch(ABC):
    """What all searches share: the exact distances of candidates and the completion of rows.

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
    """

    def __init__(self, points: Points, n_neighbors: int, exclude_self: bool):
        self.points, self.n_neighbors, self.exclude_self = points, n_neighbors, exclude_self
        self.n_indexed = points.Y.shape[0]
        self.n_candidates = n_neighbors + N_SPARE
        self.distances = np.empty((points.X.shape[0], n_neighbors))
        self.indices = np.empty(self.distances.shape, dtype=np.intp)

    @abstractmethod
    def run(self, n_threads: int) -> None:
        """Search all rows."""

    @abstractmethod
    def search(self, blocks: list[np.ndarray]) -> None:
        """Search blocks of rows one after another."""

    def keep_nearest(self, rows: np.ndarray, columns: np.ndarray) -> None:
        """Fill in the nearest candidates of the rows."""
        distances = self.points.distances(rows, columns)
        if self.exclude_self:
            distances[columns == rows[:, None]] = np.inf
        distances, columns = sorted_by_distance(distances, columns)
        self.distances[rows] = distances[:, : self.n_neighbors]
        self.indices[rows] = columns[:, : self.n_neighbors]

    def complete(self, row: int, columns: np.ndarray) -> None:
        """Fill in the nearest of all columns, in increasing order, that may be near enough."""
        if self.exclude_self:
            columns = columns[columns != row]
        found = _nearest_of(self.points, row, columns, self.n_neighbors)
        self.distances[row], self.indices[row] = found

    def search_in_threads(self, blocks: list[np.ndarray], n_threads: int) -> None:
        """Search blocks of rows, each thread its share of them."""
        if n_threads == 1:
            return self.search(blocks)
        parts = [blocks[i::n_threads] for i in range(min(n_threads, len(blocks)))]
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(len(parts)) as pool:
            list(pool.map(self.search, parts))


class BoundedSearch(CertifiedSearch):
    """Search by the lower bounds of all pairs."""

    def __init__(self, points: Points, n_neighbors: int, exclude_self: bool):
        super().__init__(points, n_neighbors, exclude_self)
        self.group_size = group_size(self.n_indexed, self.n_candidates + 1)
        self.width = -(-self.n_indexed // self.group_size) * self.group_size
        self.bounds = lower_bounds(points, self.width)

    def run(self, n_threads: int) -> None:
        """Search all rows."""
        self.search_in_threads(
            self._blocks(np.arange(self.points.X.shape[0]), n_threads), n_threads
        )

    def _blocks(self, rows: np.ndarray, n_parts: int) -> list[np.ndarray]:
        """Blocks within the working memory, larger ones only to keep the product fast."""
        row_bytes = self.width * self.bounds.dtype().itemsize
        limit = max(_BLOCK_MIB, _MIN_BLOCK_ROWS * row_bytes / 2**20)
        limit = min(limit, get_config()["working_memory"] / n_parts)
        parts = row_blocks(rows.size, row_bytes, max_rows=_MAX_BLOCK_ROWS, working_memory=limit)
        return [rows[part] for part in parts]

    def search(self, blocks: list[np.ndarray]) -> None:
        """Search blocks of rows one after another, all in one buffer."""
        buffer = np.empty((max(rows.size for rows in blocks), self.width), self.bounds.dtype)
        for rows in blocks:
            bounds = buffer[: rows.size]
            norms = self.bounds(rows, bounds)
            if self.exclude_self:
                bounds[np.arange(rows.size), rows] = np.inf
            columns, others = _candidates(bounds, self.group_size, self.n_candidates)
            self.keep_nearest(rows, columns)
            limits = self.bounds.limits(rows, norms, self.distances[rows, -1])
            for i in np.flatnonzero(~(others > limits)):
                not_above = ~(bounds[i, : self.n_indexed] > limits[i])
                self.complete(rows[i], np.flatnonzero(not_above))


class SymmetricSearch(BoundedSearch):
    """Search of a set in itself that forms the product of each pair once, with a kernel.

    Parameters
    ----------
    points : Points
        The set.
    n_neighbors : int
        Number of neighbours, less than half of the samples.
    exclude_self : bool
        Whether a sample is left out of its own neighbours.
    push : callable
        The compiled kernel ``push_pairs``.
    """

    def __init__(self, points: Points, n_neighbors: int, exclude_self: bool, push):
        super().__init__(points, n_neighbors, exclude_self)
        self.push = push

    @staticmethod
    def is_worthwhile(points: Points, n_neighbors: int, n_threads: int) -> bool:
        """Whether the kernel can be used and saves time."""
        if points.is_sparse or points.X is not points.Y or n_threads > 1:
            return False
        n_indexed, n_features = points.Y.shape
        is_deep = n_features >= _LEAST_FEATURES * (n_neighbors + N_SPARE)
        return is_deep and n_indexed**2 * n_features >= _LEAST_PRODUCT

    def run(self, n_threads: int) -> None:
        """Search all rows."""
        columns, others = self._smallest_bounds()
        if not self.exclude_self:
            columns = np.column_stack([np.arange(self.n_indexed), columns])
        for rows in self._blocks(np.arange(self.n_indexed), n_threads):
            self.keep_nearest(rows, columns[rows])
        limits = self.bounds.limits(slice(None), self.bounds.norms, self.distances[:, -1])
        uncertain = np.flatnonzero(~(others > limits))
        if uncertain.size:
            self.search_in_threads(self._blocks(uncertain, n_threads), n_threads)

    def _smallest_bounds(self):
        """Columns of the smallest bounds of each row, and the smallest bound of all others."""
        shape = (self.n_indexed, self.n_candidates + 1)
        values = np.full(shape, np.inf, dtype=self.bounds.dtype)
        columns = np.zeros(shape, dtype=np.intp)
        buffer = np.empty(_TILE_ROWS * _TILE_COLUMNS, dtype=self.bounds.dtype)
        for start in range(0, self.n_indexed, _TILE_ROWS):
            rows = slice(start, min(start + _TILE_ROWS, self.n_indexed))
            for first in range(start, self.n_indexed, _TILE_COLUMNS):
                tile = slice(first, min(first + _TILE_COLUMNS, self.n_indexed))
                products = self.bounds.products(rows, tile, buffer)
                self.push(products, self.bounds.halves, start, first, values, columns)
        return columns[:, :-1], values[:, -1]
