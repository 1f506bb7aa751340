"""Orthonormal bases of centred representations, to their numerical rank."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg

from sksim.metrics._array_formulas import array_count, array_square_sum
from sksim.metrics._linalg import Centered, center, cross_product, square_sum, svd
from sksim.metrics._validation import DegenerateSimilarityWarning
from sksim.utils._array_api import namespace_of
from sksim.utils._warnings import warn_caller

__all__ = [
    "RTOL",
    "Basis",
    "apply_factors",
    "array_principal_axes",
    "array_rounding_of",
    "array_svd",
    "basis_for_products",
    "basis_of",
    "centered_columns",
    "explicit_basis",
    "n_leading",
    "permute_basis",
    "principal_axes",
    "rounding_length",
    "rounding_of",
    "solve_transposed",
    "warn_if_degenerate",
    "whitened_product",
]

#: Largest squared condition number for which the Cholesky route keeps eight digits.
MAX_CONDITION = 1.0 / math.sqrt(np.finfo(np.float64).eps)
RTOL = 1e-10
#: Rounding unit of float32, in which networks compute.
SINGLE = float(np.finfo(np.float32).eps)


class Basis(NamedTuple):
    """Orthonormal basis ``U = values @ inv(factor)`` of the columns of a centred X.

    ``factor`` is upper triangular or None (the identity), ``loadings`` is ``U^T X`` (r, d).
    With shrinkage or a ridge the columns of U are shorter than one.
    """

    values: Any
    factor: np.ndarray | None
    loadings: Any

    @property
    def rank(self) -> int:
        return self.loadings.shape[0]


def warn_if_degenerate(n_samples: int, n_features: int, rank: int) -> None:
    if n_features >= n_samples or rank >= n_samples - 1:
        warn_caller(
            f"Canonical correlations of {n_samples} samples with {n_features} features are 1 "
            "whatever the values: so many features reproduce any centred column. Use more "
            "samples, shrinkage, fewer components, or a measure that is not invariant to all "
            "invertible maps, such as cka_score.",
            DegenerateSimilarityWarning,
        )


def rounding_length(norm: Any, n_features: int, eps: float) -> Any:
    """Singular value below which a direction is rounding of the values, 0 for float64.

    ``norm`` is that of the centred representation (n, d), ``eps`` the unit in which its values are
    stored. Errors that all features of a sample share, such as that of the mean which a layer
    normalisation takes away in float32, of c units a feature, add up to ``c * SINGLE * norm`` in
    the direction of their sum: c is 0.03 to 0.5 where the mean is within one standard deviation
    of zero, and grows with it. Those of storage differ from entry to entry, and leave about
    ``eps * norm / sqrt(d)`` in any direction.
    """
    return 0.0 if eps < SINGLE else 2.0 * max(SINGLE, eps / math.sqrt(n_features)) * norm


def rounding_of(X: np.ndarray, values: np.ndarray) -> float:
    """``rounding_length`` of a representation and its float64 columns."""
    return rounding_length(math.sqrt(square_sum(values)), X.shape[1], np.finfo(X.dtype).eps)


def array_rounding_of(X: Any, values: Any) -> float:
    """``rounding_of`` for arrays of other libraries."""
    eps = float(namespace_of(X).finfo(X.dtype).eps)
    return rounding_length(math.sqrt(float(array_square_sum(values))), X.shape[1], eps)


def centered_columns(X: np.ndarray, rtol: float = RTOL) -> Centered:
    """Centred float64 columns, those dropped that do not vary."""
    centered = center(X.astype(np.float64, copy=False))
    norms = np.sqrt(np.einsum("ij,ij->j", centered.values, centered.values))
    varies = norms > np.clip(rtol, np.finfo(np.float64).eps, RTOL) * norms.max()
    return centered if varies.all() else centered._replace(values=centered.values[:, varies])


def n_leading(singular: np.ndarray, variance: float) -> int:
    """The fewest singular values, from the largest on, that hold a share of the variance."""
    share = np.cumsum(singular**2)
    size = 1 + int(np.searchsorted(share, variance * share[-1] * (1 - 1e-12)))
    return min(size, singular.size)


def _well_conditioned_root(S: np.ndarray) -> np.ndarray | None:
    """Upper triangular R with R^T R = S, or None where it would lose too many digits."""
    try:
        factor = linalg.cholesky(S, check_finite=False)
    except linalg.LinAlgError:
        return None
    reciprocal, _ = linalg.lapack.dpocon(factor, linalg.norm(S, 1))
    return factor if reciprocal * MAX_CONDITION > 1.0 else None


def solve_transposed(factor: np.ndarray, B: np.ndarray) -> np.ndarray:
    """inv(R^T) B for an upper triangular R (BLAS: LAPACK's routine is slow for small R)."""
    return linalg.blas.dtrsm(1.0, factor, B, trans_a=1)


def _cholesky_basis(values: np.ndarray, ridge: float) -> Basis | None:
    """Basis from the Cholesky factor of the covariance; the columns are brought to one scale."""
    if values.shape[0] <= values.shape[1]:
        return None
    S = cross_product(values, values)
    scales = np.sqrt(np.diag(S)) if ridge == 0 else np.ones(S.shape[0])
    factor = _well_conditioned_root(S / np.outer(scales, scales) + ridge * np.eye(S.shape[0]))
    if factor is None:
        return None
    factor = np.asfortranarray(factor * scales)
    return Basis(values, factor, solve_transposed(factor, S))


def _svd(
    values: np.ndarray, rtol: float, least: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thin singular value decomposition up to the numerical rank."""
    U, singular, Vt = svd(values)
    rounding = min(values.shape) * np.finfo(np.float64).eps
    rank = int((singular > max(max(rtol, rounding) * singular[0], least)).sum())
    return U[:, :rank], singular[:rank], Vt[:rank]


def _svd_basis(values: np.ndarray, ridge: float, rtol: float, least: float) -> Basis:
    U, singular, Vt = _svd(values, rtol, least)
    lengths = singular / np.sqrt(singular**2 + ridge)
    return Basis(U * lengths, None, (lengths * singular)[:, None] * Vt)


def basis_of(
    values: np.ndarray, *, ridge: float = 0.0, rtol: float = RTOL, least: float = 0.0
) -> Basis:
    """Basis of centred columns, whitened by ``S + ridge I``.

    Directions with a singular value below ``rtol`` times the largest, or below ``least``, are left
    out. A Cholesky factor keeps all directions, which is right for the usual ``rtol`` only; no
    direction of columns of one scale that is rounding passes its bound on the condition.
    """
    basis = _cholesky_basis(values, ridge) if rtol <= RTOL else None
    return basis if basis is not None else _svd_basis(values, ridge, rtol, least)


def principal_axes(values: np.ndarray, least: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Singular values and right vectors; from the covariance where that keeps the digits."""
    if values.shape[0] > values.shape[1]:
        eigenvalues, V = linalg.eigh(cross_product(values, values), check_finite=False)
        if eigenvalues[0] * MAX_CONDITION > eigenvalues[-1]:
            return np.sqrt(eigenvalues[::-1]), V[:, ::-1].T
    _, singular, Vt = _svd(values, RTOL, least)
    return singular, Vt


def array_svd(values: Any, rtol: float = RTOL, least: float = 0.0) -> tuple[Any, Any, Any]:
    """``_svd`` for arrays of other libraries; of the triangle, where there are more rows."""
    xp, (n, d) = namespace_of(values), values.shape
    Q, R = xp.linalg.qr(values, mode="reduced") if n > d else (None, values)
    U, singular, Vt = xp.linalg.svd(R, full_matrices=False)
    rounding = min(n, d) * float(xp.finfo(values.dtype).eps)
    least = max(max(rtol, rounding) * float(singular[0]), least)
    rank = array_count(singular > least)
    U = U[:, :rank] if Q is None else Q @ U[:, :rank]
    return U, singular[:rank], Vt[:rank, :]


def array_principal_axes(values: Any, least: float = 0.0) -> tuple[Any, Any]:
    """Singular values and right vectors, as columns, of an array of another library."""
    _, singular, Vt = array_svd(values, least=least)
    return singular, Vt.T


def permute_basis(y: Basis, order: np.ndarray) -> Basis:
    return y._replace(values=y.values[order])


def explicit_basis(basis: Basis) -> Basis:
    """The same basis with the factor applied: its columns are those of ``values``."""
    if basis.factor is None:
        return basis
    values = solve_transposed(basis.factor, basis.values.T).T
    return Basis(values, None, basis.loadings)


def basis_for_products(basis: Basis, n_columns: int) -> Basis:
    """The basis, its factor applied if its products with so many columns make that worth it.

    Each column of the basis costs ``n r`` then, and ``r`` for each column of the others otherwise.
    """
    return explicit_basis(basis) if n_columns > len(basis.values) else basis


def apply_factors(x: list[Basis], y: list[Basis]) -> None:
    """Apply factors once, before each side is compared with all others."""
    for sides, others in ((x, y), (y, x)):
        n_columns = sum(other.rank for other in others)
        for i, side in enumerate(sides):  # one after the other, so that the old values go
            sides[i] = basis_for_products(side, n_columns)


def whitened_product(x: Basis, y: Basis) -> np.ndarray:
    """U_x^T U_y, of which the singular values are the canonical correlations."""
    product = cross_product(x.values, y.values)
    if x.factor is not None:
        product = solve_transposed(x.factor, product)
    if y.factor is not None:
        product = solve_transposed(y.factor, product.T).T
    return product
