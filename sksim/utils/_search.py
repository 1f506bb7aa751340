"""Exact neighbour search: the one place where distances to all indexed samples are formed."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.neighbors import NearestNeighbors

__all__ = ["exact_neighbors"]


def exact_neighbors(
    X,
    Y=None,
    *,
    n_neighbors: int,
    metric="euclidean",
    metric_params: dict | None = None,
    exclude_self: bool = False,
    n_jobs: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Exact nearest neighbours of the rows of X among the rows of Y.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_queries, n_features)
        Queries, validated by the caller.
    Y : {array-like, sparse matrix} of shape (n_indexed, n_features), default=None
        Indexed samples; None means X.
    n_neighbors : int
        Number of neighbours, the sample itself not counted.
    metric : str or callable, default="euclidean"
        Any metric of scikit-learn.
    metric_params : dict, default=None
        Its parameters.
    exclude_self : bool, default=False
        Leave out the indexed sample with the query's own row number.
    n_jobs : int, default=None
        Number of threads.

    Returns
    -------
    distances : ndarray of shape (n_queries, n_neighbors)
        Distances in increasing order, ties in the order of the index.
    indices : ndarray of shape (n_queries, n_neighbors)
        Rows of Y.
    """
    Y = X if Y is None else Y
    search = NearestNeighbors(
        n_neighbors=n_neighbors + bool(exclude_self),
        metric=metric,
        metric_params=metric_params,
        n_jobs=n_jobs,
    ).fit(Y)
    distances, indices = search.kneighbors(X)
    if exclude_self:
        own = indices == np.arange(indices.shape[0])[:, None]
        own[~own.any(axis=1), -1] = True
        distances = distances[~own].reshape(-1, n_neighbors)
        indices = indices[~own].reshape(-1, n_neighbors)
    return distances, indices
