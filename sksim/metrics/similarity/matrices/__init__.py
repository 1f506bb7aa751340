"""Similarity of the matrices that relate all pairs of samples."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.similarity.matrices._cka import cka_distance, cka_score
from sksim.metrics.similarity.matrices._distance_correlation import distance_correlation_score
from sksim.metrics.similarity.matrices._gulp import gulp_distance
from sksim.metrics.similarity.matrices._noise_ceiling import noise_ceiling
from sksim.metrics.similarity.matrices._rdm import rdm
from sksim.metrics.similarity.matrices._rdm_models import fit_rdm_model
from sksim.metrics.similarity.matrices._riemannian import riemannian_distance
from sksim.metrics.similarity.matrices._rsa import rsa_score, rsm_norm_distance

__all__ = [
    "cka_distance",
    "cka_score",
    "distance_correlation_score",
    "fit_rdm_model",
    "gulp_distance",
    "noise_ceiling",
    "rdm",
    "riemannian_distance",
    "rsa_score",
    "rsm_norm_distance",
]
