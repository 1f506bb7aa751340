"""Similarity by matching single features: correlation matching, mean correlation coefficient."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, Literal

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata

from sksim.metrics._array_formulas import array_standardize
from sksim.metrics._linalg import check_pairs_of_features, standardize
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
    permute_rows,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.utils._array_api import constant, move, namespace_of, to_numpy
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["correlation_matching_score", "mean_correlation_coefficient"]


def _standardized_ranks(X: np.ndarray) -> np.ndarray:
    return standardize(rankdata(X, axis=0))


def matched_mean(similarity: np.ndarray) -> float:
    """Mean entry of the best one-to-one matching of rows and columns."""
    return float(similarity[linear_sum_assignment(similarity, maximize=True)].mean())


def _correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    check_pairs_of_features(x, y)
    return np.clip(x.T @ y, -1.0, 1.0)


def _hard(x: np.ndarray, y: np.ndarray) -> float:
    return matched_mean(_correlations(x, y))


def _semi(x: np.ndarray, y: np.ndarray) -> float:
    correlations = _correlations(x, y)
    return float(correlations.max(axis=1).mean() + correlations.max(axis=0).mean()) / 2.0


def _absolute(x: np.ndarray, y: np.ndarray) -> float:
    return matched_mean(np.abs(_correlations(x, y)))


def _array_correlations(x: Any, y: Any) -> Any:
    return namespace_of(x).clip(x.T @ y, -1.0, 1.0)


def _array_matched_mean(similarity: Any) -> Any:
    """``matched_mean``: the matching is found on the processor, the mean is taken in place."""
    xp, width = namespace_of(similarity), similarity.shape[1]
    rows, columns = linear_sum_assignment(to_numpy(constant(similarity)), maximize=True)
    matched = move(rows * width + columns, like=similarity)
    return xp.mean(xp.take(xp.reshape(similarity, (-1,)), matched))


def _array_hard(x: Any, y: Any) -> Any:
    return _array_matched_mean(_array_correlations(x, y))


def _array_semi(x: Any, y: Any) -> Any:
    xp, correlations = namespace_of(x), _array_correlations(x, y)
    means = (xp.mean(xp.max(correlations, axis=axis)) for axis in (0, 1))
    return sum(means) / 2.0


def _array_absolute(x: Any, y: Any) -> Any:
    return _array_matched_mean(namespace_of(x).abs(_array_correlations(x, y)))


def _matching_steps(*, kind="hard") -> Steps:
    compare, array_compare = (_hard, _array_hard) if kind == "hard" else (_semi, _array_semi)
    arrays = ArraySteps(array_standardize, array_compare, keep="gradient")
    return Steps(standardize, compare, permute_rows, arrays)


def _coefficient_steps(*, method="pearson") -> Steps:
    if method == "spearman":
        return Steps(_standardized_ranks, _absolute, permute_rows)
    arrays = ArraySteps(array_standardize, _array_absolute, keep="gradient")
    return Steps(standardize, _absolute, permute_rows, arrays)


@validate_params(
    {**PAIR_CONSTRAINTS, "kind": [StrOptions({"hard", "semi"})]}, prefer_skip_nested_validation=True
)
def correlation_matching_score(
    X: ArrayLike, Y: ArrayLike, *, kind: Literal["hard", "semi"] = "hard"
) -> float:
    r"""Mean correlation of the features of one representation with those matched to them.

    With the matrix :math:`R` (d_x, d_y) of the correlations between features, ``"hard"`` is the
    mean of :math:`R` over the best one-to-one matching, and ``"semi"`` the mean of
    :math:`\frac{1}{d_x} \sum_i \max_j R_{ij}` and :math:`\frac{1}{d_y} \sum_j \max_i R_{ij}`,
    where several features may choose the same partner.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    kind : {"hard", "semi"}, default="hard"
        One-to-one matching, or the best partner of each feature.

    Returns
    -------
    score : float
        In [-1, 1]; 1 for the same features in another order, scale and shift.

    Raises
    ------
    MemoryError
        If the matrix of all pairs of features does not fit into the memory available.

    See Also
    --------
    mean_correlation_coefficient : With absolute correlations.
    permutation_distance : The distance after one-to-one matching.
    soft_matching_distance : For different numbers of features.

    Notes
    -----
    For different widths ``"hard"`` leaves the unmatched features of the wider side out. Features
    that do not vary are left out. Invariant to order, positive scale and shift of the features;
    not to rotations: it asks whether single features mean the same. O(n d^2 + d^3) time and
    O(n d + d^2) memory.

    References
    ----------
    .. [1] Y. Li, J. Yosinski, J. Clune, H. Lipson and J. Hopcroft (2016). Convergent learning: do
           different neural networks learn the same representations? International Conference on
           Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import correlation_matching_score
    >>> X = np.random.default_rng(0).standard_normal((100, 3))
    >>> round(correlation_matching_score(X, 5 * X[:, [2, 0, 1]] + 1), 6)
    1.0
    """
    return evaluate(_matching_steps(kind=kind), X, Y)


@validate_params(
    {**PAIR_CONSTRAINTS, "method": [StrOptions({"pearson", "spearman"})]},
    prefer_skip_nested_validation=True,
)
def mean_correlation_coefficient(
    X: ArrayLike, Y: ArrayLike, *, method: Literal["pearson", "spearman"] = "pearson"
) -> float:
    r"""Mean absolute correlation of matched features (MCC of independent component analysis).

    The mean of :math:`|R_{ij}|` over the best one-to-one matching of the features.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation, such as true sources.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, such as recovered sources.
    method : {"pearson", "spearman"}, default="pearson"
        The correlation; "spearman" forgives monotone maps of each feature.

    Returns
    -------
    score : float
        In [0, 1]; 1 for the same features up to order, scale, sign and shift.

    See Also
    --------
    correlation_matching_score : With signed correlations.

    Notes
    -----
    1 for sources that are identified up to permutation and scale. For different widths the
    unmatched features of the wider side are left out, as are features that do not vary.
    O(n d^2 + d^3) time and O(n d + d^2) memory.

    References
    ----------
    .. [1] A. Hyvärinen and H. Morioka (2016). Unsupervised feature extraction by time-contrastive
           learning and nonlinear ICA. Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import mean_correlation_coefficient
    >>> X = np.random.default_rng(0).standard_normal((100, 3))
    >>> round(mean_correlation_coefficient(X, -X[:, [2, 0, 1]]), 6)
    1.0
    >>> round(mean_correlation_coefficient(X, np.exp(X), method="spearman"), 6)
    1.0
    """
    return evaluate(_coefficient_steps(method=method), X, Y)


_INVARIANCES = SHAPE_MAPS - {"orthogonal"}

for _name, _params in (
    ("correlation_matching", {}),
    ("correlation_matching_semi", {"kind": "semi"}),
):
    register(
        PairedMeasure(
            name=_name,
            function=correlation_matching_score,
            params=_params,
            make_steps=_matching_steps,
            range=(-1.0, 1.0),
            invariances=_INVARIANCES,
        )
    )
for _name, _params in (
    ("mean_correlation_coefficient", {}),
    ("mean_correlation_coefficient_spearman", {"method": "spearman"}),
):
    register(
        PairedMeasure(
            name=_name,
            function=mean_correlation_coefficient,
            params=_params,
            make_steps=_coefficient_steps,
            invariances=_INVARIANCES,
        )
    )
