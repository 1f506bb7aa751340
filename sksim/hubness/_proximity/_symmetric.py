"""Square matrices tile by tile with their transpose, so that both tiles are in the cache."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from itertools import combinations_with_replacement

import numpy as np
from sklearn.utils import gen_batches

from sksim.utils._typing import AnyArray, FloatArray

__all__ = ["combine_with_transpose", "is_symmetric"]

_TILE = 256


def _tiles(D):
    """Slices of rows and of columns of the tiles on and above the diagonal."""
    return combinations_with_replacement(gen_batches(len(D), _TILE), 2)


def is_symmetric(D: AnyArray) -> bool:
    """Whether a square matrix equals its transpose, exactly."""
    return all(np.array_equal(D[rows, columns], D[columns, rows].T) for rows, columns in _tiles(D))


def combine_with_transpose(
    F: FloatArray, combine: Callable[[FloatArray, FloatArray], FloatArray]
) -> None:
    """Replace F by ``combine(F, F.T)`` in place; ``combine`` is symmetric and elementwise."""
    for rows, columns in _tiles(F):
        combined = combine(F[rows, columns], F[columns, rows].T)
        F[rows, columns], F[columns, rows] = combined, combined.T
