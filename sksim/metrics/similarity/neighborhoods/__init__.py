"""Similarity of the neighbourhoods of the samples."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.similarity.neighborhoods._cknna import cknna_score
from sksim.metrics.similarity.neighborhoods._cycle_knn import cycle_knn_score
from sksim.metrics.similarity.neighborhoods._edit_knn import edit_knn_score
from sksim.metrics.similarity.neighborhoods._information_imbalance import information_imbalance
from sksim.metrics.similarity.neighborhoods._lcs_knn import lcs_knn_score
from sksim.metrics.similarity.neighborhoods._lid_fisher_rao import lid_fisher_rao_distance
from sksim.metrics.similarity.neighborhoods._mutual_knn import jaccard_knn_score, mutual_knn_score
from sksim.metrics.similarity.neighborhoods._rank_similarity import rank_similarity_score
from sksim.metrics.similarity.neighborhoods._second_order_cosine import second_order_cosine_score

__all__ = [
    "cknna_score",
    "cycle_knn_score",
    "edit_knn_score",
    "information_imbalance",
    "jaccard_knn_score",
    "lcs_knn_score",
    "lid_fisher_rao_distance",
    "mutual_knn_score",
    "rank_similarity_score",
    "second_order_cosine_score",
]
