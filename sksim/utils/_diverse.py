"""A diverse subset of a set, by its kernel."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.utils._typing import FloatArray, IntArray

__all__ = ["greedy_diverse_subset"]

_LEAST_GAIN = 1e-10


def greedy_diverse_subset(kernel: FloatArray, n_items: int) -> IntArray:
    """Indices of items that make the determinant of their kernel large, taken one by one.

    Greedy maximum of a determinantal point process: each step takes the item with the largest
    Schur complement, the lowest index among equals, by a Cholesky factor that grows by a row, in
    O(n n_items) a step. It ends early where nothing new is left.
    """
    n = len(kernel)
    factor = np.zeros((min(n_items, n), n))
    left = np.array(np.diagonal(kernel), dtype=float)
    chosen: list[int] = []
    while len(chosen) < len(factor):
        best = int(left.argmax())
        if left[best] < _LEAST_GAIN:
            break
        done = len(chosen)
        row = kernel[best] - factor[:done, best] @ factor[:done]
        factor[done] = row / np.sqrt(left[best])
        left = left - factor[done] ** 2
        left[best] = -np.inf
        chosen.append(best)
    return np.array(chosen, dtype=np.intp)
