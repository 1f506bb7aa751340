"""Pairs of points: lower bounds of all distances by one product, exact distances of a few.

The squared distance of two points is ``|x - y|^2 + b(x) + b(y)``. For cosine the points are
brought to unit length and the value is half of it; the bias ``b`` is one for a zero vector and
zero otherwise, so that a zero vector is at distance one from every vector, as in scikit-learn.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from functools import cached_property

import numpy as np
from scipy import sparse

from sksim.utils._blocks import row_blocks

__all__ = ["DenseBounds", "Points", "lower_bounds"]

# Blocks of pairs that stay in the processor's cache.
_PAIR_BLOCK_MIB = 2


def _squared_norms(A) -> np.ndarray:
    """Squared norm of each row in float64; it depends on the row only."""
    if sparse.issparse(A):
        return np.asarray(A.multiply(A).sum(axis=1), dtype=np.float64).ravel()
    return np.einsum("...j,...j->...", A, A)


def _unit_factors(A) -> tuple[np.ndarray, np.ndarray]:
    """Factor that brings each row to unit length, and one for each zero row, else zero."""
    norms = np.empty(A.shape[0])
    for rows in row_blocks(A.shape[0], 8 * A.shape[1], working_memory=_PAIR_BLOCK_MIB):
        norms[rows] = np.sqrt(_squared_norms(A[rows].astype(np.float64)))
    is_zero = norms == 0
    return 1 / np.where(is_zero, 1, norms), is_zero.astype(np.float64)


class Points:
    """Queries X and indexed samples Y, both dense or both CSR, with a metric.

    Parameters
    ----------
    X, Y : {ndarray, CSR} of shape (n_queries, n_features) and (n_indexed, n_features)
        The points, finite.
    metric : {"euclidean", "sqeuclidean", "cosine"}
        The metric.
    """

    def __init__(self, X, Y, metric: str):
        self.X, self.Y, self.metric = X, Y, metric
        self.x_factors, self.x_bias = self._unit(X)
        self.y_factors, self.y_bias = (self.x_factors, self.x_bias) if X is Y else self._unit(Y)

    @property
    def is_sparse(self) -> bool:
        """Whether the points are CSR."""
        return sparse.issparse(self.Y)

    def _unit(self, A):
        return _unit_factors(A) if self.metric == "cosine" else (None, np.zeros(A.shape[0]))

    def queries(self, rows):
        """Rows of X in float64, for cosine of unit length."""
        return _scaled_rows(self.X, self.x_factors, rows)

    def indexed(self, rows):
        """Rows of Y in float64, for cosine of unit length."""
        return _scaled_rows(self.Y, self.y_factors, rows)

    def distances(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Distances of the queries ``rows`` (b,) to the samples ``columns`` (b, c), float64.

        Each value depends on its pair of points only.
        """
        if columns.size == 0:
            return np.empty(columns.shape)
        kind = self._sparse_squares if self.is_sparse else self._dense_squares
        squared = kind(rows, columns)
        if self.metric == "cosine":
            has_zero = self.x_bias[rows, None] + self.y_bias[columns] > 0
            return np.where(has_zero, 1, np.minimum(squared / 2, 2))
        return np.sqrt(squared) if self.metric == "euclidean" else squared

    def _pair_blocks(self, columns):
        pair_bytes = 12 * self.X.shape[1] * columns.shape[1]
        return list(row_blocks(columns.shape[0], pair_bytes, working_memory=_PAIR_BLOCK_MIB))

    def _sparse_squares(self, rows, columns):
        squared = np.empty(columns.shape)
        for part in self._pair_blocks(columns):
            x = self.queries(np.repeat(rows[part], columns.shape[1]))
            norms = _squared_norms(x - self.indexed(columns[part].ravel()))
            squared[part] = norms.reshape(-1, columns.shape[1])
        return squared

    def _dense_squares(self, rows, columns):
        squared, blocks = np.empty(columns.shape), self._pair_blocks(columns)
        shape = (blocks[0].stop, columns.shape[1], self.Y.shape[1])
        taken, differences = np.empty(shape, self.Y.dtype), np.empty(shape)
        for part in blocks:
            y, difference = taken[: part.stop - part.start], differences[: part.stop - part.start]
            np.take(self.Y, columns[part], axis=0, out=y, mode="clip")
            factors = 1 if self.y_factors is None else self.y_factors[columns[part], None]
            np.multiply(y, factors, out=difference)
            difference -= self.queries(rows[part])[:, None, :]
            squared[part] = _squared_norms(difference)
        return squared

    def squared_limits(self, distances: np.ndarray) -> np.ndarray:
        """Squared distances such that every pair beyond has a greater computed distance.

        The relative rounding error of a computed squared distance is below ``n_features + 8``
        units in the last place.
        """
        squared = distances**2 if self.metric == "euclidean" else distances
        if self.metric == "cosine":
            squared = np.where(distances < 2, 2 * distances, np.inf)
        return squared * (1 + 4 * (self.X.shape[1] + 8) * np.finfo(np.float64).eps)

    def least_distance(self, row: int) -> float:
        """Least distance that the query can have to any sample."""
        return float(self.x_bias[row])


def _scaled_rows(A, factors, rows):
    block = A[rows].astype(np.float64)
    if factors is None:
        return block
    if sparse.issparse(A):
        return sparse.diags_array(factors[rows]).tocsr() @ block
    return block * factors[rows][..., None]


