"""Longest common subsequence of the lists of nearest neighbours."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from collections import Counter

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

__all__ = ["lcs_knn_score"]

#: The partitions of more common neighbours are too many to sum over.
MAX_CHANCE_NEIGHBORS = 40


def _score(x: np.ndarray, y: np.ndarray) -> float:
    """Mean length, over k.

    No neighbour occurs twice in a list: the common subsequences are the increasing ones of the
    positions in y of the neighbours in x. ``tails[m]`` is the least position in which one of
    length m + 1 ends so far.
    """
    n_neighbors, n_samples = x.shape
    kind = np.min_scalar_type(-n_neighbors - 1)
    ranks = np.arange(1, n_neighbors + 1, dtype=kind)[:, None]
    tails = np.full(x.shape, n_neighbors + 1, dtype=kind)
    samples = np.arange(n_samples)
    for row in x:
        position = np.sum(ranks * (y == row), axis=0, dtype=kind)  # 0: not among those of y
        length = np.count_nonzero(tails < position, axis=0)
        common = position > 0
        tails[length[common], samples[common]] = position[common]
    return float(np.count_nonzero(tails <= n_neighbors) / x.size)


@functools.cache
def _increasing_lengths(n_common: int) -> tuple[float, ...]:
    """Expected longest increasing subsequence of a random permutation of 0 ... n_common things.

    Permutations of h things correspond to pairs of standard Young tableaux of one shape, a
    partition of h of which the largest part is that length. The tableaux of a shape are counted
    by growing it a cell at a time.
    """
    expected, tableaux = [0.0], Counter[tuple[int, ...]]({(): 1})
    for h in range(1, n_common + 1):
        grown = Counter[tuple[int, ...]]()
        for shape, count in tableaux.items():
            for row, size in enumerate((*shape, 0)):
                if row == 0 or size < shape[row - 1]:
                    grown[(*shape[:row], size + 1, *shape[row + 1 :])] += count
        tableaux = grown
        total = sum(shape[0] * count**2 for shape, count in tableaux.items())
        expected.append(total / math.factorial(h))
    return tuple(expected)


def _chance(n_samples: int, *, n_neighbors: int) -> float:
    """Value of a random pairing: the number of common neighbours is hypergeometric."""
    pmf = hypergeom(n_samples - 1, n_neighbors, n_neighbors).pmf(np.arange(n_neighbors + 1))
    pmf = pmf[: 1 + np.flatnonzero(pmf > 1e-18)[-1]]
    return float(pmf @ _increasing_lengths(pmf.size - 1) / n_neighbors)


def _adjusted(x: np.ndarray, y: np.ndarray) -> float:
    n_neighbors, n_samples = x.shape
    if n_neighbors > MAX_CHANCE_NEIGHBORS:
        raise ValueError(
            f"n_neighbors must be at most {MAX_CHANCE_NEIGHBORS} for adjusted=True, got "
            f"{n_neighbors}: judge longer lists by permutation_test_similarity."
        )
    chance = _chance(n_samples, n_neighbors=n_neighbors)
    if chance == 1:
        raise ValueError("Two samples have but one neighbour each: adjusted=True needs three.")
    return (_score(x, y) - chance) / (1.0 - chance)


def _steps(*, n_neighbors=10, metric="cosine", adjusted=False) -> Steps:
    compare = _adjusted if adjusted else _score
    return neighbor_steps(compare, n_neighbors=n_neighbors, metric=metric)


@validate_params(
    {**NEIGHBOR_CONSTRAINTS, "adjusted": ["boolean"]}, prefer_skip_nested_validation=True
)
def lcs_knn_score(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    n_neighbors: int = 10,
    metric: Metric = "cosine",
    adjusted: bool = False,
) -> float:
    r"""Share of nearest neighbours that two representations have in common, in the same order.

    .. math:: s = \frac{1}{n k} \sum_i \operatorname{LCS}\big(N_X(i), N_Y(i)\big)

    with :math:`N_X(i)` the list of the k nearest neighbours of sample i in X, nearest first,
    itself left out, and LCS the length of the longest list that both hold in this order, not
    always side by side. The value lies in [0, 1]. Unrelated representations have

    .. math:: s_0 = \frac{1}{k} \sum_h P(h) \, E_h, \qquad
              E_h = \frac{1}{h!} \sum_{\lambda \vdash h} \lambda_1 f_\lambda^2

    in expectation, exactly, with h common neighbours, hypergeometric, and :math:`E_h` the expected
    longest increasing subsequence of a random permutation of h things, a sum over the partitions
    of h with :math:`f_\lambda` standard Young tableaux. ``adjusted=True`` returns
    :math:`(s - s_0) / (1 - s_0)`.

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
        Whether to correct for chance, for 40 neighbours at most.

    Returns
    -------
    score : float
        Mean length of the longest common subsequence, over k.

    Raises
    ------
    ValueError
        If there are not more samples than neighbours, or a row is zero with the cosine metric, or
        there are more than 40 neighbours with ``adjusted=True``.

    See Also
    --------
    mutual_knn_score : Without the order: never below this score.
    edit_knn_score : Stricter: never above this score.
    rank_similarity_score : Weights near neighbours more.

    Notes
    -----
    Published values [1]_ are not divided by k. 1 - s is a metric on the lists of neighbours, half
    the insertions and deletions that turn one into the other, over k. Unchanged by rotation and
    scale, with the cosine metric by the lengths of the rows, with Euclidean distance by
    translation. Ties go to the smaller index. Time O(n^2 d) for two neighbour searches and
    O(n k^2) for the comparison, memory O(n k) beside theirs.

    References
    ----------
    .. [1] M. Huh, B. Cheung, T. Wang and P. Isola (2024). The Platonic representation hypothesis.
           International Conference on Machine Learning.

    Examples
    --------
    >>> from sksim.metrics import lcs_knn_score, mutual_knn_score
    >>> X = [[0.0], [1.0], [2.1], [3.3], [4.6]]
    >>> Y = [[0.0], [1.2], [2.1], [3.3], [4.6]]
    >>> lcs_knn_score(X, Y, n_neighbors=2, metric="euclidean")
    0.9
    >>> mutual_knn_score(X, Y, n_neighbors=2, metric="euclidean")
    1.0
    """
    steps = _steps(n_neighbors=n_neighbors, metric=metric, adjusted=adjusted)
    return evaluate(steps, X, Y)


_NULL = functools.partial(_chance, n_neighbors=10)

for _suffix, _params, _invariances, _range, _null in (
    ("", {}, DIRECTION_MAPS, (0.0, 1.0), _NULL),
    ("_euclidean", {"metric": "euclidean"}, SHAPE_MAPS, (0.0, 1.0), _NULL),
    ("_adjusted", {"adjusted": True}, DIRECTION_MAPS, (-math.inf, 1.0), 0.0),
):
    register(
        PairedMeasure(
            name=f"lcs_knn{_suffix}",
            function=lcs_knn_score,
            params=_params,
            make_steps=_steps,
            range=_range,
            distance=complement,
            invariances=_invariances,
            min_samples=11,
            null=_null,
        )
    )
