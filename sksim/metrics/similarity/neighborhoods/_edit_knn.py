"""Edit distance of the lists of nearest neighbours."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools

import numpy as np
from scipy.stats import hypergeom

from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import Steps, evaluate
from sksim.metrics.similarity.neighborhoods._neighborhood import (
    DIRECTION_MAPS,
    NEIGHBOR_CONSTRAINTS,
    complement,
    neighbor_steps,
)
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, Metric

__all__ = ["edit_knn_score"]

#: Random lists behind the chance level, for each number of common neighbours.
N_CHANCE_DRAWS = 10_000


def _score(x: np.ndarray, y: np.ndarray) -> float:
    """One minus the mean Levenshtein distance over k: its recursion, for all samples at once.

    ``above[b]`` is the distance of the first a neighbours in x to the first b in y.
    """
    n_neighbors, n_samples = x.shape
    kind = np.min_scalar_type(-n_neighbors - 1)
    above = np.arange(n_neighbors + 1, dtype=kind)[:, None].repeat(n_samples, axis=1)
    here = np.empty_like(above)
    for a, row in enumerate(x, start=1):
        here[0] = a
        replaced = above[:-1] + (y != row)
        np.minimum(replaced, above[1:] + kind.type(1), out=here[1:])
        for b in range(1, n_neighbors + 1):
            np.minimum(here[b], here[b - 1] + kind.type(1), out=here[b])
        above, here = here, above
    return float((x.size - above[-1].sum(dtype=np.int64)) / x.size)


@functools.cache
def _chance(n_samples: int, *, n_neighbors: int) -> float:
    """Value of a random pairing, no closed form of which is known, from a fixed draw of lists.

    With h common neighbours, a hypergeometric number, the second list holds h of the first one in
    a random order, at random places.
    """
    rng = np.random.RandomState(0)
    first = np.arange(n_neighbors)[:, None].repeat(N_CHANCE_DRAWS, axis=1)
    common = hypergeom(n_samples - 1, n_neighbors, n_neighbors)
    expected = 0.0
    for n_common in range(1, n_neighbors + 1):
        order, places = (np.argsort(rng.uniform(size=first.shape), axis=0) for _ in range(2))
        expected += common.pmf(n_common) * _score(first, np.where(places < n_common, order, -1))
    return expected


def _steps(*, n_neighbors=10, metric="cosine") -> Steps:
    return neighbor_steps(_score, n_neighbors=n_neighbors, metric=metric)


@validate_params(NEIGHBOR_CONSTRAINTS, prefer_skip_nested_validation=True)
def edit_knn_score(
    X: ArrayLike, Y: ArrayLike, *, n_neighbors: int = 10, metric: Metric = "cosine"
) -> float:
    r"""One minus the edit distance of the lists of nearest neighbours in two representations.

    .. math:: s = 1 - \frac{1}{n k} \sum_i \operatorname{Lev}\big(N_X(i), N_Y(i)\big)

    with :math:`N_X(i)` the list of the k nearest neighbours of sample i in X, nearest first,
    itself left out, and Lev the least number of neighbours to insert, delete or replace to turn
    one list into the other (Levenshtein). The value lies in [0, 1].

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
        One minus the mean edit distance, over k.

    Raises
    ------
    ValueError
        If there are not more samples than neighbours, or a row is zero with the cosine metric.

    See Also
    --------
    lcs_knn_score : Without replacements: never below this score, with an exact chance level.
    mutual_knn_score : Without the order.

    Notes
    -----
    The strictest of the scores that see the order of the neighbours [1]_; only the share of equal
    neighbours at equal places is lower. 1 - s is a metric on the lists. The value of unrelated
    representations depends on n and k only, but no closed form of it is known: the record holds
    the mean over random lists, 0.037 for 5 neighbours among 30 samples, and 1 / (n - 1) for one
    neighbour. Unchanged by rotation and scale, with the cosine metric by the
    lengths of the rows, with Euclidean distance by translation. Ties go to the smaller index. Time
    O(n^2 d) for two neighbour searches and O(n k^2) for the comparison, memory O(n k) beside
    theirs.

    References
    ----------
    .. [1] M. Huh, B. Cheung, T. Wang and P. Isola (2024). The Platonic representation hypothesis.
           International Conference on Machine Learning.

    Examples
    --------
    >>> from sksim.metrics import edit_knn_score
    >>> X = [[0.0], [1.0], [2.1], [3.3], [4.6]]
    >>> Y = [[0.0], [1.2], [2.1], [3.3], [4.6]]
    >>> edit_knn_score(X, Y, n_neighbors=2, metric="euclidean")
    0.8
    """
    return evaluate(_steps(n_neighbors=n_neighbors, metric=metric), X, Y)


for _suffix, _params, _invariances in (
    ("", {}, DIRECTION_MAPS),
    ("_euclidean", {"metric": "euclidean"}, SHAPE_MAPS),
):
    register(
        PairedMeasure(
            name=f"edit_knn{_suffix}",
            function=edit_knn_score,
            params=_params,
            make_steps=_steps,
            distance=complement,
            invariances=_invariances,
            min_samples=11,
            null=functools.partial(_chance, n_neighbors=10),
        )
    )
