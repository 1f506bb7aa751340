"""Neighbours under the max-norm: the k-th distance, and how many points are nearer than a radius.

Both take differences of coordinates as they are, so that a neighbour at the radius is never
counted as nearer by rounding, which the estimates of information would turn into a bias.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.neighbors import KDTree

__all__ = ["count_nearer", "kth_distances"]


def kth_distances(X: np.ndarray, n_neighbors: int) -> np.ndarray:
    """Max-norm distance of each row to its k-th nearest other row."""
    return KDTree(X, metric="chebyshev").query(X, n_neighbors + 1)[0][:, -1]


def count_nearer(X: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Number of rows, each row itself among them, strictly nearer than the radius of each."""
    below = np.nextafter(radii, 0.0)
    return KDTree(X, metric="chebyshev").query_radius(X, below, count_only=True)
