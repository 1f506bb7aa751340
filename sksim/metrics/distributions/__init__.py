"""Distances between the conditional distributions of two models, and of what they predict."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.distributions._diversity import diversity
from sksim.metrics.distributions._functional import (
    disagreement_rate,
    error_consistency_score,
    minmax_normalized_disagreement,
)
from sksim.metrics.distributions._identifiability_map import identifiability_map
from sksim.metrics.distributions._information_gain import (
    information_gain,
    information_gain_norm,
)
from sksim.metrics.distributions._jensen_shannon import (
    jensen_shannon_distance,
    jensen_shannon_divergence,
)
from sksim.metrics.distributions._kl import kl_divergence
from sksim.metrics.distributions._linear_identifiability import linear_identifiability_distance
from sksim.metrics.distributions._llv import (
    log_likelihood_variance_distance,
    log_likelihood_variance_distance_from_embeddings,
)
from sksim.metrics.distributions._log_probabilities import aligned_log_probabilities
from sksim.metrics.distributions._logit_distance import (
    logit_distance,
    logit_distance_from_embeddings,
)
from sksim.metrics.distributions._max_pls_svd import max_pls_svd_distance

__all__ = [
    "aligned_log_probabilities",
    "disagreement_rate",
    "diversity",
    "error_consistency_score",
    "identifiability_map",
    "information_gain",
    "information_gain_norm",
    "jensen_shannon_distance",
    "jensen_shannon_divergence",
    "kl_divergence",
    "linear_identifiability_distance",
    "log_likelihood_variance_distance",
    "log_likelihood_variance_distance_from_embeddings",
    "logit_distance",
    "logit_distance_from_embeddings",
    "max_pls_svd_distance",
    "minmax_normalized_disagreement",
]
