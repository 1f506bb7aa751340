"""Exact ranking of candidates that another search proposed."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.metrics import pairwise_distances

from sksim._search._exact import candidate_distances
from sksim._search._selection import sorted_by_distance

__all__ = ["rerank"]


def _listed_distances(X, Y, candidates, metric, metric_params) -> np.ndarray:
    """Distances of each row of X to its own list of rows of Y, shape of ``candidates``."""
    fast = isinstance(metric, str) and metric in ("euclidean", "l2", "sqeuclidean", "cosine")
    if fast and not metric_params:
        return candidate_distances(X, Y, candidates, metric=metric)
    rows = (
        pairwise_distances(X[[i]], Y[listed], metric=metric, **(metric_params or {}))
        for i, listed in enumerate(candidates)
    )
    return np.vstack([*rows, np.empty((0, candidates.shape[1]))])


def rerank(X, Y, candidates, *, metric="euclidean", metric_params=None):
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
    distances = _listed_distances(X, Y, listed, metric, metric_params)
    return sorted_by_distance(
        np.where(missing, np.inf, distances), np.where(missing, -1, candidates)
    )
