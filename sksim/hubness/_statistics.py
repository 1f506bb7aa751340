"""Local scales: how far the neighbours of each row are, safe for duplicates and empty rows."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np

from sksim.hubness._distances import Distances
from sksim.utils._array_api import any_namespace
from sksim.utils._typing import ArrayLike

__all__ = [
    "check_depth",
    "divisible",
    "fill_missing",
    "kth_distance",
    "mean_distance",
    "smallest_scale",
]

_EPS = float(np.finfo(np.float64).eps)


def check_depth(deepest: int, shape: tuple, n_neighbors: int, name: str) -> None:
    """Raise if the deepest row is short of ``n_neighbors``; shorter single rows are legal."""
    if deepest < n_neighbors:
        raise ValueError(
            f"{name}: the neighbour graph is too shallow for n_neighbors={n_neighbors}: its "
            f"deepest row holds {deepest} neighbours, the sample itself not counted (n_samples = "
            f"{shape[0]}, n_features = {shape[1]}). Store more neighbours in the graph "
            "or lower n_neighbors."
        )


def mean_distance(distances: Distances, n_neighbors: int) -> Any:
    """Mean distance to the nearest neighbours, over those at hand; NaN where there are none."""
    nearest = distances.nearest_distances_view(n_neighbors)
    xp = any_namespace(nearest)
    counts = xp.clip(xp.astype(distances.counts, nearest.dtype), None, n_neighbors)
    if nearest.shape[0] and float(xp.min(counts)) < nearest.shape[1]:
        nearest = xp.where(xp.isinf(nearest), 0.0, nearest)
    mean = xp.sum(nearest, axis=1) / xp.clip(counts, 1, None)
    return xp.where(counts > 0, mean, xp.nan)


def kth_distance(distances: Distances, n_neighbors: int) -> Any:
    """Distance to the n-th neighbour, or to the last at hand; NaN where there are none."""
    nearest = distances.nearest_distances_view(n_neighbors)
    xp = any_namespace(nearest)
    counts = xp.clip(distances.counts, None, n_neighbors)
    if nearest.shape[1] == 0:
        return xp.full_like(xp.astype(counts, nearest.dtype), xp.nan)
    last = xp.take_along_axis(nearest, xp.clip(counts - 1, 0, None)[:, None], axis=1)[:, 0]
    return xp.where(counts > 0, last, xp.nan)


def fill_missing(statistic: Any, fallback: ArrayLike) -> Any:
    """Statistic with the fallback in rows that have no neighbours."""
    xp = any_namespace(statistic)
    return xp.where(xp.isnan(statistic), fallback, statistic)


def smallest_scale(scale: np.ndarray) -> float:
    """Smallest positive scale, which stands in for scales of 0; 1 if all are 0.

    With as many duplicates as neighbours a scale is 0. Proportional to the data, so that the
    reductions stay invariant to their unit.
    """
    positive = scale[scale > 0]
    return float(positive.min()) if positive.size else 1.0


def divisible(scale: Any, floor: float) -> Any:
    """Scale with the floor in place of zeros and of values that are rounding noise beside it."""
    return any_namespace(scale).where(scale > _EPS * floor, scale, floor)
