"""Retrieval: ranked lists, partners, sets of vectors, Gaussians."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.retrieval._chamfer import chamfer_similarity
from sksim.metrics.retrieval._compatibility import (
    average_compatibility,
    compatibility_matrix,
    compatibility_score,
)
from sksim.metrics.retrieval._gaussian import gaussian_kl_divergence, pairwise_gaussian_kl
from sksim.metrics.retrieval._precision import retrieval_precision_score
from sksim.metrics.retrieval._ranked_lists import (
    hit_rate_score,
    mean_average_precision_score,
    mean_reciprocal_rank_score,
    recall_at_k_score,
)

__all__ = [
    "average_compatibility",
    "chamfer_similarity",
    "compatibility_matrix",
    "compatibility_score",
    "gaussian_kl_divergence",
    "hit_rate_score",
    "mean_average_precision_score",
    "mean_reciprocal_rank_score",
    "pairwise_gaussian_kl",
    "recall_at_k_score",
    "retrieval_precision_score",
]
