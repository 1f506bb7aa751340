"""Reductions as inner products: augmented index vectors, and a map that augments queries alike.

A term of the query alone changes no ranking and is left out; a factor or a summand of the indexed
sample becomes a factor or an additional coordinate of its vector. Euclidean spaces are centred
first, so that squared lengths do not drown the differences.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.utils._arrays import check_named_array
from sksim.utils._typing import ArrayLike, FloatArray, Metric
from sksim.utils._unit_rows import unit_rows

__all__ = ["QueryMap", "additive_index", "scaled_index", "squared_index"]


class QueryMap:
    """Map of queries into the space of the index vectors; larger inner product is nearer.

    Attributes
    ----------
    center : ndarray of shape (n_features,) or None
        What is subtracted from the queries; None scales them to unit length instead.
    with_norm : bool
        Whether the squared length follows as the last coordinate.
    """

    def __init__(self, center: FloatArray | None = None, *, with_norm: bool = False) -> None:
        self.center = center
        self.with_norm = with_norm

    def __call__(self, queries: ArrayLike) -> FloatArray:
        """Augment queries.

        Parameters
        ----------
        queries : array-like of shape (n_queries, n_features)
            Queries in the space of the original vectors.

        Returns
        -------
        query_vectors : ndarray of shape (n_queries, n_index_features)
            Queries in the space of the index vectors, float64.
        """
        Q = check_named_array(queries, "queries", dtype=np.float64)
        Q = unit_rows(Q) if self.center is None else Q - self.center
        columns = [Q, np.ones((Q.shape[0], 1))]
        if self.with_norm:
            columns.append(np.einsum("ij,ij->i", Q, Q)[:, None])
        return np.hstack(columns)


def _not_expressible(name: str, metric: Metric) -> ValueError:
    return ValueError(
        f"{name} with metric={metric!r} is no inner product of augmented vectors. Use cosine or "
        "squared Euclidean distances."
    )


def _squared_parts(X):
    """Centre of the vectors, the centred vectors and their squared lengths as a column."""
    center = X.mean(axis=0)
    X = X - center
    return center, X, np.einsum("ij,ij->i", X, X)[:, None]


def additive_index(
    vectors: ArrayLike, metric: Metric, bias: FloatArray, *, name: str
) -> tuple[FloatArray, QueryMap]:
    """Rank by ``d(q, x) + bias(x)``, where d is the cosine or the squared Euclidean distance.

    Parameters
    ----------
    vectors : array-like of shape (n_indexed, n_features)
        The indexed samples.
    metric : {"cosine", "sqeuclidean"}
        The distance d.
    bias : ndarray of shape (n_indexed,)
        What is added.
    name : str
        The method, for the error message.

    Returns
    -------
    index_vectors : ndarray of shape (n_indexed, n_features + 1)
        Vectors for any index of inner products.
    query_map : QueryMap
        Augments queries.
    """
    X = check_named_array(vectors, "vectors", dtype=np.float64)
    if metric == "cosine":
        return np.hstack([unit_rows(X), -bias[:, None]]), QueryMap()
    if metric != "sqeuclidean":
        raise _not_expressible(name, metric)
    center, X, norms = _squared_parts(X)
    return np.hstack([2 * X, -norms - bias[:, None]]), QueryMap(center)


def squared_index(
    vectors: ArrayLike, metric: Metric, bias: FloatArray, *, name: str
) -> tuple[FloatArray, QueryMap]:
    """Rank by ``|q - x|^2 + bias(x)``; with the cosine metric q and x are of unit length.

    Parameters
    ----------
    vectors : array-like of shape (n_indexed, n_features)
        The indexed samples.
    metric : {"cosine", "euclidean", "sqeuclidean"}
        Metric of the space.
    bias : ndarray of shape (n_indexed,)
        What is added.
    name : str
        The method, for the error message.

    Returns
    -------
    index_vectors : ndarray of shape (n_indexed, n_features + 1)
        Vectors for any index of inner products.
    query_map : QueryMap
        Augments queries.
    """
    if metric == "cosine":  # the squared distance of unit vectors is twice the cosine distance
        return additive_index(vectors, metric, bias / 2, name=name)
    metric = "sqeuclidean" if metric in ("euclidean", "l2") else metric
    return additive_index(vectors, metric, bias, name=name)


def scaled_index(
    vectors: ArrayLike, metric: Metric, root_scale: FloatArray, *, name: str
) -> tuple[FloatArray, QueryMap]:
    """Rank by ``d(q, x) / root_scale(x)`` for cosine, Euclidean or squared Euclidean distances.

    Parameters
    ----------
    vectors : array-like of shape (n_indexed, n_features)
        The indexed samples.
    metric : {"cosine", "euclidean", "sqeuclidean"}
        The distance d.
    root_scale : ndarray of shape (n_indexed,)
        Positive roots of the scales.
    name : str
        The method, for the error message.

    Returns
    -------
    index_vectors : ndarray of shape (n_indexed, n_features + 1 or 2)
        Vectors for any index of inner products.
    query_map : QueryMap
        Augments queries.
    """
    X = check_named_array(vectors, "vectors", dtype=np.float64)
    root = root_scale[:, None]
    if metric == "cosine":
        return np.hstack([unit_rows(X), -np.ones(root.shape)]) / root, QueryMap()
    if metric not in ("euclidean", "l2", "sqeuclidean"):
        raise _not_expressible(name, metric)
    center, X, norms = _squared_parts(X)
    weight = root if metric == "sqeuclidean" else root**2
    columns = [2 * X, -norms, -np.ones(root.shape)]
    return np.hstack(columns) / weight, QueryMap(center, with_norm=True)
