"""Distances between representations from a matrix of their similarities, and their clustering."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

__all__ = ["clustering_of", "distances_of"]


def distances_of(values: np.ndarray, measure: Any) -> np.ndarray:
    """Symmetric distances with a zero diagonal, in the metric form of the measure if it has one."""
    if measure is not None and measure.distance is not None:
        clipped = np.clip(values, *measure.range)
        distances = np.array([[measure.distance(value) for value in row] for row in clipped])
    elif measure is not None and not measure.greater_is_better:
        distances = values.copy()
    else:
        distances = values.max() - values
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0.0)
    return np.maximum(distances, 0.0)


def clustering_of(distances: np.ndarray) -> np.ndarray:
    """Average linkage, in the optimal order of the leaves."""
    return linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
