"""Similarity by canonical directions of two representations."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.similarity.canonical._cca import (
    canonical_correlations,
    cca_score,
    pwcca_score,
    svcca_score,
)
from sksim.metrics.similarity.canonical._eigenspace_overlap import eigenspace_overlap_score
from sksim.metrics.similarity.canonical._pls import pls_svd_score

__all__ = [
    "canonical_correlations",
    "cca_score",
    "eigenspace_overlap_score",
    "pls_svd_score",
    "pwcca_score",
    "svcca_score",
]
