"""Validation of matrices of distances."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.metrics._validation import check_representation
from sksim.utils._typing import ArrayLike

__all__ = ["check_distances"]

#: Differences of the two directions, relative to the largest distance, that are rounding.
_SYMMETRY_TOLERANCE = 1e-6


def check_distances(D: ArrayLike, name: str, *, min_samples: int = 2) -> np.ndarray:
    """Validate a symmetric matrix of distances, and return it in float64."""
    D = check_representation(D, name=name, min_samples=min_samples, constant_ok=True)
    D = D.astype(np.float64, copy=False)
    if D.shape[0] != D.shape[1]:
        raise ValueError(f"{name} must be a square matrix of distances, got shape {D.shape}.")
    if D.min() < 0:
        raise ValueError(f"{name} must not be negative, got {D.min():g}.")
    tolerance = _SYMMETRY_TOLERANCE * D.max()
    if np.abs(np.diagonal(D)).max() > tolerance:
        raise ValueError(
            f"{name} must have a diagonal of zeros, got {np.diagonal(D).max():g}: are these "
            "similarities?"
        )
    if np.abs(D - D.T).max() > tolerance:
        row, column = np.unravel_index(np.abs(D - D.T).argmax(), D.shape)
        raise ValueError(
            f"{name} must be symmetric, got {D[row, column]:g} from {row} to {column} and "
            f"{D[column, row]:g} back."
        )
    return D
