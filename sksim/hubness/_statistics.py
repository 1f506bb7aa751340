"""Local scales: how far the neighbours of each row are, safe for duplicates and empty rows."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.hubness._distances import Distances
from sksim.utils._typing import ArrayLike

__all__ = [
    "check_depth",
    "divisible",
    "fill_missing",
    "kth_distance",
    "mean_distance",
    "smallest_scale",
]


def check_depth(deepest: int, shape: tuple, n_neighbors: int, name: str) -> None:
    """Raise if the deepest row is short of ``n_neighbors``; shorter single rows are legal."""
    if deepest < n_neighbors:
        raise ValueError(
            f"{name}: the neighbour graph is too shallow for n_neighbors={n_neighbors}: its "
            f"deepest row holds {deepest} neighbours, the sample itself not counted (n_samples = "
            f"{shape[0]}, n_features = {shape[1]}). Store more neighbours in the graph "
            "or lower n_neighbors."
        )


def mean_distance(distances: Distances, n_neighbors: int) -> np.ndarray:
    """Mean distance to the nearest neighbours, over those at hand; NaN where there are none."""
    nearest = distances.nearest_distances_view(n_neighbors)
    counts = np.minimum(distances.counts, n_neighbors)
    if counts.size and counts.min() < nearest.shape[1]:
        nearest = np.where(np.isinf(nearest), 0.0, nearest)
    total = nearest.sum(axis=1)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def kth_distance(distances: Distances, n_neighbors: int) -> np.ndarray:
    """Distance to the n-th neighbour, or to the last at hand; NaN where there are none."""
    nearest = distances.nearest_distances_view(n_neighbors)
    counts = np.minimum(distances.counts, n_neighbors)
    if nearest.shape[1] == 0:
        return np.full(counts.size, np.nan)
    last = np.take_along_axis(nearest, np.maximum(counts - 1, 0)[:, None], axis=1)[:, 0]
    return np.where(counts > 0, last, np.nan)


def fill_missing(statistic: np.ndarray, fallback: ArrayLike) -> np.ndarray:
    """Statistic with the fallback in rows that have no neighbours."""
    return np.where(np.isnan(statistic), fallback, statistic)


def smallest_scale(scale: np.ndarray) -> float:
    """Smallest positive scale, which stands in for scales of 0; 1 if all are 0.

    With as many duplicates as neighbours a scale is 0. Proportional to the data, so that the
    reductions stay invariant to their unit.
    """
    positive = scale[scale > 0]
    return float(positive.min()) if positive.size else 1.0


def divisible(scale: np.ndarray, floor: float) -> np.ndarray:
    """Scale with the floor in place of zeros and of values that are rounding noise beside it."""
    return np.where(scale > np.finfo(np.float64).eps * floor, scale, floor)
