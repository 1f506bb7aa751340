"""Centred arrays and matrices, and sums of products of them: centre first, then multiply."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import linalg

from sksim.utils._blocks import row_blocks
from sksim.utils._memory import check_fits
from sksim.utils._unit_rows import unit_rows

__all__ = [
    "Centered",
    "center",
    "center_matrix",
    "cross_product",
    "directions",
    "power_of_two",
    "row_squares",
    "same_values",
    "square_sum",
    "standardize",
    "svd",
    "u_center_matrix",
]

#: Rows that one product of float32 arrays sums over before the result is added in float64.
PRODUCT_ROWS = 2048
#: Rows that are converted to float64 at once, which stay in the processor's cache: so many, or as
#: many as hold so many entries.
CONVERTED_ROWS = 256
CONVERTED_ENTRIES = 2**16


class Centered(NamedTuple):
    """A representation with column means zero, ``X - mean = scale * values``.

    ``scale`` is 1 or a power of two that keeps the squares of extreme values in range.
    """

    values: np.ndarray
    scale: float


def power_of_two(peak: float, dtype) -> float:
    """Factor that brings extreme values near one, 1.0 for ordinary ones."""
    if 2.0**-20 < peak < 2.0**20:
        return 1.0
    limit = np.finfo(dtype).maxexp - 4
    return 2.0 ** float(np.clip(np.frexp(peak)[1], -limit, limit))


def _blocks(X: np.ndarray, max_rows: int = CONVERTED_ROWS) -> Iterator[slice]:
    max_rows = max(max_rows, CONVERTED_ENTRIES // X.shape[1])
    return row_blocks(X.shape[0], 8.0 * X.shape[1], max_rows=max_rows)


def _column_means(X: np.ndarray) -> np.ndarray:
    """Means in float64."""
    blocks = (X[rows].astype(np.float64, copy=False) for rows in _blocks(X))
    return sum(block.sum(axis=0) for block in blocks) / X.shape[0]


def center(X: np.ndarray, *, name: str = "The representation") -> Centered:
    """Subtract the column means, computed in float64; the dtype of X is kept.

    Raises
    ------
    ValueError
        If nothing but rounding is left, or the values overflow.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean = _column_means(X)
        values, peak = np.empty(X.shape, X.dtype), 0.0
        in_place, left = X.dtype == np.float64, np.zeros(X.shape[1])
        for rows in _blocks(X):
            block = np.subtract(X[rows], mean, out=values[rows] if in_place else None)
            peak = max(peak, block.max(), -block.min())
            if in_place:
                left += block.sum(axis=0)
            else:
                values[rows] = block
        if in_place:
            values -= left / X.shape[0]
    if not (np.isfinite(mean).all() and peak <= np.finfo(X.dtype).max):
        raise ValueError(f"{name} is too large to be centred: rescale it.")
    if peak <= 2 * np.finfo(X.dtype).eps * np.abs(mean).max():
        raise ValueError(f"{name} is constant up to rounding: its rows do not differ.")
    scale = power_of_two(peak, X.dtype)
    if scale != 1.0:
        values *= X.dtype.type(1 / scale)
    return Centered(values, scale)


def standardize(X: np.ndarray) -> np.ndarray:
    """Centred float64 columns of unit norm; those that do not vary are left out."""
    X = X.astype(np.float64, copy=False)
    peak = np.abs(X).max(axis=0)
    values = center(X).values
    largest = np.abs(values).max(axis=0)
    spread = X.max(axis=0) - X.min(axis=0)
    varies = (spread > 4 * np.finfo(np.float64).eps * peak) & (largest > 0)
    values = values[:, varies] / largest[varies]
    return values / np.sqrt(np.einsum("ij,ij->j", values, values))


def check_pairs_of_features(X: np.ndarray, Y: np.ndarray) -> None:
    """Raise before a matrix of all pairs of features that does not fit, matched by a copy."""
    shape = X.shape[1], Y.shape[1]
    check_fits(
        16.0 * shape[0] * shape[1],
        f"The matrix of all pairs of features, of shape {shape},",
        "Project the features first, such as by PCA or sklearn.random_projection.",
    )


def cross_product(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """X^T Y in float64. float32 products run over blocks of rows that are added in float64."""
    check_pairs_of_features(X, Y)
    if X.dtype == np.float64 and Y.dtype == np.float64:
        return X.T @ Y
    total = np.zeros((X.shape[1], Y.shape[1]))
    for rows in _blocks(X, PRODUCT_ROWS):
        block = X[rows]
        total += block.T @ (block if Y is X else Y[rows])
    return total


def row_squares(X: np.ndarray) -> np.ndarray:
    """Squared norm of each row, in float64."""
    squares = np.empty(X.shape[0])
    for rows in _blocks(X):
        block = X[rows].astype(np.float64, copy=False)
        squares[rows] = np.einsum("ij,ij->i", block, block)
    return squares


def square_sum(A: np.ndarray) -> float:
    """Sum of the squared entries."""
    return float(np.vdot(A, A))


def center_matrix(K: np.ndarray) -> np.ndarray:
    """H K H with H = I - 11^T/n, for a symmetric (n, n) float64 matrix."""
    means = K.mean(axis=1)
    return K - means[:, None] - means + means.mean()


def u_center_matrix(K: np.ndarray) -> np.ndarray:
    """U-centred matrix of Szekely and Rizzo: off-diagonal rows sum to zero, the diagonal is zero.

    The least number of rows is three.
    """
    n = K.shape[0]
    off = K - (K.sum() - np.trace(K)) / (n * (n - 1))
    np.fill_diagonal(off, 0.0)
    sums = off.sum(axis=1) / (n - 2)
    off -= sums[:, None] + sums - sums.sum() / (n - 1)
    np.fill_diagonal(off, 0.0)
    return off


def same_values(A: np.ndarray, B: np.ndarray) -> bool:
    """Whether two arrays are equal; those that are not mostly differ in their first row."""
    return A.shape == B.shape and bool((A[0] == B[0]).all()) and np.array_equal(A, B)


def svd(A: np.ndarray, *, full_matrices: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Singular value decomposition of a finite matrix.

    LAPACK's divide and conquer may fail on singular values that are equal up to rounding, such as
    those of two orthonormal bases of one space; the slower iteration does not.
    """
    try:
        return linalg.svd(A, full_matrices=full_matrices, check_finite=False)
    except linalg.LinAlgError:
        return linalg.svd(A, full_matrices=full_matrices, check_finite=False, lapack_driver="gesvd")


def directions(X: np.ndarray, name: str = "X", *, what: str = "zeros") -> np.ndarray:
    """Rows of length one, in float64; rows without a direction, of ``what``, raise."""
    without = np.flatnonzero(~X.any(axis=1))
    if without.size:
        raise ValueError(
            f"{name} must have no rows of {what}, which have no direction; got {without.size}, "
            f"the first of them is row {without[0]}."
        )
    return unit_rows(X)
