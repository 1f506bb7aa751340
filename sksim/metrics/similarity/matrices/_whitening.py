"""Whitened comparisons of dissimilarities, without the covariance V of all pairs of pairs.

With the contrasts F (n, n - 1), orthonormal and orthogonal to 1, and L L^T = F^T Sigma F, the
inner product a^T V^-1 b of two RDMs is a quarter of that of the matrices
Z = L^-1 F^T D F L^-T: n x n matrices in the place of one of n^4 / 4 entries.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from sksim.metrics.similarity.matrices._pair_matrix import (
    PairMatrix,
    centered_product,
    pair_product,
)
from sksim.utils._arrays import check_named_array
from sksim.utils._typing import ArrayLike

__all__ = [
    "EQUAL",
    "WHITENED",
    "Whitened",
    "contrast_root",
    "identity_products",
    "less_mean",
    "whiten",
    "whitened",
]

WHITENED = ("whitened_cosine", "whitened_correlation")
#: Spread of dissimilarities, relative to the largest, below which they are all equal.
EQUAL = 1e-12


def _contrasts(D: np.ndarray) -> np.ndarray:
    """F^T D F, with F the columns after the first of the reflection of 1 to the first axis."""
    n = len(D)
    v = np.full(n, 1.0 / math.sqrt(n))
    v[0] += 1.0
    tau = 2.0 / (v @ v)
    p = tau * (D @ v)
    w = p - (tau / 2.0 * (v @ p)) * v
    return D[1:, 1:] - np.multiply.outer(v[1:], w[1:]) - np.multiply.outer(w[1:], v[1:])


def contrast_root(sigma_k: ArrayLike | None, n_conditions: int) -> np.ndarray | None:
    """L with L L^T = F^T Sigma F; None is the identity.

    sigma_k matters on contrasts only: multiples of 1 in rows or columns change nothing.
    """
    if sigma_k is None:
        return None
    S = check_named_array(sigma_k, "sigma_k", dtype=np.float64, ensure_2d=False, allow_nd=True)
    if S.shape != (n_conditions, n_conditions):
        raise ValueError(
            f"sigma_k must be the covariance of the {n_conditions} conditions, of shape "
            f"{(n_conditions, n_conditions)}, got shape {S.shape}; of variances alone, give "
            "numpy.diag(variances)."
        )
    if np.abs(S - S.T).max() > 1e-8 * np.abs(S).max():
        raise ValueError("sigma_k must be a symmetric matrix, and it is not.")
    S = _contrasts((S + S.T) / 2.0)
    values = np.linalg.eigvalsh(S)
    if values[0] <= 1e-10 * values[-1]:
        raise ValueError(
            "sigma_k must be positive definite on differences of conditions, got eigenvalues from "
            f"{values[0]:.3g} to {values[-1]:.3g} there."
        )
    return np.linalg.cholesky(S)


def whitened(D: np.ndarray, root: np.ndarray | None) -> np.ndarray:
    """Z (n - 1, n - 1) of a symmetric matrix D, without the factor 1/2."""
    Z = _contrasts(D)
    if root is not None:
        Z = solve_triangular(root, Z, lower=True, check_finite=False)
        Z = solve_triangular(root, Z.T, lower=True, check_finite=False)
    return Z


class Whitened(NamedTuple):
    """Dissimilarities (n, n), and what their comparison takes of them."""

    D: np.ndarray
    root: np.ndarray | None
    Z: np.ndarray


def whiten(D: np.ndarray, root: np.ndarray | None) -> Whitened:
    """The state of one RDM, with a covariance of the conditions."""
    return Whitened(D, root, whitened(D, root))


def less_mean(D: np.ndarray) -> np.ndarray:
    """Dissimilarities less their mean; all zero where they are equal."""
    n = len(D)
    mean = D.sum() / (n * (n - 1))
    rest = D - mean
    np.fill_diagonal(rest, 0.0)
    return rest if np.abs(rest).max() > EQUAL * abs(mean) else np.zeros_like(D)


def identity_products(x: PairMatrix, y: PairMatrix, *, less_means: bool) -> tuple[float, ...]:
    """Products (xy, xx, yy) of Z without a covariance of the conditions, in one pass over blocks.

    They are those of the double-centred matrices; of the means that are left out there remains
    one product of sums over pairs.
    """
    if not less_means:
        return centered_product(x, y, unbiased=False)
    n = x.n_samples
    product = pair_product(x, y)
    share = (n - 2) / (n**2 * (n - 1))

    def one(value: float, a: np.ndarray, b: np.ndarray) -> float:
        return value - 2.0 / n * float(a @ b) + share * float(a.sum() * b.sum())

    return (
        one(product, x.row_sums, y.row_sums),
        one(x.square, x.row_sums, x.row_sums),
        one(y.square, y.row_sums, y.row_sums),
    )
