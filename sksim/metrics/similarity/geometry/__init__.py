"""Similarity of the shapes of two clouds of points: summaries, scales, topology."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.similarity.geometry._imd import imd_distance
from sksim.metrics.similarity.geometry._rtd import rtd_distance
from sksim.metrics.similarity.geometry._summaries import (
    concentricity_difference,
    magnitude_difference,
)

__all__ = ["concentricity_difference", "imd_distance", "magnitude_difference", "rtd_distance"]
