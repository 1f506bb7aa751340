"""Rows of unit length, whatever the unit of the numbers."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import row_norms

__all__ = ["powers_of_two", "scale_rows", "unit_rows"]

# Lengths whose squares are far from the limits of float64.
_SAFE = (1e-140, 1e140)


def powers_of_two(X: Any) -> np.ndarray:
    """Factor of each row that brings its largest entry near one and costs no rounding."""
    largest, smallest = X.max(axis=1), X.min(axis=1)
    if sparse.issparse(X):
        largest, smallest = largest.toarray().ravel(), smallest.toarray().ravel()
    _, exponents = np.frexp(np.maximum(largest, -smallest))
    return np.ldexp(1.0, np.clip(-exponents, -1000, 1000))


def scale_rows(X: Any, factors: np.ndarray) -> Any:
    if not sparse.issparse(X):
        return X * factors[:, None]
    data = X.data * np.repeat(factors, np.diff(X.indptr))
    return type(X)((data, X.indices, X.indptr), shape=X.shape)


def unit_rows(X: Any) -> Any:
    """Rows scaled to unit Euclidean length, in float64; rows of zeros stay zeros.

    Squares neither overflow nor vanish, as they do beyond 1e154 and below 1e-154, and no length
    is too small to divide by.

    Parameters
    ----------
    X : {ndarray, csr_matrix, csr_array} of shape (n_samples, n_features)
        Finite vectors.

    Returns
    -------
    unit : {ndarray, csr_matrix, csr_array} of shape (n_samples, n_features)
        The same container, a copy.
    """
    X = X.astype(np.float64, copy=False)
    norms = row_norms(X)
    if not ((norms > _SAFE[0]) & (norms < _SAFE[1])).all():
        X = scale_rows(X, powers_of_two(X))
        norms = row_norms(X)
    return scale_rows(X, 1 / np.where(norms == 0, 1.0, norms))
