"""Share of common nearest neighbours."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math

import numpy as np
from scipy.stats import hypergeom

from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import Steps, evaluate
from sksim.metrics.similarity.neighborhoods._neighborhood import (
    DIRECTION_MAPS,
    NEIGHBOR_CONSTRAINTS,
    chance_overlap,
    complement,
    neighbor_steps,
    overlap_counts,
)
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, Metric

__all__ = ["jaccard_knn_score", "mutual_knn_score"]


def _mutual(x: np.ndarray, y: np.ndarray) -> float:
    return float(overlap_counts(x, y).sum() / x.size)


def _adjusted_mutual(x: np.ndarray, y: np.ndarray) -> float:
    n_neighbors, n_samples = x.shape
    chance = chance_overlap(n_samples, n_neighbors=n_neighbors)
    if chance == 1:
        raise ValueError(
            f"n_neighbors must be at most n_samples - 2 = {n_samples - 2} for adjusted=True, got "
            f"{n_neighbors}: with all other samples as neighbours every overlap is complete."
        )
    return (_mutual(x, y) - chance) / (1 - chance)


def _jaccard(x: np.ndarray, y: np.ndarray) -> float:
    shared = overlap_counts(x, y)
    return float(np.mean(shared / (2 * x.shape[0] - shared)))


def _mutual_steps(*, n_neighbors=10, metric="cosine", adjusted=False) -> Steps:
    compare = _adjusted_mutual if adjusted else _mutual
    return neighbor_steps(compare, n_neighbors=n_neighbors, metric=metric)


@validate_params(
    {**NEIGHBOR_CONSTRAINTS, "adjusted": ["boolean"]}, prefer_skip_nested_validation=True
)
def mutual_knn_score(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    n_neighbors: int = 10,
    metric: Metric = "cosine",
    adjusted: bool = False,
) -> float:
    r"""Share of nearest neighbours that two representations have in common.

    .. math:: s = \frac{1}{n} \sum_i \frac{\lvert N_X(i) \cap N_Y(i) \rvert}{k}

    with :math:`N_X(i)` the k nearest neighbours of sample i in X, itself left out. The value lies
    in [0, 1]. Unrelated representations have :math:`k / (n - 1)` in expectation, exactly;
    ``adjusted=True`` returns :math:`(s - \frac{k}{n - 1}) / (1 - \frac{k}{n - 1})`, which is 0 at
    chance and 1 for equal neighbourhoods.

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
    adjusted : bool, default=False
        Whether to correct for chance.

    Returns
    -------
    score : float
        Mean share of common neighbours.

    Raises
    ------
    ValueError
        If there are not more samples than neighbours, or a row is zero with the cosine metric.

    See Also
    --------
    jaccard_knn_score : The same over the union of the neighbourhoods.
    rank_similarity_score : Weights near neighbours more.
    k_occurrence : How often each sample is a neighbour of others.

    Notes
    -----
    1 - s is a metric over neighbourhoods (a mean of normalised symmetric differences), so that
    s(A, C) >= s(A, B) + s(B, C) - 1. Unchanged by rotation and scale, with the cosine metric by
    the lengths of the rows, with Euclidean distance by translation. Ties go to the smaller
    index. Time O(n^2 d) for two neighbour searches, memory O(n k) beside theirs.

    References
    ----------
    .. [1] M. Huh, B. Cheung, T. Wang and P. Isola (2024). The Platonic representation hypothesis.
           International Conference on Machine Learning.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import mutual_knn_score
    >>> rng = np.random.RandomState(0)
    >>> X = rng.randn(200, 10)
    >>> mutual_knn_score(X, 2 * X)
    1.0
    >>> near = X + rng.randn(200, 10)
    >>> round(mutual_knn_score(X, near), 2), round(mutual_knn_score(X, near, adjusted=True), 2)
    (0.21, 0.16)
    """
    steps = _mutual_steps(n_neighbors=n_neighbors, metric=metric, adjusted=adjusted)
    return evaluate(steps, X, Y)


def _jaccard_steps(*, n_neighbors=10, metric="cosine") -> Steps:
    return neighbor_steps(_jaccard, n_neighbors=n_neighbors, metric=metric)


@validate_params(NEIGHBOR_CONSTRAINTS, prefer_skip_nested_validation=True)
def jaccard_knn_score(
    X: ArrayLike, Y: ArrayLike, *, n_neighbors: int = 10, metric: Metric = "cosine"
) -> float:
    r"""Mean Jaccard similarity of the neighbourhoods in two representations.

    .. math:: \frac{1}{n} \sum_i
              \frac{\lvert N_X(i) \cap N_Y(i) \rvert}{\lvert N_X(i) \cup N_Y(i) \rvert}

    with :math:`N_X(i)` the k nearest neighbours of sample i in X, itself left out. The value lies
    in [0, 1]; a sample with the share m of common neighbours counts m / (2 - m).

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
        Mean Jaccard similarity.

    Raises
    ------
    ValueError
        If there are not more samples than neighbours, or a row is zero with the cosine metric.

    See Also
    --------
    mutual_knn_score : Relative to the number of neighbours, with its chance level.

    Notes
    -----
    One minus the value is a metric over neighbourhoods. Unchanged by rotation and scale, with
    Euclidean distance by translation. Ties go to the smaller index. Time O(n^2 d) for two
    neighbour searches, memory O(n k) beside theirs.

    References
    ----------
    .. [1] C. Wang, W. Rao, W. Guo, P. Wang, J. Liu and X. Guan (2022). Towards understanding the
           instability of network embedding. IEEE Transactions on Knowledge and Data Engineering 34.

    Examples
    --------
    >>> from sksim.metrics import jaccard_knn_score
    >>> X = [[0.0], [1.0], [2.1], [3.3]]
    >>> Y = [[0.0], [1.2], [2.1], [3.3]]
    >>> jaccard_knn_score(X, Y, n_neighbors=1, metric="euclidean")
    0.75
    """
    return evaluate(_jaccard_steps(n_neighbors=n_neighbors, metric=metric), X, Y)


def _chance_jaccard(n_samples: int, *, n_neighbors: int) -> float:
    shared = np.arange(n_neighbors + 1)
    chance = hypergeom(n_samples - 1, n_neighbors, n_neighbors).pmf(shared)
    return float(chance @ (shared / (2 * n_neighbors - shared)))


for _suffix, _params, _invariances in (
    ("", {}, DIRECTION_MAPS),
    ("_euclidean", {"metric": "euclidean"}, SHAPE_MAPS),
):
    register(
        PairedMeasure(
            name=f"mutual_knn{_suffix}",
            function=mutual_knn_score,
            params=_params,
            make_steps=_mutual_steps,
            distance=complement,
            invariances=_invariances,
            min_samples=11,
            null=functools.partial(chance_overlap, n_neighbors=10),
        )
    )
    register(
        PairedMeasure(
            name=f"jaccard_knn{_suffix}",
            function=jaccard_knn_score,
            params=_params,
            make_steps=_jaccard_steps,
            distance=complement,
            invariances=_invariances,
            min_samples=11,
            null=functools.partial(_chance_jaccard, n_neighbors=10),
        )
    )
register(
    PairedMeasure(
        name="mutual_knn_adjusted",
        function=mutual_knn_score,
        params={"adjusted": True},
        make_steps=_mutual_steps,
        range=(-math.inf, 1.0),
        distance=complement,
        invariances=DIRECTION_MAPS,
        min_samples=12,
        null=0.0,
    )
)
