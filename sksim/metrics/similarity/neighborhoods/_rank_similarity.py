"""Rank similarity of neighbourhoods."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools

import numpy as np
from scipy.stats import hypergeom

from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import Steps, evaluate
from sksim.metrics.similarity.neighborhoods._neighborhood import (
    DIRECTION_MAPS,
    NEIGHBOR_CONSTRAINTS,
    neighbor_steps,
)
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, Metric

__all__ = ["rank_similarity_score"]


def _rank_weights(n_neighbors: int) -> np.ndarray:
    """2 / ((1 + |r - r'|) (r + r')) for all pairs of ranks from 1."""
    rank = np.arange(1.0, n_neighbors + 1)
    return 2.0 / ((1.0 + np.abs(rank - rank[:, None])) * (rank + rank[:, None]))


def _harmonic_numbers(n_neighbors: int) -> np.ndarray:
    """The sum of 1 / t over t <= m for m = 0 ... n_neighbors; 1 instead of 0 for m = 0."""
    return np.concatenate([[1.0], np.cumsum(1.0 / np.arange(1, n_neighbors + 1))])


def _compare(x: np.ndarray, y: np.ndarray) -> float:
    n_neighbors, n_samples = x.shape
    total, shared = np.zeros(n_samples), np.zeros(n_samples, dtype=np.intp)
    equal = np.empty(y.shape, dtype=bool)
    for row, weights in zip(x, _rank_weights(n_neighbors), strict=True):
        np.equal(y, row, out=equal)
        total += weights @ equal
        shared += equal.any(axis=0)
    return float(np.mean(total / _harmonic_numbers(n_neighbors)[shared]))


def _steps(*, n_neighbors=10, metric="cosine") -> Steps:
    return neighbor_steps(_compare, n_neighbors=n_neighbors, metric=metric)


@validate_params(NEIGHBOR_CONSTRAINTS, prefer_skip_nested_validation=True)
def rank_similarity_score(
    X: ArrayLike, Y: ArrayLike, *, n_neighbors: int = 10, metric: Metric = "cosine"
) -> float:
    r"""Agreement of the order of the common nearest neighbours in two representations.

    .. math:: \frac{1}{n} \sum_i \Big(\sum_{t = 1}^{m_i} \frac{1}{t}\Big)^{-1}
              \sum_{j \in N_X(i) \cap N_Y(i)}
              \frac{2}{(1 + \lvert r_{ij} - r'_{ij} \rvert)(r_{ij} + r'_{ij})}

    with :math:`N_X(i)` the k nearest neighbours of sample i in X, itself left out,
    :math:`r_{ij}` and :math:`r'_{ij}` the ranks from 1 of neighbour j in X and in Y, and
    :math:`m_i` the number of common neighbours; a sample without any counts 0. The value lies in
    [0, 1]; near neighbours weigh more.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation, or a distance matrix if ``metric="precomputed"``.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, or a distance matrix.
    n_neighbors : int, default=10
        Number of neighbours k, the sample itself not counted.
    metric : str or callable, default="cosine"
        "precomputed", or any metric of scikit-learn's neighbour search.

    Returns
    -------
    score : float
        Mean rank similarity.

    Raises
    ------
    ValueError
        If there are not more samples than neighbours, or a row is zero with the cosine metric.

    See Also
    --------
    mutual_knn_score : Common neighbours without their order.

    Notes
    -----
    Not a metric in any simple form. Common neighbours that are few weigh as much as many: a
    single one at rank 1 in both gives 1. Unchanged by rotation and scale, with Euclidean distance
    by translation. Ties go to the smaller index. Time O(n^2 d) for two neighbour searches and
    O(n k^2) for the comparison, memory O(n k) beside those of the searches.

    References
    ----------
    .. [1] C. Wang, W. Rao, W. Guo, P. Wang, J. Liu and X. Guan (2022). Towards understanding the
           instability of network embedding. IEEE Transactions on Knowledge and Data Engineering 34.

    Examples
    --------
    >>> from sksim.metrics import rank_similarity_score
    >>> X = [[0.0], [1.0], [2.1], [3.3]]
    >>> Y = [[0.0], [1.2], [2.1], [3.3]]
    >>> round(rank_similarity_score(X, Y, n_neighbors=2, metric="euclidean"), 4)
    0.8611
    """
    return evaluate(_steps(n_neighbors=n_neighbors, metric=metric), X, Y)


def _chance(n_samples: int, *, n_neighbors: int) -> float:
    """Given m common neighbours, each pair of ranks holds one with probability m / k^2."""
    shared = np.arange(n_neighbors + 1)
    chance = hypergeom(n_samples - 1, n_neighbors, n_neighbors).pmf(shared)
    per_match = _rank_weights(n_neighbors).sum() / n_neighbors**2
    return float(chance @ (shared * per_match / _harmonic_numbers(n_neighbors)))


register(
    PairedMeasure(
        name="rank_similarity",
        function=rank_similarity_score,
        make_steps=_steps,
        invariances=DIRECTION_MAPS,
        min_samples=11,
        null=functools.partial(_chance, n_neighbors=10),
    )
)
