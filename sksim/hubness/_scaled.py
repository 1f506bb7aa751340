"""Reductions to units of the neighbourhood sizes of both samples: d(q, x) / sqrt(r(q) r(x))."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.hubness._distances import Distances
from sksim.hubness._statistics import divisible, fill_missing, smallest_scale
from sksim.utils._array_api import any_namespace
from sksim.utils._typing import FloatArray

__all__ = ["fit_scale", "geometric_mean_scale"]


def fit_scale(scale: FloatArray) -> tuple[FloatArray, float, FloatArray]:
    """Scale of every sample, the median where it is missing; its floor; roots to divide by."""
    scale = fill_missing(scale, np.nanmedian(scale))
    floor = smallest_scale(scale)
    return scale, floor, np.sqrt(divisible(scale, floor))


def geometric_mean_scale(
    distances: Distances, query_scale: FloatArray, root_scale: FloatArray, floor: float
) -> FloatArray:
    """Geometric mean of the scales of both samples, beside each distance."""
    query_scale = fill_missing(query_scale, floor)
    root_query_scale = any_namespace(query_scale).sqrt(divisible(query_scale, floor))
    return distances.by_row(root_query_scale) * distances.by_column(root_scale)