class DenseBounds:
    r"""Lower bounds of all squared distances of dense points from one float32 product.

    In units that a power of two ``s`` brings into range, with ``c`` the mean of Y and
    :math:`\hat x = fl(s (x - c))` in float32,

    .. math::

        \tfrac12 (s^2 d^2(x, y) - |\hat x|^2 - s^2 b(x)) + \alpha |\hat x|^2
        \ge [\hat x, |\hat x|, 1] \cdot
        [-\hat y, -\alpha |\hat y|, (1 - \alpha)(|\hat y|^2 + s^2 b(y)) / 2 - \tau]

    also as computed: for n features :math:`\alpha = 1.05 (n + 16) 2^{-24}` bounds the relative
    error of a float32 sum of n + 2 products in any order, of rounding the points and of the
    columns that were added; :math:`\tau` covers underflow.
    """

    def __init__(self, points: Points, width: int, dtype=np.float32):
        self.points = points
        n_indexed, n_features = points.Y.shape
        self.dtype = dtype if n_features < 2**18 else np.float64
        self.alpha = 1.05 * (n_features + 16) * np.finfo(self.dtype).eps / 2
        self._center = self._mean()
        self._scale = self._power_of_two()
        self._index = np.zeros((width, n_features + 2), dtype=self.dtype)
        self._index[n_indexed:, -1] = np.inf
        self.norms = np.empty(n_indexed)
        tau = (n_features + 16) * 2.0**-120
        for rows in self._blocks():
            y, norms = self._rounded(points.indexed(rows))
            self.norms[rows] = norms
            squared = norms**2 + self.squared_scale * points.y_bias[rows]
            self._index[rows, :-2] = -y
            self._index[rows, -2] = -self.alpha * norms
            self._index[rows, -1] = (1 - self.alpha) * squared / 2 - tau

    def _blocks(self):
        n_indexed, n_features = self.points.Y.shape
        return row_blocks(n_indexed, 8 * n_features, working_memory=_PAIR_BLOCK_MIB)

    def _mean(self):
        n_indexed = self.points.Y.shape[0]
        return sum(self.points.indexed(rows).sum(axis=0) for rows in self._blocks()) / n_indexed

    def _power_of_two(self):
        largest = max(
            np.abs(self.points.indexed(rows) - self._center).max() for rows in self._blocks()
        )
        return 2.0 ** -np.frexp(largest * np.sqrt(self._center.size))[1]

    def _rounded(self, block):
        """Centred float32 points and their norms."""
        block = ((block - self._center) * self._scale).astype(self.dtype)
        return block, np.sqrt(_squared_norms(block.astype(np.float64)))

    def __call__(self, rows, out: np.ndarray) -> np.ndarray:
        """Fill ``out`` (b, width) with the bounds of a block; return the norms of its queries."""
        with np.errstate(over="ignore", invalid="ignore"):
            x, norms = self._rounded(self.points.queries(rows))
            ones = np.ones_like(norms)
            queries = np.column_stack([x, norms, ones]).astype(self.dtype, copy=False)
            np.matmul(queries, self._index.T, out=out)
        return norms

    @property
    def squared_scale(self) -> float:
        """Factor from squared distances to twice the units of the bounds."""
        return self._scale**2

    @cached_property
    def halves(self) -> np.ndarray:
        """Last column of the index: what a product lacks to be a bound."""
        return np.ascontiguousarray(self._index[: self.norms.size, -1])

    def products(self, rows: slice, columns: slice, buffer: np.ndarray) -> np.ndarray:
        """Products of indexed samples with each other; adding ``halves`` gives their bounds."""
        y = self._index[rows, :-1].copy()
        y[:, -1] = self.norms[rows]
        np.negative(y[:, :-1], out=y[:, :-1])
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        out = buffer[: shape[0] * shape[1]].reshape(shape)
        return np.matmul(y, self._index[columns, :-1].T, out=out)

    def limits(self, rows, norms: np.ndarray, distances: np.ndarray) -> np.ndarray:
        """Bounds above which a sample is certainly farther than ``distances`` (b,)."""
        squared = self.points.squared_limits(distances) - self.points.x_bias[rows]
        limits = (self.squared_scale * squared - (1 - 2 * self.alpha) * norms**2) / 2
        return np.where(norms < 2.0**100, limits, np.inf)


class SparseBounds:
    """Lower bounds of all squared distances of CSR points from a float64 product.

    As ``DenseBounds``, without centre and scale, with the unit roundoff of float64 and with the
    largest number of entries of a row in the place of the number of features.
    """

    dtype = np.float64

    def __init__(self, points: Points, width: int):
        self.points = points
        y = points.indexed(slice(None))
        self.alpha = 1.05 * (np.diff(y.indptr).max() + 16) * 2.0**-53
        self._index = y.T.tocsr()
        norms = np.sqrt(_squared_norms(y))
        self._error = self.alpha * norms
        self._constant = (1 - self.alpha) * (norms**2 + points.y_bias) / 2

    def __call__(self, rows, out: np.ndarray) -> np.ndarray:
        """Fill ``out`` (b, width) with the bounds of a block; return the norms of its queries."""
        x = self.points.queries(rows)
        norms = np.sqrt(_squared_norms(x))
        n_indexed = self._constant.size
        out[:, n_indexed:] = np.inf
        bounds = out[:, :n_indexed]
        np.subtract(self._constant, (x @ self._index).toarray(), out=bounds)
        bounds -= norms[:, None] * self._error
        return norms

    def limits(self, rows, norms: np.ndarray, distances: np.ndarray) -> np.ndarray:
        """Bounds above which a sample is certainly farther than ``distances`` (b,)."""
        squared = self.points.squared_limits(distances) - self.points.x_bias[rows]
        return (squared - (1 - 2 * self.alpha) * norms**2) / 2


def lower_bounds(points: Points, width: int) -> DenseBounds | SparseBounds:
    """Bounds for the kind of the points, columns beyond the indexed samples filled with inf."""
    kind = SparseBounds if points.is_sparse else DenseBounds
    return kind(points, width)
