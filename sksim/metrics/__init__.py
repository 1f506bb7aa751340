"""Measures: hubness, similarity, distances between distributions, quality, and scorers."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics._distribution_accumulator import (
    DistributionAccumulator,
)
from sksim.metrics._diversity import (
    diversity,
)
from sksim.metrics._functional import (
    disagreement_rate,
    error_consistency_score,
    minmax_normalized_disagreement,
)
from sksim.metrics._hubness import (
    bad_hubness_score,
    hubness_report,
    hubness_score,
)
from sksim.metrics._hubness_measures import (
    antihub_rate,
    atkinson_index,
    gini_index,
    groupie_ratio,
    hub_entropy,
    hub_occurrence,
    hub_rate,
    k_skewness,
    robin_hood_index,
)
from sksim.metrics._hubness_null import (
    hubness_null,
)
from sksim.metrics._hubness_occurrence import (
    k_occurrence,
    k_occurrence_from_indices,
)
from sksim.metrics._hubness_scorer import (
    make_hubness_scorer,
)
from sksim.metrics._identifiability_map import (
    identifiability_map,
)
from sksim.metrics._intrinsic_dimension import (
    intrinsic_dimension,
)
from sksim.metrics._jensen_shannon import (
    jensen_shannon_distance,
    jensen_shannon_divergence,
)
from sksim.metrics._kl import (
    kl_divergence,
)
from sksim.metrics._linear_identifiability import (
    linear_identifiability_distance,
)
from sksim.metrics._llv import (
    log_likelihood_variance_distance,
)
from sksim.metrics._log_probabilities import (
    aligned_log_probabilities,
)
from sksim.metrics._logit_distance import (
    logit_distance,
)
from sksim.metrics._max_pls_svd import (
    max_pls_svd_distance,
)
from sksim.metrics._moment_routes import (
    log_likelihood_variance_distance_from_embeddings,
    logit_distance_from_embeddings,
)
from sksim.metrics._neural_collapse import (
    neural_collapse,
)
from sksim.metrics._scorer import (
    get_scorer,
    get_scorer_names,
)
from sksim.metrics._spectral_quality import (
    effective_rank,
    isoscore,
    matrix_nuclear_norm,
    participation_ratio,
    rankme_score,
    stable_rank,
)
from sksim.metrics._sphere_quality import (
    alignment,
    anisotropy,
    uniformity,
)
from sksim.metrics._vendi import (
    vendi_score,
    von_neumann_entropy,
)

__all__ = [
    "DistributionAccumulator",
    "aligned_log_probabilities",
    "alignment",
    "anisotropy",
    "antihub_rate",
    "atkinson_index",
    "bad_hubness_score",
    "disagreement_rate",
    "diversity",
    "effective_rank",
    "error_consistency_score",
    "get_scorer",
    "get_scorer_names",
    "gini_index",
    "groupie_ratio",
    "hub_entropy",
    "hub_occurrence",
    "hub_rate",
    "hubness_null",
    "hubness_report",
    "hubness_score",
    "identifiability_map",
    "intrinsic_dimension",
    "isoscore",
    "jensen_shannon_distance",
    "jensen_shannon_divergence",
    "k_occurrence",
    "k_occurrence_from_indices",
    "k_skewness",
    "kl_divergence",
    "linear_identifiability_distance",
    "log_likelihood_variance_distance",
    "log_likelihood_variance_distance_from_embeddings",
    "logit_distance",
    "logit_distance_from_embeddings",
    "make_hubness_scorer",
    "matrix_nuclear_norm",
    "max_pls_svd_distance",
    "minmax_normalized_disagreement",
    "neural_collapse",
    "participation_ratio",
    "rankme_score",
    "robin_hood_index",
    "stable_rank",
    "uniformity",
    "vendi_score",
    "von_neumann_entropy",
]
