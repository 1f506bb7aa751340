"""Pairs of points: lower bounds of all distances by one product, exact distances of a few.

The squared distance of two points is ``|x - y|^2 + b(x) + b(y)``. For cosine the points are
brought to unit length and the value is half of it; the bias ``b`` is one for a zero vector and
zero otherwise, so that a zero vector is at distance one from every vector, as in scikit-learn.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from scipy import sparse

from sksim.utils._blocks import row_blocks
from sksim.utils._kernels import compiled_if_loaded, squared_distances
from sksim.utils._typing import MetricParams

__all__ = ["DenseBounds", "Points", "SparseBounds", "as_points"]

# Blocks of pairs that stay in the processor's cache.
_PAIR_BLOCK_MIB = 2
# Differences of two coordinates that are worth a call of the compiled kernel.
_LEAST_DIFFERENCES = 2**18
# Powers of two beyond which a sum of squares may leave the range of float64.
_SAFE_EXPONENT = 400
_METRICS = {
    "euclidean": "euclidean",
    "l2": "euclidean",
    "sqeuclidean": "sqeuclidean",
    "cosine": "cosine",
}


def as_points(A: Any) -> Any:
    """Array or canonical CSR of float32 or float64."""
    if sparse.issparse(A):
        A = sparse.csr_array(A, dtype=np.float64)
        if not A.has_canonical_format:
            A = A.copy()
            A.sum_duplicates()
        return A
    A = np.ascontiguousarray(A)
    return A if A.dtype in (np.float32, np.float64) else A.astype(np.float64)


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


@cache
def _adds_like_einsum(kernel: Any) -> bool:
    """Whether the kernel gives the bits of this build of numpy, whose order of addition it copies.

    The order is numpy's own affair: on another processor the vectors of ``einsum`` may be longer.
    """
    for n_features in [*range(1, 34), 1001]:
        Y = np.random.RandomState(0).standard_normal((18, n_features))
        squared = np.empty((2, 9))
        kernel(Y[:2], Y, np.empty(0), np.arange(18).reshape(2, 9), squared)
        difference = Y.reshape(2, 9, n_features) - Y[:2, None, :]
        if not np.array_equal(squared, _squared_norms(difference)):
            return False
    return True


class Points:
    """Queries X and indexed samples Y, both dense or both CSR, with a metric.

    Parameters
    ----------
    X, Y : {ndarray, CSR} of shape (n_queries, n_features) and (n_indexed, n_features)
        The points, finite; the same object for a set in itself.
    metric : {"euclidean", "sqeuclidean", "cosine"}
        The metric.
    exponent : int, default=0
        The distances of the caller's points are ``2**exponent`` times these.
    """

    def __init__(self, X: Any, Y: Any, metric: str, *, exponent: int = 0):
        self.X, self.Y, self.metric, self.exponent = X, Y, metric, exponent
        self.is_sparse = sparse.issparse(Y)
        self.x_factors = self.y_factors = None
        self.x_bias, self.y_bias = np.zeros(X.shape[0]), np.zeros(Y.shape[0])
        if metric == "cosine":
            self.y_factors, self.y_bias = _unit_factors(Y)
            x_unit = (self.y_factors, self.y_bias) if X is Y else _unit_factors(X)
            self.x_factors, self.x_bias = x_unit
        #: Squared distances of queries to lists of samples, where a device forms them.
        self.squared_on_device: Callable | None = None
        #: Rows of X and of Y in float64, for cosine of unit length.
        self.queries = partial(_scaled_rows, X, self.x_factors)
        self.indexed = partial(_scaled_rows, Y, self.y_factors)

    @classmethod
    def of(cls, X: Any, Y: Any, metric: Any, metric_params: MetricParams = None) -> "Points | None":
        """Points with a metric of scikit-learn; None where there are none with its values.

        They are at a scale where squares neither overflow nor vanish. Scales are powers of two,
        so that nothing is rounded: one for all points, for cosine, where lengths do not matter, one
        for each. Squares of float32 numbers are always in range.
        """
        if metric == "minkowski" and (metric_params or {"p": 2}) == {"p": 2}:
            metric, metric_params = "euclidean", None
        is_known = isinstance(metric, str) and metric in _METRICS and not metric_params
        if not is_known or sparse.issparse(X) != sparse.issparse(Y):
            return None
        metric = _METRICS[metric]
        if sparse.issparse(X) or (X.dtype == np.float32 and Y.dtype == np.float32):
            return cls(X, Y, metric)
        axis = 1 if metric == "cosine" else None
        of_x = np.frexp(np.maximum(X.max(axis=axis), -X.min(axis=axis)))[1]
        of_y = of_x if X is Y else np.frexp(np.maximum(Y.max(axis=axis), -Y.min(axis=axis)))[1]
        if max(np.abs(of_x).max(), np.abs(of_y).max()) <= _SAFE_EXPONENT:
            return cls(X, Y, metric)
        if metric != "cosine":
            of_x = of_y = np.maximum(of_x, of_y)
        scaled = np.ldexp(Y, -of_y[..., None])
        power = {"cosine": 0, "euclidean": 1, "sqeuclidean": 2}[metric]
        x = scaled if X is Y else np.ldexp(X, -of_x[..., None])
        return cls(x, scaled, metric, exponent=power * int(of_x.max()))

    def distances(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Distances of the queries ``rows`` (b,) to the samples ``columns`` (b, c), float64.

        Each value depends on its pair of points only.
        """
        squared = np.empty(columns.shape)
        if columns.size == 0:
            return squared
        kernel = None
        if not self.is_sparse and columns.size * self.Y.shape[1] >= _LEAST_DIFFERENCES:
            kernel = compiled_if_loaded(squared_distances)
        if self.squared_on_device is not None:
            squared = self.squared_on_device(self.queries(rows), columns)
        elif kernel is not None and _adds_like_einsum(kernel):
            factors = np.empty(0) if self.y_factors is None else self.y_factors
            for part in row_blocks(rows.size, 8 * self.Y.shape[1], working_memory=_PAIR_BLOCK_MIB):
                x = self.queries(rows[part])
                kernel(x, self.Y, factors, columns[part], squared[part])
        else:
            self._fill_squared(rows, columns, squared)
        if self.metric == "cosine":
            has_zero = self.x_bias[rows, None] + self.y_bias[columns] > 0
            return np.where(has_zero, 1, np.minimum(squared / 2, 2))
        return np.sqrt(squared) if self.metric == "euclidean" else squared

    def _fill_squared(self, rows: np.ndarray, columns: np.ndarray, squared: np.ndarray) -> None:
        """Fill in squared distances by numpy, in blocks of pairs."""
        pair_bytes = 12 * self.X.shape[1] * columns.shape[1]
        blocks = list(row_blocks(rows.size, pair_bytes, working_memory=_PAIR_BLOCK_MIB))
        if not self.is_sparse:
            shape = (blocks[0].stop, columns.shape[1], self.Y.shape[1])
            taken, differences = np.empty(shape, self.Y.dtype), np.empty(shape)
        for part in blocks:
            if self.is_sparse:
                x = self.queries(np.repeat(rows[part], columns.shape[1]))
                norms = _squared_norms(x - self.indexed(columns[part].ravel()))
                squared[part] = norms.reshape(-1, columns.shape[1])
                continue
            n_rows = part.stop - part.start
            y, difference = taken[:n_rows], differences[:n_rows]
            np.take(self.Y, columns[part], axis=0, out=y, mode="clip")
            np.copyto(difference, y)
            if self.y_factors is not None:
                difference *= self.y_factors[columns[part], None]
            difference -= self.queries(rows[part])[:, None, :]
            squared[part] = _squared_norms(difference)

    def squared_limits(self, distances: np.ndarray) -> np.ndarray:
        """Squared distances such that every pair beyond has a greater computed distance.

        The relative rounding error of a computed squared distance is below ``n_features + 8``
        units in the last place: one for each difference, squared, and one for each summand. The
        limit takes it twice, for the distance given and for the pair beyond, and twice again.
        """
        squared = distances**2 if self.metric == "euclidean" else distances
        if self.metric == "cosine":
            squared = np.where(distances < 2, 2 * distances, np.inf)
        return squared * (1 + 4 * (self.X.shape[1] + 8) * np.finfo(np.float64).eps)


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

    also as computed. Without :math:`\alpha` and :math:`\tau` the two sides are equal up to two
    errors, with u = 2^-24 the unit roundoff of float32 and n the number of features:

    * a sum of n + 2 products, in any order, is off by at most :math:`(n + 2) u` times the sum of
      their sizes, :math:`|\hat x| |\hat y| + |\hat y|^2 / 2`;
    * the points are rounded by :math:`u |\hat x|` and :math:`u |\hat y|`, which changes half of a
      squared distance by no more than about :math:`u (|\hat x| + |\hat y|)^2`.

    The terms in :math:`\alpha` add up to at least :math:`\alpha (|\hat x| + |\hat y|)^2 / 2` and to
    :math:`\alpha` times the sizes above; :math:`\alpha = 1.05 (n + 16) u` covers both errors, the
    rounding of the norms and of the added columns, and the second order. :math:`\tau` covers
    underflow: what is lost below 2^-126 is less than (n + 16) 2^-126 in all.

    Parameters
    ----------
    points : Points
        Dense points.
    width : int
        Number of columns of the bounds; those beyond the indexed samples are inf.
    dtype : dtype, default=numpy.float32
        Precision of the product.
    shuffled : bool, default=False
        Whether the columns are in a random order, so that the first ones are a sample of all.

    Attributes
    ----------
    order : ndarray of shape (width,)
        The indexed sample of each column.
    place : ndarray of shape (n_indexed,)
        The column of each indexed sample.
    norms : ndarray of shape (n_indexed,)
        :math:`|\hat y|`.
    squared_scale : float
        Factor from squared distances to twice the units of the bounds.
    halves : ndarray of shape (width,)
        Last column of the index: what a product lacks to be a bound.
    """

    def __init__(
        self, points: Points, width: int, dtype: Any = np.float32, *, shuffled: bool = False
    ):
        n_indexed, n_features = points.Y.shape
        self.points, self.width = points, width
        self.dtype = np.dtype(dtype if n_features < 2**18 else np.float64)
        self.alpha = 1.05 * (n_features + 16) * np.finfo(self.dtype).eps / 2
        blocks = list(row_blocks(n_indexed, 8 * n_features, working_memory=_PAIR_BLOCK_MIB))
        total, largest = np.zeros(n_features), 0.0
        for rows in blocks:
            total += points.indexed(rows).sum(axis=0)
        self._center = total / n_indexed
        for rows in blocks:
            largest = max(largest, np.abs(points.indexed(rows) - self._center).max())
        self._scale = 2.0 ** -np.frexp(largest * np.sqrt(n_features))[1]
        self.squared_scale = self._scale**2
        self.order = self.place = np.arange(width)
        if shuffled:
            self.order[:n_indexed] = np.random.RandomState(0).permutation(n_indexed)
            self.place = np.argsort(self.order[:n_indexed])
        self.norms = np.empty(n_indexed)
        self._index = np.zeros((width, n_features + 2), dtype=self.dtype)
        self._index[n_indexed:, -1] = np.inf
        tau = (n_features + 16) * 2.0**-120
        for rows in blocks:
            y, self.norms[rows] = self._rounded(points.indexed(rows))
            squared = self.norms[rows] ** 2 + self.squared_scale * points.y_bias[rows]
            places = self.place[rows] if shuffled else rows
            self._index[places, :-2] = -y
            self._index[places, -2] = -self.alpha * self.norms[rows]
            self._index[places, -1] = (1 - self.alpha) * squared / 2 - tau
        self.halves = np.ascontiguousarray(self._index[:, -1])

    def _rounded(self, block) -> tuple[np.ndarray, np.ndarray]:
        """Centered float32 points and their norms."""
        block = ((block - self._center) * self._scale).astype(self.dtype)
        return block, np.sqrt(_squared_norms(block.astype(np.float64)))

    def factors(self, rows: Any) -> tuple[np.ndarray, np.ndarray]:
        """Left factors (b, n_features + 2) of the bounds of queries, and their norms."""
        x, norms = self._rounded(self.points.queries(rows))
        return np.column_stack([x, norms, np.ones_like(norms)]).astype(self.dtype), norms

    @property
    def right_factors(self) -> np.ndarray:
        """Right factors (width, n_features + 2) of the bounds."""
        return self._index

    def own_factors(self, columns: slice) -> np.ndarray:
        """Left factors of the indexed samples of some columns, as queries."""
        factors = -self._index[columns]
        factors[:, -2] = self.norms[self.order[columns]]
        factors[:, -1] = 1
        return factors

    def __call__(self, rows: Any, out: np.ndarray) -> np.ndarray:
        """Fill ``out`` (b, width) with the bounds of a block; return the norms of its queries."""
        with np.errstate(over="ignore", invalid="ignore"):
            factors, norms = self.factors(rows)
            np.matmul(factors, self._index.T, out=out)
        return norms

    def products(self, factors: np.ndarray, columns: slice, buffer: np.ndarray) -> np.ndarray:
        """Products with some columns; adding their ``halves`` gives the bounds."""
        shape = (factors.shape[0], columns.stop - columns.start)
        out = buffer[: shape[0] * shape[1]].reshape(shape)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.matmul(factors[:, :-1], self._index[columns, :-1].T, out=out)

    def limits(self, rows: Any, norms: np.ndarray, distances: np.ndarray) -> np.ndarray:
        """Bounds above which a sample is certainly farther than ``distances`` (b,)."""
        squared = self.points.squared_limits(distances) - self.points.x_bias[rows]
        limits = (self.squared_scale * squared - (1 - 2 * self.alpha) * norms**2) / 2
        # Queries so far away overflow in the product: no bound of theirs is used.
        return np.where(norms < 2.0**100, limits, np.inf)


class SparseBounds:
    """Lower bounds of all squared distances of CSR points from a float64 product.

    As ``DenseBounds``, without center and scale, with the unit roundoff of float64 and with the
    largest number of entries of a row in the place of the number of features.
    """

    dtype = np.dtype(np.float64)

    def __init__(self, points: Points, width: int):
        self.points, self.width = points, width
        self.order = self.place = np.arange(width)
        y = points.indexed(slice(None))
        self.alpha = 1.05 * (np.diff(y.indptr).max() + 16) * 2.0**-53
        self._index = y.T.tocsr()
        norms = np.sqrt(_squared_norms(y))
        self._error = self.alpha * norms
        self._constant = (1 - self.alpha) * (norms**2 + points.y_bias) / 2

    def __call__(self, rows: Any, out: np.ndarray) -> np.ndarray:
        """Fill ``out`` (b, width) with the bounds of a block; return the norms of its queries."""
        x = self.points.queries(rows)
        norms = np.sqrt(_squared_norms(x))
        n_indexed = self._constant.size
        out[:, n_indexed:] = np.inf
        bounds = out[:, :n_indexed]
        np.subtract(self._constant, (x @ self._index).toarray(), out=bounds)
        bounds -= norms[:, None] * self._error
        return norms

    def limits(self, rows: Any, norms: np.ndarray, distances: np.ndarray) -> np.ndarray:
        """Bounds above which a sample is certainly farther than ``distances`` (b,)."""
        squared = self.points.squared_limits(distances) - self.points.x_bias[rows]
        return (squared - (1 - 2 * self.alpha) * norms**2) / 2
