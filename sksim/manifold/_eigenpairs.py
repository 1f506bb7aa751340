"""The largest eigenvalues of a symmetric matrix."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import eigsh

__all__ = ["largest_eigenpairs"]

#: Samples from which on a few eigenvalues are found by Lanczos.
_LEAST_LANCZOS = 400


def largest_eigenpairs(A: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenvalues of a symmetric matrix, falling, and their vectors, signs fixed."""
    size = len(A)
    if size >= _LEAST_LANCZOS and n < size // 10:
        values, vectors = eigsh(A, k=n, which="LA", v0=np.ones(size))
    else:
        values, vectors = eigh(A, subset_by_index=(max(size - n, 0), size - 1))
    order = np.argsort(-values)
    values, vectors = values[order], vectors[:, order]
    largest = np.abs(vectors).argmax(axis=0)
    return values, vectors * np.sign(vectors[largest, np.arange(values.size)])
