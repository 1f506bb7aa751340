"""Measures: hubness, similarity, distances between distributions, quality, and scorers."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics._accumulator import (
    SimilarityAccumulator,
)
from sksim.metrics._cca import (
    canonical_correlations,
    cca_score,
    pwcca_score,
    svcca_score,
)
from sksim.metrics._chance import (
    null_calibrated_score,
    permutation_test_similarity,
    similarity_interval,
)
from sksim.metrics._cka import (
    cka_distance,
    cka_score,
)
from sksim.metrics._correlation_matching import (
    correlation_matching_score,
    mean_correlation_coefficient,
)
from sksim.metrics._distance_correlation import (
    distance_correlation_score,
)
from sksim.metrics._distribution_accumulator import (
    DistributionAccumulator,
)
from sksim.metrics._distribution_scorer import (
    make_distribution_scorer,
)
from sksim.metrics._diversity import (
    diversity,
)
from sksim.metrics._functional import (
    disagreement_rate,
    error_consistency_score,
    minmax_normalized_disagreement,
)
from sksim.metrics._gulp import (
    gulp_distance,
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
from sksim.metrics._information_imbalance import (
    information_imbalance,
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
from sksim.metrics._linear_predictivity import (
    linear_predictivity_score,
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
from sksim.metrics._measure import (
    DegenerateSimilarityWarning,
)
from sksim.metrics._moment_routes import (
    log_likelihood_variance_distance_from_embeddings,
    logit_distance_from_embeddings,
)
from sksim.metrics._mutual_knn import (
    jaccard_knn_score,
    mutual_knn_score,
)
from sksim.metrics._neural_collapse import (
    neural_collapse,
)
from sksim.metrics._pairwise import (
    cross_similarity,
    pairwise_similarity,
)
from sksim.metrics._permutation_distance import (
    permutation_distance,
)
from sksim.metrics._pls import (
    pls_svd_score,
)
from sksim.metrics._procrustes import (
    procrustes_distance,
    procrustes_score,
    shape_distance,
)
from sksim.metrics._rank_similarity import (
    rank_similarity_score,
)
from sksim.metrics._representation_scorer import (
    make_representation_scorer,
)
from sksim.metrics._riemannian import (
    riemannian_distance,
)
from sksim.metrics._rsa import (
    rsa_score,
    rsm_norm_distance,
)
from sksim.metrics._scorer import (
    get_scorer,
    get_scorer_names,
)
from sksim.metrics._second_order_cosine import (
    second_order_cosine_score,
)
from sksim.metrics._soft_matching import (
    soft_matching_distance,
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
    "DegenerateSimilarityWarning",
    "DistributionAccumulator",
    "SimilarityAccumulator",
    "aligned_log_probabilities",
    "alignment",
    "anisotropy",
    "antihub_rate",
    "atkinson_index",
    "bad_hubness_score",
    "canonical_correlations",
    "cca_score",
    "cka_distance",
    "cka_score",
    "correlation_matching_score",
    "cross_similarity",
    "disagreement_rate",
    "distance_correlation_score",
    "diversity",
    "effective_rank",
    "error_consistency_score",
    "get_scorer",
    "get_scorer_names",
    "gini_index",
    "groupie_ratio",
    "gulp_distance",
    "hub_entropy",
    "hub_occurrence",
    "hub_rate",
    "hubness_null",
    "hubness_report",
    "hubness_score",
    "identifiability_map",
    "information_imbalance",
    "intrinsic_dimension",
    "isoscore",
    "jaccard_knn_score",
    "jensen_shannon_distance",
    "jensen_shannon_divergence",
    "k_occurrence",
    "k_occurrence_from_indices",
    "k_skewness",
    "kl_divergence",
    "linear_identifiability_distance",
    "linear_predictivity_score",
    "log_likelihood_variance_distance",
    "log_likelihood_variance_distance_from_embeddings",
    "logit_distance",
    "logit_distance_from_embeddings",
    "make_distribution_scorer",
    "make_hubness_scorer",
    "make_representation_scorer",
    "matrix_nuclear_norm",
    "max_pls_svd_distance",
    "mean_correlation_coefficient",
    "minmax_normalized_disagreement",
    "mutual_knn_score",
    "neural_collapse",
    "null_calibrated_score",
    "pairwise_similarity",
    "participation_ratio",
    "permutation_distance",
    "permutation_test_similarity",
    "pls_svd_score",
    "procrustes_distance",
    "procrustes_score",
    "pwcca_score",
    "rank_similarity_score",
    "rankme_score",
    "riemannian_distance",
    "robin_hood_index",
    "rsa_score",
    "rsm_norm_distance",
    "second_order_cosine_score",
    "shape_distance",
    "similarity_interval",
    "soft_matching_distance",
    "stable_rank",
    "svcca_score",
    "uniformity",
    "vendi_score",
    "von_neumann_entropy",
]
