"""Exact ranking of candidates that another search proposed."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np

from sksim._search._exact import candidate_distances
from sksim._search._selection import sorted_by_distance
from sksim.utils._typing import MetricParams

__all__ = ["rerank"]


def rerank(
    X: Any,
    Y: Any,
    candidates: np.ndarray,
    *,
    metric: Any = "euclidean",
    metric_params: MetricParams = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Sort lists of candidates by exact distance.

    Parameters
    ----------
    X : {array, sparse matrix} of shape (n_queries, n_features)
        Queries.
    Y : {array, sparse matrix} of shape (n_indexed, n_features)
        Indexed samples.
    candidates : ndarray of shape (n_queries, n_candidates)
        Rows of Y; negative where a candidate is missing.
    metric : str or callable, default="euclidean"
        Any metric of scikit-learn.
    metric_params : dict, default=None
        Its parameters.

    Returns
    -------
    distances, indices : ndarray of shape (n_queries, n_candidates)
        Sorted by (distance, index), missing candidates last as (inf, -1).
    """
    missing = candidates < 0
    listed = np.where(missing, 0, candidates)
    distances = candidate_distances(X, Y, listed, metric=metric, metric_params=metric_params)
    return sorted_by_distance(
        np.where(missing, np.inf, distances), np.where(missing, -1, candidates)
    )
