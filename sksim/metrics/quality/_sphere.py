"""Quality of one representation on the unit sphere: uniformity, alignment, anisotropy."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from numbers import Real
from typing import Any

import numpy as np

from sksim.metrics._array_formulas import array_directions, array_root
from sksim.metrics._linalg import directions
from sksim.metrics._measure import QualityMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import with_array_formula
from sksim.metrics._validation import check_paired, check_representation, clip
from sksim.metrics.quality._spectral import of_uncentered_array
from sksim.utils._array_api import constant, namespace_of
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["alignment", "anisotropy", "uniformity"]


def _log_sum_potential(unit: np.ndarray, t: float) -> float:
    """Log of the sum over i < j of exp(-t ||x_i - x_j||^2), rows of unit length, in blocks."""
    total = -np.inf
    n_samples = unit.shape[0]
    for rows in row_blocks(n_samples, 24 * n_samples, max_rows=512):
        squared = 2.0 - 2.0 * (unit[rows] @ unit[rows.start :].T)
        exponent = -t * np.maximum(squared, 0.0)
        exponent[np.tril_indices(exponent.shape[0])] = -np.inf
        if np.isfinite(largest := exponent.max()):
            total = np.logaddexp(total, largest + np.log(np.exp(exponent - largest).sum()))
    return float(total)


def _array_uniformity(x: Any, *, t: float) -> Any:
    xp, n = namespace_of(x), x.shape[0]
    unit = array_directions(x)
    exponent = -t * xp.clip(2.0 - 2.0 * (unit @ unit.T), min=0.0)
    itself = xp.eye(n, dtype=unit.dtype, device=unit.device) > 0
    exponent = xp.where(itself, xp.full_like(exponent, -xp.inf), exponent)
    largest = constant(xp.max(exponent))
    log_sum = largest + xp.log(xp.sum(xp.exp(exponent - largest)))
    return xp.clip(log_sum - math.log(n * (n - 1)), max=0.0)


@validate_params(
    {"t": [Interval(Real, 0, None, closed="neither")]}, prefer_skip_nested_validation=True
)
@of_uncentered_array(_array_uniformity)
def uniformity(X: ArrayLike, *, t: float = 2) -> float:
    r"""How evenly a representation covers the sphere; lower is more even.

    .. math:: \log \frac{2}{n (n - 1)} \sum_{i < j} e^{-t \lVert \hat x_i - \hat x_j \rVert^2}

    where :math:`\hat x_i = x_i / \lVert x_i \rVert`. The value lies in :math:`[-4t, 0]`; 0 means
    that all rows point in one direction. For rows spread evenly over a sphere of many
    dimensions it comes close to :math:`-2t`. No pair is counted with itself.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation; rows are scaled to unit length here.
    t : float, default=2
        Sharpness of the Gaussian potential.

    Returns
    -------
    value : float
        Log of the mean potential of the pairs.

    Raises
    ------
    ValueError
        If a row is zero, or there are fewer than two rows.

    See Also
    --------
    alignment : How close the two members of positive pairs are.
    anisotropy : Mean cosine of the pairs.

    Notes
    -----
    Time O(n^2 d), memory within scikit-learn's working memory. Unchanged by rotations and by
    the lengths of the rows.

    References
    ----------
    .. [1] T. Wang and P. Isola (2020). Understanding contrastive representation learning through
           alignment and uniformity on the hypersphere. International Conference on Machine
           Learning.

    Examples
    --------
    >>> from sksim.metrics import uniformity
    >>> square = [[1, 0], [0, 1], [-1, 0], [0, -1]]
    >>> round(uniformity(square), 3)
    -4.396
    >>> uniformity([[1, 0], [2, 0], [3, 0]]) == 0
    True
    """
    unit = directions(check_representation(X, constant_ok=True))
    n_pairs = unit.shape[0] * (unit.shape[0] - 1) / 2
    return min(0.0, _log_sum_potential(unit, t) - np.log(n_pairs).item())


def _check_equal_features(X: Any, X_positive: Any) -> None:
    if X.shape[1] != X_positive.shape[1]:
        raise ValueError(
            "X and X_positive must have the same features, got "
            f"{X.shape[1]} features in X and {X_positive.shape[1]} in X_positive."
        )


def _array_alignment(x: Any, x_positive: Any, *, alpha: float) -> Any:
    xp = namespace_of(x)
    _check_equal_features(x, x_positive)
    difference = array_directions(x) - array_directions(x_positive, "X_positive")
    gaps = array_root(xp.sum(difference * difference, axis=1))
    return xp.mean(xp.clip(gaps, max=2.0) ** alpha)


@validate_params(
    {"alpha": [Interval(Real, 0, None, closed="neither")]}, prefer_skip_nested_validation=True
)
@with_array_formula(
    _array_alignment,
    functools.partial(check_paired, min_samples=1, constant_ok=True, name="X_positive"),
    keep="gradient",
)
def alignment(X: ArrayLike, X_positive: ArrayLike, *, alpha: float = 2) -> float:
    r"""Mean distance of positive pairs on the unit sphere; lower is better.

    .. math:: \frac{1}{n} \sum_i \lVert \hat x_i - \hat x_i^+ \rVert^\alpha

    where :math:`\hat x = x / \lVert x \rVert`. The value lies in :math:`[0, 2^\alpha]`.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation; rows are scaled to unit length here.
    X_positive : array-like of shape (n_samples, n_features)
        The positive partner of each row, such as another view of the same sample.
    alpha : float, default=2
        Exponent of the distance.

    Returns
    -------
    value : float
        Mean distance to the power of alpha.

    Raises
    ------
    ValueError
        If the shapes differ, or a row is zero.

    See Also
    --------
    uniformity : How evenly the rows cover the sphere.

    Notes
    -----
    Time and memory O(n d).

    References
    ----------
    .. [1] T. Wang and P. Isola (2020). Understanding contrastive representation learning through
           alignment and uniformity on the hypersphere. International Conference on Machine
           Learning.

    Examples
    --------
    >>> from sksim.metrics import alignment
    >>> round(alignment([[1, 0], [0, 2]], [[1, 0], [-1, 0]]), 6)
    1.0
    """
    X, X_positive = check_paired(X, X_positive, min_samples=1, constant_ok=True, name="X_positive")
    _check_equal_features(X, X_positive)
    gaps = np.linalg.norm(directions(X) - directions(X_positive, "X_positive"), axis=1)
    return float(np.mean(np.minimum(gaps, 2.0) ** alpha))


def _array_anisotropy(x: Any) -> Any:
    xp, n = namespace_of(x), x.shape[0]
    total = xp.sum(array_directions(x), axis=0)
    return xp.clip((xp.sum(total * total) - n) / (n * (n - 1)), -1.0 / (n - 1), 1.0)


@of_uncentered_array(_array_anisotropy)
def anisotropy(X: ArrayLike) -> float:
    r"""Mean cosine between different rows: how far they share one direction; lower is better.

    .. math:: \frac{1}{n (n - 1)} \sum_{i \neq j} \cos(x_i, x_j)
              = \frac{\lVert \sum_i \hat x_i \rVert^2 - n}{n (n - 1)}

    where :math:`\hat x_i = x_i / \lVert x_i \rVert`. The value lies in :math:`[-1/(n-1), 1]`:
    close to 0 for an isotropic cloud around the origin, 1 if all rows point in one direction.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation, not centred.

    Returns
    -------
    value : float
        Mean cosine.

    Raises
    ------
    ValueError
        If a row is zero, or there are fewer than two rows.

    See Also
    --------
    isoscore : Evenness of the variances, whatever the mean is.

    Notes
    -----
    Time and memory O(n d). Unchanged by rotations and by the lengths of the rows, not by
    translation.

    References
    ----------
    .. [1] K. Ethayarajh (2019). How contextual are contextualized word representations? Comparing
           the geometry of BERT, ELMo, and GPT-2 embeddings. Conference on Empirical Methods in
           Natural Language Processing.

    Examples
    --------
    >>> from sksim.metrics import anisotropy
    >>> anisotropy([[1, 0], [0, 1], [2, 0]])
    0.3333333333333333
    """
    unit = directions(check_representation(X, constant_ok=True))
    n_samples = unit.shape[0]
    total = unit.sum(axis=0)
    mean_cosine = (total @ total - n_samples) / (n_samples * (n_samples - 1))
    return clip(mean_cosine, -1.0 / (n_samples - 1), 1.0)


_ON_THE_SPHERE = frozenset({"orthogonal", "scale", "permutation", "row_scale", "row_order"})

register(
    QualityMeasure(
        name="uniformity",
        function=uniformity,
        greater_is_better=False,
        range=(-8.0, 0.0),
        invariances=_ON_THE_SPHERE,
    )
)
register(
    QualityMeasure(
        name="alignment",
        function=alignment,
        n_arrays=2,
        greater_is_better=False,
        range=(0.0, 4.0),
        invariances=_ON_THE_SPHERE | {"duplication"},
        min_samples=1,
    )
)
register(
    QualityMeasure(
        name="anisotropy",
        function=anisotropy,
        greater_is_better=False,
        range=(-1.0, 1.0),
        invariances=_ON_THE_SPHERE,
    )
)
