"""Neighbours under the max-norm: the k-th distance, and how many points are nearer than a radius.

All take differences of coordinates as they are, so that a neighbour at the radius is never
counted as nearer by rounding, which the estimates of information would turn into a bias.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.neighbors import KDTree

from sksim.utils._blocks import row_blocks

__all__ = ["count_nearer", "joint_counts", "kth_distances"]

#: Up to so many features together trees take less time than all pairs, at a thousand rows or more.
_TREE_FEATURES = 12


def kth_distances(X: np.ndarray, n_neighbors: int) -> np.ndarray:
    """Max-norm distance of each row to its k-th nearest other row."""
    return KDTree(X, metric="chebyshev").query(X, n_neighbors + 1)[0][:, -1]


def count_nearer(X: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Number of rows, each row itself among them, strictly nearer than the radius of each."""
    below = np.nextafter(radii, 0.0)
    return KDTree(X, metric="chebyshev").query_radius(X, below, count_only=True)


def joint_counts(X: np.ndarray, Y: np.ndarray, n_neighbors: int) -> tuple[np.ndarray, ...]:
    """Distances to the k-th neighbour in (X, Y), and how many rows of X and of Y are nearer."""
    if X.shape[1] + Y.shape[1] <= _TREE_FEATURES:
        radii = kth_distances(np.hstack([X, Y]), n_neighbors)
        return radii, count_nearer(X, radii), count_nearer(Y, radii)
    parts = []
    for rows in row_blocks(len(X), 32.0 * len(X), max_rows=256):
        x, y = cdist(X[rows], X, "chebyshev"), cdist(Y[rows], Y, "chebyshev")
        radii = np.partition(np.maximum(x, y), n_neighbors, axis=1)[:, n_neighbors]
        parts.append((radii, (x < radii[:, None]).sum(axis=1), (y < radii[:, None]).sum(axis=1)))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))
