"""Similarity by the best map of one representation onto the other."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.similarity.alignment._aligned_cosine import aligned_cosine_score
from sksim.metrics.similarity.alignment._correlation_matching import (
    correlation_matching_score,
    mean_correlation_coefficient,
)
from sksim.metrics.similarity.alignment._linear_predictivity import linear_predictivity_score
from sksim.metrics.similarity.alignment._permutation_distance import permutation_distance
from sksim.metrics.similarity.alignment._procrustes import (
    procrustes_distance,
    procrustes_score,
    shape_distance,
)
from sksim.metrics.similarity.alignment._soft_matching import soft_matching_distance
from sksim.metrics.similarity.alignment._stochastic_shape import stochastic_shape_distance

__all__ = [
    "aligned_cosine_score",
    "correlation_matching_score",
    "linear_predictivity_score",
    "mean_correlation_coefficient",
    "permutation_distance",
    "procrustes_distance",
    "procrustes_score",
    "shape_distance",
    "soft_matching_distance",
    "stochastic_shape_distance",
]
